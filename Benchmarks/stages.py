"""Single stages on one thread: cleaning, chunking, embedding, exact search."""
import json
import pathlib
import random

from measuring import in_turns, one_thread, rate, run
from peering import BENCHMARKS, CACHE, Skipped, models, program

MINILM_FLOPS = 6 * 2 * (4 * 384**2 + 2 * 384 * 1536)  # of one token, attention over the others not counted


def pages(context):
    """A file that names the pages, in a shuffled order that is always the same."""
    path = CACHE / "pages.list"
    found = sorted(str(file) for folder in context.pages for file in pathlib.Path(folder).rglob("*.html"))
    if not found:
        raise Skipped(f"no HTML in {', '.join(map(str, context.pages))}; scripts/setup test installs postgresql-doc-15")
    random.Random(5).shuffle(found)
    path.write_text("\n".join(found) + "\n")
    return path


def strings(command, path):
    """Keeps the strings that `acervo-bench … --texts` prints; the last line is its report."""
    path.write_text("".join(line + "\n" for line in run(command).output.splitlines()[:-1]))
    return path


def texts(context):
    """The pages' clean texts by Acervo: every splitter gets the same."""
    return strings([program("acervo-bench"), "clean", pages(context), "--texts"], CACHE / "texts.jsonl")


def clean(context):
    listed = pages(context)
    commands = {"acervo": [program("acervo-bench"), "clean", listed, "--seconds", 3]}
    for library in ("trafilatura", "lxml", "selectolax"):
        if context.peers.has(library):
            commands[library] = context.peers.stage("clean", library, listed, 4, library)
    results = in_turns(commands, context.rounds, one_thread())
    for name, objects in results.items():
        context.note(f"clean: {name}", rate(objects, "pages"), "pages/CPU s")
        context.note(f"clean: {name}, HTML", rate(objects, "bytes", scale=1e-6), "MB/CPU s")
    context.ratio("clean.trafilatura", results, "acervo", "trafilatura", "bytes")
    context.ratio("clean.lxml", results, "acervo", "lxml", "bytes")


def chunk(context):
    source = texts(context)
    command = [program("acervo-bench"), "chunk", source, "--seconds", 2]
    commands = {"acervo": command, "acervo by structure": [*command, "--by", "structure"]}
    for name, module in (("semantic-text-splitter", "semantic_text_splitter"), ("langchain", "langchain_text_splitters")):
        if context.peers.has(module):
            commands[name] = context.peers.stage("chunk", name, source, 2, module)
    results = in_turns(commands, context.rounds, one_thread())
    for name, objects in results.items():
        context.note(f"chunk: {name}", rate(objects, "bytes", scale=1e-6), "MB/CPU s")
    context.ratio("chunk.semantic-text-splitter", results, "acervo", "semantic-text-splitter", "bytes")
    context.ratio("chunk.langchain", results, "acervo", "langchain", "bytes")


def ragged(context):
    """Chunks of every length up to 900 characters, so that MiniLM's 256 tokens hold nearly all of each."""
    path = strings(
        [program("acervo-bench"), "chunk", texts(context), "--by", "structure", "--size", 900, "--overlap", 0,
         "--texts"], CACHE / "ragged.jsonl")
    lines = [line for line in path.read_text().splitlines() if json.loads(line).strip()]
    random.Random(7).shuffle(lines)
    path.write_text("\n".join(lines[:8192]) + "\n")
    return path


def sgemm(context):
    """GFLOP/s of float matrix products on one thread, as numpy's BLAS does them here."""
    command = context.peers.stage("sgemm", "-", "-", 4, "numpy")
    gflops = max(run(command, one_thread()).json["gflops_per_cpu_s"] for _ in range(2))
    context.note("machine: sgemm, one thread", gflops, "GFLOP/CPU s")
    return gflops


def minilm(context):
    source = ragged(context)
    command = [program("acervo-bench"), "embed", source, "--model", models() / "all-MiniLM-L6-v2", "--seconds", 6]
    commands = {"acervo": command}
    context.peers.minilm()
    needs = {
        "onnxruntime": ("tokenizers", "onnxruntime"), "openvino": ("tokenizers", "openvino"),
        "ctranslate2": ("tokenizers", "ctranslate2"), "torch": ("tokenizers", "torch", "transformers"),
    }
    context.peers.minilm_exports()
    for engine, modules in needs.items():
        if context.peers.has(*modules):
            commands[engine] = context.peers.stage("embed", engine, source, 6, *modules)
    results = in_turns(commands, context.rounds, {**one_thread(), **context.peers.environment})
    for name, objects in results.items():
        context.note(f"embed MiniLM: {name}", rate(objects, "tokens"), "tokens/CPU s")
    fastest = max((name for name in results if name != "acervo"), key=lambda name: rate(results[name], "texts"))
    context.ratio("embed.minilm", results, "acervo", fastest, "bytes", peer=f"fastest: {fastest}")
    ceiling = sgemm(context) * 1e9 / MINILM_FLOPS
    context.figure("embed.minilm.of-sgemm", rate(results["acervo"], "tokens") / ceiling, "of the sgemm ceiling")


def use(context):
    source = ragged(context)
    context.peers.use_package()
    commands = {
        "acervo": [program("acervo-bench"), "embed", source, "--model", models() / "use-multilingual-v3",
                   "--seconds", 4],
        "numpy": context.peers.stage("embed", "use-numpy", source, 8, "numpy"),
    }
    results = in_turns(commands, context.rounds, {**one_thread(), **context.peers.environment})
    # The package does not tell its tokens; both have the same, so bytes compare.
    per_byte = rate(results["acervo"], "tokens", "bytes")
    for name, objects in results.items():
        context.note(f"embed USE v3: {name}", rate(objects, "bytes") * per_byte, "tokens/CPU s")
    context.ratio("embed.use", results, "acervo", "numpy", "bytes")


def scan(context):
    binary = CACHE / "bandwidth"
    run(["cc", "-O3", "-march=native", "-ffast-math", "-pthread", BENCHMARKS / "peers/bandwidth.c", "-o", binary])
    for threads in (1, 2):
        ours, memory = [], []
        for _ in range(context.rounds):
            memory.append(run([binary, threads, 1024]).json["gb_per_s"])
            ours.append(run(
                [program("acervo-bench"), "scan", "--rows", 500_000, "--threads", threads, "--seconds", 2]).json)
        speed, bound = max(entry["best_gb_per_s"] for entry in ours), max(memory)
        context.note(f"exact search: {threads} thread(s)", speed, "GB/s")
        context.note(f"machine: memory read, {threads} thread(s)", bound, "GB/s")
        context.figure(f"scan.of-bandwidth.{threads}", speed / bound, "of the memory bandwidth")
