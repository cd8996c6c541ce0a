"""No file of ours runs code that it reads: no pickle, eval, shell or computed import outside the files named here."""

from pathlib import Path

import pytest

from seqkit.own_imports import import_own
from tests.security.ast_gate import files_of, findings

ROOT = Path(__file__).parents[2]
FILES = files_of(ROOT, "seqkit", "plugins", "examples", "benchmarks", "docs", ".ci")

AUDITED = {
    "seqkit/own_imports.py": ["import of a name that is computed"],
    # It runs the examples of our own lecture, as its tests do; no part of what is installed.
    "docs/lecture/course.py": ["use of compile", "use of exec"],
}
"""The files with exceptions, and which."""


def test_the_files_are_found() -> None:
    folders = {file.relative_to(ROOT).parts[0] for file in FILES}
    assert len(FILES) > 250 and folders >= {"seqkit", "plugins", "examples", "benchmarks"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_runs_nothing_that_it_reads(file: Path) -> None:
    allowed = AUDITED.get(str(file.relative_to(ROOT)), [])
    found = [one.partition(": ")[2] for one in findings(file.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(allowed)


@pytest.mark.parametrize(
    "name", ["os", "seqkit_text", "seqkit", "seqkit.", "seqkit..os", "seqkit.cli;os", "os.seqkit."]
)
def test_the_exception_imports_what_is_ours_only(name: str) -> None:
    assert import_own("seqkit.errors").__name__ == "seqkit.errors"
    with pytest.raises(ValueError, match="no module of seqkit's"):
        import_own(name)


MUTANTS = (
    "import pickle", "import pickle as p", "from pickle import loads", "import dill", "import cloudpickle.cloudpickle",
    "import shelve", "import marshal", "import joblib", "from joblib import load", "import _pickle", "import runpy",
    "eval('1')", "exec(text)", "compile(text, 'f', 'exec')", "__import__(name)", "run = eval", "map(exec, lines)",
    "import builtins\nbuiltins.eval('1')", "from builtins import eval as harmless\nharmless('1')",
    "getattr(builtins, 'eval')('1')", "import os\ngetattr(os, 'system')('ls')",
    "import os\nos.system('ls')", "from os import system\nsystem('ls')", "import os as o\no.popen('ls')",
    "from os import system as harmless\ncall = harmless", "import os\nos.execvp('ls', ['ls'])",
    "import subprocess\nsubprocess.run('ls', shell=True)", "from subprocess import Popen\nPopen('ls', shell=flag)",
    "import subprocess as s\ns.check_output(words, shell=1)", "import subprocess\nsubprocess.getoutput('ls')",
    "import subprocess\nsubprocess.run('ls', **options)", "from subprocess import run\nrun('ls', **options)",
    "import yaml\nyaml.load(text, Loader=yaml.Loader)", "import yaml\nyaml.load(text)",
    "import yaml as y\ny.full_load(t)",
    "import yaml\nyaml.unsafe_load(text)", "from yaml import load\nload(text)",
    "from yaml import UnsafeLoader as L\nL(t)",
    "import yaml\nclass Mine(yaml.FullLoader): pass", "import yaml\nyaml.load_all(text, yaml.CLoader)",
    "import torch\ntorch.load(path)", "import torch\ntorch.load(path, weights_only=False)",
    "import torch\ntorch.load(path, weights_only=flag)", "from torch import load\nload(path)",
    "import torch as t\nt.load(path, map_location='cpu')", "import torch\ntorch.hub.load('a', 'b')",
    "import torch\ntorch.jit.load(path)", "Model.load_from_checkpoint(path)",
    "import numpy as np\nnp.load(path, allow_pickle=True)", "import numpy\nnumpy.load(path, allow_pickle=flag)",
    "import numpy as np\nnp.lib.format.read_array(f, allow_pickle=True)", "import pandas as pd\npd.read_pickle(path)",
    "import datasets\ndatasets.load_dataset(name, trust_remote_code=True)",
    "import importlib\nimportlib.import_module(name)", "from importlib import import_module as i\ni(f'a.{b}')",
    "import importlib.util\nimportlib.util.spec_from_file_location(name, path)",
    "import importlib\nimportlib.reload(m)",
    "archive.extractall(folder)", "archive.extract(member, folder)", "import shutil\nshutil.unpack_archive(path)",
    "f.__globals__['x']", "object.__subclasses__()", "import tempfile\ntempfile.mktemp()",
)  # fmt: skip

HARMLESS = (
    "import re\nre.compile('a')", "model.eval()", "import torch\ntorch.load(path, weights_only=True)",
    "import torch\ntorch.compile(model)", "import numpy as np\nnp.load(path)", "keras_model.compile(loss=loss)",
    "import numpy as np\nnp.load(path, allow_pickle=False)", "import importlib\nimportlib.import_module('torchaudio')",
    "import subprocess\nsubprocess.run(['ls'], check=True)", "import yaml\nyaml.safe_dump(value)",
    "import yaml\nclass Mine(yaml.SafeLoader): pass", "import pickletools", "archive.open(member)",
    "x = 'import pickle'",
)  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_gate_sees(mutant: str) -> None:
    inside = "def f(self):\n" + "".join(f"    {line}\n" for line in mutant.splitlines())
    assert findings(mutant) and findings(inside)


@pytest.mark.parametrize("source", HARMLESS)
def test_the_gate_lets_pass(source: str) -> None:
    assert findings(source) == []
