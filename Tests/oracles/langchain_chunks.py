#!/usr/bin/env python3
"""Chunks of LangChain's RecursiveCharacterTextSplitter (langchain-text-splitters 1.1.3), to compare with ours.

    langchain_chunks.py --golden Tests/ChunkingTests/Golden   writes recursive.json from the folder's *.txt
    langchain_chunks.py < cases.jsonl > chunks.jsonl          {"text","size","overlap","unit"} -> ["chunk", …]

Units: scalars (Python's len), words (runs of anything but spaces), quarters (scalars / 4, rounded up: does not add up).
"""
import json
import sys
from pathlib import Path

from langchain_text_splitters import RecursiveCharacterTextSplitter

UNITS = {
    "scalars": len,
    "words": lambda text: sum(1 for word in text.split(" ") if word),
    "quarters": lambda text: (len(text) + 3) // 4,
}
GOLDEN = [("scalars", 200, 40), ("scalars", 60, 20), ("scalars", 17, 5), ("scalars", 5, 0), ("scalars", 1, 0),
          ("scalars", 2000, 400), ("words", 30, 6), ("quarters", 25, 10)]


def chunks(text, size, overlap, unit):
    splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap, length_function=UNITS[unit])
    return splitter.split_text(text)


def write_golden(folder):
    cases = []
    for path in sorted(folder.glob("*.txt")):
        text = path.read_bytes().decode()
        for unit, size, overlap in GOLDEN:
            found = chunks(text, size, overlap, unit)
            # Small sizes give long lists; their beginning and their count say enough.
            cases.append({"text": path.name, "size": size, "overlap": overlap, "unit": unit, "count": len(found),
                          "chunks": found[:40]})
    with open(folder / "recursive.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases) + "\n]\n")


if __name__ == "__main__":
    import logging
    logging.disable(logging.WARNING)
    if len(sys.argv) > 2 and sys.argv[1] == "--golden":
        write_golden(Path(sys.argv[2]))
    else:
        for line in sys.stdin:
            case = json.loads(line)
            print(json.dumps(chunks(case["text"], case["size"], case["overlap"], case["unit"])), flush=True)
