#!/usr/bin/env python3
"""Scores the extractive answers of `acervo-serve`: containment, length, abstention, processor time.

    answer_quality.py --bin .build/release --sets DIR... [--answers SET=FILE.json ...] [--questions 300] [--json]

Each DIR holds `corpus.jsonl`, `queries.jsonl` and `qrels.tsv`, as retrieval benchmarks have them. Its documents become
pages of one collection, and half of them, whole pages left out, a second one. Every collection is asked

* its own questions: how many are refused, and, where FILE knows the answer ({query id: text}), how many answers quote it;
* questions whose page is not in the half collection: the hard case, its field is there but not the answer;
* the questions of every other set of the same language: all should be refused.

The questions are a sample, the same in every run. Pages that `--language SET=es` names are Spanish, others English.
"""
import argparse
import html
import json
import os
import random
import re
import subprocess
import tempfile
import time
import unicodedata
import urllib.request
from pathlib import Path

UNKNOWN = ("No lo sé", "I don't know")


def lines(path):
    return [json.loads(line) for line in open(path, encoding="utf-8") if line.strip()]


def page(document, language):
    paragraphs = "".join(f"<p>{html.escape(p)}</p>\n" for p in document["text"].split("\n\n")).replace("\n", "<br>\n")
    title = html.escape(document.get("title", ""))
    heading = f"<h1>{title}</h1>" if title else ""
    return f'<html lang="{language}"><head><title>{title}</title></head><body><main>{heading}{paragraphs}</main></body></html>'


def plain(text):
    folded = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).lower().split())


class Set:
    def __init__(self, folder, language, answers):
        self.name = re.sub("[^a-z0-9]+", "-", folder.name.lower())
        self.language, self.answers = language, answers
        self.documents = lines(folder / "corpus.jsonl")
        self.queries = {q["_id"]: q["text"] for q in lines(folder / "queries.jsonl")}
        qrels = folder / "qrels.tsv" if (folder / "qrels.tsv").exists() else folder / "qrels/test.tsv"
        self.relevant = {}
        for line in open(qrels, encoding="utf-8").read().splitlines()[1:]:
            query, document, _ = line.split("\t")
            self.relevant.setdefault(query, set()).add(document)
        # The half collection keeps every second page.
        self.kept = {d["_id"] for d in self.documents[::2]}

    def index(self, work, program, environment):
        for name, documents in ((self.name, self.documents), (self.name + "-half", self.documents[::2])):
            folder = work / name
            folder.mkdir()
            for number, document in enumerate(documents):
                (folder / f"{number}.html").write_text(page(document, self.language), encoding="utf-8")
            (work / f"{name}.yaml").write_text(
                f"acervo: 1\nname: {name}\nstages:\n  - fetch:\n      sources:\n        - id: pages\n"
                f"          folder: {{ path: {name} }}\n  - chunk: {{}}\n  - embed: {{ provider: local }}\n"
                "  - index: { languages: [es, en] }\npublish: { to: snapshots }\n")
            subprocess.run([program, "index", "--quiet", work / f"{name}.yaml"], check=True, env=environment)


class Service:
    def __init__(self, program, work, environment):
        self.log = open(work / "serve.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([program, "--snapshots", work / "snapshots", "--port", "0"], stderr=self.log,
                                        stdout=subprocess.DEVNULL, env=environment)
        for _ in range(600):
            found = re.search(r"127\.0\.0\.1:(\d+)", (work / "serve.log").read_text(encoding="utf-8"))
            if found and self.ready(found[1]):
                return
            time.sleep(0.1)
        raise SystemExit("the service did not come up:\n" + (work / "serve.log").read_text(encoding="utf-8"))

    def ready(self, port):
        self.address = f"http://127.0.0.1:{port}"
        try:
            return urllib.request.urlopen(self.address + "/ready", timeout=5).status == 200
        except OSError:
            return False

    def post(self, path, body):
        request = urllib.request.Request(self.address + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))

    def processor_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(service, collection, questions, answers={}):
    row = dict(questions=len(questions), refused=0, known=0, contained=0, quotes=0)
    for key, question in questions.items():
        reply = service.post("/ask", {"question": question[:7000], "collection": collection})
        refused = reply["answer"].startswith(UNKNOWN)
        row["refused"] += refused
        row["quotes"] += len(reply["citations"])
        if key in answers:
            row["known"] += 1
            row["contained"] += any(plain(answers[key]) in plain(c["quote"]) for c in reply["citations"])
    count = max(1, len(questions))
    result = {"questions": len(questions), "refused": round(row["refused"] / count, 4),
              "quotes": round(row["quotes"] / max(1, count - row["refused"]), 2)}
    if row["known"]:
        result["contained"] = round(row["contained"] / row["known"], 4)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--sets", type=Path, nargs="+", required=True)
    parser.add_argument("--answers", nargs="*", default=[])
    parser.add_argument("--language", nargs="*", default=[])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    languages = dict(pair.split("=", 1) for pair in arguments.language)
    answers = {name: json.load(open(path, encoding="utf-8"))
               for name, path in (pair.split("=", 1) for pair in arguments.answers)}
    sets = [Set(f, languages.get(f.name, "en"), answers.get(f.name, {})) for f in arguments.sets]

    def sample(queries):
        return dict(random.Random(7).sample(sorted(queries.items()), min(arguments.questions, len(queries))))

    def show(what, result):
        print(json.dumps({"what": what, **result}) if arguments.json else
              f"{what:44s} " + "  ".join(f"{k} {v}" for k, v in result.items()), flush=True)

    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        environment = {**os.environ}
        environment.setdefault("ACERVO_MODELS", str(Path(__file__).resolve().parents[2] / "models"))
        for each in sets:
            each.index(work, arguments.bin / "acervo", environment)
        service = Service(arguments.bin / "acervo-serve", work, environment)
        try:
            for each in sets:
                own = {**sample(each.queries), **{k: each.queries[k] for k in each.answers}}
                start = service.processor_seconds()
                result = asked(service, each.name, own, each.answers)
                middle = service.processor_seconds()
                # The same questions again, in other words for the memory of vectors: what searching alone costs.
                for question in own.values():
                    service.post("/search", {"query": question[:7000] + " ", "collection": each.name, "top_k": 4})
                end = service.processor_seconds()
                result["ask_ms"] = round((middle - start) * 1000 / len(own), 2)
                result["search_ms"] = round((end - middle) * 1000 / len(own), 2)
                show(f"{each.name} asked its own questions", result)
                gone = {k: v for k, v in each.queries.items() if not each.relevant.get(k, set()) & each.kept}
                show(f"{each.name} without the page", asked(service, each.name + "-half", sample(gone)))
                for other in sets:
                    if other is not each and other.language == each.language and \
                            {d["text"] for d in other.documents}.isdisjoint(d["text"] for d in each.documents):
                        show(f"{each.name} asked {other.name}", asked(service, each.name, sample(other.queries)))
        finally:
            service.process.terminate()
            service.process.wait()


if __name__ == "__main__":
    main()
