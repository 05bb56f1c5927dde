#!/usr/bin/env python3
"""Measures Acervo beside its peers on this machine and compares the ratios with thresholds.json.

    scripts/bench [GROUP ...]     clean chunk minilm use scan lexical index memory again start serve; all of them by default
      --pages DIR                 HTML to clean and chunk (may be repeated); Debian's postgresql-doc-15 by default
      --rounds N                  turns of each pair [3]
      --connections N             of the load on servers [16]
      --out FILE                  the figures as JSON [Benchmarks/out/latest.json]
      --peers                     first sets up Benchmarks/.venv with the peers (large downloads)

Peers that no Python has are named as skipped; $ACERVO_BENCH_PYTHON names interpreters that have them, by colons. Models
are found in $ACERVO_MODELS or models/. Ends with 1 when a figure misses its threshold. docs/benchmarks.md explains them.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import lexical
import programs
import runs
import stages
from measuring import machine, neighbours, rate
from peering import BENCHMARKS, CACHE, Peers, Skipped

GROUPS = {
    "clean": stages.clean, "chunk": stages.chunk, "minilm": stages.minilm, "use": stages.use, "scan": stages.scan,
    "lexical": lexical.search,
    "index": programs.index, "memory": programs.memory, "again": runs.again, "start": programs.start, "serve": programs.serve,
}


class Context:
    """What a group measures with, and where its figures go."""

    def __init__(self, options):
        self.pages, self.rounds, self.peers = options.pages, options.rounds, Peers()
        self.connections = options.connections
        self.notes, self.figures, self.skipped, self.groups = [], {}, {}, {}

    def note(self, what, value, unit):
        self.notes.append({"what": what, "value": round(value, 4), "unit": unit})
        print(f"  {what}: {value:,.4g} {unit}", flush=True)

    def figure(self, name, value, meaning):
        """A figure that thresholds.json may bound."""
        self.figures[name] = {"value": round(value, 4), "meaning": meaning}
        print(f"  => {name}: {value:.3g} {meaning}", flush=True)

    def ratio(self, name, results, ours, theirs, amount, seconds="cpu_s", peer=None):
        if theirs not in results:
            self.skipped[name] = f"{theirs} is not there"
            return
        value = rate(results[ours], amount, seconds) / rate(results[theirs], amount, seconds)
        self.figure(name, value, f"times {peer or theirs}")


def verdicts(context):
    """Compares figures with thresholds; prints one line each and gives the names of those that miss."""
    missed = []
    for name, bounds in json.loads((BENCHMARKS / "thresholds.json").read_text()).items():
        figure = context.figures.get(name)
        if figure is None:
            print(f"skipped  {name}: {context.skipped.get(name, 'not measured in this run')}")
            continue
        value, at_least, at_most = figure["value"], bounds.get("at_least"), bounds.get("at_most")
        fits = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
        bound = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
        aim = f", aim {bounds['aim']:g}" if "aim" in bounds else ""
        print(f"{'ok      ' if fits else 'MISSED  '} {name}: {value:g} {figure['meaning']} ({bound}{aim})")
        if not fits:
            missed.append(name)
    return missed


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1].strip(), add_help=True)
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], metavar="GROUP")
    parser.add_argument("--pages", action="append", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--out", type=pathlib.Path, default=BENCHMARKS / "out/latest.json")
    options = parser.parse_args()
    options.pages = options.pages or [pathlib.Path("/usr/share/doc/postgresql-doc-15/html")]
    CACHE.mkdir(exist_ok=True)
    context, here = Context(options), machine()
    print(json.dumps(here))
    for name in options.groups or GROUPS:
        print(f"{name}:", flush=True)
        circumstances = context.groups[name] = {}
        with neighbours(circumstances):
            try:
                GROUPS[name](context)
            except Skipped as reason:
                context.skipped[name] = str(reason)
                print(f"  skipped: {reason}")
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                context.skipped[name] = f"failed: {error}"
                print(f"  failed: {error}")
        print(f"  ({circumstances['seconds']} s; neighbours used {circumstances['neighbours_cores']} cores)")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({
        "machine": here, "groups": context.groups, "figures": context.figures, "notes": context.notes,
        "skipped": context.skipped,
    }, indent=1) + "\n")
    missed = verdicts(context)
    failed = [name for name, reason in context.skipped.items() if reason.startswith("failed")]
    sys.exit(1 if missed or failed else 0)


main()
