#!/usr/bin/env python3
"""Every provider is a black hole, and the clock is Forge's: each route has to answer within 25 s with what there is, and
say so.

    Tests/faults/unreachable_providers.py [--bin .build/release] [--within 25] [--at-once 4]

Three language models: one whose host takes connections and never answers, one whose host does not even take them (its
queue is full), one whose port is closed. The questions' vectors come from a provider that was there while the pages were
indexed and takes connections without answering now. All routes are asked at the same time, each several times.
"""
import argparse
import http.server
import json
import pathlib
import socket
import sys
import tempfile
import threading
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracles"))
from service import Checks, Service, add_programs  # noqa: E402

PAGES = {
    "invoices.md": "# Invoices\n\nYou can download every invoice from the billing page. Invoices stay there for ten years.\n",
    "password.md": "# Password\n\nA new password needs at least 12 characters. Open Settings to change it.\n",
}
QUESTION = "How long do invoices stay on the billing page?"
DIMENSIONS = 64


class Vectors(http.server.BaseHTTPRequestHandler):
    """Makes vectors of words, as OpenAI's interface wants them."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = []
        for index, text in enumerate(asked["input"]):
            vector = [0.0] * DIMENSIONS
            for word in text.lower().split():
                vector[zlib.crc32(word.strip(".,?").encode()) % DIMENSIONS] += 1.0
            data.append({"object": "embedding", "index": index, "embedding": vector})
        body = json.dumps({"object": "list", "data": data, "model": "words", "usage": {"total_tokens": 1}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Holes:
    """Addresses at which nobody ever answers."""

    def __init__(self) -> None:
        self.kept: list[socket.socket] = []

    def silent(self) -> int:
        """Takes every connection and says nothing."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=1000)

        def accept() -> None:
            while True:
                self.kept.append(listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def full(self) -> int:
        """Takes no connection: what comes waits for a place in its queue."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        self.kept.append(listener)
        port = listener.getsockname()[1]
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
            self.kept.append(waiting)
        time.sleep(0.2)
        probe = socket.socket()
        probe.settimeout(0.5)
        try:
            probe.connect(("127.0.0.1", port))
            sys.exit("this machine's kernel takes connections beyond the queue: no black hole can be made")
        except OSError:
            probe.close()
        return port

    def closed(self) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return free.getsockname()[1]


def settings(holes: Holes, vectors: int) -> str:
    models = "".join(
        f"  - {{ provider: openai, name: {name}, model: m, url: \"http://127.0.0.1:{port}/v1\", api_key: \"${{TEST_KEY}}\" }}\n"
        for name, port in (("silent", holes.silent()), ("full", holes.full()), ("closed", holes.closed())))
    return (f"models:\n{models}embeddings:\n  - {{ provider: openai, url: \"http://127.0.0.1:{vectors}/v1\","
            " api_key: \"${TEST_KEY}\" }\nprojects:\n  - { id: all, collection: help }\n")


def answered(answer: dict) -> str:
    """What is wrong with an answer of quotes; empty for nothing."""
    if "ten years" not in answer["answer"] or not answer["answered"]:
        return f"the answer is {answer['answer']!r}"
    if not answer["fallback"] or not answer["notice"] or not answer["failures"]:
        return f"it does not say so: {answer['notice']!r}, {answer['failures']}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_programs(parser)
    parser.add_argument("--within", type=float, default=25)
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    check, holes = Checks(), Holes()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(options.bin, pathlib.Path(folder))
        provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vectors)
        threading.Thread(target=provider.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{provider.server_address[1]}/v1"
        service.publish("help", PAGES, embed=(
            f"{{ provider: openai, model: words, url: \"{url}\", api_key: \"${{TEST_KEY}}\", dimensions: {DIMENSIONS} }}"),
            environment={"TEST_KEY": "not-needed"})
        provider.shutdown()
        provider.server_close()
        service.start(settings(holes, holes.silent()), {"TEST_KEY": "not-needed"})
        chat = {"model": "help", "messages": [{"role": "user", "content": QUESTION}]}
        history = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "Ten years."}]
        outcomes: dict[str, list[tuple[float, str]]] = {}

        def whole(path: str, body: dict, look) -> None:
            begun = time.monotonic()
            try:
                fault = look(service.post(path, body, timeout=options.within + 30))
            except Exception as error:  # noqa: BLE001: whatever it is, it is no answer
                fault = repr(error)
            outcomes.setdefault(path, []).append((time.monotonic() - begun, fault))

        def streamed(path: str, body: dict) -> None:
            begun = time.monotonic()
            text, fault = "", "no end came"
            try:
                for _, name, data in service.events(path, {**body, "stream": True}, timeout=options.within + 30):
                    if data == "[DONE]":
                        fault = fault or ""
                    elif name == "message":
                        text += "".join(choice["delta"].get("content") or "" for choice in data["choices"])
                        if "acervo" in data:
                            fault = answered(data["acervo"]) or ("" if "ten years" in text else f"it showed {text!r}")
                    elif name == "done":
                        fault = answered(data)
            except Exception as error:  # noqa: BLE001
                fault = repr(error)
            outcomes.setdefault(path + " (stream)", []).append((time.monotonic() - begun, fault))

        def of_answer(reply) -> str:
            return answered(reply.json) if reply.status == 200 else f"status {reply.status}"

        def of_openai(reply) -> str:
            return answered(reply.json["acervo"]) if reply.status == 200 else f"status {reply.status}"

        def of_project(reply) -> str:
            if reply.status != 200:
                return f"status {reply.status}"
            said = reply.json
            told = all(r["error"] for r in said["individual_responses"]) and said["moderator_quality"] == "failed"
            return "" if told and said["fallback_used"] and "ten years" in said["synthesis_text"] else str(said)[:500]

        def of_search(reply) -> str:
            return "" if reply.status == 200 and reply.json["results"] and reply.json["by_words_alone"] else f"status {reply.status}: {reply.body[:200]!r}"

        def of_vectors(reply) -> str:
            return "" if reply.status == 503 and reply.json["error"]["message"] else f"status {reply.status}"

        work = [
            lambda: whole("/ask", {"question": QUESTION}, of_answer),
            lambda: streamed("/ask", {"question": QUESTION}),
            lambda: whole("/api/v1/chat", {"message": "And how long do they stay?", "history": history}, of_answer),
            lambda: streamed("/api/v1/chat", {"message": "And how long do they stay?", "history": history}),
            lambda: whole("/api/v1/projects/all/query", {"user_prompt_text": QUESTION}, of_project),
            lambda: whole("/v1/chat/completions", chat, of_openai),
            lambda: streamed("/v1/chat/completions", chat),
            lambda: whole("/v1/embeddings", {"model": "help", "input": "one text"}, of_vectors),
            lambda: whole("/search", {"query": QUESTION}, of_search),
        ]
        for turn in ("everything is new", "the models rest"):
            threads = [threading.Thread(target=one) for one in work for _ in range(options.at_once)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for path, found in outcomes.items():
                slowest = max(seconds for seconds, _ in found)
                faults = [fault for _, fault in found if fault]
                check(f"{turn}: {len(found)} times {path} within {slowest:.1f} s", not faults and slowest < options.within,
                      faults[0] if faults else "")
            outcomes.clear()
        kinds = sorted({line.split('"kind":"')[1].split('"')[0] for line in service.lines if '"kind":"' in line})
        check("the service ends as it should", service.stop() == 0, ", ".join(kinds))
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
