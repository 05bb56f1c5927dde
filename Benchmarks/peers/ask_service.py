"""The service that most teams write first: FastAPI, sentence-transformers, Chroma. ASK_STORE and ASK_MODEL name folders."""
import os

import chromadb
import torch
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

torch.set_num_threads(1)
model = SentenceTransformer(os.environ["ASK_MODEL"], device="cpu")
store = chromadb.PersistentClient(os.environ["ASK_STORE"]).get_collection("docs")
app = FastAPI()


class Question(BaseModel):
    query: str
    top_k: int = 4


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/search")
def search(question: Question):
    vector = model.encode([question.query], show_progress_bar=False)
    found = store.query(
        query_embeddings=vector, n_results=question.top_k, include=["documents", "distances"])
    return {
        "results": [
            {"chunk": chunk, "score": 1 - distance, "text": text}
            for chunk, distance, text in zip(found["ids"][0], found["distances"][0], found["documents"][0])
        ]
    }
