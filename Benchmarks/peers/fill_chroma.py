"""Fills a Chroma store with ready vectors: fill_chroma.py STORE TEXTS VECTORS DIMENSIONS; prints the collection's id."""
import json
import sys

import chromadb
import numpy

store, texts, vectors, dimensions = sys.argv[1:]
rows = numpy.fromfile(vectors, numpy.float32).reshape(-1, int(dimensions))
with open(texts, encoding="utf-8") as lines:
    chunks = [json.loads(line) for line in lines]
collection = chromadb.PersistentClient(store).create_collection("docs", configuration={"hnsw": {"space": "cosine"}})
for start in range(0, len(rows), 2000):
    end = min(start + 2000, len(rows))
    collection.add(
        ids=[str(number) for number in range(start, end)], embeddings=rows[start:end], documents=chunks[start:end])
print(collection.id)
