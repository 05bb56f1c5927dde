#!/usr/bin/env python3
"""Talks to acervo-serve over WebSockets with the `websockets` package while snapshots change.

    Tests/oracles/run socket_talk.py [--messages 300] [--sockets 4] [--publishes 20] [--bin .build/release]

Every message has a number. The run fails when one has no end or more than one, when what was streamed is not the answer,
when an answer mixes two snapshots (each edition of the pages says its number in every page), when a session in the
journal does not hold each message once and in order, or when the service does not close cleanly at its end.
"""
import argparse
import asyncio
import json
import pathlib
import re
import shutil
import sys
import tempfile
import uuid

import websockets

from service import Service, add_programs, write_edition


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--sockets", type=int, default=4)
    parser.add_argument("--publishes", type=int, default=20)
    add_programs(parser)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="acervo-sockets-"))
    try:
        return asyncio.run(talk(work, options))
    finally:
        shutil.rmtree(work, ignore_errors=True)


async def conversation(number: int, base: str, session: str, options, ends: dict, faults: list, answers: list) -> None:
    """One conversation: a message, its answer, the next message; every tenth on a new connection."""
    sent = 0
    while sent < options.messages:
        async with websockets.connect(f"{base}/ws/{session}", subprotocols=["acervo"]) as socket:
            for _ in range(10):
                if sent == options.messages:
                    break
                name = f"{number}-{sent}"
                topic = ("opening hours", "delivery", "returns")[sent % 3]
                await socket.send(json.dumps({"message": f"Which edition of the {topic} is this? ({name})", "id": name}))
                text = ""
                while True:
                    event = json.loads(await asyncio.wait_for(socket.recv(), 60))
                    if event.get("id") != name:
                        faults.append(f"{name}: an event of {event.get('id')}")
                    if event["event"] == "token":
                        text += event["data"]["text"]
                    if event["event"] in ("done", "error"):
                        break
                ends[name] = ends.get(name, 0) + 1
                if event["event"] == "error":
                    faults.append(f"{name}: {event['data']}")
                else:
                    done = event["data"]
                    if done["answer"] != text:
                        faults.append(f"{name}: streamed {text!r}, answered {done['answer']!r}")
                    words = json.dumps([done["answer"], [c["quote"] for c in done["citations"]]])
                    # Rewritten with what was said before, a question may go beyond the pages: the answer says so then.
                    if done["answered"]:
                        answers.append((done["snapshot"], set(re.findall(r"edition (\d+)", words))))
                sent += 1
            # Nothing may come after the end of an answer.
            try:
                late = await asyncio.wait_for(socket.recv(), 0.05)
                faults.append(f"{number}: came late: {late[:200]}")
            except asyncio.TimeoutError:
                pass


async def talk(work: pathlib.Path, options) -> int:
    service = Service(options.bin, work)
    editions: dict[str, int] = {}

    def publish(edition: int) -> None:
        write_edition(work / "pages-swaps", edition)
        editions[service.index("swaps")] = edition

    publish(0)
    service.start("journal: { path: journal.mdb }\n")
    base = f"ws://127.0.0.1:{service.port}"
    ends: dict[str, int] = {}
    faults: list[str] = []
    answers: list[tuple[str, set[str]]] = []
    sessions = [str(uuid.uuid4()) for _ in range(options.sockets)]

    async def swaps() -> None:
        for edition in range(1, options.publishes + 1):
            await asyncio.to_thread(publish, edition)

    async def last() -> int:
        # Open when the service stops: it has to hear of it.
        async with websockets.connect(f"{base}/ws/{uuid.uuid4()}") as socket:
            service.server.terminate()
            try:
                await asyncio.wait_for(socket.recv(), 30)
            except websockets.ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0
        return 0

    await asyncio.gather(
        swaps(), *(conversation(number, base, session, options, ends, faults, answers)
                   for number, session in enumerate(sessions)))
    wanted = options.sockets * options.messages
    if len(ends) != wanted or set(ends.values()) != {1}:
        faults.append(f"{len(ends)} of {wanted} messages have an end, ends per message {sorted(set(ends.values()))}")
    if len(answers) < wanted / 2:
        faults.append(f"{len(answers)} of {wanted} messages were answered")
    for snapshot, said in answers:
        if said != {str(editions.get(snapshot))}:
            faults.append(f"snapshot {snapshot} (edition {editions.get(snapshot)}) answered with editions {said}")
    for number, session in enumerate(sessions):
        messages = service.get(f"/api/v1/conversations/{session.replace('-', '')}").json["messages"]
        kept = [re.search(r"\((.*)\)", turn["question"]).group(1) for turn in messages]
        if kept != [f"{number}-{place}" for place in range(options.messages)]:
            faults.append(f"the journal of {session} holds {len(kept)} messages: {kept[:5]} …")
    code = await last()
    if code != 1001:
        faults.append(f"the service closed with {code}")
    if (ended := service.stop()) != 0:
        faults.append(f"the server ended with {ended}")
    print(
        f"{options.sockets} conversations of {options.messages} messages, {options.publishes} publishes, "
        f"{len(ends)} ends, {len(answers)} answers from {len({snapshot for snapshot, _ in answers})} snapshots, closed with {code}")
    for fault in faults[:20]:
        print("FAULT", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
