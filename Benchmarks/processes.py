"""Servers on loopback for as long as a `with` lasts, and the load on them."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from peering import Skipped

WRK = """local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local number = math.floor(#bodies * %f)
local headers = {["Content-Type"] = "application/json"}
request = function()
  number = number %% #bodies + 1
  return wrk.format("POST", "%s", headers, bodies[number])
end
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program that listens on 127.0.0.1; `with` waits until a path answers with 200 and ends it afterwards.

    Without a port it is given a free one with `--port`; with port 0 it prints the one it took as its first line.
    """

    def __init__(self, command, ready, environment=None, port=None):
        self.command, self.ready, self.port = [str(word) for word in command], ready, port
        self.prints_port = port == 0
        self.environment = {**os.environ, **(environment or {})}

    def __enter__(self):
        port = self.port
        if port is None:
            port = free_port()
            self.command += ["--port", str(port)]
        self.notes = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE if self.prints_port else self.notes, stderr=self.notes, text=True,
            env=self.environment)
        try:
            if self.prints_port:
                port = int(self.process.stdout.readline() or 0)
            self.url = f"http://127.0.0.1:{port}"
            self.wait(time.monotonic() + 240)
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self, end):
        pause = 0.001
        while True:
            try:
                with urllib.request.urlopen(self.url + self.ready, timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self.process.poll() is not None or time.monotonic() > end:
                    self.notes.seek(0)
                    raise RuntimeError(f"{self.command[0]} does not answer: {self.notes.read()[-1500:]}") from None
                time.sleep(pause)
                pause = min(0.1, pause * 1.2)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.notes.close()

    def cpu_s(self):
        """Processor seconds of all its threads since its start."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, name):
        """The sum of what its /metrics says of a name."""
        with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}[{{ ]", line))

    def private_mb(self, beside):
        """Memory that is its alone, without what it maps of files in some folders."""
        total, counts = 0, True
        for line in pathlib.Path(f"/proc/{self.process.pid}/smaps").read_text().splitlines():
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                fields = line.split(None, 5)
                counts = len(fields) < 6 or not fields[5].startswith(tuple(beside))
            elif counts and line.startswith("Private_"):
                total += int(line.split()[1])
        return total / 1024


class Site:
    """nginx with the pages of a folder, its own configuration and process; gives the address of the first page."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __enter__(self):
        if not shutil.which("nginx"):
            raise Skipped("nginx is not there; scripts/setup test installs it")
        self.home = tempfile.TemporaryDirectory()
        home, port = self.home.name, free_port()
        temporary = "".join(
            f" {kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        configuration = pathlib.Path(home) / "nginx.conf"
        configuration.write_text(
            ("user root;\n" if os.geteuid() == 0 else "")
            + f"daemon off; worker_processes 1; pid {home}/pid; error_log {home}/errors;\n"
            + "events { worker_connections 256; }\n"
            + f"http {{ include /etc/nginx/mime.types; access_log off;{temporary}\n"
            + f"  server {{ listen 127.0.0.1:{port}; root {self.folder}; }} }}\n")
        self.server = Server(["nginx", "-p", home, "-c", configuration], "/index.html", port=port)
        self.server.__enter__()
        return f"{self.server.url}/index.html"

    def __exit__(self, *_):
        self.server.__exit__()
        self.home.cleanup()


def load(server, path, bodies, seconds, begin, connections):
    """Sends the bodies in turn over some connections with wrk, after a second of warming up."""
    if not shutil.which("wrk"):
        raise Skipped("wrk is not there; scripts/setup test installs it")
    with tempfile.TemporaryDirectory() as folder:
        lines, script = pathlib.Path(folder) / "bodies", pathlib.Path(folder) / "load.lua"
        lines.write_text("".join(json.dumps(body) + "\n" for body in bodies))

        def wrk(duration, start):
            script.write_text(WRK % (lines, start % 1, path))
            return subprocess.run(
                ["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--timeout", "20s", "--latency", "-s", script,
                 server.url], capture_output=True, text=True, check=True).stdout
        wrk(1, begin + 0.7)
        before = server.cpu_s()
        output = wrk(seconds, begin)
        used = server.cpu_s() - before
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"{path}: {output[-300:]}")
    requests = int(re.search(r"(\d+) requests in", output)[1])

    def milliseconds(share):
        value, unit = re.search(rf"{share}%\s+([\d.]+)(us|ms|s|m)\b", output).groups()
        return float(value) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]
    return {
        "per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]), "p50_ms": milliseconds(50),
        "p99_ms": milliseconds(99), "cpu_ms": 1e3 * used / max(1, requests),
    }
