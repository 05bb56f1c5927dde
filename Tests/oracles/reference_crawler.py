#!/usr/bin/env python3
"""A crawler in the Python standard library alone, for comparing the set of pages that Acervo finds.

Same rules, other code: breadth-first from the starts, same host and port, robots.txt (urllib.robotparser), redirects
re-checked hop by hop, rel=nofollow, meta robots, canonical addresses, duplicates by content, HTML and text only.
No sitemaps, no trap bounds, one request at a time.

    reference_crawler.py [--pages N] [--depth N] URL...      prints the kept addresses, sorted, one a line
"""

import argparse
import hashlib
import html.parser
import http.client
import sys
import urllib.parse
import urllib.robotparser

AGENT = "acervo"
TYPES = {"text/html", "application/xhtml+xml", "text/plain", "text/markdown"}


class Page(html.parser.HTMLParser):
    def __init__(self, url):
        super().__init__(convert_charrefs=True)
        self.base = url
        self.has_base = False
        self.hrefs = []
        self.canonical = None
        self.robots = set()
        self.in_body = False

    def handle_starttag(self, tag, attributes):
        values = {}
        for name, value in attributes:
            values.setdefault(name, value or "")
        rel = values.get("rel", "").lower().split()
        if tag in ("a", "area") and "href" in values and "nofollow" not in rel:
            self.hrefs.append(values["href"])
        elif tag in ("frame", "iframe") and "src" in values:
            self.hrefs.append(values["src"])
        elif tag == "base" and "href" in values and not self.has_base:
            self.base = urllib.parse.urljoin(self.base, values["href"])
            self.has_base = True
        elif tag == "body":
            self.in_body = True
        elif tag == "link" and "canonical" in rel and "href" in values and not self.in_body:
            self.canonical = self.canonical or values["href"]
        elif tag == "meta" and values.get("name", "").lower() in ("robots", AGENT):
            self.robots |= {word.strip().lower() for word in values.get("content", "").split(",")}

    handle_startendtag = handle_starttag


def normalised(base, href):
    """The address without its fragment, or None for other schemes."""
    href = "".join(href.split("\t")).replace("\n", "").replace("\r", "").strip()
    try:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(base, href))
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return None
    host = parts.hostname
    if port and port != {"http": 80, "https": 443}[parts.scheme]:
        host += f":{port}"
    path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._|[]\\")
    query = urllib.parse.quote(parts.query, safe="/?%:@!$&()*+,;=~-._|[]{}^`\\")
    return f"{parts.scheme}://{host}{path}" + (f"?{query}" if query else "")


class Crawler:
    def __init__(self, starts, pages, depth):
        self.starts = [normalised(start, "") for start in starts]
        self.places = {urllib.parse.urlsplit(start).netloc for start in self.starts}
        self.pages, self.depth = pages, depth
        self.robots = {}
        self.seen, self.kept, self.hashes = set(), [], {}
        self.failed = {}
        self.connections = {}

    def get(self, url):
        parts = urllib.parse.urlsplit(url)
        key = (parts.scheme, parts.netloc)
        for attempt in (1, 2):
            connection = self.connections.get(key)
            if connection is None:
                kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
                connection = self.connections[key] = kind(parts.netloc, timeout=60)
            try:
                target = parts.path + (f"?{parts.query}" if parts.query else "")
                connection.request("GET", target, headers={"User-Agent": AGENT})
                response = connection.getresponse()
                return response.status, response.headers, response.read()
            except (http.client.HTTPException, OSError) as error:
                connection.close()
                del self.connections[key]
                if attempt == 2:
                    return None, {}, str(error).encode()

    def allowed(self, url):
        parts = urllib.parse.urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self.robots:
            rules = urllib.robotparser.RobotFileParser()
            status, _, body = self.get(origin + "/robots.txt")
            if status is None or status >= 500:
                rules.disallow_all = True
            elif status == 200:
                rules.parse(body.decode("utf-8", "replace").splitlines())
            else:
                rules.allow_all = True
            self.robots[origin] = rules
        return self.robots[origin].can_fetch(AGENT, url)

    def in_scope(self, url):
        return url is not None and urllib.parse.urlsplit(url).netloc in self.places

    def run(self):
        level = list(dict.fromkeys(self.starts))
        self.seen |= set(level)
        for depth in range(self.depth + 1):
            found, round_ = set(), [(url, 0, False) for url in sorted(level)]
            while round_:
                later = []
                for url, hops, is_final in round_:
                    if len(self.kept) >= self.pages:
                        return
                    self.visit(url, hops, is_final, later, found if depth < self.depth else None)
                round_ = sorted(set(later))
                found -= {url for url, _, _ in round_}
            level = sorted(found)
            if not level:
                return

    def visit(self, url, hops, is_final, later, found):
        if not self.allowed(url):
            return
        status, headers, body = self.get(url)
        if status in (301, 302, 303, 307, 308):
            target = normalised(url, headers.get("Location", ""))
            if hops < 10 and self.in_scope(target) and (target not in self.seen or (found and target in found)):
                self.seen.add(target)
                later.append((target, hops + 1, False))
            return
        if status not in (200, 203):
            self.failed[url] = status
            return
        kind = headers.get("Content-Type", "text/html").split(";")[0].strip().lower()
        if kind not in TYPES:
            return
        words = {word.strip().lower() for word in headers.get("X-Robots-Tag", "").split(",")}
        if kind in ("text/html", "application/xhtml+xml"):
            charset = headers.get_content_charset() or "utf-8"
            page = Page(url)
            try:
                page.feed(body.decode(charset, "replace"))
            except LookupError:
                page.feed(body.decode("utf-8", "replace"))
            words |= page.robots
            if found is not None and not words & {"nofollow", "none"}:
                for href in page.hrefs:
                    link = normalised(page.base, href)
                    if self.in_scope(link) and link not in self.seen:
                        self.seen.add(link)
                        found.add(link)
            canonical = normalised(page.base, page.canonical) if page.canonical else None
            if not is_final and self.in_scope(canonical) and canonical != url:
                # Whether the other address gives a page is asked at once; Acervo asks later and comes back.
                status, other, _ = self.get(canonical)
                if status == 200 and other.get("Content-Type", "").split(";")[0] in TYPES and self.allowed(canonical):
                    if canonical not in self.seen or (found and canonical in found):
                        self.seen.add(canonical)
                        later.append((canonical, 0, True))
                    return
        if words & {"noindex", "none"}:
            return
        digest = hashlib.sha256(body).digest()
        if digest in self.hashes:
            return
        self.hashes[digest] = url
        self.kept.append(url)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--depth", type=int, default=16)
    parser.add_argument("start", nargs="+")
    options = parser.parse_args()
    crawler = Crawler(options.start, options.pages, options.depth)
    crawler.run()
    for url in sorted(crawler.kept):
        print(url)
    print(f"{len(crawler.kept)} pages, {len(crawler.failed)} failed", file=sys.stderr)


if __name__ == "__main__":
    main()
