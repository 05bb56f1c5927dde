"""Holds the answers of the lab's Confluence to Atlassian's published API descriptions.

usage: lab_contract.py LAB DESCRIPTIONS

LAB is the program acervo-confluence-lab, with words before it if it needs any. DESCRIPTIONS is a folder with
confluence-v2.json and confluence-v1.json; they are Atlassian's and not in this repository, and without them nothing is
checked: the program says so and ends with 77, as tests that were skipped do.

Each operation that the lab has on Cloud is asked with ids out of the lab itself, twice: as described (`--described-only`,
where members that no description names are a fault) and as real sites are (unknown members, nulls where a text is
promised), where only the described members are looked at. A status that the description does not list is a fault too.
Two things of the descriptions that real answers contradict are taken as real: ids and other texts may be null where the
description forgot to say so, and lists of version 1 carry more links than described.

needs: Python 3.11, jsonschema==4.26.0, openapi-schema-validator==0.9.0
"""
import base64
import json
import pathlib
import re
import shlex
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from openapi_schema_validator import OAS30Validator

AUTH = "Basic " + base64.b64encode(b"search.indexer@acme.example:lab-token").decode()


class Lab:
    def __init__(self, program, *more):
        self.process = subprocess.Popen(
            [*program, "--pages", "150", "--seed", "5", *more], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("Cloud  "):
                self.root = line.split()[1].removesuffix("/wiki")
            if line.startswith("Spaces"):
                break

    def ask(self, path, body=None):
        request = urllib.request.Request(
            self.root + path, method="POST" if body is not None else "GET",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": AUTH, "Accept": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text.startswith(b"{") else None

    def close(self):
        self.process.terminate()
        self.process.wait()


def loosen(schema):
    """Null is taken wherever a text, number or object may stand."""
    if isinstance(schema, list):
        return [loosen(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: loosen(value) for key, value in schema.items()}
    if schema.get("type") in ("string", "integer", "number", "object"):
        schema["nullable"] = True
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    return schema


def described(schema, description):
    """The names of the members that a schema describes; None where it allows any."""
    if "$ref" in schema:
        name = schema["$ref"].split("/")[-1]
        return described(description["components"]["schemas"][name], description)
    if "allOf" in schema:
        members = {}
        for part in schema["allOf"]:
            inner = described(part, description)
            if inner is None:
                return None
            for name, value in inner.items():
                members[name] = {"allOf": [members[name], value]} if name in members else value
        return members
    if not schema.get("properties"):
        return None
    return schema["properties"]


def extras(value, schema, description, place="$"):
    """Members of a value that its schema does not name."""
    if "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].split("/")[-1]]
    if place == "$" and isinstance(value, dict) and "results" in value:
        # Every real listing has its links; the description of some leaves them out.
        value = {name: part for name, part in value.items() if name != "_links"}
    if isinstance(value, list):
        return [e for i, v in enumerate(value[:3]) for e in extras(v, schema.get("items", {}), description, f"{place}[{i}]")]
    if not isinstance(value, dict):
        return []
    members = described(schema, description)
    if members is None:
        return []
    found = [f"{place}.{name}" for name in value if name not in members]
    for name in value:
        if name in members:
            found += extras(value[name], members[name], description, f"{place}.{name}")
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    if not (folder / "confluence-v2.json").exists():
        print(f"skipped: no confluence-v2.json in {folder}; the descriptions are Atlassian's and not in this repository")
        sys.exit(77)
    descriptions = {name: json.loads((folder / f"confluence-{name}.json").read_text()) for name in ("v2", "v1")}
    for name, description in descriptions.items():
        description["components"]["schemas"] = loosen(description["components"]["schemas"])
    program = shlex.split(sys.argv[1])
    faults, checked, operations = [], 0, set()
    for strict in (True, False):
        lab = Lab(program, *(["--described-only"] if strict else []))
        try:
            site = lab.ask("/lab/site?bodies=no")[1]
            for version, template, path, body in calls(lab, site):
                description = descriptions[version]
                method = "post" if body is not None else "get"
                operation = description["paths"].get(template, {}).get(method)
                if operation is None:
                    faults.append(f"{method} {template}: not described")
                    continue
                status, value = lab.ask(path, body)
                answers = operation["responses"]
                checked += 1
                operations.add((method, template))
                if str(status) not in answers:
                    faults.append(f"{path}: status {status} is not described: {list(answers)}")
                    continue
                schema = answers[str(status)].get("content", {}).get("application/json", {}).get("schema")
                if status != 200 or schema is None:
                    continue
                schema = loosen(schema)
                whole = {**schema, "components": description["components"]}
                for error in OAS30Validator(whole).iter_errors(value):
                    where = "/".join(str(p) for p in error.absolute_path)
                    faults.append(f"{path}: {where}: {error.message[:160]}")
                if strict and version == "v2":
                    faults += [f"{path}: {e} is not described" for e in extras(value, schema, description)]
        finally:
            lab.close()
    for fault in sorted(set(re.sub(r"\d{5,}", "ID", f) for f in faults)):
        print(fault)
    print(f"{checked} answers of {len(operations)} operations, {len(faults)} faults")
    sys.exit(1 if faults else 0)


def calls(lab, site):
    """Version, path template, path and body of each call, with ids that are there."""
    seen = [c for c in site["contents"] if c["seenByIndexer"] and c["status"] == "current"]
    of = lambda kind: next((c["id"] for c in seen if c["type"] == kind), "1")
    space = next(s for s in site["spaces"] if s["key"] == "ENG")
    page = [c for c in seen if c["type"] == "page" and c["space"] == "ENG" and c["parent"]]
    inside = page[-1]["id"]
    labelled = next(c["id"] for c in page if c["labels"])
    restricted = next((c["id"] for c in page if c["readers"]), inside)
    files = lab.ask("/wiki/api/v2/attachments")[1]["results"]
    talk = lab.ask("/wiki/api/v2/footer-comments")[1]["results"]
    inline = lab.ask("/wiki/api/v2/inline-comments")[1]["results"]
    v2, rest = "/wiki/api/v2", "/wiki/rest/api"

    def two(template, query="", **ids):
        return "v2", template, v2 + re.sub(r"{[^}]*}", lambda m: str(ids["id"]), template) + query, None

    yield two("/spaces")
    yield two("/spaces", "?keys=ENG,SUP&limit=1&sort=-name")
    yield two("/spaces/{id}", id=space["id"])
    yield two("/spaces/{id}", id=1)
    yield two("/spaces/{id}/pages", "?limit=30", id=space["id"])
    yield two("/spaces/{id}/pages", "?body-format=storage&depth=root", id=space["id"])
    yield two("/spaces/{id}/pages", "?cursor=nonsense", id=space["id"])
    yield two("/spaces/{id}/blogposts", id=space["id"])
    yield two("/spaces/{id}/permissions", id=space["id"])
    yield two("/spaces/{id}/labels", id=space["id"])
    yield two("/spaces/{id}/role-assignments", id=space["id"])
    yield two("/space-role-mode")
    yield two("/data-policies/metadata")
    yield two("/pages", f"?id={inside},{labelled}&body-format=storage")
    yield two("/pages", "?sort=-modified-date&limit=5&status=current&status=archived")
    yield two("/pages", "?body-format=view")
    for form in ("storage", "atlas_doc_format", "view"):
        yield two("/pages/{id}", f"?body-format={form}&include-labels=true", id=labelled)
    yield two("/pages/{id}", id=2)
    yield two("/pages/{id}/labels", id=labelled)
    yield two("/pages/{id}/ancestors", id=inside)
    yield two("/pages/{id}/children", id=space_home(site, space))
    yield two("/pages/{id}/direct-children", id=space_home(site, space))
    yield two("/pages/{id}/descendants", "?depth=5", id=space_home(site, space))
    yield two("/pages/{id}/versions", id=inside)
    yield two("/pages/{page-id}/properties", id=inside)
    yield two("/pages/{id}/operations", id=inside)
    yield two("/pages/{id}/attachments", id=files[0]["pageId"])
    yield two("/pages/{id}/footer-comments", "?body-format=storage", id=talk[0]["pageId"])
    yield two("/pages/{id}/inline-comments", "?body-format=storage", id=inline[0]["pageId"])
    yield two("/footer-comments", "?sort=-modified-date")
    yield two("/inline-comments")
    yield two("/footer-comments/{id}/children", id=talk[0]["id"])
    yield two("/footer-comments/{comment-id}", id=talk[0]["id"])
    yield two("/inline-comments/{comment-id}", id=inline[0]["id"])
    yield two("/attachments", "?sort=-modified-date")
    yield two("/attachments/{id}", id=files[0]["id"])
    yield two("/blogposts", "?body-format=storage")
    yield two("/blogposts/{id}", id=of("blogpost"))
    yield two("/blogposts/{id}/labels", id=of("blogpost"))
    for kind in ("folder", "whiteboard", "database"):
        yield two(f"/{kind}s/{{id}}", id=of(kind))
        yield two(f"/{kind}s/{{id}}/ancestors", id=of(kind))
    yield two("/folders/{id}/direct-children", id=of("folder"))
    yield "v2", "/users-bulk", v2 + "/users-bulk", {"accountIds": ["557058:lab-user-0001", "nobody"]}
    yield "v2", "/content/convert-ids-to-types", v2 + "/content/convert-ids-to-types", {"contentIds": [inside, "7"]}

    def one(path, template=None, body=None):
        return "v1", rest + (template or path.split("?")[0]), rest + path, body

    cql = urllib.parse.quote('space = "ENG" and type in (page, blogpost)')
    expand = "restrictions.read.restrictions.user,restrictions.read.restrictions.group,metadata.labels,version,space,history,ancestors,body.storage"
    yield one(f"/content/search?cql={cql}&limit=20")
    yield one(f"/content/search?cql={cql}&expand={expand}")
    yield one("/content/search?cql=type%3D")
    yield one(f"/search?cql={cql}")
    yield one(f"/content/{restricted}/restriction", "/content/{id}/restriction")
    yield one(f"/content/{restricted}/restriction/byOperation", "/content/{id}/restriction/byOperation")
    yield one(f"/content/{restricted}/restriction/byOperation/read", "/content/{id}/restriction/byOperation/{operationKey}")
    check = {"subject": {"type": "user", "identifier": "557058:lab-user-0001"}, "operation": "read"}
    yield one(f"/content/{restricted}/permission/check", "/content/{id}/permission/check", check)
    yield one("/group")
    group = site["groups"][2]["id"]
    yield one(f"/group/by-id?id={group}")
    yield one(f"/group/{group}/membersByGroupId", "/group/{groupId}/membersByGroupId")
    yield one(f"/group/{group}/membersByGroupId?limit=500", "/group/{groupId}/membersByGroupId")
    yield one("/user/current")
    yield one("/user?accountId=557058:lab-user-0001")
    yield one("/user/bulk?accountId=557058:lab-user-0001")
    yield one("/user/memberof?accountId=557058:lab-user-0001")
    yield one("/settings/systemInfo")


def space_home(site, space):
    return next(c["id"] for c in site["contents"] if c["space"] == space["key"] and c["title"] == "Welcome")


if __name__ == "__main__":
    main()
