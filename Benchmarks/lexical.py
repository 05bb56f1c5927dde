"""Word search over 100,000 chunks of manuals, with their own headings and questions as queries."""
import html
import json
import pathlib
import random
import re
import subprocess

from measuring import in_turns, one_thread, rate, run
from peering import CACHE, Skipped, program

# Debian packages whose pages are the text; those that are not installed are unpacked into the cache.
PACKAGES = ("postgresql-doc-15", "python3.11-doc", "git-doc")
CHUNKS, QUERIES = 100_000, 1_000
HEADING = re.compile(r"<h[2-4][^>]*>(.*?)</h[2-4]>", re.S)


def unpacked(package):
    """Where a documentation package's files are."""
    installed = pathlib.Path("/usr/share/doc") / package / "html"
    if installed.is_dir():
        return installed
    folder = CACHE / "packages" / package
    if not folder.is_dir():
        work = CACHE / "packages"
        work.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["apt-get", "download", package], cwd=work, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Skipped(f"{package} is not installed and cannot be had: {error}") from error
        for archive in work.glob(f"{package}_*.deb"):
            subprocess.run(["dpkg", "-x", archive, folder], check=True)
    return folder


def words_of(heading):
    text = html.unescape(re.sub(r"<[^>]*>", "", heading)).replace("¶", " ")
    return re.sub(r"^[\d.\s]+", "", " ".join(text.split()))


def material():
    """The files of chunks and of queries; made once."""
    texts, queries = CACHE / "lexical.chunks.jsonl", CACHE / "lexical.queries.jsonl"
    if texts.is_file() and queries.is_file():
        return texts, queries
    pages = sorted(page for package in PACKAGES for page in unpacked(package).rglob("*.html"))
    listed = CACHE / "lexical.list"
    listed.write_text("".join(f"{page}\n" for page in pages))
    clean = run([program("acervo-bench"), "clean", listed, "--texts"]).output.splitlines()[:-1]
    whole = CACHE / "lexical.texts.jsonl"
    whole.write_text("".join(line + "\n" for line in clean))
    command = [program("acervo-bench"), "chunk", whole, "--by", "structure", "--size", 240, "--overlap", 0, "--texts"]
    chunks = [line for line in run(command).output.splitlines()[:-1] if json.loads(line).strip()]
    if len(chunks) < CHUNKS:
        raise Skipped(f"{len(chunks)} chunks, {CHUNKS} wanted")
    random.Random(11).shuffle(chunks)
    texts.write_text("".join(line + "\n" for line in chunks[:CHUNKS]))
    headings = sorted({
        words for page in pages for words in map(words_of, HEADING.findall(page.read_text(errors="replace")))
        if 2 <= len(words.split()) <= 20})
    questions = [heading for heading in headings if heading.endswith("?")]
    others = [heading for heading in headings if not heading.endswith("?")]
    random.Random(12).shuffle(others)
    chosen = (questions + others)[:QUERIES]
    queries.write_text("".join(json.dumps(query) + "\n" for query in chosen))
    return texts, queries


def search(context):
    texts, queries = material()
    terms = CACHE / "lexical-terms"
    terms.mkdir(exist_ok=True)
    command = [program("acervo-bench"), "lexical", texts, "--queries", queries, "--seconds", 4]
    run([*command[:-1], 0, "--terms", terms])
    commands = {"acervo": command}
    if context.peers.has("tantivy"):
        commands["tantivy"] = context.peers.stage("lexical", "tantivy", terms, 4, "tantivy")
    results = in_turns(commands, context.rounds, one_thread())
    for name, objects in results.items():
        context.note(f"word search, top 10 of 100,000: {name}", rate(objects, "queries"), "queries/CPU s")
        context.note(
            f"word search from text, top 10: {name}", rate(objects, "from_text_queries", "from_text_cpu_s"),
            "queries/CPU s")
    for size in (1, 200):
        found = run([*command, "--top", size], one_thread()).json
        context.note(f"word search, top {size}: acervo", found["queries"] / found["cpu_s"], "queries/CPU s")
    context.ratio("lexical.tantivy", results, "acervo", "tantivy", "queries")
    context.ratio(
        "lexical.tantivy.from-text", results, "acervo", "tantivy", "from_text_queries", "from_text_cpu_s")
