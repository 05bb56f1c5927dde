#!/usr/bin/env python3
"""Compares the word index's ranking with bm25s: the same formula, the same terms.

    bm25_ranking.py --bench .build/release/acervo-bench [--data DIR ...] [--golden Tests/SearchIndexesTests/Golden/bm25.json]

Needs bm25s==0.3.16 and numpy. Each DIR holds corpus.jsonl {title, text} and queries.jsonl {text}; besides, a collection
of the Cranfield set's size (1,400 abstracts of about 90 words, 225 questions) is made from a fixed seed. Chunks and
questions are analysed by `acervo-bench lexical --terms`; bm25s gets those terms. For each question the hundred best
must have bm25s's scores, and stand in its order: descending, of equal ones the lower number first, where scores closer
than float rounding count as equal. Prints a line a set; ends with 1 where one differs.

`--golden` records a small set with bm25s's scores for the test of the suite, from the project's own decisions.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import bm25s
import numpy

K1, B, TOP, ROUNDING = 0.9, 0.4, 100, 2e-5


def cranfield_like(seed=1400):
    """Texts whose words follow Zipf's law, in a few subjects, and questions made of a text's words."""
    draw = random.Random(seed)
    letters = "aeiorstnlcdpmugbvfhyk"
    words = sorted({"".join(draw.choice(letters) for _ in range(draw.randint(3, 9))) for _ in range(7000)})
    draw.shuffle(words)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    subjects = [draw.choices(words, weights, k=60) for _ in range(40)]

    def text(length):
        subject = draw.choice(subjects)
        return " ".join(draw.choice(subject) if draw.random() < 0.3 else draw.choices(words, weights)[0]
                        for _ in range(length))
    texts = [text(max(5, int(draw.gauss(90, 40)))) for _ in range(1400)]
    queries = [" ".join(draw.sample(draw.choice(texts).split(), 5)) for _ in range(225)]
    return texts, queries


def read(folder):
    def lines(name):
        with open(folder / name, encoding="utf-8") as file:
            return [json.loads(line) for line in file]
    texts = [f"{row.get('title', '')}\n{row['text']}".strip() for row in lines("corpus.jsonl")]
    return texts, [row["text"] for row in lines("queries.jsonl")]


def ours(bench, texts, queries, folder):
    """The terms of chunks and queries, and what was found."""
    for name, strings in (("texts", texts), ("questions", queries)):
        (folder / name).write_text("".join(json.dumps(text) + "\n" for text in strings), encoding="utf-8")
    subprocess.run(
        [bench, "lexical", folder / "texts", "--queries", folder / "questions", "--seconds", "0", "--top", str(TOP),
         "--terms", folder, "--results", folder / "found"], check=True, stdout=subprocess.DEVNULL)

    def terms(name):
        return [line.split() for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    found = [json.loads(line) for line in (folder / "found").read_text().splitlines()]
    return terms("chunks"), terms("queries"), found


def reference(chunks):
    index = bm25s.BM25(method="lucene", k1=K1, b=B)
    index.index(chunks, show_progress=False)
    known = set(word for chunk in chunks for word in chunk)

    def scores(query):
        words = [word for word in query if word in known]
        return index.get_scores(words) if words else numpy.zeros(len(chunks), numpy.float32)
    return scores


def compare(name, bench, texts, queries):
    with tempfile.TemporaryDirectory() as folder:
        chunks, terms, found = ours(bench, texts, queries, pathlib.Path(folder))
    scores_of, faults, worst = reference(chunks), 0, 0.0
    for number, (query, hits) in enumerate(zip(terms, found, strict=True)):
        scores = scores_of(query)
        order = sorted(numpy.flatnonzero(scores > 0), key=lambda chunk: (-scores[chunk], chunk))[:TOP]
        given = [chunk for chunk, _ in hits]
        worst = max([worst, *(abs(score - scores[chunk]) for chunk, score in hits)])
        # Place by place the reference's own score, so that only chunks it cannot tell apart may have changed places.
        fits = len(given) == len(order) == len(set(given)) and all(
            abs(scores[mine] - scores[theirs]) <= ROUNDING for mine, theirs in zip(given, order))
        falls = all(a[1] > b[1] or (a[1] == b[1] and a[0] < b[0]) for a, b in zip(hits, hits[1:]))
        if not fits or not falls or worst > ROUNDING:
            faults += 1
            print(f"{name}: question {number} differs: {given[:10]} instead of {[int(chunk) for chunk in order[:10]]}")
    print(f"{name}: {len(chunks)} chunks, {len(queries)} questions, {faults} differ; scores differ by {worst:.1e} at most")
    return faults


def record(bench, path):
    """Paragraphs of the project's decisions, and what bm25s finds among them."""
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    texts = [" ".join(paragraph.split()) for file in sorted((root / "docs/decisions").glob("00[01]*.md"))
             for paragraph in file.read_text(encoding="utf-8").split("\n\n") if 60 < len(paragraph) < 600][:120]
    queries = ["stems and accents", "the same bytes", "memory of a scan", "what does a published snapshot cost",
               "chunk", "max_connections", "index.mdb", "question in another language", "libcurl",
               "the model and the tokenizer of the query", "HTML pages and URLs", "nothing-like-this"]
    with tempfile.TemporaryDirectory() as folder:
        chunks, terms, _ = ours(bench, texts, queries, pathlib.Path(folder))
    scores_of, results = reference(chunks), []
    for query in terms:
        scores = scores_of(query)
        order = sorted(numpy.flatnonzero(scores > 0), key=lambda chunk: (-scores[chunk], chunk))[:10]
        results.append([[int(chunk), round(float(scores[chunk]), 6)] for chunk in order])
    kept = {"made_by": f"Tests/oracles/bm25_ranking.py with bm25s {bm25s.__version__}", "k1": K1, "b": B, "texts": texts,
            "queries": [{"text": text, "results": found} for text, found in zip(queries, results, strict=True)]}
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--golden", type=pathlib.Path)
    options = parser.parse_args()
    if options.golden:
        record(options.bench, options.golden)
    faults = compare("cranfield-like", options.bench, *cranfield_like())
    for folder in options.data:
        faults += compare(folder.name, options.bench, *read(folder))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
