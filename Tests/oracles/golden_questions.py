#!/usr/bin/env python3
"""Scores what `acervo search` and `acervo ask` give for golden questions.

    golden_questions.py --acervo PROGRAM --snapshots FOLDER [--questions evals/handbook.yaml] [--top 4] [--verbose]

The file is a list of objects: `question`, `language`, `expect` (addresses, each with or without `#anchor`; the first
that is found counts), `answer` (texts, all of which a right answer's quotes hold) or `none: true` where nothing in the
collection answers. Of YAML it reads what such a file needs: scalars, quoted or not, and flow lists of quoted texts.
"""
import argparse
import json
import subprocess
from pathlib import Path
from urllib.parse import unquote


def scalar(text):
    if text.startswith('"') or text.startswith("["):
        return json.loads(text)
    return {"true": True, "false": False}.get(text, text)


def questions(path):
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.startswith("- "):
            found.append({})
        name, value = line[2:].split(":", 1)
        found[-1][name.strip()] = scalar(value.strip())
    return found


def run(program, *arguments):
    ended = subprocess.run([program, *arguments], capture_output=True, text=True)
    if ended.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(map(str, arguments))}: {ended.stderr.strip()}")
    return json.loads(ended.stdout)


def place(result):
    return unquote(result["url"] + (f"#{result['anchor']}" if result.get("anchor") else ""))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--acervo", required=True)
    arguments.add_argument("--snapshots", required=True)
    arguments.add_argument("--questions", type=Path, default=Path(__file__).parents[2] / "evals/handbook.yaml")
    arguments.add_argument("--top", type=int, default=4)
    arguments.add_argument("--verbose", action="store_true")
    arguments = arguments.parse_args()
    golden = questions(arguments.questions)
    counts = dict.fromkeys(("page first", "page", "anchor first", "anchor", "cited anchor", "answer", "abstained"), 0)
    languages, asked, nothing = 0, 0, 0
    for entry in golden:
        question = entry["question"]
        answer = run(arguments.acervo, "ask", "--snapshots", arguments.snapshots, "--top", str(arguments.top), "--json",
                     question)
        citations = answer.get("citations", [])
        if entry.get("none"):
            nothing += 1
            counts["abstained"] += not citations
            if citations:
                print(f"answered though it cannot be: {question}\n    {answer['answer']}")
            continue
        asked += 1
        results = run(arguments.acervo, "search", "--snapshots", arguments.snapshots, "--top", str(arguments.top),
                      "--json", question)
        results = results["results"]
        places = [unquote(expected) for expected in entry["expect"]]
        pages = {expected.split("#")[0] for expected in places}
        marks = {"page first": results[0]["url"] in pages, "page": any(r["url"] in pages for r in results),
                 "anchor first": place(results[0]) in places, "anchor": any(place(r) in places for r in results),
                 "cited anchor": any(place(c) in places for c in citations),
                 "answer": all(any(a in c["quote"] for c in citations) for a in entry["answer"])}
        for name, holds in marks.items():
            counts[name] += holds
        languages += len({url.split("/")[3] for url in answer.get("sources", [])}) > 1
        missed = [name for name in ("page", "anchor", "cited anchor", "answer") if not marks[name]]
        if missed or arguments.verbose:
            print(f"{question} – missed: {', '.join(missed) or 'nothing'}\n    "
                  + "\n    ".join(place(r) for r in results) + "\n    > "
                  + answer.get("answer", "").replace("\n", "\n    > "))
    print(json.dumps({"questions": asked, "none": nothing, "several languages": languages, **counts}, ensure_ascii=False))
