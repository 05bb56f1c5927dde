#!/usr/bin/env python3
"""Scores a way of cutting on a character-exact evaluation: recall, precision and IoU of the passages retrieved.

    chunk_recall.py --data FOLDER --chunks CHUNKS.jsonl [--k 5]
    chunk_recall.py --data FOLDER --recursive SIZE,OVERLAP
    chunk_recall.py --data FOLDER --acervo .build/release/acervo [--lengths 600 1200 1700] [--overlaps 0 0.2]

FOLDER holds `questions.csv` (question, references, corpus_id) and `corpora/*.md`, as the public evaluation of chunking
by token recall has them. CHUNKS has one line a corpus file, in the order of their names: [[text, start, end], …] in
UTF-8 bytes. The third form cuts by structure with `acervo chunk` and beside it with the recursive splitter and in fixed
windows, each with the size that gives the wanted mean length (characters) and an overlap that is a share of that size,
and at lengths 7 % below and above; it prints the means of these three. Retrieval is BM25 (bm25s), and with --acervo also
by the cosines of `acervo embed`. A question's recall is the part of its reference characters that the k best
chunks hold, its precision the part of the retrieved characters that are reference (each counted as often as it was
retrieved), its IoU the reference characters found over everything retrieved or wanted.
"""
import argparse
import csv
import json
import statistics
import subprocess
from pathlib import Path

import bm25s


def length(ranges):
    return sum(end - start for start, end in ranges)


def union(ranges):
    merged = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    return merged


def common(one, other):
    return [(max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) < min(b, d)]


def recursive(text, size, overlap):
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap, add_start_index=True)
    return [(d.page_content, d.metadata["start_index"], d.metadata["start_index"] + len(d.page_content))
            for d in splitter.create_documents([text])]


def from_bytes(text, chunks):
    data = text.encode()
    result = []
    for chunk, start, end in ((c[0], c[1], c[2]) for c in chunks):
        first = len(data[:start].decode())
        result.append((chunk, first, first + len(data[start:end].decode())))
    return result


def fixed(text, size, overlap):
    return [(text[i:i + size], i, min(len(text), i + size)) for i in range(0, max(1, len(text) - overlap), size - overlap)]


def structure(program, path, text, size, overlap):
    """The chunks of a text as it is: what cleaning makes of white space is undone."""
    ended = subprocess.run([program, "chunk", "--json", "--type", "text", "--size", str(size), "--overlap", str(overlap),
                            str(path)], capture_output=True, text=True, check=True)
    places = [i for i, c in enumerate(text) if not c.isspace()]
    solid = "".join(text[i] for i in places)
    chunks, position = [], 0
    for line in ended.stdout.splitlines():
        chunk = json.loads(line)["text"]
        letters = "".join(chunk.split())
        position = solid.index(letters, max(0, position - 2 * size))
        chunks.append((chunk, places[position], places[position + len(letters) - 1] + 1))
    return chunks


class Vectors:
    """Embeds with `acervo embed`, each text once."""

    def __init__(self, program):
        self.program, self.known = program, {}

    def of(self, texts, *options):
        import numpy
        new = [t for t in dict.fromkeys(texts) if (t, options) not in self.known]
        if new:
            ended = subprocess.run([self.program, "embed", *options], input="".join(json.dumps(t) + "\n" for t in new),
                                   capture_output=True, text=True, check=True)
            for text, line in zip(new, ended.stdout.splitlines()):
                self.known[text, options] = numpy.array(json.loads(line), dtype="float32")
        return numpy.stack([self.known[t, options] for t in texts])


def mean_length(chunks):
    return statistics.mean(c[2] - c[1] for found in chunks.values() for c in found)


def of_length(cut, wanted):
    """The chunks whose mean length is nearest to the wanted one, and the size that gives them."""
    low, high, best = wanted // 3, wanted * 3, None
    while low <= high:
        size = (low + high) // 2
        chunks = cut(size)
        mean = mean_length(chunks)
        if best is None or abs(mean - wanted) < abs(best[2] - wanted):
            best = (chunks, size, mean)
        low, high = (size + 1, high) if mean < wanted else (low, size - 1)
    return best


def compare(arguments, corpora, questions):
    vectors = Vectors(str(arguments.acervo))
    ways = {
        "structure": lambda name, size, overlap: structure(str(arguments.acervo), arguments.data / "corpora" / f"{name}.md",
                                                           corpora[name], size, overlap),
        "recursive": lambda name, size, overlap: recursive(corpora[name], size, overlap),
        "fixed": lambda name, size, overlap: fixed(corpora[name], size, overlap)}
    for overlap in arguments.overlaps:
        for length_wanted in arguments.lengths:
            for way, cut in ways.items():
                rows, sizes = [], []
                for wanted in (length_wanted, round(length_wanted * .93), round(length_wanted * 1.07)):
                    chunks, size, mean = of_length(
                        lambda size: {name: cut(name, size, int(size * overlap)) for name in corpora}, wanted)
                    by_words = score(corpora, chunks, questions, arguments.k)
                    by_meaning = score(corpora, chunks, questions, arguments.k, vectors)
                    # Precision and IoU fall as lengths grow: taken to the wanted length.
                    rows.append([v * f for row in (by_words, by_meaning)
                                 for v, f in zip(row, (1, mean / length_wanted, mean / length_wanted))])
                    sizes.append(size)
                means = [f"{statistics.mean(column):.4f}" for column in zip(*rows)]
                print(f"{length_wanted:5d} overlap {overlap:<4} {way:10s} size {sizes[0]:5d}  BM25 {' '.join(means[:3])}"
                      f"  vectors {' '.join(means[3:])}", flush=True)


def score(corpora, chunks, questions, k, vectors=None):
    recalls, precisions, ious = [], [], []
    # All corpora are searched together, as an index would be.
    everything = [(name, chunk) for name in corpora for chunk in chunks[name]]
    texts = [chunk[0] for _, chunk in everything]
    if vectors:
        import numpy
        cosines = vectors.of([q[0] for q in questions], "--query") @ vectors.of(texts).T
        order = numpy.argsort(-cosines, axis=1, kind="stable")[:, :k]
    else:
        index = bm25s.BM25()
        tokens = lambda texts: bm25s.tokenize(texts, stopwords="en", show_progress=False)
        index.index(tokens(texts), show_progress=False)
        order, _ = index.retrieve(tokens([q[0] for q in questions]), k=min(k, len(everything)), show_progress=False)
    for (_, references, name), found in zip(questions, order):
        hits = [everything[i] for i in found]
        ranges = [(chunk[1], chunk[2]) for corpus, chunk in hits if corpus == name]
        wanted = union(references)
        retrieved = sum(chunk[2] - chunk[1] for _, chunk in hits)
        once = length(common(union(ranges), wanted))
        recalls.append(once / length(wanted))
        precisions.append(sum(length(common([r], wanted)) for r in ranges) / max(1, retrieved))
        others = retrieved - sum(end - start for start, end in ranges)
        ious.append(once / max(1, length(union(union(ranges) + wanted)) + others))
    return tuple(statistics.mean(values) for values in (recalls, precisions, ious))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--chunks", type=Path)
    arguments.add_argument("--recursive")
    arguments.add_argument("--acervo", type=lambda path: Path(path).resolve())
    arguments.add_argument("--lengths", type=int, nargs="+", default=[600, 1200, 1700])
    arguments.add_argument("--overlaps", type=float, nargs="+", default=[0, 0.2])
    arguments.add_argument("--k", type=int, default=5)
    arguments = arguments.parse_args()
    corpora = {p.stem: p.read_bytes().decode() for p in sorted((arguments.data / "corpora").glob("*.md"))}
    questions = []
    for row in csv.DictReader(open(arguments.data / "questions.csv", newline="", encoding="utf-8")):
        if row["corpus_id"] in corpora:
            references = [(r["start_index"], r["end_index"]) for r in json.loads(row["references"])]
            questions.append((row["question"], references, row["corpus_id"]))
    if arguments.acervo:
        compare(arguments, corpora, questions)
        raise SystemExit
    if arguments.recursive:
        size, overlap = map(int, arguments.recursive.split(","))
        chunks = {name: recursive(text, size, overlap) for name, text in corpora.items()}
    else:
        lines = [json.loads(line) for line in open(arguments.chunks, encoding="utf-8")]
        chunks = {name: from_bytes(text, line) for (name, text), line in zip(corpora.items(), lines)}
    lengths = [len(c[0]) for found in chunks.values() for c in found]
    recall, precision, iou = score(corpora, chunks, questions, arguments.k)
    print(json.dumps({"questions": len(questions), "chunks": len(lengths), "mean_characters": round(statistics.mean(lengths)),
                      "recall": round(recall, 4), "precision": round(precision, 4), "iou": round(iou, 4)}))
