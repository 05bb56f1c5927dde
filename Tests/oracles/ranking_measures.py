#!/usr/bin/env python3
"""Compares `acervo eval --beir --json` with pytrec_eval (trec_eval's own code, `pip install pytrec-eval-terrier`).

    ranking_measures.py --beir FOLDER LINES      LINES: what `acervo eval --beir FOLDER --json` printed
    ranking_measures.py --cases                  the values that RankedGainsTests holds

Prints the greatest difference over all queries of each measure; ends with 1 where one exceeds 1e-6. Of each query the
first ten results are compared, so measures of a deeper rank are not.
"""
import argparse
import json
import sys
from pathlib import Path

import pytrec_eval

NAMES = {"ndcg@10": "ndcg_cut_10", "recall@10": "recall_10", "mrr@10": "recip_rank", "hit@1": "success_1",
         "hit@5": "success_5"}


def judged(folder):
    qrels = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if int(score) > 0:
            qrels.setdefault(query, {})[document] = int(score)
    return qrels


def compare(folder, lines):
    qrels = judged(folder)
    outcomes = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    summary, outcomes = outcomes[-1], outcomes[:-1]
    run = {o["id"]: {d: 1000.0 - rank for rank, d in enumerate(o["results"])} for o in outcomes}
    # What found nothing is no run in trec_eval's eyes and counts as 0 here.
    values = pytrec_eval.RelevanceEvaluator(
        qrels, {"ndcg_cut.10", "recall.10", "recip_rank", "success.1,5"}).evaluate(run)
    worst = {}
    for outcome in outcomes:
        for ours, theirs in NAMES.items():
            gap = abs(outcome[ours] - values.get(outcome["id"], {}).get(theirs, 0))
            worst[ours] = max(worst.get(ours, 0), gap)
    for ours, theirs in NAMES.items():
        mean = sum(values.get(q, {}).get(theirs, 0) for q in qrels) / len(qrels)
        worst[ours + " mean"] = abs(summary[ours] - mean)
    print(json.dumps({"queries": len(outcomes), "judged": len(qrels), **worst}))
    return all(gap < 1e-6 for gap in worst.values()) and len(outcomes) == len(qrels)


def cases():
    for gains, expected in (([1, 0, 0], [1]), ([0, 0, 1], [1]), ([3, 2, 0, 0, 1, 0], [3, 3, 2, 1])):
        grades, left = {}, list(expected)
        for rank, gain in enumerate(gains):
            if gain:
                grades[f"d{rank}"] = gain
                left.remove(gain)
        grades.update({f"x{i}": gain for i, gain in enumerate(left)})
        run = {"q": {f"d{rank}": 100.0 - rank for rank in range(len(gains))}}
        evaluator = pytrec_eval.RelevanceEvaluator(
            {"q": grades}, {"ndcg_cut.2,3,10", "recall.4,10", "recip_rank", "success.1,5"})
        print(gains, expected, json.dumps(evaluator.evaluate(run)["q"]))
    return True


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cases", action="store_true")
    arguments.add_argument("--beir", type=Path)
    arguments.add_argument("lines", type=Path, nargs="?")
    arguments = arguments.parse_args()
    sys.exit(0 if (cases() if arguments.cases else compare(arguments.beir, arguments.lines)) else 1)
