#!/usr/bin/env python3
"""Scores a way of cutting on a character-exact evaluation: recall, precision and IoU of the passages retrieved.

    chunk_recall.py --data FOLDER --chunks CHUNKS.jsonl [--k 5]
    chunk_recall.py --data FOLDER --recursive SIZE,OVERLAP

FOLDER holds `questions.csv` (question, references, corpus_id) and `corpora/*.md`, as the public evaluation of chunking
by token recall has them. CHUNKS has one line a corpus file, in the order of their names: [[text, start, end], …] in
UTF-8 bytes. Retrieval is BM25 (bm25s). A question's recall is the part of its reference characters that the k best
chunks hold, its precision the part of the retrieved characters that are reference (each counted as often as it was
retrieved), its IoU the reference characters found over everything retrieved or wanted.
"""
import argparse
import csv
import json
import statistics
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


def score(corpora, chunks, questions, k):
    recalls, precisions, ious = [], [], []
    # All corpora are searched together, as an index would be.
    everything = [(name, chunk) for name in corpora for chunk in chunks[name]]
    index = bm25s.BM25()
    tokens = lambda texts: bm25s.tokenize(texts, stopwords="en", show_progress=False)
    index.index(tokens([chunk[0] for _, chunk in everything]), show_progress=False)
    for question, references, name in questions:
        found, _ = index.retrieve(tokens([question]), k=min(k, len(everything)), show_progress=False)
        hits = [everything[i] for i in found[0]]
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
    arguments.add_argument("--k", type=int, default=5)
    arguments = arguments.parse_args()
    corpora = {p.stem: p.read_bytes().decode() for p in sorted((arguments.data / "corpora").glob("*.md"))}
    questions = []
    for row in csv.DictReader(open(arguments.data / "questions.csv", newline="", encoding="utf-8")):
        if row["corpus_id"] in corpora:
            references = [(r["start_index"], r["end_index"]) for r in json.loads(row["references"])]
            questions.append((row["question"], references, row["corpus_id"]))
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
