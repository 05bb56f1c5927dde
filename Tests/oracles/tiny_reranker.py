#!/usr/bin/env python3
"""The scores that LocalRerankerTests expects: a tiny cross-encoder (BERT, Devlin et al., 2018) written out in numpy.

Its weights are made by a formula that both sides know: number i of tensor t is 0.4 sin(1.3 i² + t), layer norms are 1 and
0. Prints one score a passage. Needs numpy.
"""
import math

import numpy as np

WIDTH, HEADS, INNER, PLACES = 32, 2, 64, 16
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "how", "long", "does", "a", "refund", "take", "ten", "days",
              "the", "printer", "is", "out", "of", "paper"]
SHAPES = [
    ("embeddings.word_embeddings.weight", (len(VOCABULARY), WIDTH)),
    ("embeddings.position_embeddings.weight", (PLACES, WIDTH)), ("embeddings.token_type_embeddings.weight", (2, WIDTH)),
    ("attention.self.query.weight", (WIDTH, WIDTH)), ("attention.self.query.bias", (WIDTH,)),
    ("attention.self.key.weight", (WIDTH, WIDTH)), ("attention.self.key.bias", (WIDTH,)),
    ("attention.self.value.weight", (WIDTH, WIDTH)), ("attention.self.value.bias", (WIDTH,)),
    ("attention.output.dense.weight", (WIDTH, WIDTH)), ("attention.output.dense.bias", (WIDTH,)),
    ("intermediate.dense.weight", (INNER, WIDTH)), ("intermediate.dense.bias", (INNER,)),
    ("output.dense.weight", (WIDTH, INNER)), ("output.dense.bias", (WIDTH,)),
    ("pooler.dense.weight", (WIDTH, WIDTH)), ("pooler.dense.bias", (WIDTH,)),
    ("classifier.weight", (1, WIDTH)), ("classifier.bias", (1,)),
]
W = {name: (0.4 * np.sin(1.3 * np.arange(int(np.prod(shape))) ** 2 + t)).astype(np.float32).astype(float).reshape(shape)
     for t, (name, shape) in enumerate(SHAPES)}


def norm(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)


def dense(x, name):
    return x @ W[name + ".weight"].T + W[name + ".bias"]


def ids(text):
    return [VOCABULARY.index(w) if w in VOCABULARY else 1 for w in text.split()]


def score(question, passage):
    q, p = ids(question), ids(passage)
    while len(q) + len(p) > PLACES - 3:
        (q if len(q) > len(p) else p).pop()
    tokens = [2] + q + [3] + p + [3]
    kinds = [0] * (len(q) + 2) + [1] * (len(p) + 1)
    x = norm(W["embeddings.word_embeddings.weight"][tokens]
             + W["embeddings.position_embeddings.weight"][:len(tokens)]
             + W["embeddings.token_type_embeddings.weight"][kinds])
    size = WIDTH // HEADS
    parts = []
    for head in range(HEADS):
        cut = slice(head * size, (head + 1) * size)
        query, key, value = (dense(x, f"attention.self.{n}")[:, cut] for n in ("query", "key", "value"))
        weights = np.exp(query @ key.T / math.sqrt(size))
        parts.append(weights / weights.sum(-1, keepdims=True) @ value)
    x = norm(x + dense(np.concatenate(parts, -1), "attention.output.dense"))
    inner = dense(x, "intermediate.dense")
    inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
    x = norm(x + dense(inner, "output.dense"))
    return (np.tanh(x[:1] @ W["pooler.dense.weight"].T + W["pooler.dense.bias"]) @ W["classifier.weight"].T
            + W["classifier.bias"]).item()


if __name__ == "__main__":
    for passage in ("a refund take ten days", "the printer is out of paper", "ten", "a refund take ten days " * 4):
        print(repr(passage.strip()), f"{score('how long does a refund take', passage):.6f}")
    print(f"{score('how long does a refund take ' * 3, 'ten days'):.6f}", "a long question")
