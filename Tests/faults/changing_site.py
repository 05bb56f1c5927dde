"""A small web site on loopback that changes from run to run, and the means to run `acervo` on it."""
import hashlib
import http.server
import json
import os
import pathlib
import random
import shutil
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = ("invoice refund password printer webhook backup contract holiday account button server network folder "
         "report ticket license update screen cable window language paper number customer").split()


class ChangingSite:
    """Pages that are edited, added and taken away; half of them know validators, what is gone answers 404."""

    def __init__(self, pages, seed):
        self.random = random.Random(seed)
        self.pages = {}
        self.next = 0
        for _ in range(pages):
            self.add()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, body, tag = site.answer(self.path, self.headers.get("If-None-Match"))
                self.send_response(status)
                if status != 304:
                    self.send_header("Content-Type", "text/html; charset=utf-8")
                    self.send_header("Content-Length", str(len(body)))
                if tag:
                    self.send_header("ETag", tag)
                self.end_headers()
                if status != 304:
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # the client was killed in the middle

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()

    def add(self):
        self.pages[f"/page-{self.next}"] = self.text()
        self.next += 1

    def text(self):
        return [" ".join(self.random.choices(WORDS, k=self.random.randint(8, 60)))
                for _ in range(self.random.randint(2, 8))]

    def change(self):
        """One to five edits, now and then a page more or less."""
        for _ in range(self.random.randint(1, 5)):
            page = self.random.choice(sorted(self.pages))
            self.pages[page][self.random.randrange(len(self.pages[page]))] = self.text()[0]
        if self.random.random() < 0.3:
            self.add()
        if self.random.random() < 0.3 and len(self.pages) > 10:
            del self.pages[self.random.choice(sorted(self.pages))]

    def answer(self, path, known):
        if path == "/":
            links = "".join(f"<li><a href='{name}'>{name}</a></li>" for name in sorted(self.pages))
            body = page("Start", f"<p>Everything there is to read.</p><ul>{links}</ul>")
        elif path in self.pages:
            text = "".join(f"<h2 id='s{n}'>Part {n} of {path}</h2><p>{part}.</p>"
                           for n, part in enumerate(self.pages[path]))
            body = page(f"About {path}", text)
        else:
            return 404, b"not found", None
        body = body.encode()
        tag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
        if int(hashlib.sha256(path.encode()).hexdigest(), 16) % 2:
            return 200, body, None
        return (304, b"", tag) if known == tag else (200, body, tag)


def page(title, content):
    return (f"<html><head><title>{title}</title></head><body><main><h1>{title}</h1>{content}</main></body></html>")


class Runner:
    """`acervo` on one pipeline file in one folder."""

    def __init__(self, folder, url, model=None, keep=3, binary=None, extra=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.binary = str(binary or binaries() / "acervo")
        self.collection = self.folder / "out" / "help"
        embed = f"{{ provider: local, model: {model} }}" if model else "{ provider: none }"
        self.pipeline = self.folder / "pipeline.yaml"
        self.pipeline.write_text(
            "acervo: 1\nname: help\nstages:\n"
            f"  - fetch: {{ sources: [{{ id: site, web: {{ start: [\"{url}\"], sitemap: off }} }}] }}\n"
            "  - chunk: { size: 300, overlap: 60 }\n"
            f"  - embed: {embed}\n  - index: {{ languages: [en] }}\n"
            f"publish: {{ to: out, keep: {keep}, tolerate: {{ failed: 50%, shrink: 90% }} }}\n{extra}")

    def command(self, *words):
        return [self.binary, *words]

    def index(self, environment=None, **arguments):
        """Runs to the end; gives the exit code and what was said."""
        ended = subprocess.run(
            self.command("index", "--quiet", str(self.pipeline)), capture_output=True, text=True,
            env={**os.environ, **(environment or {})}, timeout=300, **arguments)
        return ended.returncode, ended.stderr

    def start_index(self):
        return subprocess.Popen(
            self.command("index", "--quiet", str(self.pipeline)), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def current(self):
        link = self.collection / "current"
        return os.readlink(link) if link.is_symlink() else None

    def check(self):
        """`current` is a whole, verified snapshot, or there was none yet."""
        if self.current() is None:
            assert not link_like(self.collection / "current"), "current is there and is no link"
            return None
        ended = subprocess.run(
            self.command("snapshots", "verify", "--snapshots", str(self.folder / "out"), "--collection", "help"),
            capture_output=True, text=True, timeout=300)
        assert ended.returncode == 0, f"verify says {ended.returncode}: {ended.stdout}{ended.stderr}"
        return self.current()

    def bytes(self):
        return (self.collection / "current" / "index.mdb").read_bytes()

    def leftovers(self):
        return sorted(name for name in os.listdir(self.collection)
                      if name.startswith(".tmp-") or name.endswith(".tmp") or name.startswith("current."))


def link_like(path):
    return path.exists() or path.is_symlink()


def binaries():
    if "ACERVO_BIN" in os.environ:
        return pathlib.Path(os.environ["ACERVO_BIN"])
    for kind in ("release", "debug"):
        if (ROOT / ".build" / kind / "acervo").exists():
            return ROOT / ".build" / kind
    raise SystemExit("build the programs first, or set ACERVO_BIN to their folder")


def from_nothing(folder, url, model=None, binary=None):
    """The index that a first run gives."""
    shutil.rmtree(folder, ignore_errors=True)
    runner = Runner(folder, url, model, binary=binary)
    code, said = runner.index()
    assert code == 0, f"a run from nothing ended with {code}: {said}"
    return runner.bytes()


def build_shim(folder):
    """Compiles faults.c; None where there is no C compiler."""
    compiler = next((name for name in ("cc", "clang", "gcc") if shutil.which(name)), None)
    if compiler is None:
        return None
    library = pathlib.Path(folder) / "faults.so"
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(pathlib.Path(__file__).parent / "faults.c"),
         "-ldl", "-lpthread"], check=True)
    return library


def report(**figures):
    print(json.dumps(figures))
