"""Processes with their processor time and peak memory, pairs measured in turns, and the machine they ran on."""
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Ended:
    """A process that has ended."""
    output: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    peak_own_mb: float = 0.0

    @property
    def json(self):
        return json.loads(self.output.strip().splitlines()[-1])


def run(command, environment=None, fine=(0,), watched=False):
    """Runs a program to its end; its standard error is shown if it fails.

    `watched` also looks every 20 ms how much memory is its own: resident, and not mapped from a file.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as notes:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], stdout=out, stderr=notes, env={**os.environ, **(environment or {})})
        own = 0
        ended, status, usage = os.wait4(process.pid, os.WNOHANG if watched else 0)
        while ended == 0:
            own = max(own, anonymous_kb(process.pid))
            time.sleep(0.02)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        notes.seek(0)
        if process.returncode not in fine:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}: {notes.read()[-1500:]}")
        return Ended(out.read(), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
                     own / 1024)


def anonymous_kb(process):
    try:
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def one_thread():
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    return {**{name: "1" for name in names}, "TOKENIZERS_PARALLELISM": "false"}


def in_turns(commands, rounds, environment=None):
    """Runs each of the named commands `rounds` times, one after the other in turns; gives the printed objects by name."""
    results = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            results[name].append(run(command, environment).json)
    return results


def rate(objects, amount, seconds="cpu_s", scale=1.0):
    """The median rate over runs: amounts a second."""
    return statistics.median(entry[amount] * scale / entry[seconds] for entry in objects)


@contextlib.contextmanager
def neighbours(into):
    """Notes how many cores other processes than this one's children used meanwhile, as far as that can be told."""
    def busy():
        fields = [int(field) for field in open("/proc/stat").readline().split()[1:9]]
        return sum(fields[:3] + fields[5:8]) / os.sysconf("SC_CLK_TCK")

    def own():
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system
    start, busy_before, own_before = time.perf_counter(), busy(), own()
    yield
    wall = time.perf_counter() - start
    into["seconds"] = round(wall, 1)
    into["neighbours_cores"] = round(max(0.0, (busy() - busy_before - (own() - own_before)) / wall), 2)


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    flags = next((line.split() for line in open("/proc/cpuinfo") if line.startswith("flags")), [])
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))

    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "cpu": model, "cores": os.cpu_count(), "memory_gb": round(memory / 1e6, 1),
        "instructions": [flag for flag in ("avx2", "fma", "avx512f", "avx512_vnni") if flag in flags],
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "?"), "kernel": platform.release(),
        "commit": git("rev-parse", "--short=12", "HEAD") + ("+changes" if git("status", "--porcelain") else ""),
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "load": [round(load, 1) for load in os.getloadavg()],
    }
