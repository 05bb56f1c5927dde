"""The pipeline that most teams write first: requests, BeautifulSoup, LangChain's splitter, sentence-transformers, Chroma.

    index_site.py START PAGES MODEL STORE [MODE]       prints what it did as JSON

MODE is `first` (a new store), `fill` (the same with zeros in place of vectors, to have a store quickly) or `skip`
(chunks whose id, address and hash, is in the store are not embedded again).
"""
import collections
import hashlib
import json
import sys
import urllib.parse

import bs4
import chromadb
import langchain_text_splitters
import requests
import sentence_transformers


def crawl(start, limit):
    """Breadth-first over one host; gives address and text of a page after the other."""
    session, seen, waiting, pages = requests.Session(), {start}, collections.deque([start]), 0
    host = urllib.parse.urlparse(start).netloc
    while waiting and pages < limit:
        url = waiting.popleft()
        response = session.get(url, timeout=10)
        if response.status_code != 200 or "html" not in response.headers.get("content-type", ""):
            continue
        soup = bs4.BeautifulSoup(response.content, "html.parser")
        for link in soup.find_all("a", href=True):
            target = urllib.parse.urldefrag(urllib.parse.urljoin(url, link["href"]))[0]
            if urllib.parse.urlparse(target).netloc == host and target not in seen:
                seen.add(target)
                waiting.append(target)
        for boilerplate in soup(["script", "style", "nav", "header", "footer"]):
            boilerplate.decompose()
        pages += 1
        yield url, soup.get_text("\n", strip=True)


start, limit, folder, store = sys.argv[1:5]
mode = sys.argv[5] if len(sys.argv) > 5 else "first"
model = None if mode == "fill" else sentence_transformers.SentenceTransformer(folder, device="cpu")
client = chromadb.PersistentClient(store)
collection = client.get_or_create_collection("docs", configuration={"hnsw": {"space": "cosine"}})
splitter = langchain_text_splitters.RecursiveCharacterTextSplitter(chunk_size=2000, chunk_overlap=400)
ids, chunks, origins, pages = [], [], [], 0
for url, text in crawl(start, int(limit)):
    pages += 1
    for number, chunk in enumerate(splitter.split_text(text)):
        ids.append(f"{url}#{number}:{hashlib.sha256(chunk.encode()).hexdigest()[:16]}")
        chunks.append(chunk)
        origins.append({"url": url})
total = len(ids)
if mode == "skip":
    known = set()
    for first in range(0, len(ids), 1000):
        known |= set(collection.get(ids=ids[first:first + 1000], include=[])["ids"])
    new = [place for place, id in enumerate(ids) if id not in known]
    ids, chunks, origins = ([values[place] for place in new] for values in (ids, chunks, origins))
if ids:
    if mode == "fill":
        vectors = [[1.0] + [0.0] * 383] * len(ids)
    else:
        vectors = model.encode(chunks, batch_size=32, show_progress_bar=False)
    for first in range(0, len(ids), 1000):
        part = slice(first, first + 1000)
        collection.upsert(ids=ids[part], embeddings=vectors[part], documents=chunks[part], metadatas=origins[part])
print(json.dumps({"pages": pages, "chunks": total, "embedded": len(ids)}))
