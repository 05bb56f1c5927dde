#!/usr/bin/env python3
"""Asks a running acervo-serve with the official OpenAI client: plain, streaming, embeddings, models, errors.

    Tests/oracles/openai_client.py http://127.0.0.1:8080 [--collection handbook] [--question "…"] [--key KEY]

Needs Tests/oracles/requirements-clients.txt. Exits with 1 at the first thing that the client is not content with.
"""
import argparse
import math
import sys

import openai


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("--collection")
    parser.add_argument("--question", default="How do I change my password?")
    parser.add_argument("--key", default="none")
    options = parser.parse_args()
    client = openai.OpenAI(base_url=options.base.rstrip("/") + "/v1", api_key=options.key, max_retries=0)

    names = [model.id for model in client.models.list()]
    assert names, "no models"
    model = options.collection or names[0]
    assert model in names, f"{model} is not among {names}"

    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": options.question}]
    whole = client.chat.completions.create(model=model, messages=messages, temperature=0)
    text = whole.choices[0].message.content
    assert text and whole.object == "chat.completion" and whole.choices[0].finish_reason == "stop"
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    extra = whole.model_extra["acervo"]
    assert extra["answer"] == text and extra["snapshot"], extra

    stream = client.chat.completions.create(
        model=model, messages=messages, temperature=0, stream=True, stream_options={"include_usage": True})
    parts, finish, usage = [], None, None
    for chunk in stream:
        if chunk.usage is not None:
            usage = chunk.usage
        for choice in chunk.choices:
            parts.append(choice.delta.content or "")
            finish = choice.finish_reason or finish
    assert "".join(parts) == text, ("".join(parts), text)
    assert finish == "stop" and usage is not None

    content = [{"type": "text", "text": options.question}]
    typed = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    assert typed.choices[0].message.content

    # The client asks for base64 by default and unpacks it.
    packed = client.embeddings.create(model=model, input=["one text", "another"])
    floats = client.embeddings.create(model=model, input=["one text", "another"], encoding_format="float")
    assert [d.index for d in packed.data] == [0, 1]
    for left, right in zip(packed.data, floats.data):
        assert len(left.embedding) == len(right.embedding)
        assert all(abs(a - b) < 1e-6 for a, b in zip(left.embedding, right.embedding))
        assert abs(math.fsum(x * x for x in left.embedding) - 1) < 1e-3

    for wrong, kind in (("no-such-model", openai.NotFoundError), (model, openai.UnprocessableEntityError)):
        try:
            client.chat.completions.create(
                model=wrong, messages=messages, temperature=9 if wrong == model else 0)
        except kind as error:
            assert error.message and isinstance(error.body, dict), error
        else:
            raise AssertionError(f"{kind.__name__} was not raised")
    print(
        f"openai {openai.__version__}: {len(names)} models, an answer of {len(text)} characters, the same in "
        f"{len(parts)} streamed parts, vectors of {len(packed.data[0].embedding)}, errors as its own classes")
    return 0


sys.exit(main())
