"""Who may import whom: the core no plugin, a plugin only public names, and nothing torch before it is needed."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import seqkit

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "seqkit").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
EXAMPLE = ROOT / "examples" / "seqkit_melody" / "seqkit_melody.py"
HEAVY = (
    "torch", "pytorch_lightning", "torchmetrics.classification", "jsonargparse", "rich.table", "pytest", "pandas",
    "datasets", "tokenizers", "soundfile", "Bio.SeqIO",
)  # fmt: skip
"""Other people's libraries, which take most of the time."""

LIGHT = ("seqkit", "seqkit.cli.main", "seqkit.plugins", "seqkit.errors")
"""What the command line loads before it knows that there is something to do."""


def imported(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Modules that a file imports, each with the names taken from it (none for `import x`)."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or "", [alias.name for alias in node.names]


def module_name(file: Path, root: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_files_are_found() -> None:
    assert len(CORE) > 50
    assert len({file.parent.name for file in PLUGINS}) == 4


def test_the_core_names_no_plugin() -> None:
    guilty = [(file.name, name) for file in CORE for name, _ in imported(file) if name.startswith("seqkit_")]
    assert not guilty


@pytest.mark.parametrize("file", [*PLUGINS, EXAMPLE], ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_plugin_imports_public_names_only(file: Path) -> None:
    for module, names in imported(file):
        if module.partition(".")[0] == "seqkit":
            assert module == "seqkit" and names, f"imports {module}: take the names from `seqkit` itself"
            assert not (private := set(names) - set(seqkit.__all__)), f"not public: {private}"
        elif module.startswith("seqkit_"):
            assert module.partition(".")[0] in (file.parent.name, file.stem), f"imports another plugin: {module}"


def test_every_public_name_is_there() -> None:
    assert [name for name in seqkit.__all__ if not hasattr(seqkit, name)] == []


def test_importing_all_of_the_core_loads_no_plugin() -> None:
    names = [name for file in CORE if (name := module_name(file, ROOT)) != "seqkit.__main__"]
    code = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "print([name for name in sys.modules if name.startswith('seqkit_')])"
    )
    assert python(code).strip() == "[]"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="imports each module in a forked process")
def test_every_module_can_be_imported_first() -> None:
    names = [module_name(file, ROOT) for file in CORE] + [module_name(file, ROOT / "plugins") for file in PLUGINS]
    # Heavy libraries are loaded once; each module then is the first of ours in a process of its own.
    code = f"""
import importlib, os, sys
for name in {HEAVY!r}: importlib.import_module(name)
for name in {[name for name in names if name != "seqkit.__main__"]!r}:
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(name)
        except BaseException as error:
            print(name, repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit("cannot be imported first: " + name)
"""
    assert python(code) == ""


@pytest.mark.parametrize("module", LIGHT)
def test_the_command_line_starts_without_torch(module: str) -> None:
    assert python(f"import sys, {module}\nprint('torch' in sys.modules)").strip() == "False"
