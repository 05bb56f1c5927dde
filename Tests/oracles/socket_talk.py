#!/usr/bin/env python3
"""Talks to acervo-serve over WebSockets with the `websockets` package while snapshots change.

    Tests/oracles/run socket_talk.py …   (with requirements-sockets.txt)
    venv/bin/python Tests/oracles/socket_talk.py [--messages 300] [--sockets 4] [--publishes 20] [--bin .build/release]

Every message has a number. The run fails when one has no end or more than one, when what was streamed is not the answer,
when an answer mixes two snapshots (each edition of the pages says its number in every page), when a session in the
journal does not hold each message once and in order, or when the service does not close cleanly at its end.
"""
import argparse
import asyncio
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
import uuid

import websockets

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def write_edition(folder: pathlib.Path, edition: int) -> None:
    for page, topic in enumerate(("opening hours", "delivery", "returns")):
        (folder / f"{page}.md").write_text(
            f"# {topic.capitalize()}\n\nThis is edition {edition} of the {topic}. "
            f"Whoever reads about the {topic} reads edition {edition}.\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--sockets", type=int, default=4)
    parser.add_argument("--publishes", type=int, default=20)
    parser.add_argument("--bin", default=os.environ.get("ACERVO_BIN", str(ROOT / ".build/release")))
    parser.add_argument("--run", default="", help="what the programs are started with, such as a container's shell")
    options = parser.parse_args()
    os.environ.setdefault("ACERVO_MODELS", str(ROOT / "models"))
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
    pages, snapshots = work / "pages", work / "snapshots"
    pages.mkdir()
    (work / "swaps.yaml").write_text(
        "acervo: 1\nname: swaps\nstages:\n  - fetch: { sources: [{ id: pages, folder: { path: pages } }] }\n"
        "  - chunk: {}\n  - embed: { model: use-multilingual-v3 }\n  - index: {}\npublish: { to: snapshots, keep: 3 }\n",
        encoding="utf-8")
    editions: dict[str, int] = {}
    start = options.run.split()

    def publish(edition: int) -> None:
        write_edition(pages, edition)
        run = subprocess.run(
            [*start, f"{options.bin}/acervo", "index", "--quiet", "--json", str(work / "swaps.yaml")],
            capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        editions[json.loads(run.stdout)["snapshot"]] = edition

    publish(0)
    server = subprocess.Popen(
        [*start, f"{options.bin}/acervo-serve", "--snapshots", str(snapshots), "--port", "0", "--journal",
         str(work / "journal.mdb")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    listening = None
    while listening is None:
        listening = re.search(r'"url":"http://127.0.0.1:(\d+)"', server.stderr.readline())
    port = int(listening.group(1))
    threading.Thread(target=lambda: [None for _ in server.stderr], daemon=True).start()
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5)
            break
        except OSError:
            await asyncio.sleep(0.1)
    ends: dict[str, int] = {}
    faults: list[str] = []
    answers: list[tuple[str, set[str]]] = []
    sessions = [str(uuid.uuid4()) for _ in range(options.sockets)]

    async def swaps() -> None:
        for edition in range(1, options.publishes + 1):
            await asyncio.to_thread(publish, edition)

    async def last() -> int:
        # Open when the service stops: it has to hear of it.
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws/{uuid.uuid4()}") as socket:
            server.terminate()
            try:
                await asyncio.wait_for(socket.recv(), 30)
            except websockets.ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0
        return 0

    await asyncio.gather(
        swaps(), *(conversation(number, f"ws://127.0.0.1:{port}", session, options, ends, faults, answers)
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
        with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/v1/conversations/{session.replace('-', '')}", timeout=10) as response:
            kept = [re.search(r"\((.*)\)", turn["question"]).group(1) for turn in json.load(response)["messages"]]
        if kept != [f"{number}-{place}" for place in range(options.messages)]:
            faults.append(f"the journal of {session} holds {len(kept)} messages: {kept[:5]} …")
    code = await last()
    if code != 1001:
        faults.append(f"the service closed with {code}")
    if server.wait(timeout=30) != 0:
        faults.append(f"the server ended with {server.returncode}")
    print(
        f"{options.sockets} conversations of {options.messages} messages, {options.publishes} publishes, "
        f"{len(ends)} ends, {len(answers)} answers from {len({snapshot for snapshot, _ in answers})} snapshots, closed with {code}")
    for fault in faults[:20]:
        print("FAULT", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
