"""Whole programs: a crawl to a published snapshot, memory as pages grow, the start of the service and its load."""
import contextlib
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request

import stages
from measuring import one_thread, run
from peering import BENCHMARKS, CACHE, models, program
from processes import Server, Site, load

CHUNKS = 30_000


def pipeline(path, name, source, size=2000, embed="{ provider: local, model: use-multilingual-v3 }"):
    """Writes a pipeline file with one source, and the default model unless told otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"""acervo: 1
name: {name}
stages:
  - fetch:
      sources:
{source}
  - clean: {{}}
  - chunk: {{ by: structure, size: {size} }}
  - embed: {embed}
  - index: {{ languages: [en, es] }}
publish: {{ to: snapshots, keep: 1 }}
""")
    return path


def web(url, pages):
    return f"""        - id: site
          web:
            start: ["{url}"]
            limits: {{ pages: {pages}, depth: 64 }}
            polite: {{ concurrency: 4, delay: 0s }}
            sitemap: off"""


def crawl(url, pages, **settings):
    """One first run of `acervo index` over a site; the ended process and its report."""
    with tempfile.TemporaryDirectory() as folder:
        file = pipeline(pathlib.Path(folder) / "site.yaml", "site", web(url, pages), **settings)
        ended = run([program("acervo"), "index", "--json", "--quiet", file], {"ACERVO_MODELS": str(models())},
                    watched=True)
        snapshots = pathlib.Path(folder) / "snapshots"
        manifest = json.loads((snapshots / "site/current/manifest.json").read_text())
        return ended, manifest


# MARK: pages in


def index(context):
    model = context.peers.minilm()
    python = context.peers.python("chromadb", "sentence_transformers", "bs4", "langchain_text_splitters", "requests")
    ours, theirs = [], []
    with Site(context.pages[0]) as url:
        for _ in range(max(1, context.rounds - 1)):
            ended, manifest = crawl(url, 200)
            ours.append(ended)
            with tempfile.TemporaryDirectory() as store:
                theirs.append(run([python, BENCHMARKS / "peers/index_site.py", url, 200, model, store]))
    reference = theirs[-1].json
    context.note("index 200 pages: acervo, chunks", manifest["chunks"], "chunks")
    context.note("index 200 pages: LangChain + Chroma, chunks", reference["chunks"], "chunks")
    for name, runs in (("acervo", ours), ("LangChain + Chroma", theirs)):
        context.note(f"index 200 pages: {name}", statistics.median(run.wall_s for run in runs), "s")
        context.note(f"index 200 pages: {name}", statistics.median(run.cpu_s for run in runs), "CPU s")
        context.note(f"index 200 pages: {name}", statistics.median(run.peak_mb for run in runs), "MB at the peak")
    for figure, value in (("index.wall", "wall_s"), ("index.cpu", "cpu_s"), ("index.peak-memory", "peak_mb")):
        ratio = statistics.median(getattr(run, value) for run in theirs) / statistics.median(
            getattr(run, value) for run in ours)
        context.figure(figure, ratio, "times less than LangChain + Chroma")


def memory(context):
    own = {}
    with Site(context.pages[0]) as url:
        for pages in (200, 600, 100_000):
            ended, manifest = crawl(url, pages)
            documents = manifest["documents"]
            own[documents] = ended.peak_own_mb
            context.note(f"crawl of {documents} pages", ended.peak_own_mb, "MB of own memory at the peak")
            context.note(f"crawl of {documents} pages", ended.peak_mb, "MB resident at the peak, mapped files included")
    context.figure("memory.growth", own[max(own)] / own[min(own)], f"times the memory of {min(own)} at {max(own)} pages")
    with tempfile.TemporaryDirectory() as folder:
        made_up_site(pathlib.Path(folder), 8_000)
        with Site(folder) as url:
            few, many = (crawl(url, pages, embed="{ provider: none }")[0].peak_own_mb for pages in (2_000, 8_000))
    context.figure("memory.page", (many - few) * 1024 / 6_000, f"KB of own memory a page, from {few:.1f} MB at 2,000")


def made_up_site(folder, pages, per_section=100):
    """Short pages with words of a small vocabulary, so that only their number grows."""
    os.chmod(folder, 0o755)
    dice = random.Random(1)
    words = "invoice refund password printer backup contract holiday customer account screen window report".split()

    def write(path, title, body):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<!doctype html><html lang=en><title>{title}</title><main><h1>{title}</h1>{body}</main>")

    def links(targets):
        return "".join(f'<p><a href="{target}">{target}</a></p>' for target in targets)

    sections = range(pages // per_section)
    write(folder / "index.html", "Start", links(f"/s{section}/index.html" for section in sections))
    for section in sections:
        names = [f"a-page-about-something-{number}.html" for number in range(per_section - 1)]
        write(folder / f"s{section}/index.html", f"Section {section}", links(names))
        for name in names:
            text = " ".join(dice.choices(words, k=100))
            write(folder / f"s{section}" / name, f"{section} {name}", f"<p>{text}.</p>")


# MARK: questions out


def served(context):
    """A folder with a published collection of about 30,000 chunks of the pages; kept for the next run."""
    text = sum(len(json.loads(line)) for line in stages.texts(context).open(encoding="utf-8"))
    size = min(2000, max(300, round(text / CHUNKS * 1.3, -1)))
    sources = "\n".join(
        f"        - {{ id: pages{number}, folder: {{ path: {json.dumps(str(folder))} }} }}"
        for number, folder in enumerate(context.pages))
    file = pipeline(CACHE / "served/pages.yaml", "pages", sources, int(size))
    run([program("acervo"), "index", "--quiet", file], {"ACERVO_MODELS": str(models())}, fine=(0, 3))
    return CACHE / "served/snapshots"


def acervo_serve(snapshots):
    return Server(
        [program("acervo-serve"), "--snapshots", snapshots, "--port", 0], "/ready", {"ACERVO_MODELS": str(models())},
        port=0)


def start(context):
    snapshots = served(context)
    body = json.dumps({"question": "how do I create an index on a column"}).encode()
    answered = []
    for _ in range(9):
        begin = time.perf_counter()
        with acervo_serve(snapshots) as server:
            request = urllib.request.Request(
                server.url + "/ask", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                if not json.load(answer)["answer"]:
                    raise RuntimeError("the answer is empty")
            answered.append(1e3 * (time.perf_counter() - begin))
    context.note("start to first answer, median of 9", statistics.median(answered), "ms")
    context.figure("start.first-answer", min(answered), "ms, the best of 9")
    linked = subprocess.run(["ldd", program("acervo-serve")], capture_output=True, text=True, check=True).stdout
    context.figure("start.libxml2", linked.count("libxml2"), "libraries of libxml2 in acervo-serve")


def questions(chunks, count=20_000):
    """Nine words in a row out of every chunk, each question once, so that no cache answers."""
    found = []
    for line in chunks.open(encoding="utf-8"):
        words = re.findall(r"[A-Za-z]{2,}", json.loads(line))
        if len(words) >= 12:
            found.append(" ".join(words[len(words) // 3:][:9]))
    found = sorted(set(found))
    random.Random(3).shuffle(found)
    return found[:count]


def chroma_store(context, chunks):
    """A Chroma store with the same chunks; vectors are MiniLM's of each one's first words. Kept for the next run."""
    key = hashlib.sha256(chunks.read_bytes()).hexdigest()[:16]
    store = CACHE / f"chroma-{key}"
    named = store / "collection"
    if not named.exists():
        shutil.rmtree(store, ignore_errors=True)
        heads = CACHE / "heads.jsonl"
        with chunks.open(encoding="utf-8") as lines, heads.open("w", encoding="utf-8") as out:
            for line in lines:
                out.write(json.dumps((json.loads(line).strip() or "-")[:40]) + "\n")
        vectors = CACHE / "heads.f32"
        run([program("acervo-bench"), "embed", heads, "--model", context.peers.minilm(), "--vectors", vectors])
        python = context.peers.python("chromadb")
        identifier = run([python, BENCHMARKS / "peers/fill_chroma.py", store, chunks, vectors, 384]).output.strip()
        named.write_text(identifier)
    return store, named.read_text()


def vectors_of(texts, model, dimensions):
    """Each text's vector as a JSON array."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = pathlib.Path(folder) / "texts", pathlib.Path(folder) / "vectors"
        source.write_text("".join(json.dumps(text) + "\n" for text in texts))
        run([program("acervo-bench"), "embed", source, "--model", model, "--vectors", out])
        numbers = memoryview(out.read_bytes()).cast("f")
        return [
            [round(number, 6) for number in numbers[row * dimensions:(row + 1) * dimensions]]
            for row in range(len(texts))
        ]


def ask_service(context, store, through, *modules):
    """The service of peers/ask_service.py over a Chroma store."""
    command = [context.peers.python(*modules), "-m", "uvicorn", "--app-dir", BENCHMARKS / "peers", "ask_service:app",
               "--host", "127.0.0.1", "--log-level", "warning"]
    return Server(command, "/health", {
        **one_thread(), "ASK_STORE": str(store), "ASK_MODEL": str(context.peers.minilm()), "ASK_THROUGH": through})


def serve(context):
    snapshots = served(context)
    chunks = CACHE / "served/chunks.jsonl"
    run([program("acervo-bench"), "dump", (snapshots / "pages/current").resolve(), "--texts", chunks, "--vectors",
         CACHE / "served/vectors.f32"])
    asked = questions(chunks)
    some = asked[:4_000]
    context.note("connections", context.connections, "")
    context.note("served", sum(1 for _ in chunks.open()), "chunks")
    texts = [{"query": question, "top_k": 4} for question in asked]
    ten = [{"query": question, "top_k": 10} for question in asked]
    cells = {}
    with contextlib.ExitStack() as running:
        acervo = running.enter_context(acervo_serve(snapshots))
        ready = vectors_of(some, models() / "use-multilingual-v3", 512)
        cells["acervo /search"] = acervo, "/search", texts
        cells["acervo /search, ten chunks"] = acervo, "/search", ten
        cells["acervo /search, ten chunks, 1,000 questions in turn"] = acervo, "/search", ten[:1_000]
        cells["acervo /search, ready vector"] = acervo, "/search", [{"vector": vector, "top_k": 4} for vector in ready]
        cells["acervo /ask"] = acervo, "/ask", [{"question": question} for question in asked]
        if context.peers.has("chromadb"):
            store, collection = chroma_store(context, chunks)
            python = context.peers.python("chromadb")
            path = f"/api/v2/tenants/default_tenant/databases/default_database/collections/{collection}/query"
            chroma = running.enter_context(Server(
                [pathlib.Path(python).parent / "chroma", "run", "--path", store, "--host", "127.0.0.1"],
                "/api/v2/heartbeat"))
            bodies = [
                {"query_embeddings": [vector], "n_results": 4, "include": ["documents", "distances"]}
                for vector in vectors_of(some, context.peers.minilm(), 384)
            ]
            cells["Chroma, ready vector"] = chroma, path, bodies
            needed = ["chromadb", "fastapi", "uvicorn", "sentence_transformers"]
            if context.peers.has(*needed):
                service = running.enter_context(ask_service(context, store, "chroma", *needed))
                cells["FastAPI + MiniLM + Chroma"] = service, "/search", texts
            if context.peers.has(*needed, "langchain_chroma"):
                service = running.enter_context(ask_service(context, store, "langchain", *needed, "langchain_chroma"))
                cells["FastAPI + MiniLM + LangChain + Chroma"] = service, "/search", ten
        results = {name: [] for name in cells}
        for turn in range(context.rounds):
            for name, (server, path, bodies) in cells.items():
                results[name].append(load(
                    server, path, bodies, seconds=4, begin=turn / context.rounds, connections=context.connections))
        own = acervo.private_mb(beside=[str(snapshots.resolve()), str(models().resolve())])
        remembered = acervo.metric("acervo_memory_bytes") / 1e6
    report(context, results)
    context.note("serve: what caches of results and answers hold, as set", remembered, "MB")
    context.figure("serve.private-memory", own - remembered,
                   "MB of acervo-serve under load; mapped snapshot and model, and caches, not counted")


def report(context, results):
    for name, runs in results.items():
        for value, unit in (("per_s", "requests/s"), ("p50_ms", "ms p50"), ("p99_ms", "ms p99"),
                            ("cpu_ms", "CPU ms/request")):
            context.note(f"serve: {name}", statistics.median(run[value] for run in runs), unit)

    def ratio(figure, ours, theirs):
        if theirs not in results:
            context.skipped[figure] = f"{theirs} is not there"
            return
        by_turn = [our["per_s"] / their["per_s"] for our, their in zip(results[ours], results[theirs])]
        context.figure(figure, statistics.median(by_turn), f"times the requests/s of {theirs}")
    ratio("serve.search", "acervo /search", "FastAPI + MiniLM + Chroma")
    # What back ends of this kind do: LangChain's store, ten chunks.
    langchain = "FastAPI + MiniLM + LangChain + Chroma"
    ratio("serve.langchain", "acervo /search, ten chunks", langchain)
    ratio("serve.langchain.again", "acervo /search, ten chunks, 1,000 questions in turn", langchain)
    ratio("serve.ask", "acervo /ask", "FastAPI + MiniLM + Chroma")
    ratio("serve.vector", "acervo /search, ready vector", "Chroma, ready vector")
