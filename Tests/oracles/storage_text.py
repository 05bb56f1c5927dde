"""Reads storage-format pages a second way and compares with `acervo clean --type confluence --format text`.

usage: storage_text.py ACERVO FILE_OR_FOLDER … [--show]

ACERVO is the program, with words before it if it needs any: "build/acervo". Every page is parsed with Python's XML
parser, not with ours, and walked by a short list of rules: which elements a reader of the page sees. Then

  lost    words that a reader sees and the text does not have (as often as they stand there)
  printed parameters, ids, account ids and fallbacks that stand in the text although no reader sees them
  new     words in the text that come from nowhere in the page: kinds of panels, marks of tasks, repeated table headers

A page with something lost or printed fails, and the program ends with 1. --show prints each page's text as well, for
reading by eye. WANTED names words that were checked by hand to stand in named pages of the development data; where a
page of that name is given, they are looked for one by one.

needs: Python 3.11, nothing else
"""
import argparse
import collections
import html.entities
import pathlib
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as tree

AC, RI, AT = "{urn:ac}", "{urn:ri}", "{urn:at}"

# Read by eye on the pages, one or more of each construct: they have to stand in the text in one piece.
WANTED = {
    "admonitions.storage.html": ["Warning:\n\nNOTES:", "1. Note number one", "[!CAUTION]", "Success:\n\nTIP:"],
    "codes.storage.html": ["``` more code ```", "indented code block\nwith multiple lines", "no-collapse-title"],
    "links.storage.html": ["Use AnotherPage", "Another [Link]", "Use page link with spaces"],
    "macro-include.storage.html": ["Info: Attention", "Header 1: Cell A; Header 2: Cell B"],
    "mention.storage.html": ["Not a mention @{}", "In a link mention me"],
    "quotes.storage.html": ["[Hey !NOTE]", "This paragraph is a simple blockquote"],
    "tasklists.storage.html": ["- [x] #739", "- [ ] Add delight to the experience"],
    "tasklist.storage.xml": ["- [x] Finished action", "- [ ] Unfinished action"],
    "math.storage.xml": ["\\frac{1}{x}=0", "\\sum_{i=1}^{n} i"],
    "status.storage.xml": ["- [gray]", "- [green]"],
    "panel.storage.xml": ["Tip of the day", "This is an information panel with an explicit title."],
    "macro.storage.xml": ["🙂 emoji", "This is preformatted text.\n  Indentation and"],
    "images.storage.xml": ["JPEG image with caption", "A vector image", "An image at an external location"],
    "tags.storage.xml": ["Operation: Test; Types: One; Subtypes: Sub-One", "My summary"],
    "table.storage.xml": ["Arabic: 1986; Roman: MCMLXXXVI", "Number: 3; English: three; Hungarian: három"],
    "alert.storage.xml": ["Urgent info that needs immediate user attention"],
    "544112828.storage.xhtml": ["QueryPie Web > 프로필 메뉴", "Mac OS 설치 프로그램", "Agent > Server > Select a Role"],
    "544211126.storage.xhtml": ["사용 순서: 로그인; 기능: My Dashboard", "환영합니다."],
    "lists.storage.xhtml": [],
}

# Macros whose title stands on the page.
TITLED = {
    "code", "paste-code-macro", "noformat", "info", "note", "warning", "tip", "panel", "expand", "ui-expand", "ui-tab",
    "ui-step", "auimessage", "alert", "status",
}
# Other parameters that stand on the page, by macro.
SHOWN = {
    ("jira", "key"), ("mathinline", "body"), ("eazy-math-inline", "body"), ("easy-math-block", "body"),
    ("drawio", "diagramName"),
}
# Macros that show something of another page or file: its title or name stands for it.
NAMING = {"include", "excerpt-include", "view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia"}
# Elements of which nothing is seen.
UNSEEN = {
    AC + "parameter", AC + "task-id", AC + "task-uuid", AC + "task-status", AC + "placeholder", AC + "adf-attribute",
    AC + "adf-parameter", AC + "adf-mark", AC + "default-parameter", AC + "adf-fragment-mark",
    AC + "adf-fragment-mark-detail", "colgroup", "style", "script",
}
# What the text may say on its own account.
OWN = set("info note warning error success tip panel user x".split())


def words(text):
    return re.findall(r"\w+", text, re.UNICODE)


def parse(text):
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
    text = re.sub(r"^\s*<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*(\[[^\]]*\])?>", "", text)
    parts = re.split(r"(<!\[CDATA\[.*?\]\]>)", text, flags=re.S)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"&(?!#?\w+;)", "&amp;", parts[index])
        parts[index] = re.sub(
            r"&(\w+);",
            lambda m: m[0] if m[1] in ("lt", "gt", "amp", "quot", "apos")
            else "".join(f"&#{ord(c)};" for c in html.entities.html5.get(m[1] + ";", "&" + m[1] + ";")),
            parts[index])
    return tree.fromstring(f'<root xmlns:ac="urn:ac" xmlns:ri="urn:ri" xmlns:at="urn:at">{"".join(parts)}</root>')


class Page:
    """What a reader sees, and what is there unseen."""

    def __init__(self, root):
        self.seen, self.unseen, self.marks = [], set(), set()
        self.walk(root)

    def text(self, text):
        if text and text.strip():
            self.seen.append(text)

    def hide(self, element):
        for node in element.iter():
            named = [value for key, value in node.attrib.items() if key != AC + "name"]
            for value in [node.text, node.tail if node is not element else None, *named]:
                if value and value.strip():
                    self.unseen.add(value.strip())

    def walk(self, node):
        name = node.tag
        for key, value in node.attrib.items():
            if key in (AC + "macro-id", AC + "local-id", "local-id", AC + "ref", RI + "account-id", RI + "userkey",
                       AC + "emoji-id", RI + "version-at-save"):
                self.unseen.add(value)
        if name in UNSEEN or (name in ("th", "td") and "numberingColumn" in node.get("class", "")):
            self.hide(node)
            return
        if name in (AC + "structured-macro", AC + "macro"):
            self.macro(node)
            return
        if name == AC + "adf-extension":
            self.extension(node)
            return
        if name == AC + "emoticon":
            fallback = node.get(AC + "emoji-fallback", "")
            if fallback and not re.fullmatch(r":.*:", fallback):
                self.text(fallback)
            return
        if name == "time":
            self.text(node.get("datetime"))
            return
        if name == AC + "image":
            self.text(self.alt(node))
        if name == AC + "link":
            self.link(node)
            return
        self.text(node.text)
        for child in node:
            self.walk(child)
            self.text(child.tail)

    def alt(self, node):
        text = node.get(AC + "alt", "")
        return "" if re.search(r"\.(png|jpe?g|gif|svg|webp)$", text, re.I) else text

    def link(self, node):
        bodies = [n for n in node if n.tag in (AC + "plain-text-link-body", AC + "link-body")]
        for body in bodies:
            self.text(body.text)
            for child in body:
                self.walk(child)
                self.text(child.tail)
        for target in node:
            if target.tag == RI + "user":
                self.unseen.update(target.attrib.values())
            elif not bodies and not self.only_label(node):
                self.text(target.get(RI + "content-title") or target.get(RI + "filename"))

    def only_label(self, node):
        return any(n.tag.endswith("link-body") for n in node)

    def macro(self, node):
        name = node.get(AC + "name")
        # A macro that is made when the page is looked at may leave its name as a mark.
        self.marks.update(words(name or ""))
        for child in node:
            if child.tag in (AC + "parameter", AC + "default-parameter"):
                key = child.get(AC + "name")
                value = "".join(child.itertext())
                if key == "title" and name in TITLED or (name, key) in SHOWN:
                    self.text(value)
                elif name in NAMING and (named := self.named(child)):
                    self.text(named)
                else:
                    self.hide(child)
            elif child.tag in (AC + "rich-text-body", AC + "plain-text-body"):
                self.text(child.text)
                for inner in child:
                    self.walk(inner)
                    self.text(inner.tail)

    def named(self, parameter):
        for target in parameter.iter():
            if name := target.get(RI + "content-title") or target.get(RI + "filename"):
                return name
        return None

    def extension(self, node):
        contents = list(node.iter(AC + "adf-content"))
        for part in node.iter():
            if part.tag in (AC + "adf-attribute", AC + "adf-parameter", AC + "adf-mark"):
                self.hide(part)
        for content in contents:
            self.text(content.text)
            for child in content:
                self.walk(child)
                self.text(child.tail)
        if not contents:
            for fallback in node.iter(AC + "adf-fallback"):
                for text in fallback.itertext():
                    self.text(text)


def check(program, path, show):
    source = path.read_text(encoding="utf-8")
    done = subprocess.run(
        [*program, "clean", "--type", "confluence", "--format", "text", str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{path.name}: the program ended with {done.returncode}: {done.stderr.strip()}")
        return False
    text = done.stdout
    if show:
        print(f"==== {path}\n{text}\n---- {done.stderr}")
    page = Page(parse(source))
    seen = collections.Counter(w for piece in page.seen for w in words(piece))
    # A marked part of a word splits it here and nowhere else: look for the pieces glued together, too.
    squeezed = re.sub(r"\W+", "", text)
    have = collections.Counter(words(text))
    lost = {w: n - have[w] for w, n in seen.items() if have[w] < n and squeezed.count(w) < n}
    whole = re.sub(r"\W+", "", "".join(page.seen))
    printed = [
        value for value in page.unseen
        if len(value) > 3 and re.search(r"(?<!\w)" + re.escape(value) + r"(?!\w)", text)
        and re.sub(r"\W+", "", value) not in whole and value.lower() not in OWN]
    # The numbers of ordered lists are no text of the page.
    bare = collections.Counter(words(re.sub(r"^\s*\d+\. ", "", text, flags=re.M)))
    new = {w: n - seen[w] for w, n in bare.items() if n > seen[w] and w.lower() not in OWN and w not in page.marks and w not in whole}
    missing = [w for w in WANTED.get(path.name, []) if w not in text]
    for title, value in [("lost", lost), ("printed", printed), ("new", new), ("not found", missing)]:
        if value:
            print(f"{path.name}: {title}: {value if isinstance(value, list) else dict(list(value.items())[:20])}")
    return not lost and not printed and not missing


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("acervo")
    options.add_argument("pages", nargs="+")
    options.add_argument("--show", action="store_true")
    given = options.parse_args()
    files = []
    for name in given.pages:
        path = pathlib.Path(name)
        files += sorted(p for p in path.rglob("*.storage.*")) if path.is_dir() else [path]
    if not files:
        sys.exit("no pages: give files or folders with NAME.storage.…")
    good = sum(check(shlex.split(given.acervo), path, given.show) for path in files)
    print(f"{good} of {len(files)} pages: nothing lost, nothing printed that nobody sees")
    sys.exit(0 if good == len(files) else 1)


if __name__ == "__main__":
    main()
