#!/usr/bin/env python3
"""Asks a served catalogue of generated products questions whose answers are computed here, from the generator's data.

    Tests/oracles/catalogue_questions.py --bin DIR [--run PREFIX] [--set NAME] [--least 0.95] [--folder DIR]

`--bin` holds `acervo` and `acervo-serve`; `--run` is put before each command; `--folder` keeps the index between runs.
The questions stand in `catalogue/NAME.txt`, each with its kind and the rows it means, as a Python expression over a row:
nothing of Acervo is asked for them. Prints a line for each answer that is not right (FELL BACK: the catalogue left it to
retrieval; WRONG: it answered something else) and, last, one JSON object; ends with 1 where fewer than `--least` are right.

Right are: how many rows are meant; the rows shown, in their order; and that every price shown stands in the text as
written for people. Beside it: the same questions as plain retrieval (`/search`, five rows), right where all rows that are
found are meant, or the first is the one asked for.
"""

import argparse
import calendar
import datetime
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

SEED = 20261121

CATEGORIES = {
    "Portátiles": (["portátiles", "ordenadores portátiles"], ["laptops", "notebooks"], (299, 2999)),
    "Monitores": (["monitores"], ["monitors"], (89, 1499)),
    "Teléfonos móviles": (["móviles", "teléfonos"], ["phones", "smartphones"], (99, 1599)),
    "Tabletas": (["tabletas"], ["tablets"], (79, 1399)),
    "Auriculares": (["auriculares"], ["headphones"], (15, 549)),
    "Cámaras": (["cámaras"], ["cameras"], (199, 3499)),
    "Televisores": (["televisores", "teles"], ["televisions", "TVs"], (149, 3999)),
    "Impresoras": (["impresoras"], ["printers"], (49, 899)),
    "Relojes inteligentes": (["relojes inteligentes"], ["smartwatches", "smart watches"], (39, 899)),
    "Altavoces": (["altavoces"], ["speakers"], (19, 999)),
}
BRANDS = ["HP", "Lenovo", "Dell", "LG", "Samsung", "Sony", "Canon", "Epson", "Philips", "Xiaomi", "Bang & Olufsen",
          "Asus", "Acer", "Huawei", "Nokia"]
COLORS = {"negro": "black", "blanco": "white", "azul": "blue", "rojo": "red", "gris": "grey"}
SERIES = ["Aurora", "Vega", "Zenit", "Delta", "Orion", "Lumen", "Nimbus", "Quasar", "Titan", "Pulsar", "Atlas", "Cosmo"]
RAMS = [4, 8, 16, 32]


COUNT = 5000


def products(count):
    rng = random.Random(SEED)
    rows, titles = [], set()
    while len(rows) < count:
        category = rng.choice(list(CATEGORIES))
        low, high = CATEGORIES[category][2]
        brand = rng.choice(BRANDS)
        name = f"{rng.choice(SERIES)} {rng.choice('ABCDEFGHKLMNPRSTVWX')}{rng.randint(100, 9999)}"
        if (brand, name) in titles or name in titles:
            continue
        titles.update([(brand, name), name])
        price = round(rng.uniform(low, high)) + rng.choice([0, 0.99, 0.5, 0.95, 0])
        ram = rng.choice(RAMS) if category in ("Portátiles", "Teléfonos móviles", "Tabletas") else None
        year, month, day = rng.randint(2021, 2026), rng.randint(1, 12), rng.randint(1, 28)
        rows.append({
            "sku": f"P{len(rows):05d}", "brand": brand, "category": category, "name": name,
            "title": f"{brand} {name}", "price": round(price, 2), "color": rng.choice(list(COLORS)), "ram": ram,
            "released": f"{year}-{month:02d}-{day:02d}", "year": year,
            "index": len(rows),
        })
    return rows


def spanish(amount, sign=" €"):
    whole, cents = f"{amount:,.2f}".split(".")
    return whole.replace(",", ".") + "," + cents + sign


def english(amount):
    return f"€{amount:,.2f}"


def write_csv(rows, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("sku,brand,category,name,price,color,ram,released,text\n")
        for row in rows:
            text = (f"{row['title']} de color {row['color']}, en la gama {row['category'].lower()}, "
                    f"a la venta desde {row['released']}.")
            values = [row["sku"], row["brand"], row["category"], row["name"], spanish(row["price"]), row["color"],
                      "" if row["ram"] is None else str(row["ram"]), row["released"], text]
            file.write(",".join('"' + value.replace('"', '""') + '"' for value in values) + "\n")


# --- questions -----------------------------------------------------------------------------------------------------

def dates():
    """What an expression may say of time: days and the first days of weeks and months, as ISO dates."""
    today = datetime.date.today()

    def shifted(months):
        at = today.year * 12 + today.month - 1 + months
        return datetime.date(at // 12, at % 12 + 1, 1)

    def months_ago(months):
        first = shifted(-months)
        return first.replace(day=min(today.day, calendar.monthrange(first.year, first.month)[1])).isoformat()

    return {
        "today": today.isoformat(), "this_year": today.year, "months_ago": months_ago,
        "ago": lambda days: (today - datetime.timedelta(days=days)).isoformat(),
        "week": lambda weeks: (today - datetime.timedelta(days=today.weekday() - 7 * weeks)).isoformat(),
        "month": lambda months: shifted(months).isoformat(),
    }


def read(name, rows):
    """The questions of a set, each with the rows it means."""
    questions, names = [], dates()
    for line in (pathlib.Path(__file__).parent / "catalogue" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        kind, meant, text = (part.strip() for part in line.split("|", 2))
        expression = compile(meant, line, "eval")
        text = re.sub(r"\{([tn])(\d+)(\.lower)?\}", lambda found: written(rows, *found.groups()), text)
        kind, _, rest = kind.partition(" ")
        questions.append({"kind": kind, "rest": rest, "text": text,
                          "rows": [row for row in rows if meets(expression, row, names)]})
    return questions


def meets(expression, row, names):
    try:
        return bool(eval(expression, names | row))
    except TypeError:  # a value that the row does not have is no more and no less than another
        return False


def written(rows, what, index, lower):
    text = rows[int(index)]["title" if what == "t" else "name"]
    return text.lower() if lower else text


# --- the service ----------------------------------------------------------------------------------------------------

PIPELINE = """
acervo: 1
name: shop
stages:
  - fetch:
      sources:
        - id: products
          table:
            csv: products.csv
            key: [sku]
            title: "{brand} {name}"
            body: ["{text}", "Precio: {price}"]
            language: es
            fields:
              brand: keyword
              category: keyword
              color: keyword
              price: number
              ram: number
              released: date
  - chunk: {}
  - embed: { provider: EMBED }
  - index: {}
publish: { to: snapshots }
"""


def serve_file():
    lines = ["acervo_serve: 1", "snapshots: snapshots", "catalogues:", "  - collection: shop", "    entities:", "      category:",
             "        synonyms:"]
    for name, (es, en, _) in CATEGORIES.items():
        lines.append(f"          {name}: {json.dumps(es + en, ensure_ascii=False)}")
    lines += ["      color:", "        synonyms:"]
    for es, en in COLORS.items():
        lines.append(f"          {es}: [{en}]")
    return "\n".join(lines) + "\n"


def call(base, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def start(command, folder):
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace")
    for line in process.stdout:
        match = re.search(r"http://127\.0\.0\.1:\d+", line)
        if match:
            break
    else:
        raise SystemExit("the service did not start")
    base = match.group(0)
    import threading
    threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
    for _ in range(600):
        try:
            call(base, "/ready")
            return process, base
        except Exception:
            time.sleep(0.1)
    raise SystemExit("the service is not ready")


# --- judging --------------------------------------------------------------------------------------------------------

FELL_BACK = "went the ordinary way"


def judge(rows, question, answer):
    """What is wrong with an answer; nothing for a right one."""
    catalogue, kind = answer.get("catalogue"), question["kind"]
    if kind == "none":
        return None if catalogue is None else f"answers with {catalogue['action']} of {catalogue['total']}"
    if catalogue is None:
        return FELL_BACK
    shown = [item["title"] for item in catalogue["items"]]
    prices = [item["fields"].get("price") for item in catalogue["items"]]
    figure = spanish if answer["language"] == "es" else english
    for title, price in zip(shown, prices):
        row = next((row for row in rows if row["title"] == title), None)
        if row is None or row["price"] != price:
            return f"{title} does not cost {price}"
        if figure(price) not in answer["answer"]:
            return f"{figure(price)} does not stand in the text"
        if title not in answer["answer"]:
            return f"{title} does not stand in the text"
    meant = question["rows"]
    titles = {row["title"] for row in meant}
    if kind in ("details", "compare"):
        return None if set(shown) == titles and len(shown) == len(titles) else f"shows {shown}, not {sorted(titles)}"
    if kind == "values":
        missing = sorted({str(row[question["rest"]]) for row in meant if str(row[question["rest"]]) not in answer["answer"]})
        return f"does not say {missing}" if missing else None
    if catalogue["action"] != kind:
        return f"does {catalogue['action']}, with {catalogue['conditions']}"
    if catalogue["total"] != len(meant):
        return f"counts {catalogue['total']}, not {len(meant)}, with {catalogue['conditions']}"
    if kind == "count":
        return None if str(len(meant)) in re.sub(r"(?<=\d)[.,](?=\d{3})", "", answer["answer"]) else "does not say the count"
    if kind == "average":
        mean = figure(round(sum(row["price"] for row in meant) / len(meant), 2))
        return None if mean in answer["answer"] else f"does not say {mean}"
    if kind == "recommend":
        return None if set(shown) <= titles and (shown or not titles) else "recommends others"
    if kind in ("newest", "oldest"):
        days = sorted((row["released"] for row in meant), reverse=kind == "newest")
        days = days[: int(question["rest"])] if question["rest"] else [day for day in days if day == days[0]]
        released = [next(row["released"] for row in meant if row["title"] == title) for title in shown if title in titles]
        return None if released == days else f"shows {shown}, not those of {days}"
    wanted = sorted((row["price"] for row in meant), reverse=kind == "dearest")
    if question["rest"]:
        wanted = wanted[: int(question["rest"])]
    elif kind == "search":
        wanted = wanted[:5]
    else:
        wanted = [price for price in wanted if price == wanted[0]]
    return None if prices == wanted else f"shows {prices}, not {wanted}"


def plain(question, hits):
    """Whether plain retrieval found what was asked for."""
    titles = [hit["title"] for hit in hits]
    kind, meant = question["kind"], {row["title"] for row in question["rows"]}
    if kind in ("details", "compare"):
        return all(title in titles[: len(meant)] for title in meant)
    if kind in ("search", "recommend"):
        return bool(titles) and all(title in meant for title in titles) if meant else not titles
    if kind in ("cheapest", "dearest") and meant:
        best = (min if kind == "cheapest" else max)(question["rows"], key=lambda row: row["price"])
        return bool(titles) and titles[0] == best["title"]
    return False


ORDINARY = [
    "¿Cómo devuelvo un portátil HP?", "How do I return a phone?", "¿Cuánto tarda el envío?", "Where is my order?",
    "¿Puedo pagar a plazos?", "No funciona mi impresora Canon, ¿qué hago?", "How do I reset my password?",
    "¿Qué garantía tienen los televisores LG?", "¿Dónde está vuestra tienda?", "Can I cancel my order?",
    "quiero cambiar la dirección de mi cuenta", "necesito una factura de mi compra", "What are your opening hours?",
    "¿Quién fundó la empresa?", "¿Cómo conecto los auriculares Sony al móvil?", "I want to change my password",
    "busco trabajo en vuestra empresa", "Tell me about the company", "¿Hacéis envíos a Canarias por menos de 10 euros?",
    "¿Por qué hay que registrarse?",
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--run", default="")
    parser.add_argument("--set", default="golden", help="one of catalogue/*.txt, without its ending")
    parser.add_argument("--least", type=float, default=0.95, help="the share that has to be right")
    parser.add_argument("--embed", default="local, model: use-multilingual-v3")
    parser.add_argument("--folder")
    arguments = parser.parse_args()
    prefix = arguments.run.split()
    folder = arguments.folder or tempfile.mkdtemp(prefix="acervo-catalogue-")
    os.makedirs(folder, exist_ok=True)
    rows = products(COUNT)
    write_csv(rows, f"{folder}/products.csv")
    open(f"{folder}/shop.yaml", "w").write(PIPELINE.replace("EMBED", arguments.embed).strip() + "\n")
    open(f"{folder}/serve.yaml", "w").write(serve_file())
    environment = [f"ACERVO_MODELS={os.environ['ACERVO_MODELS']}"] if "ACERVO_MODELS" in os.environ else []
    index = subprocess.run(prefix + ["env"] + environment + [f"{arguments.bin}/acervo", "index", f"{folder}/shop.yaml"],
                           cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if index.returncode not in (0, 3):
        raise SystemExit(index.stdout)
    command = prefix + ["env"] + environment + [f"{arguments.bin}/acervo-serve", "--config", f"{folder}/serve.yaml",
                                                "--port", "0"]
    process, base = start(command, folder)
    try:
        sys.exit(report(rows, base, arguments))
    finally:
        process.terminate()
        process.wait()


def report(rows, base, arguments):
    questions = read(arguments.set, rows)
    right, fell_back, retrieval, kinds = 0, 0, 0, {}
    for question in questions:
        answer = call(base, "/ask", {"question": question["text"]})
        fault = judge(rows, question, answer)
        kind = kinds.setdefault(question["kind"], [0, 0, 0])
        kind[1] += 1
        if fault is None:
            right += 1
            kind[0] += 1
        elif fault == FELL_BACK:
            fell_back += 1
            print(f"FELL BACK {question['kind']}: {question['text']!r}")
        else:
            print(f"WRONG {question['kind']}: {question['text']!r}: {fault}")
        hits = call(base, "/search", {"query": question["text"], "top_k": 5})["results"]
        if question["kind"] != "none" and plain(question, hits):
            retrieval += 1
            kind[2] += 1
    ordinary = 0
    for text in ORDINARY:
        if call(base, "/ask", {"question": text})["catalogue"] is None:
            ordinary += 1
        else:
            print(f"TAKEN {text!r}")
    share = right / max(1, len(questions))
    print(json.dumps({
        "set": arguments.set, "products": len(rows), "questions": len(questions), "right": right,
        "fell_back": fell_back, "wrong": len(questions) - right - fell_back, "share": round(share, 4),
        "plain_retrieval": round(retrieval / max(1, len(questions)), 4), "ordinary": f"{ordinary}/{len(ORDINARY)}",
        "kinds": {kind: f"{good}/{all} (retrieval {found})" for kind, (good, all, found) in sorted(kinds.items())},
    }, ensure_ascii=False))
    return 0 if share >= arguments.least else 1


if __name__ == "__main__":
    main()
