#!/usr/bin/env python3
"""Keeps acervo-serve busy with all kinds of questions while its snapshot is swapped every second.

    Tests/oracles/mixed_load.py [--seconds 60] [--connections 64] [--bin .build/release]

wrk sends whole and streamed answers, searches, chats, OpenAI's routes, embeddings and status requests in turn. The run
fails on a 5xx, on a socket error, when the swaps are not taken over, or when memory or descriptors grow: the last third
of the run is compared with the second one, as caches fill in the first.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from swap_load import ROOT, write_edition

LUA = """
local question = "Which edition of the opening hours is this?"
local json = {["Content-Type"] = "application/json"}
local function post(path, body) return wrk.format("POST", path, json, body) end
local requests
local turn = 0
function init()
  status, failed = {}, 0
  requests = {
    post("/ask", '{"question": "' .. question .. '"}'),
    post("/ask", '{"question": "' .. question .. '", "stream": true}'),
    post("/search", '{"query": "delivery and returns", "top_k": 10}'),
    post("/api/v1/chat", '{"message": "and then?", "history": [{"role": "user", "content": "' .. question .. '"}]}'),
    post("/v1/chat/completions", '{"model": "swaps", "messages": [{"role": "user", "content": "' .. question .. '"}]}'),
    post("/v1/chat/completions",
      '{"model": "swaps", "stream": true, "messages": [{"role": "user", "content": "' .. question .. '"}]}'),
    post("/v1/embeddings", '{"model": "swaps", "input": ["one", "two"]}'),
    wrk.format("GET", "/collections"), wrk.format("GET", "/metrics"), wrk.format("GET", "/openapi.json"),
    wrk.format("GET", "/docs"), wrk.format("GET", "/nowhere"),
  }
end
function request() turn = turn + 1; return requests[turn % #requests + 1] end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function response(code) if code >= 500 then failed = failed + 1 end end
function done(summary, latency)
  local bad = 0
  for _, thread in ipairs(threads) do bad = bad + thread:get("failed") end
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d %.2f %.2f", summary.requests, bad, e.connect, e.read, e.write, e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--bin", default=os.environ.get("ACERVO_BIN", str(ROOT / ".build/release")))
    options = parser.parse_args()
    os.environ.setdefault("ACERVO_MODELS", str(ROOT / "models"))
    work = pathlib.Path(tempfile.mkdtemp(prefix="acervo-mixed-"))
    try:
        return load(pathlib.Path(options.bin), work, options)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def load(programs: pathlib.Path, work: pathlib.Path, options) -> int:
    pages, snapshots = work / "pages", work / "snapshots"
    pages.mkdir()
    (work / "swaps.yaml").write_text(
        "acervo: 1\nname: swaps\nstages:\n  - fetch: { sources: [{ id: pages, folder: { path: pages } }] }\n"
        "  - chunk: {}\n  - embed: { model: use-multilingual-v3 }\n  - index: {}\npublish: { to: snapshots, keep: 5 }\n",
        encoding="utf-8")
    published = []
    for edition in range(3):
        write_edition(pages, edition)
        run = subprocess.run(
            [programs / "acervo", "index", "--quiet", "--json", work / "swaps.yaml"], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        published.append(json.loads(run.stdout)["snapshot"])
    server = subprocess.Popen(
        [programs / "acervo-serve", "--snapshots", snapshots, "--port", "0"], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    port = int(re.search(r'"url":"http://127.0.0.1:(\d+)"', server.stderr.readline()).group(1))
    swaps = []
    threading.Thread(
        target=lambda: [swaps.append(1) for line in server.stderr if "snapshot_swapped" in line], daemon=True).start()
    base = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            urllib.request.urlopen(base + "/ready", timeout=5)
            break
        except OSError:
            time.sleep(0.1)
    script = work / "mixed.lua"
    script.write_text(LUA)
    wrk = subprocess.Popen(
        ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}", "--timeout", "30", "-s", script, base],
        text=True, stdout=subprocess.PIPE)
    samples: list[tuple[int, int]] = []
    turn = 0
    while wrk.poll() is None:
        turn += 1
        link = snapshots / "swaps" / "next"
        link.symlink_to(published[turn % len(published)])
        link.rename(snapshots / "swaps" / "current")
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        samples.append(
            (int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) // 1024, len(os.listdir(f"/proc/{server.pid}/fd"))))
        time.sleep(1)
    faults = []
    result = re.search(r"RESULT (.*)", wrk.communicate()[0]).group(1).split()
    requests, bad, *errors = map(int, result[:6])
    if bad or any(errors):
        faults.append(f"{bad} responses of 5xx, errors (connect, read, write, timeout) {errors}")
    if len(swaps) < turn / 2:
        faults.append(f"{turn} swaps were made and {len(swaps)} taken over")
    third = max(1, len(samples) // 3)
    before, after = samples[third:2 * third], samples[2 * third:]
    memory = [max(sample[0] for sample in part) for part in (before, after)]
    descriptors = [max(sample[1] for sample in part) for part in (before, after)]
    if memory[1] > memory[0] * 1.1 + 8:
        faults.append(f"memory grew from {memory[0]} to {memory[1]} MB")
    if descriptors[1] > descriptors[0] + 8:
        faults.append(f"descriptors grew from {descriptors[0]} to {descriptors[1]}")
    server.terminate()
    if server.wait(timeout=30) != 0:
        faults.append(f"the server ended with {server.returncode}")
    print(
        f"{requests} requests of twelve kinds in {options.seconds} s over {options.connections} connections "
        f"(p50 {result[6]} ms, p99 {result[7]} ms), {len(swaps)} swaps; memory of its own at most {memory[0]} then "
        f"{memory[1]} MB, descriptors {descriptors[0]} then {descriptors[1]}")
    for fault in faults:
        print("FAULT", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
