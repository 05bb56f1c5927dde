"""Reads the lab's Confluence with two clients that others wrote, and compares with what is in its data set.

usage: confluence_clients.py LAB [ACERVO]

LAB is the program acervo-confluence-lab, with words before it if it needs any; it runs with all faults off. Read are, as
the indexer's account: all pages of every space, with title, version, ancestors, labels and storage bodies

  atlassian-python-api  on Cloud (version 1's content operations, which the site's own address still has) and on Data
                        Center; on Cloud the restrictions of pages as well
  langchain-community   ConfluenceLoader on both: `Document`s with id, title and text

With ACERVO the text that `acervo clean` makes of each body is compared word by word with the loader's: a word of the loader's
that ours lacks has to be one that no reader of the page sees (a parameter, an id, a fallback), and a word of ours that the
loader's lacks has to stand in the body (in CDATA or an attribute), or to be one of those that cleaning adds.

With ACERVO (the program acervo, with words before it if needed) the same site is indexed by our source from both
deployments, and the pages of its snapshot are compared by id, title and how many of them each of eight
users may read. Differences that docs/testing.md explains are counted under their name; any other ends the program with 1.

needs: Python 3.11 and Tests/oracles/requirements-confluence.txt
"""
import collections
import html
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import urllib.request

from atlassian import Confluence
from langchain_community.document_loaders import ConfluenceLoader
from langchain_community.document_loaders.confluence import ContentFormat

EMAIL, TOKEN = "search.indexer@acme.example", "lab-token"
NAME, PASSWORD = "search.indexer", "lab-password"


def ask(address, headers=None):
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers or {}), timeout=60) as answer:
        return json.load(answer)


# Elements whose words no reader of a page sees.
HIDDEN = re.compile(
    r"<(ac:parameter|ac:default-parameter|ac:task-id|ac:task-uuid|ac:task-status|ac:adf-fallback|ac:adf-attribute"
    r"|ac:adf-parameter|ac:placeholder|style)\b[^>]*?(?<!/)>(.*?)</\1>", re.S)
# The numbers of a table's rows, which the editor makes.
NUMBERS = re.compile(r'<t[hd] class="numberingColumn"[^>]*>(.*?)</t[hd]>', re.S)
# An inline comment's mark may stand inside a word; the loader breaks the word there.
MARKER = re.compile(r"</?ac:inline-comment-marker[^>]*>")
# Words that cleaning adds: kinds of panels, marks of macros that are made when a page is shown.
ADDED = {
    "info", "note", "warning", "error", "success", "tip", "user", "x", "children", "toc", "pagetree", "contentbylabel", "jira",
    "jiraissues", "attachments", "gallery", "detailssummary", "livesearch", "userlister",
}


def words(text):
    return collections.Counter(re.findall(r"\w+", text))


class Texts:
    """The words of our text beside the loader's, page by page."""

    def __init__(self, check, program):
        self.check, self.program, self.pages, self.sizes = check, program, 0, collections.Counter()

    def compare(self, who, known, theirs):
        with tempfile.NamedTemporaryFile(suffix=".xhtml") as page:
            page.write(known["storage"].encode())
            page.flush()
            run = subprocess.run(
                [*self.program, "clean", "--type", "confluence", "--format", "text", page.name], capture_output=True, text=True)
        if run.returncode != 0:
            self.check.faults.append(f"{who}: {known['id']}: acervo clean: {run.stderr[-300:]}")
            return
        ours, theirs = words(run.stdout), words(theirs)
        storage = html.unescape(known["storage"])
        hidden = words(" ".join(re.sub(r"<[^>]*>", " ", match[2]) for match in HIDDEN.finditer(storage)))
        hidden += words(" ".join(re.sub(r"<[^>]*>", " ", match[1]) for match in NUMBERS.finditer(storage)))
        whole = words(MARKER.sub("", storage))
        split = words(MARKER.sub(" ", storage)) - whole
        if split:
            self.check.explained["langchain: words broken where an inline comment is marked"] += 1
        lost = theirs - hidden - split - ours
        if lost:
            self.check.faults.append(f"{who}: {known['id']}: words that our text lacks: {sorted(lost)[:8]}")
        more = ours - theirs
        strange = {word for word in more if word not in whole and word.lower() not in ADDED and not word.isdigit()}
        if strange:
            self.check.faults.append(f"{who}: {known['id']}: words that the page does not have: {sorted(strange)[:8]}")
        self.pages += 1
        self.sizes.update(ours=sum(ours.values()), theirs=sum(theirs.values()), hidden=sum((theirs & hidden).values()),
                          more=sum(more.values()))


class Comparison:
    def __init__(self, site):
        self.site = site
        self.faults = []
        self.explained = collections.Counter()
        self.pages = {c["id"]: c for c in site["contents"] if c["type"] == "page" and c["seenByIndexer"]}

    def expected(self, space, statuses=("current",)):
        return {i: c for i, c in self.pages.items() if c["space"] == space and c["status"] in statuses}

    def ids(self, who, space, found, statuses=("current",)):
        expected = self.expected(space, statuses)
        twice = [i for i, n in collections.Counter(found).items() if n > 1]
        for name, ids in [("missing", set(expected) - set(found)), ("too many", set(found) - set(expected)), ("twice", twice)]:
            if ids:
                self.faults.append(f"{who}, {space}: {name}: {sorted(ids)[:5]} ({len(ids)})")

    def same(self, who, id, what, found, wanted):
        if found != wanted:
            self.faults.append(f"{who}: {id}: {what}: {str(found)[:80]!r} and not {str(wanted)[:80]!r}")


def everything(client, space, expand):
    """By start and limit, until a page comes back empty, as the client's documentation says to do."""
    pages, start = [], 0
    while batch := client.get_all_pages_from_space(space, start=start, limit=50, expand=expand):
        pages += batch
        start += len(batch)
    return pages


def python_api(check, who, client):
    for space in check.site["spaces"]:
        if not check.expected(space["key"]):
            continue
        pages = everything(client, space["key"], "version,body.storage,ancestors,metadata.labels")
        check.ids(who, space["key"], [p["id"] for p in pages])
        for page in pages:
            known = check.pages.get(page["id"])
            if known is None:
                continue
            check.same(who, page["id"], "title", page["title"], known["title"])
            check.same(who, page["id"], "version", page["version"]["number"], known["version"])
            check.same(who, page["id"], "body", page["body"]["storage"]["value"], known["storage"])
            labels = [label["name"] for label in page["metadata"]["labels"]["results"]]
            check.same(who, page["id"], "labels", labels, known["labels"])
            chain = [a["id"] for a in page["ancestors"]]
            wanted = ancestors(check.site, page["id"])
            if "Data Center" in who:
                wanted = [i for i in wanted if kind(check.site, i) == "page"]
            check.same(who, page["id"], "ancestors", chain, wanted)


def kind(site, id):
    return next(c["type"] for c in site["contents"] if c["id"] == id)


def ancestors(site, id):
    byID = site.setdefault("byID", {c["id"]: c for c in site["contents"]})
    chain, parent = [], byID[id]["parent"]
    while parent:
        chain.insert(0, parent)
        parent = byID[parent]["parent"]
    return chain


def restrictions(check, who, client):
    for id, known in check.pages.items():
        if not known["readers"] or known["status"] != "current":
            continue
        read = client.get_all_restrictions_for_content(id)["read"]["restrictions"]
        users = {u["accountId"] for u in read["user"]["results"]}
        groups = {g["id"] for g in read["group"]["results"]}
        check.same(who, id, "restricted users", users, set(known["readers"]["users"]))
        check.same(who, id, "restricted groups", groups, set(known["readers"]["groups"]))


def langchain(check, who, texts=None, **options):
    for space in check.site["spaces"]:
        expected = check.expected(space["key"])
        if not expected:
            continue
        loader = ConfluenceLoader(
            space_key=space["key"], content_format=ContentFormat.STORAGE, limit=25, max_pages=100_000,
            include_restricted_content=True, keep_markdown_format=False, **options)
        documents = loader.load()
        check.ids(who, space["key"], [d.metadata["id"] for d in documents])
        for document in documents:
            known = check.pages.get(document.metadata["id"])
            if known is None:
                continue
            check.same(who, known["id"], "title", document.metadata["title"], known["title"])
            # Its text is what an HTML parser leaves: code and link labels in CDATA are gone, parameters are printed.
            if "<![CDATA[" in known["storage"]:
                check.explained["langchain: CDATA read as HTML, so code and link labels are lost"] += 1
            if "<ac:parameter" in known["storage"]:
                check.explained["langchain: parameters of macros printed as text"] += 1
            marks = re.findall(r"Record L\d+ revision \d+", document.page_content)
            check.same(who, known["id"], "first sentence", marks[:1], re.findall(r"Record L\d+ revision \d+", known["storage"])[:1])
            if texts:
                texts.compare(who, known, document.page_content)


def acervo(check, program, who, settings, principal):
    """Indexes the site with our source and compares the snapshot's pages."""
    spaces = [s["key"] for s in check.site["spaces"] if check.expected(s["key"])]
    with tempfile.TemporaryDirectory() as folder:
        lines = "".join(f"            {line}\n" for line in [
            *settings, f"spaces: {json.dumps(spaces)}", "include: { blogposts: false }", "access: restrictions"])
        pathlib.Path(folder, "lab.yaml").write_text(
            "acervo: 1\nname: lab\nstages:\n  - fetch:\n      sources:\n        - id: lab\n          confluence:\n" + lines
            + "  - clean: { templates: off }\n  - chunk: { by: structure }\n  - embed: { provider: none }\n"
            + f"  - index: {{ languages: [en, es], lexical: true }}\npublish: {{ to: {folder}/snapshots }}\n")
        place = ["--snapshots", f"{folder}/snapshots", "--collection", "lab"]
        run = subprocess.run(
            [*program, "index", f"{folder}/lab.yaml"], capture_output=True, text=True,
            env={**os.environ, "LAB_TOKEN": TOKEN, "LAB_PASSWORD": PASSWORD})
        shown = subprocess.run([*program, "snapshots", "show", *place, "--documents", "--json"], capture_output=True, text=True)
        if run.returncode != 0 or shown.returncode != 0:
            check.faults.append(f"{who}: ended with {run.returncode}: {(run.stderr + shown.stderr)[-800:]}")
            return
        documents = [json.loads(line) for line in shown.stdout.splitlines()]
        for user in check.site["users"][:8]:
            name = "user:" + user[principal]
            listed = subprocess.run([*program, "access", "list", *place, "--as", name, "--json"], capture_output=True, text=True)
            wanted = sum(may_read(check.site, id, user["accountId"]) for space in spaces for id in check.expected(space))
            check.same(who, name, "pages that may be read", json.loads(listed.stdout)["readable"], wanted)
    byID = {re.search(r"pageId=(\d+)", d["url"])[1]: d for d in documents}
    for space in spaces:
        check.ids(who, space, [i for i in byID if i not in check.pages or check.pages[i]["space"] == space])
    print(f"{who}: {len(byID)} pages, and what 8 users may read of them")
    for id, document in byID.items():
        if id in check.pages:
            check.same(who, id, "title", document["title"], check.pages[id]["title"])


def may_read(site, id, account):
    """The space, every restricted ancestor and the page, each by user or group."""
    byID = site.setdefault("byID", {c["id"]: c for c in site["contents"]})
    groups = {g["id"] for g in site["groups"] if account in g["members"]}
    space = next(s for s in site["spaces"] if s["key"] == byID[id]["space"])
    rules = [space["readers"]] + [byID[i]["readers"] for i in ancestors(site, id) + [id]]
    return all(account in rule["users"] or groups & set(rule["groups"]) for rule in rules if rule)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    lab = subprocess.Popen(
        [*shlex.split(sys.argv[1]), "--pages", "220", "--seed", "11"], stdout=subprocess.PIPE, text=True)
    try:
        for line in lab.stdout:
            if line.startswith("Cloud  "):
                root = line.split()[1].removesuffix("/wiki")
            if line.startswith("Spaces"):
                break
        check = Comparison(ask(root + "/lab/site"))
        cloud = Confluence(url=root + "/wiki", username=EMAIL, password=TOKEN, cloud=True)
        center = Confluence(url=root + "/confluence", username=NAME, password=PASSWORD, cloud=False)
        python_api(check, "atlassian-python-api, Cloud", cloud)
        restrictions(check, "atlassian-python-api, Cloud", cloud)
        python_api(check, "atlassian-python-api, Data Center", center)
        texts = Texts(check, shlex.split(sys.argv[2])) if len(sys.argv) == 3 else None
        langchain(check, "ConfluenceLoader, Cloud", texts, url=root + "/wiki", username=EMAIL, api_key=TOKEN, cloud=True)
        langchain(check, "ConfluenceLoader, Data Center", url=root + "/confluence", username=NAME, api_key=PASSWORD, cloud=False)
        if len(sys.argv) == 3:
            program = shlex.split(sys.argv[2])
            on_cloud = [f"url: {root}/wiki", "deployment: cloud", f"user: {EMAIL}", "token: ${LAB_TOKEN}"]
            acervo(check, program, "acervo, Cloud", on_cloud, "accountId")
            at_home = [f"url: {root}/confluence", "deployment: data_center", f"user: {NAME}", "token: ${LAB_PASSWORD}"]
            acervo(check, program, "acervo, Data Center", at_home, "userKey")
    finally:
        lab.terminate()
        lab.wait()
    if texts:
        sizes = texts.sizes
        print(f"{texts.pages} texts: {sizes['ours']} words of ours, {sizes['theirs']} of the loader's; of these {sizes['hidden']} "
              f"are parameters and the like, and {sizes['more']} of ours are not in them")
    for name, count in sorted(check.explained.items()):
        print(f"explained: {name}: {count} pages")
    for fault in check.faults[:40]:
        print(fault)
    count = sum(1 for c in check.pages.values() if c["status"] == "current")
    print(f"{count} pages, {len(check.faults)} differences that are not explained")
    sys.exit(1 if check.faults else 0)


if __name__ == "__main__":
    main()
