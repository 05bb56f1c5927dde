"""The service that most teams write first: FastAPI, sentence-transformers, Chroma.

ASK_STORE and ASK_MODEL name folders. ASK_THROUGH=langchain asks Chroma by LangChain's vector store, as back ends of this
kind do; with ASK_THROUGH=chroma the collection is asked itself, which is the least that such a service can do.
"""
import os

import chromadb
import torch
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

torch.set_num_threads(1)
model = SentenceTransformer(os.environ["ASK_MODEL"], device="cpu")
app = FastAPI()


class Question(BaseModel):
    query: str
    top_k: int = 4


def embed(text):
    return model.encode([text], show_progress_bar=False)


if os.environ["ASK_THROUGH"] == "langchain":
    from langchain_chroma import Chroma

    class Embeddings:
        def embed_query(self, text):
            return embed(text)[0].tolist()

    store = Chroma("docs", Embeddings(), persist_directory=os.environ["ASK_STORE"])

    def found(question):
        for document, distance in store.similarity_search_with_score(question.query, k=question.top_k):
            yield document.id, distance, document.page_content
else:
    collection = chromadb.PersistentClient(os.environ["ASK_STORE"]).get_collection("docs")

    def found(question):
        answer = collection.query(
            query_embeddings=embed(question.query), n_results=question.top_k, include=["documents", "distances"])
        yield from zip(answer["ids"][0], answer["distances"][0], answer["documents"][0])


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/search")
def search(question: Question):
    return {
        "results": [
            {"chunk": chunk, "score": 1 - distance, "text": text} for chunk, distance, text in found(question)
        ]
    }
