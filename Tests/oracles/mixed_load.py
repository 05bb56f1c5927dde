#!/usr/bin/env python3
"""Keeps acervo-serve busy with all kinds of questions while its snapshot is swapped every second.

    Tests/oracles/mixed_load.py [--seconds 60] [--connections 64] [--bin .build/release]

wrk sends whole and streamed answers, searches, chats, OpenAI's routes, embeddings and status requests in turn. The run
fails on a 5xx, on a socket error, when the swaps are not taken over, or when memory or descriptors grow: the last third
of the run is compared with the second one, as caches fill in the first.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile
import time

from service import Load, Service, add_programs, write_edition

LUA = """
local question = "Which edition of the opening hours is this?"
local json = {["Content-Type"] = "application/json"}
local function post(path, body) return wrk.format("POST", path, json, body) end
local requests
local turn = 0
function init()
  bad = 0
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
function response(code) if code >= 500 then bad = bad + 1 end end
"""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--connections", type=int, default=64)
    add_programs(parser)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="acervo-mixed-"))
    try:
        return load(Service(options.bin, work), options)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def load(service: Service, options) -> int:
    published = []
    for edition in range(3):
        write_edition(service.work / "pages-swaps", edition)
        published.append(service.index("swaps", keep=5))
    wrk = Load(service.start(), service.work / "mixed.lua", LUA, options.connections, options.seconds)
    samples: list[tuple[int, int]] = []
    turn = 0
    while wrk.goes_on:
        turn += 1
        link = service.snapshots / "swaps" / "next"
        link.symlink_to(published[turn % len(published)])
        link.rename(service.snapshots / "swaps" / "current")
        samples.append((service.memory, len(service.descriptors)))
        time.sleep(1)
    faults = []
    requests, bad, errors, middle, slow = wrk.end()
    swaps = sum("snapshot_swapped" in line for line in service.lines)
    if bad or any(errors):
        faults.append(f"{bad} responses of 5xx, errors (connect, read, write, timeout) {errors}")
    if swaps < turn / 2:
        faults.append(f"{turn} swaps were made and {swaps} taken over")
    third = max(1, len(samples) // 3)
    before, after = samples[third:2 * third], samples[2 * third:]
    memory = [max(sample[0] for sample in part) for part in (before, after)]
    descriptors = [max(sample[1] for sample in part) for part in (before, after)]
    if memory[1] > memory[0] * 1.1 + 8:
        faults.append(f"memory grew from {memory[0]} to {memory[1]} MB")
    if descriptors[1] > descriptors[0] + 8:
        faults.append(f"descriptors grew from {descriptors[0]} to {descriptors[1]}")
    if (code := service.stop()) != 0:
        faults.append(f"the server ended with {code}")
    print(
        f"{requests} requests of twelve kinds in {options.seconds} s over {options.connections} connections "
        f"(p50 {middle} ms, p99 {slow} ms), {swaps} swaps; memory of its own at most {memory[0]} then "
        f"{memory[1]} MB, descriptors {descriptors[0]} then {descriptors[1]}")
    for fault in faults:
        print("FAULT", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
