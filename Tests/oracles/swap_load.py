#!/usr/bin/env python3
"""Publishes snapshots while acervo-serve is under load, and looks at every answer.

    Tests/oracles/swap_load.py [--publishes 200] [--connections 16] [--within 1] [--bin .build/release]

wrk keeps its connections busy with POST /ask; beside it, checking clients read each answer whole. The run fails when a
response is not 200, when an answer mixes two snapshots (each edition of the pages says its number in every page), when
the server does not follow within `--within` seconds, or when a descriptor or a mapping of an old snapshot is left behind.
"""
import argparse
import json
import pathlib
import re
import shutil
import sys
import tempfile
import threading
import time

from service import Load, Service, add_programs, write_edition

LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"question": "Which edition of the opening hours is this?"}'
function init() bad = 0 end
function response(status) if status ~= 200 then bad = bad + 1 end end
"""
QUESTION = {"question": "Which edition of the opening hours is this?"}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--publishes", type=int, default=200)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--within", type=float, default=1)
    add_programs(parser)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="acervo-swaps-"))
    try:
        return load(Service(options.bin, work), options)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def load(service: Service, options) -> int:
    editions: dict[str, int] = {}

    def publish(edition: int) -> None:
        write_edition(service.work / "pages-swaps", edition)
        editions[service.index("swaps")] = edition

    publish(0)
    service.start()
    faults: list[str] = []
    answers: list[tuple[str, set[str]]] = []
    stop = threading.Event()

    def ask() -> dict:
        reply = service.post("/ask", QUESTION, timeout=30)
        if reply.status != 200:
            raise RuntimeError(f"status {reply.status}: {reply.body[:200]!r}")
        return reply.json

    def check() -> None:
        while not stop.is_set():
            try:
                answer = ask()
                text = json.dumps([answer["answer"], [c["quote"] for c in answer["citations"]]])
                answers.append((answer["snapshot"], set(re.findall(r"edition (\d+)", text))))
            except Exception as error:  # noqa: BLE001: whatever it is, it is a fault
                faults.append(f"checking client: {error!r}")

    wrk = Load(service.base + "/ask", service.work / "ask.lua", LUA, options.connections, 3600)
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
    requests, bad, errors, middle, slow = wrk.end()
    if bad or any(errors):
        faults.append(f"wrk: {bad} responses other than 200, errors (connect, read, write, timeout) {errors}")
    for snapshot, said in answers:
        if said != {str(editions.get(snapshot))}:
            faults.append(f"snapshot {snapshot} (edition {editions.get(snapshot)}) answered with editions {said}")
    time.sleep(2)
    maps = {
        line.split()[-1] for line in pathlib.Path(f"/proc/{service.server.pid}/maps").read_text().splitlines()
        if "index.mdb" in line}
    opened = [link for link in service.descriptors if "index.mdb" in link]
    if len(maps) > 1 or len(opened) > 1:
        faults.append(f"left behind: mappings {sorted(maps)}, descriptors {opened}")
    if slowest > options.within:
        faults.append(f"the slowest swap took {slowest:.2f} s")
    if (code := service.stop()) != 0:
        faults.append(f"the server ended with {code}")
    print(
        f"{options.publishes} publishes, {requests} requests by wrk ({options.connections} connections, p50 {middle} ms, "
        f"p99 {slow} ms), {len(answers)} answers checked, slowest swap {slowest * 1000:.0f} ms, "
        f"{len(maps)} mapping and {len(opened)} descriptor of an index at the end")
    for fault in faults[:20]:
        print("FAULT", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
