#!/usr/bin/env python3
"""Slow, half-open, oversized and malformed clients beside one that asks normally: it has to be served meanwhile, and each
limit has to answer with its status.

  slow_clients.py PATH/acervo-serve SNAPSHOTS [--connections 400] [--seconds 12]

Needs slowhttptest for the slow ones; without it they are left out, which is said.
"""
import argparse
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request


def head(port: int, data: bytes, wait: float = 20) -> int:
    """Sends bytes and gives the status of the answer; 0 when the connection ends without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        try:
            connection.sendall(data)
            answer = connection.recv(64)
        except OSError:
            return 0
    parts = answer.split(b" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


class Others:
    """Asks all the time, as somebody with a good connection would."""

    def __init__(self, port: int):
        self.port, self.count, self.failed, self.slowest, self.going = port, 0, 0, 0.0, True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while self.going:
            start = time.monotonic()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=10).read()
            except OSError:
                self.failed += 1
            self.count += 1
            self.slowest = max(self.slowest, time.monotonic() - start)
            time.sleep(0.05)

    def end(self, what: str) -> bool:
        self.going = False
        self.thread.join()
        print(f"{what}: {self.count} others served, {self.failed} failed, slowest {self.slowest * 1000:.0f} ms")
        return self.failed == 0 and self.count > 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("snapshots")
    parser.add_argument("--connections", type=int, default=400)
    parser.add_argument("--seconds", type=int, default=12)
    options = parser.parse_args()
    server = subprocess.Popen(
        [options.program, "--snapshots", options.snapshots, "--port", "0"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    good = True
    try:
        port = int(server.stdout.readline())
        url = f"http://127.0.0.1:{port}/ask"
        modes = {"-H": "slow heads", "-B": "slow bodies", "-X": "slow readers"}
        if shutil.which("slowhttptest") is None:
            print("slowhttptest is not there: slow clients are left out")
            modes = {}
        for mode, name in modes.items():
            others = Others(port)
            subprocess.run(
                ["slowhttptest", mode, "-c", str(options.connections), "-r", "200", "-i", "2", "-l",
                 str(options.seconds), "-x", "64", "-p", "3", "-u", url], stdout=subprocess.DEVNULL, check=False)
            good &= others.end(f"{options.connections} {name}")
        others = Others(port)
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(options.connections)]
        for connection in held[::2]:
            connection.sendall(b"POST /ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
        for connection in held[::4]:
            connection.shutdown(socket.SHUT_WR)
        time.sleep(2)
        for connection in held:
            connection.close()
        good &= others.end(f"{options.connections} half-open connections")
        start = "POST /ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        cases = [
            ("a body that is too long", start + "Content-Length: 1000001\r\nExpect: 100-continue\r\n\r\n", {413}),
            ("a body of a length beyond 64 bits", start + "Content-Length: 99999999999999999999\r\n\r\n", {413, 400}),
            ("two lengths", start + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", {400}),
            ("a length beside chunks", start + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", {400}),
            ("a path that is too long", f"GET /{'x' * 9_000} HTTP/1.1\r\nHost: x\r\n\r\n", {414}),
            ("headers that are too long", f"GET /health HTTP/1.1\r\nHost: x\r\nX: {'x' * 17_000}\r\n\r\n", {431}),
            ("a head beyond all limits", f"GET /health HTTP/1.1\r\nHost: x\r\nX: {'x' * 200_000}\r\n\r\n", {0, 431, 413}),
            ("no HTTP", "\x16\x03\x01 hello\r\n\r\n", {0, 400}),
            ("a body that is no JSON", start + "Content-Length: 1\r\n\r\n{", {400}),
            ("an unknown method", "BREW /ask HTTP/1.1\r\nHost: x\r\n\r\n", {405}),
        ]
        others = Others(port)
        for name, text, expected in cases:
            status = head(port, text.encode("latin-1"))
            good &= status in expected
            print(f"  {name}: {status}{'' if status in expected else f', not one of {sorted(expected)}'}")
        good &= others.end("malformed requests")
    finally:
        server.terminate()
        good &= server.wait(30) == 0
    print("good" if good else "BAD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
