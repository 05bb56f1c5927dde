#!/usr/bin/env python3
"""Has schemathesis hold acervo-serve to its own /openapi.json: all of its checks, every operation.

    Tests/oracles/run contract_fuzz.py [--bin .build/release] [--examples 25] [--seed 1] [--operations ask search …]

Starts a service in which every route has something to do: a handbook and a catalogue, a journal, two models of this
program's own, each of which fails at times, a project of both, an admin key and a Forge app (whose routes refuse
whatever is shown: nobody but Atlassian signs its tokens). Most values that fit the schema are made to name what is there
(schemathesis runs the hooks below for it), others are whatever the schema lets in. Ends with 1 when a check fails, when
the service logs an error or when it ends.
"""
import argparse
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import zlib

from service import Service, add_programs

PAGES = {
    "invoices.md": "# Invoices\n\nYou can download every invoice from the billing page. Invoices stay there for ten years.\n",
    "password.md": "# Password\n\nA new password needs at least 12 characters. Open Settings to change it.\n",
    "quota.md": "# Disk quota\n\nThe disk quota is 10 GB. Ask the help desk for more.\n",
}
SHOP = "sku,title,category,brand,price\n" + "".join(
    f"P{number},Aurora X{number},{category},{brand},{200 + 37 * number}\n"
    for number, (category, brand) in enumerate(
        [(c, b) for c in ("Portátiles", "Monitores") for b in ("HP", "Lenovo", "LG", "Dell")]))
TABLE = """
        - id: products
          table:
            csv: products.csv
            key: [sku]
            title: "{title}"
            body: ["{title} de {brand}, {category}. Precio: {price}"]
            language: es
            fields: { brand: keyword, category: keyword, price: number }
"""
ADMIN_KEY = "everything-is-open-to-whoever-shows-this"
SETTINGS = """
authentication:
  admin_key: ${CONTRACT_ADMIN_KEY}
  anonymous: refuse
  forge:
    app: ari:cloud:ecosystem::app/11111111-2222-4333-8444-555555555555
    sites: [c10d0000-0000-4000-8000-000000000001]
models:
  - { provider: openai, name: one, model: one, url: "MODELS", api_key: "${CONTRACT_ADMIN_KEY}" }
  - { provider: openai, name: two, model: two, url: "MODELS", api_key: "${CONTRACT_ADMIN_KEY}" }
projects:
  - { id: help, collection: handbook, models: [one, two], moderator: one }
catalogues: [{ collection: shop }]
journal: { path: journal.mdb }
"""
# What most values name, and which.
KNOWN = {
    "collections": ["handbook", "shop"],
    "catalogues": ["shop"],
    "models": ["handbook", "handbook/extractive", "shop", "handbook/one"],
    "providers": ["one", "two", "openai", "extractive"],
    "questions": ["How long do invoices stay?", "¿Qué portátiles HP hay por menos de 500 €?", "What is the disk quota?",
                  "hola", "¿Cuántos monitores hay?"],
    "pages": ["https://help.example/invoices.md", "https://help.example/invoices", "https://help.example/quota.md"],
    "projects": ["help"],
    "categories": ["Portátiles", "monitores"],
    "sessions": ["5bd6a3f0-5d7e-4cf1-8f3a-0a2a6d1f9c11", "a-session"],
    "methods": ["initialize", "ping", "tools/list", "tools/call", "resources/list", "resources/read"],
    "tools": ["search", "ask", "fetch_document"],
}
BOUND = {
    "body.collection": "collections", "query.collection": "catalogues", "body.model": "models", "body.provider": "providers",
    "body.question": "questions", "body.query": "questions", "body.message": "questions",
    "body.user_prompt_text": "questions", "body.messages[*].content": "questions", "body.url": "pages",
    "path.project_id": "projects", "path.category": "categories", "path.categoria": "categories",
    "path.session_id": "sessions", "body.session_id": "sessions",
}


class Model(http.server.BaseHTTPRequestHandler):
    """Answers as OpenAI's interface does, each question always in the same way: one of seven not at all."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(body)
        text = "Invoices stay for ten years on the billing page. [1]"
        if "key_themes" in str(asked["messages"]):
            text = json.dumps({"synthesis_text": text, "key_themes": ["invoices"], "contradictions": []})
        if zlib.crc32(body) % 7 == 0:
            self.send_error(503)
            return
        usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
        if not asked.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            self.answer("application/json", json.dumps({"choices": [choice], "usage": usage}))
            return
        parts = [{"choices": [{"index": 0, "delta": {"content": word + " "}}]} for word in text.split(" ")]
        parts.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage})
        self.answer("text/event-stream", "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n")

    def answer(self, kind: str, text: str) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


# Hooks of schemathesis, which loads this file for them.

# What a good request hardly ever hits by chance: left out, or put in as an earlier answer told it.
RARE = ("filters", "vector", "provider", "conversation_id", "from", "sort", "offset", "deadline_ms")
COLLECTIONS = ("/ask", "/search", "/document", "/chat", "/api/v1/chat")
TOLD = {"interaction_event_id": "", "conversation_id": ""}
ARGUMENTS = {"search": {"query": "invoices"}, "ask": {"question": "How long do invoices stay?"},
             "fetch_document": {"url": "https://help.example/invoices.md"}}


def before_call(context, case, kwargs) -> None:
    """Lets three of four good requests find what they ask for."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    chance = zlib.crc32(repr(case.body).encode())
    if chance % 4 == 0:
        return
    if case.path == "/mcp":
        name = KNOWN["tools"][chance % 3]
        call = {"name": name, "arguments": {"collection": "handbook", **ARGUMENTS[name]}}
        given = {"tools/call": call, "resources/read": {"uri": "acervo://collections/handbook"}}
        method = KNOWN["methods"][chance // 4 % len(KNOWN["methods"])]
        case.body = {"jsonrpc": "2.0", "id": chance, "method": method, "params": given.get(method, {})}
        return
    if case.path == "/v1/chat/completions" and isinstance(case.body, dict):
        question = KNOWN["questions"][chance % len(KNOWN["questions"])]
        case.body.update(model="handbook", messages=[{"role": "user", "content": question}])
    for place in (case.body, case.query):
        if isinstance(place, dict):
            for name in RARE:
                place.pop(name, None)
    for place in (case.body, case.path_parameters):
        if isinstance(place, dict):
            place.update({name: told for name, told in TOLD.items() if name in place and told})
    if case.path in COLLECTIONS and isinstance(case.body, dict):
        case.body.setdefault("collection", "handbook")


def after_call(context, case, response) -> None:
    """Remembers what answers can be gone on with."""
    if response.status_code == 200 and "json" in str(response.headers.get("content-type")):
        told = response.json()
        for name in TOLD:
            if isinstance(told, dict) and isinstance(told.get(name), str):
                TOLD[name] = told[name]


if "schemathesis" in sys.modules:
    import schemathesis

    schemathesis.hook(before_call)
    schemathesis.hook(after_call)


def settings_of_schemathesis(examples: int, seed: int) -> str:
    """What schemathesis is told, as its TOML file."""
    lines = [
        f"seed = {seed}", "workers = 1", "request-timeout = 60", "color = false", "continue-on-failure = true",
        'hooks = "contract_fuzz"', 'suppress-health-check = ["all"]', "",
        "[generation]", f"max-examples = {examples}", 'database = "none"', "",
        # A question may be refused for what no schema can say: white space alone, a field that the collection lacks.
        "[checks.positive_data_acceptance]",
        'expected-statuses = ["2xx", 400, 401, 403, 404, 413, 414, 422, 426]', "",
        # A text that is too long is told as such.
        "[checks.negative_data_rejection]",
        'expected-statuses = [400, 401, 403, 404, 405, 406, 413, 414, 415, 422, 426]', "",
        "[auth.openapi]", f'bearer = {{ bearer = "{ADMIN_KEY}" }}', "", "[dictionaries]",
    ]
    lines += [f"{name} = {{ values = {json.dumps(values)} }}" for name, values in KNOWN.items()]
    lines += ["", "[parameters]"]
    lines += [f'"{place}" = {{ dictionary = "{name}", probability = 0.8 }}' for place, name in BOUND.items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_programs(parser)
    parser.add_argument("--examples", type=int, default=25, help="how many requests at most for each operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operations", nargs="*", default=[], help="these alone, by their names in the contract")
    options, further = parser.parse_known_args()
    models = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=models.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="acervo-contract-") as folder:
        work = pathlib.Path(folder)
        service = Service(options.bin, work)
        service.publish("handbook", PAGES)
        (work / "products.csv").write_text(SHOP, encoding="utf-8")
        service.index("shop", source=TABLE)
        base = service.start(
            SETTINGS.replace("MODELS", f"http://127.0.0.1:{models.server_port}/v1"), {"CONTRACT_ADMIN_KEY": ADMIN_KEY})
        (work / "schemathesis.toml").write_text(settings_of_schemathesis(options.examples, options.seed), encoding="utf-8")
        only = [word for name in options.operations for word in ("--include-operation-id", name)]
        run = subprocess.run(
            [os.environ.get("SCHEMATHESIS", "schemathesis"), "--config-file", work / "schemathesis.toml", "run",
             f"{base}/openapi.json", "--url", base, "--checks", "all",
             "--phases", "examples,coverage,fuzzing,stateful", *only, *further], cwd=work,
            env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent)})
        if service.server.poll() is not None:
            print(f"acervo-serve ended with {service.server.returncode}")
            return 1
        errors = [line for line in service.lines if '"level":"error"' in line]
        print("".join(errors) + f"{len(errors)} errors in the log")
        code = service.stop()
        return 1 if run.returncode or errors or code else 0


if __name__ == "__main__":
    sys.exit(main())
