"""Word-level F1 of extracted main content against a benchmark's truth.

usage: extraction_f1.py TRUTH_FOLDER TEXT_FOLDER [--worst N]

TRUTH_FOLDER holds NAME.json with `ground_truth.main_content`, TEXT_FOLDER holds NAME.html.txt or NAME.txt.
Words are `\\w+`, lower case, counted as a multiset; a missing text counts 0.
"""
import argparse
import collections
import json
import pathlib
import re


def words(text):
    return collections.Counter(re.findall(r"\w+", text.lower()))


def f1(truth, text):
    a, b = words(truth), words(text)
    common = sum((a & b).values())
    if not common:
        return (1.0 if not a and not b else 0.0), 0.0, 0.0
    precision, recall = common / sum(b.values()), common / sum(a.values())
    return 2 * precision * recall / (precision + recall), precision, recall


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--worst", type=int, default=0)
    arguments = parser.parse_args()
    rows = []
    for path in sorted(arguments.truth.glob("*.json")):
        page = json.loads(path.read_text())
        kind = page.get("_internal", {}).get("page_type") or page.get("page_type") or "?"
        kind = kind.get("primary", "?") if isinstance(kind, dict) else kind
        found = [arguments.texts / (path.stem + end) for end in (".html.txt", ".txt")]
        text = next((file.read_text() for file in found if file.exists()), "")
        rows.append((kind, path.stem, *f1(page["ground_truth"].get("main_content") or "", text)))
    kinds = collections.defaultdict(list)
    for row in rows:
        kinds[row[0]].append(row)
    for kind, part in [*sorted(kinds.items()), ("all", rows)]:
        mean = [sum(row[i] for row in part) / len(part) for i in (2, 3, 4)]
        print(f"{kind:14} {len(part):4}  F1 {mean[0]:.3f}  precision {mean[1]:.3f}  recall {mean[2]:.3f}")
    for row in sorted(rows, key=lambda row: row[2])[: arguments.worst]:
        print(f"{row[1]} {row[0]:14} F1 {row[2]:.3f}  precision {row[3]:.3f}  recall {row[4]:.3f}")


if __name__ == "__main__":
    main()
