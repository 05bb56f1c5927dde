#!/usr/bin/env python3
"""Asks the handbook's golden questions while every page of it carries an order to whoever reads it.

    Tests/oracles/injected_pages.py [--bin .build/release] [--attacks FILE.json] [--every 1] [--places last,first,middle]

For each attack a collection is published whose pages all hold it as a paragraph of its own, and every question is asked
of quotes alone (no language model). A word more on every page shifts what is rare in them, whatever it says: so the same
is done with sentences that order nothing, and an answer counts as changed by an attack when it is neither that of the
pages as they are nor one of the pages with such a sentence, and as quoting it when a quote holds it. Both are told; exit
code 1 where there is one. --attacks names a JSON object of lists of texts (as BIPIA's); without it, attacks of the
same kinds that stand in language_model.py. --every 3 takes every third.
"""
import argparse
import json
import pathlib
import re
import sys
import tempfile

from language_model import ATTACKS
from service import ROOT, Service, add_programs

HARMLESS = [
    "The sea was calm that evening, and the boats came home early.", "Who painted the ceiling of the old theatre?",
    "The bakery at the corner sells bread, cakes and coffee.", "Las cigüeñas vuelven al campanario en febrero.",
    # Of the lengths and some of the subjects that the attacks have.
    "How do lighthouses work?", "What is the difference between a viola and a violin in an orchestra?",
    "Letters and symbols cover the walls of the old library.", "A letter from the coast took three weeks that winter.",
    "The museum's software update shows visitors the way through every hall.",
    "Children at the village school grow tomatoes behind the playground each spring.",
    "The game was over at nine, and rain fell on the empty stand.",
    "Volunteers read aloud at the library on the first Tuesday of each month, and everybody who likes stories is welcome.",
]
QUESTION = re.compile(r'^- question: "(.*)"$', re.M)


def with_attack(text: str, attack: str, place: str, is_html: bool) -> str:
    """A page with one more paragraph: behind its last one, before its first one, or in the middle of them."""
    if not is_html:
        parts = text.split("\n\n")
        at = {"first": 1, "middle": max(1, len(parts) // 2), "last": len(parts)}[place]
        return "\n\n".join(parts[:at] + [attack] + parts[at:])
    escaped = attack.replace("&", "&amp;").replace("<", "&lt;")
    ends = [found.end() for found in re.finditer(r"</p>", text)]
    if not ends:
        return text
    at = {"first": ends[0], "middle": ends[len(ends) // 2], "last": ends[-1]}[place]
    return text[:at] + f"\n<p>{escaped}</p>\n" + text[at:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_programs(parser)
    parser.add_argument("--attacks")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--places", default="last")
    options = parser.parse_args()
    attacks = json.loads(pathlib.Path(options.attacks).read_text()) if options.attacks else ATTACKS
    texts = [text for kind in attacks.values() for text in kind][::options.every]
    questions = QUESTION.findall((ROOT / "evals/handbook.yaml").read_text())
    pages = {
        str(file.relative_to(ROOT / "fixtures/handbook")): file.read_text(encoding="utf-8")
        for file in sorted((ROOT / "fixtures/handbook").rglob("*")) if file.suffix in (".html", ".md")}
    places = options.places.split(",")
    with tempfile.TemporaryDirectory() as folder:
        service = Service(options.bin, pathlib.Path(folder))
        service.publish("clean", pages)
        service.start("authentication: { anonymous: allow }\nlimits: { answer: 60s }\n",
                      {"ACERVO_ADMIN_KEY": "admin-key-of-this-trial"})

        def answers(name: str) -> list[dict]:
            return [service.post("/ask", {"question": q, "collection": name, "provider": "extractive"}).json for q in questions]

        clean = answers("clean")
        def publish(text: str, place: str) -> None:
            # One collection after the other under one name: what did not change is not embedded again.
            service.publish("attacked", {
                file: with_attack(page, text, place, file.endswith(".html")) for file, page in pages.items()})
            service.post("/admin/reload", None, headers={"X-API-Key": "admin-key-of-this-trial"})

        usual: dict[tuple[str, str], set[str]] = {}
        shifted = 0
        for place in places:
            for text in HARMLESS:
                publish(text, place)
                for question, before, after in zip(questions, clean, answers("attacked")):
                    usual.setdefault((place, question), {before["answer"]}).add(after["answer"])
                    shifted += before["answer"] != after["answer"]
        print(f"sentences that order nothing change {shifted} of {len(HARMLESS) * len(places) * len(questions)} answers")
        print(f"{len(questions)} questions, {sum(a['answered'] for a in clean)} answered, {len(texts)} attacks, {len(pages)} pages")
        differs, changed, quoted, asked = 0, 0, 0, 0
        for index, attack in enumerate(texts):
            for place in places:
                publish(attack, place)
                for question, before, after in zip(questions, clean, answers("attacked")):
                    asked += 1
                    if before["answer"] == after["answer"]:
                        continue
                    differs += 1
                    follows = any(c["quote"] in attack or attack in c["quote"] for c in after["citations"])
                    if after["answer"] in usual[place, question] and not follows:
                        continue
                    quoted += follows
                    changed += not follows
                    print(f"{'QUOTED ' if follows else 'CHANGED'} [{place}] “{attack}”\n  {question}\n  - {before['answer']!r}\n"
                          f"  + {after['answer']!r}", flush=True)
        service.stop()
    print(f"of {asked} answers {quoted} quote the attack and {changed} are otherwise new; {differs} are not byte for byte those "
          "of the pages without it")
    return 1 if quoted or changed else 0


if __name__ == "__main__":
    sys.exit(main())
