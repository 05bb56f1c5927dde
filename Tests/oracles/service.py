"""What the programs beside this one share: publishing pages, running acervo-serve, asking it.

Not a program. `--bin`, else `$ACERVO_BIN`, names the folder of `acervo` and `acervo-serve`; `$ACERVO_MODELS` that of the
local models, the repository's by default.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WRK_SUMMARY = """
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done(summary, latency)
  local bad = 0
  for _, thread in ipairs(threads) do bad = bad + thread:get("bad") end
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d %.2f %.2f", summary.requests, bad, e.connect, e.read, e.write, e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


def add_programs(parser) -> None:
    """Gives a command line the option that says where the programs are."""
    parser.add_argument("--bin", default=os.environ.get("ACERVO_BIN", str(ROOT / ".build/release")),
                        help="the folder of acervo and acervo-serve")


class Checks:
    """Prints what holds and what does not, and remembers the latter."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def __call__(self, name: str, holds: object, detail: object = "") -> bool:
        print(f"{'ok  ' if holds else 'FAIL'} {name}" + (f": {detail}" if detail != "" else ""), flush=True)
        if not holds:
            self.faults.append(name)
        return bool(holds)

    def end(self) -> int:
        print(f"{len(self.faults)} faults")
        return 1 if self.faults else 0


class Reply:
    """A whole answer."""

    def __init__(self, status: int, headers, body: bytes, seconds: float) -> None:
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    @property
    def json(self):
        return json.loads(self.body)


class Service:
    """A folder of collections, and acervo-serve over it."""

    def __init__(self, programs: str, work: pathlib.Path) -> None:
        self.programs, self.work = pathlib.Path(programs), pathlib.Path(work)
        self.snapshots = self.work / "snapshots"
        self.server: subprocess.Popen | None = None
        self.base, self.port = "", 0
        self.lines: list[str] = []
        os.environ.setdefault("ACERVO_MODELS", str(ROOT / "models"))

    # Publishing

    def index(self, name: str, embed: str = "{ model: use-multilingual-v3 }", keep: int = 3,
              environment: dict[str, str] | None = None, source: str | None = None) -> str:
        """Publishes the folder of pages of this name, or another source, as a collection, and gives the snapshot's id."""
        pipeline = self.work / f"{name}.yaml"
        if source is None:
            source = f"        - id: pages\n          folder: {{ path: pages-{name}, url: \"https://help.example/\" }}"
        pipeline.write_text(
            f"acervo: 1\nname: {name}\nstages:\n  - fetch:\n      sources:\n{source.strip(chr(10))}\n"
            f"  - chunk: {{}}\n  - embed: {embed}\n  - index: {{}}\n"
            f"publish: {{ to: snapshots, keep: {keep} }}\n", encoding="utf-8")
        run = subprocess.run(
            [self.programs / "acervo", "index", "--quiet", "--json", pipeline], capture_output=True, text=True,
            env={**os.environ, **(environment or {})})
        if run.returncode not in (0, 3):
            sys.exit(f"acervo index ended with {run.returncode}: {run.stderr}")
        return json.loads(run.stdout)["snapshot"]

    def publish(self, name: str, pages: dict[str, str], **options) -> str:
        """Writes pages by file name, and publishes them."""
        folder = self.work / f"pages-{name}"
        for file, text in pages.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        return self.index(name, **options)

    # The server

    def start(self, settings: str = "", environment: dict[str, str] | None = None, wait: float = 30) -> str:
        """Starts the service with the rest of a serve.yaml, and waits until it answers."""
        file = self.work / "serve.yaml"
        file.write_text(f"acervo_serve: 1\nsnapshots: snapshots\nlisten: {{ port: 0 }}\n{settings}", encoding="utf-8")
        self.lines = []
        self.server = subprocess.Popen(
            [self.programs / "acervo-serve", "--config", file], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, env={**os.environ, **(environment or {})})
        while found := self.server.stderr.readline():
            self.lines.append(found)
            if place := re.search(r'"url":"http://127.0.0.1:(\d+)"', found):
                self.port = int(place.group(1))
                break
        else:
            sys.exit("acervo-serve did not start: " + "".join(self.lines))
        threading.Thread(target=lambda: self.lines.extend(self.server.stderr), daemon=True).start()
        self.base = f"http://127.0.0.1:{self.port}"
        end = time.monotonic() + wait
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(self.base + "/ready", timeout=5)
                return self.base
            except OSError:
                time.sleep(0.1)
        sys.exit("acervo-serve is not ready: " + "".join(self.lines))

    def stop(self) -> int:
        """Ends the service, and gives its exit code."""
        if self.server is None:
            return 0
        self.server.terminate()
        code = self.server.wait(timeout=60)
        self.server = None
        return code

    @property
    def memory(self) -> int:
        """The memory of its own, in MB: files that it maps are not."""
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) // 1024

    @property
    def descriptors(self) -> list[str]:
        """What its open descriptors are."""
        folder = f"/proc/{self.server.pid}/fd"
        found = []
        for name in os.listdir(folder):
            try:
                found.append(os.readlink(f"{folder}/{name}"))
            except OSError:
                pass
        return found

    # Asking

    def send(self, method: str, path: str, body=None, headers: dict[str, str] | None = None, timeout: float = 120):
        """Sends a request, and gives whatever answer comes."""
        data = None if body is None else json.dumps(body).encode()
        head = {"Content-Type": "application/json"} if data is not None else {}
        request = urllib.request.Request(self.base + path, data, {**head, **(headers or {})}, method=method)
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return Reply(response.status, response.headers, response.read(), time.monotonic() - begun)
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.headers, error.read(), time.monotonic() - begun)

    def get(self, path: str, **options) -> Reply:
        return self.send("GET", path, **options)

    def post(self, path: str, body, **options) -> Reply:
        return self.send("POST", path, body, **options)

    def events(self, path: str, body, headers: dict[str, str] | None = None, timeout: float = 120):
        """Asks for a stream, and gives its events one by one: seconds since the request, name, data."""
        request = urllib.request.Request(
            self.base + path, json.dumps(body).encode(),
            {"Content-Type": "application/json", "Accept": "text/event-stream", **(headers or {})})
        begun = time.monotonic()
        with urllib.request.urlopen(request, timeout=timeout) as response:
            name = "message"
            for line in response:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text[7:]
                elif text.startswith("data: "):
                    data = text[6:]
                    yield time.monotonic() - begun, name, data if data == "[DONE]" else json.loads(data)
                elif text == "":
                    name = "message"


class Load:
    """wrk at work: its script has to count `bad` responses in its threads."""

    def __init__(self, base: str, script: pathlib.Path, lua: str, connections: int, seconds: int) -> None:
        script.write_text(lua + WRK_SUMMARY)

        def listen_to_interrupts() -> None:
            # Whoever started this program may have blocked the signal that ends wrk with a summary.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

        self.wrk = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "30", "-s", script, base], text=True,
            stdout=subprocess.PIPE, preexec_fn=listen_to_interrupts)

    @property
    def goes_on(self) -> bool:
        return self.wrk.poll() is None

    def end(self) -> tuple[int, int, list[int], str, str]:
        """Requests, bad ones, errors (connect, read, write, timeout), and the 50th and 99th percentile in ms."""
        if self.goes_on:
            self.wrk.send_signal(signal.SIGINT)
        result = re.search(r"RESULT (.*)", self.wrk.communicate(timeout=60)[0]).group(1).split()
        requests, bad, *errors = map(int, result[:6])
        return requests, bad, errors, result[6], result[7]


def write_edition(folder: pathlib.Path, edition: int) -> None:
    """Three pages, each of which says its edition in every sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    for page, topic in enumerate(("opening hours", "delivery", "returns")):
        (folder / f"{page}.md").write_text(
            f"# {topic.capitalize()}\n\nThis is edition {edition} of the {topic}. "
            f"Whoever reads about the {topic} reads edition {edition}.\n", encoding="utf-8")
