"""Kills runs at random instants over a changing site, and looks each time whether what is published is whole.

    python3 Tests/faults/kill_runs.py [--runs 500] [--seed N] [--pages 25] [--model use-multilingual-v3]

After each SIGKILL `current` must verify, or not be there yet. At the end a whole run must give the very bytes that a
run from nothing gives, and leave nothing behind. Ends with 1 and says what it saw otherwise.
"""
import argparse
import random
import signal
import sys
import tempfile
import time

import changing_site as changing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--pages", type=int, default=25)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--model")
    parser.add_argument("--whole-every", type=int, default=20, help="let every so manieth run end")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    site = changing.ChangingSite(options.pages, options.seed)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        runner = changing.Runner(folder + "/killed", site.url, options.model)
        began = time.monotonic()
        changing.from_nothing(folder + "/first", site.url, options.model)
        duration = time.monotonic() - began
        killed = ended = published = 0
        seen = None
        for number in range(options.runs):
            site.change()
            process = runner.start_index()
            # Most of the interesting instants lie at the end; a third of the kills go there.
            instant = chance.uniform(0, 1.2) if number % 3 else chance.uniform(0.6, 1.1)
            time.sleep(instant * duration)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
            else:
                ended += 1
            code = process.wait()
            assert code in (0, 3, -signal.SIGKILL), f"run {number} of seed {options.seed} ended with {code}"
            try:
                current = runner.check()
            except AssertionError as error:
                sys.exit(f"run {number} of seed {options.seed}: {error}")
            published += current != seen
            seen = current
            if number % options.whole_every == options.whole_every - 1:
                # Also keeps the measure of a run's length on a machine that others use.
                began = time.monotonic()
                code, said = runner.index()
                duration = 0.5 * duration + 0.5 * (time.monotonic() - began)
                assert code in (0, 3), f"a whole run after run {number} of seed {options.seed} ended with {code}: {said}"
        code, said = runner.index()
        assert code in (0, 3), f"the last run of seed {options.seed} ended with {code}: {said}"
        runner.check()
        assert runner.leftovers() == [], f"left behind: {runner.leftovers()}"
        same = runner.bytes() == changing.from_nothing(folder + "/nothing", site.url, options.model)
        assert same, f"the last snapshot of seed {options.seed} is not what a run from nothing gives"
    changing.report(seed=options.seed, runs=options.runs, killed=killed, ended_before=ended, snapshots_seen=published,
                    pages=len(site.pages), seconds=round(time.monotonic() - start, 1))


if __name__ == "__main__":
    main()
