"""Runs after the first: what an unchanged site costs, and what one, ten and a hundred changed pages add to it."""
import json
import pathlib
import shutil
import statistics
import tempfile

from measuring import run
from peering import BENCHMARKS, Skipped, models, program
from processes import Site
from programs import pipeline, web

CHANGES = (1, 10, 100)


def again(context):
    with tempfile.TemporaryDirectory() as folder:
        pages = pathlib.Path(folder) / "pages"
        shutil.copytree(context.pages[0], pages, symlinks=False)
        # nginx answers as the user that it starts as; a copy in a private folder is not for others.
        pathlib.Path(folder).chmod(0o755)
        with Site(pages) as url:
            file = pipeline(pathlib.Path(folder) / "site.yaml", "site", web(url, 100_000))
            measure(context, folder, pages, url, file)


def measure(context, folder, pages, url, file):
    def acervo(expected):
        ended = run([program("acervo"), "index", "--json", "--quiet", file], {"ACERVO_MODELS": str(models())},
                    fine=(0, 3))
        report = json.loads(ended.output)
        if report["outcome"] != expected:
            raise RuntimeError(f"the run was {report['outcome']}, not {expected}: {report['reason']}")
        return ended, report["run"]

    first, counts = acervo("published")
    documents = counts["seen"]
    context.note("first run: pages", documents, "pages")
    context.note("first run", first.cpu_s, "CPU s")
    reference = Reference(context, folder, url, documents)
    unchanged, theirs = [], []
    for _ in range(max(3, context.rounds)):
        ended, counts = acervo("unchanged")
        work = [name for name in ("cleaned", "chunked", "analysed", "chunks_embedded") if counts[name]]
        if work or counts["unchanged"] != documents:
            raise RuntimeError(f"an unchanged run did stage work: {counts}")
        unchanged.append(ended)
        theirs += reference.skip()
    quiet = statistics.median(ended.cpu_s for ended in unchanged)
    context.note("unchanged run", quiet, "CPU s")
    context.note("unchanged run", statistics.median(ended.wall_s for ended in unchanged), "s")
    context.figure("again.cpu", quiet, "CPU s for an unchanged run")
    context.figure("again.first", first.cpu_s / quiet, "times less than the first run")
    if theirs:
        context.note("LangChain + Chroma, unchanged, skipping by hash", statistics.median(theirs), "CPU s")
        context.figure("again.reference", statistics.median(theirs) / quiet, "times less than LangChain + Chroma")
    else:
        context.skipped["again.reference"] = reference.reason

    files = sorted(pages.glob("*.html"), key=lambda page: page.stat().st_size)
    # Pages of middling size: neither the stubs nor the release notes.
    files = files[len(files) // 4:3 * len(files) // 4]
    costs = {0: quiet}
    for count in CHANGES:
        used = []
        for turn in range(max(3, context.rounds)):
            for page in files[:count]:
                text = page.read_text(encoding="utf-8", errors="surrogateescape")
                mark = f"<p>This paragraph was added in turn {turn} of {count} to see what it costs.</p></body>"
                page.write_text(text.replace("</body>", mark, 1), encoding="utf-8", errors="surrogateescape")
            ended, counts = acervo("published")
            if counts["cleaned"] != count:
                raise RuntimeError(f"{counts['cleaned']} pages were cleaned, {count} had changed")
            used.append(ended.cpu_s)
        costs[count] = statistics.median(used)
        context.note(f"run after {count} changed page{'s' if count > 1 else ''}", costs[count], "CPU s")
    own = first.cpu_s / documents
    context.note("a page's share of the first run", own, "CPU s")
    context.figure("again.one-page", (costs[1] - own) / quiet, "times the unchanged run, beside the page's own cost")
    slopes = [(costs[10] - costs[1]) / 9, (costs[100] - costs[10]) / 90]
    context.note("a further page, from 1 to 10", slopes[0], "CPU s")
    context.note("a further page, from 10 to 100", slopes[1], "CPU s")
    context.figure("again.growth", slopes[1] / own, "times a page's share of the first run for a further page")


class Reference:
    """The peer's unchanged run, over a store that holds the same pages."""

    def __init__(self, context, folder, url, documents):
        self.reason = None
        try:
            self.model = context.peers.minilm()
            self.python = context.peers.python(
                "chromadb", "sentence_transformers", "bs4", "langchain_text_splitters", "requests")
        except Skipped as reason:
            self.reason = str(reason)
            return
        self.words = [self.python, BENCHMARKS / "peers/index_site.py", url, documents, self.model,
                      pathlib.Path(folder) / "store"]
        run([*self.words, "fill"])

    def skip(self):
        if self.reason:
            return []
        ended = run([*self.words, "skip"])
        if ended.json["embedded"]:
            raise RuntimeError(f"the reference embedded {ended.json['embedded']} chunks again")
        return [ended.cpu_s]
