#!/usr/bin/env python3
"""Holds the Model Context Protocol server to the official Python client, over HTTP and over standard streams.

    Tests/oracles/run mcp_client.py …   (requirements-assistants.txt pins mcp 2.3.0)
    mcp_client.py --url http://127.0.0.1:8080/mcp --question "¿Cómo cambio la contraseña?" [--calls 2000]
    mcp_client.py --command "acervo mcp --snapshots snapshots" --question "…"

Opens a session, lists tools and resources, then calls the three tools again and again, each answer checked against the
schema that its tool declares (the client does that too) and against the one before: within one snapshot, the same
question gets the same answer. Ends with 1 at the first difference.
"""
import argparse
import asyncio
import json
import os
import shlex
import sys
import time
from urllib.parse import quote

import jsonschema
from mcp import Client, StdioServerParameters, stdio_client


def target(arguments):
    if arguments.url:
        return arguments.url
    command, *rest = shlex.split(arguments.command)
    return stdio_client(StdioServerParameters(command=command, args=rest, env=dict(os.environ)))


async def converse(arguments, mode):
    counts, snapshots, known = {}, set(), {}
    begun = time.monotonic()
    async with Client(target(arguments), mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"search", "ask", "fetch_document"}, sorted(tools)

        async def call(name, values):
            result = await client.call_tool(name, values)
            assert not result.is_error, (name, values, result.content)
            told = result.structured_content
            jsonschema.validate(told, tools[name].output_schema)
            assert json.loads(result.content[0].text) == told
            counts[name] = counts.get(name, 0) + 1
            snapshots.add(told["snapshot"])
            return told

        resources = (await client.list_resources()).resources
        assert resources, "no collection is listed"
        for resource in resources:
            contents = (await client.read_resource(resource.uri)).contents
            assert json.loads(contents[0].text)["name"] == resource.name
        for number in range(arguments.calls):
            found = await call("search", {"query": arguments.question, "top_k": 3})
            answer = await call("ask", {"question": arguments.question})
            key = answer["snapshot"]
            essence = (answer["answer"], answer["sources"])
            assert known.setdefault(key, essence) == essence, f"call {number}: another answer of the same snapshot"
            if found["results"]:
                url = found["results"][0]["url"]
                page = await call("fetch_document", {"url": url, "collection": found["collection"]})
                assert page["url"] == url and page["text"]
                if number == 0:
                    address = f"acervo://collections/{found['collection']}/documents/{quote(url, safe='')}"
                    read = (await client.read_resource(address)).contents[0].text
                    assert page["text"] in read
        wrong = await client.call_tool("search", {"top_k": 0, "query": "x"})
        assert wrong.is_error, "a wrong argument was taken"
    return {"mode": mode, "calls": counts, "snapshots": len(snapshots), "seconds": round(time.monotonic() - begun, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url")
    where.add_argument("--command")
    parser.add_argument("--question", required=True)
    parser.add_argument("--calls", type=int, default=50)
    arguments = parser.parse_args()
    for mode in ("legacy", "auto"):
        print(json.dumps(asyncio.run(converse(arguments, mode)), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
