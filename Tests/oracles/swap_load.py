#!/usr/bin/env python3
"""Publishes snapshots while acervo-serve is under load, and looks at every answer.

    Tests/oracles/swap_load.py [--publishes 200] [--connections 16] [--within 1] [--bin .build/release]

wrk keeps its connections busy with POST /ask; beside it, checking clients read each answer whole. The run fails when a
response is not 200, when an answer mixes two snapshots (each edition of the pages says its number in every page), when
the server does not follow within `--within` seconds, or when a descriptor or a mapping of an old snapshot is left behind.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"question": "Which edition of the opening hours is this?"}'
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() bad = 0 end
function response(status) if status ~= 200 then bad = bad + 1 end end
function done(summary, latency)
  local bad = 0
  for _, thread in ipairs(threads) do bad = bad + thread:get("bad") end
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d %.2f %.2f", summary.requests, bad, e.connect, e.read, e.write, e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


def write_edition(folder: pathlib.Path, edition: int) -> None:
    for page, topic in enumerate(("opening hours", "delivery", "returns")):
        (folder / f"{page}.md").write_text(
            f"# {topic.capitalize()}\n\nThis is edition {edition} of the {topic}. "
            f"Whoever reads about the {topic} reads edition {edition}.\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--publishes", type=int, default=200)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--within", type=float, default=1)
    parser.add_argument("--bin", default=os.environ.get("ACERVO_BIN", str(ROOT / ".build/release")))
    options = parser.parse_args()
    programs = pathlib.Path(options.bin)
    os.environ.setdefault("ACERVO_MODELS", str(ROOT / "models"))
    work = pathlib.Path(tempfile.mkdtemp(prefix="acervo-swaps-"))
    try:
        return load(programs, work, options)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def load(programs: pathlib.Path, work: pathlib.Path, options) -> int:
    pages, snapshots = work / "pages", work / "snapshots"
    pages.mkdir()
    (work / "swaps.yaml").write_text(
        "acervo: 1\nname: swaps\nstages:\n  - fetch: { sources: [{ id: pages, folder: { path: pages } }] }\n"
        "  - chunk: {}\n  - embed: { model: use-multilingual-v3 }\n  - index: {}\npublish: { to: snapshots, keep: 3 }\n",
        encoding="utf-8")
    editions: dict[str, int] = {}

    def publish(edition: int) -> None:
        write_edition(pages, edition)
        run = subprocess.run(
            [programs / "acervo", "index", "--quiet", "--json", work / "swaps.yaml"], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        editions[json.loads(run.stdout)["snapshot"]] = edition

    publish(0)
    server = subprocess.Popen(
        [programs / "acervo-serve", "--snapshots", snapshots, "--port", "0"], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    port = int(re.search(r'"url":"http://127.0.0.1:(\d+)"', server.stderr.readline()).group(1))
    threading.Thread(target=lambda: [None for _ in server.stderr], daemon=True).start()
    base = f"http://127.0.0.1:{port}"
    faults: list[str] = []
    answers: list[tuple[str, set[str]]] = []
    stop = threading.Event()

    def ask() -> dict:
        body = json.dumps({"question": "Which edition of the opening hours is this?"}).encode()
        request = urllib.request.Request(base + "/ask", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def check() -> None:
        while not stop.is_set():
            try:
                answer = ask()
                text = json.dumps([answer["answer"], [c["quote"] for c in answer["citations"]]])
                answers.append((answer["snapshot"], set(re.findall(r"edition (\d+)", text))))
            except Exception as error:  # noqa: BLE001: whatever it is, it is a fault
                faults.append(f"checking client: {error!r}")

    for _ in range(100):
        try:
            urllib.request.urlopen(base + "/ready", timeout=5)
            break
        except OSError:
            time.sleep(0.1)
    script = work / "ask.lua"
    script.write_text(LUA)
    def listen_to_interrupts() -> None:
        # Whoever started this script may have blocked the signal that ends wrk with a summary.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    wrk = subprocess.Popen(
        ["wrk", "-t1", f"-c{options.connections}", "-d3600", "--timeout", "30", "-s", script, base + "/ask"], text=True,
        stdout=subprocess.PIPE, preexec_fn=listen_to_interrupts)
    clients = [threading.Thread(target=check) for _ in range(2)]
    for client in clients:
        client.start()
    slowest = 0.0
    for edition in range(1, options.publishes + 1):
        publish(edition)
        published = time.monotonic()
        newest = max(editions, key=editions.__getitem__)
        while ask()["snapshot"] != newest:
            if time.monotonic() - published > max(5, options.within):
                faults.append(f"edition {edition} was not taken over in time")
                break
            time.sleep(0.01)
        slowest = max(slowest, time.monotonic() - published)
    stop.set()
    for client in clients:
        client.join()
    wrk.send_signal(signal.SIGINT)
    result = re.search(r"RESULT (.*)", wrk.communicate(timeout=60)[0]).group(1).split()
    requests, bad, *errors = map(int, result[:6])
    if bad or any(errors):
        faults.append(f"wrk: {bad} responses other than 200, errors (connect, read, write, timeout) {errors}")
    for snapshot, said in answers:
        if said != {str(editions.get(snapshot))}:
            faults.append(f"snapshot {snapshot} (edition {editions.get(snapshot)}) answered with editions {said}")
    time.sleep(2)
    maps = {
        line.split()[-1] for line in pathlib.Path(f"/proc/{server.pid}/maps").read_text().splitlines()
        if "index.mdb" in line}
    opened = [
        link for link in (os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{server.pid}/fd"))
        if "index.mdb" in link]
    if len(maps) > 1 or len(opened) > 1:
        faults.append(f"left behind: mappings {sorted(maps)}, descriptors {opened}")
    if slowest > options.within:
        faults.append(f"the slowest swap took {slowest:.2f} s")
    server.terminate()
    if server.wait(timeout=30) != 0:
        faults.append(f"the server ended with {server.returncode}")
    print(
        f"{options.publishes} publishes, {requests} requests by wrk ({options.connections} connections, p50 {result[6]} ms, "
        f"p99 {result[7]} ms), {len(answers)} answers checked, slowest swap {slowest * 1000:.0f} ms, "
        f"{len(maps)} mapping and {len(opened)} descriptor of an index at the end")
    for fault in faults[:20]:
        print("FAULT", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
