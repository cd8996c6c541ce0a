"""What no file of ours may contain, found in its syntax tree: ways to run code or to read what can run it."""

import ast
from collections.abc import Iterator
from pathlib import Path

MODULES = ("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "jsonpickle", "runpy")
"""Modules whose import alone is refused: they turn bytes into objects of any kind, or run files."""

BUILT_IN = ("eval", "exec", "compile", "__import__")
CALLS = (
    "os.system", "os.popen", "os.execv", "os.execve", "os.execvp", "os.execl", "os.spawnv", "os.spawnl",
    "pty.spawn", "commands.getoutput", "subprocess.getoutput", "subprocess.getstatusoutput", "code.interact",
    "yaml.load", "yaml.load_all", "yaml.full_load", "yaml.full_load_all", "yaml.unsafe_load", "yaml.unsafe_load_all",
    "torch.hub.load", "torch.jit.load", "torch.package.PackageImporter", "pandas.read_pickle", "pd.read_pickle",
    "logging.config.fileConfig", "logging.config.dictConfig", "tarfile.open.extractall", "shutil.unpack_archive",
    "tempfile.mktemp",
)  # fmt: skip
YAML = ("Loader", "FullLoader", "UnsafeLoader", "CLoader", "CFullLoader", "CUnsafeLoader")
"""Loaders that build objects a file names."""

EXTRACTING = ("extractall", "extract")
"""Of archives: members may be named ../../x."""


def findings(source: str) -> list[str]:
    """What is refused in a source text, each with its line.

    Args:
        source: Python.

    Example:
        >>> findings("import pickle")
        ['1: import of pickle']
    """
    tree = ast.parse(source)
    names = _names(tree)
    return sorted({f"{node.lineno}: {what}" for node in ast.walk(tree) for what in _of(node, names)})  # type: ignore[attr-defined]


def files_of(root: Path, *folders: str) -> list[Path]:
    """Python files below folders of a checkout."""
    return sorted(file for folder in folders for file in (root / folder).rglob("*.py"))


def _names(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for: `from os import system as run` gives run -> os.system."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """`np.load` as numpy.load, after the imports; empty for what is no name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value, names)
        return f"{before}.{node.attr}" if before else ""
    return ""


def _of(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (f"import of {a.name}" for a in node.names if a.name.partition(".")[0] in MODULES)
    elif isinstance(node, ast.ImportFrom):
        roots = {
            str(node.module).partition(".")[0],
            *(a.name for a in node.names if node.module in (None, "torch", "six")),
        }
        yield from (f"import of {name}" for name in sorted(roots & set(MODULES)))
    elif isinstance(node, ast.Name | ast.Attribute):
        yield from _of_name(_dotted(node, names), node)
    elif isinstance(node, ast.Call):
        yield from _of_call(node, _dotted(node.func, names))


def _of_name(name: str, node: ast.expr) -> Iterator[str]:
    """A refused function is refused wherever it is named: it may be called under another name."""
    plain = name.removeprefix("builtins.")
    if plain in BUILT_IN and (isinstance(node, ast.Name) or name.startswith("builtins.")):
        yield f"use of {plain}"
    elif name in CALLS:
        yield f"use of {name}"
    elif name in {f"yaml.{loader}" for loader in YAML} | {f"yaml.loader.{loader}" for loader in YAML}:
        yield f"use of {name}"
    elif name.endswith((".__globals__", ".__subclasses__", ".__code__")):
        yield f"use of {name.rpartition('.')[2]}"


def _of_call(node: ast.Call, name: str) -> Iterator[str]:
    keywords = {word.arg: word.value for word in node.keywords}
    if name == "torch.load" and not _is(keywords.get("weights_only"), True):
        yield "torch.load without weights_only=True"
    if name.endswith("load_from_checkpoint") and not _is(keywords.get("weights_only"), True):
        yield "load_from_checkpoint without weights_only=True"
    if "allow_pickle" in keywords and not _is(keywords["allow_pickle"], False):
        yield "allow_pickle"
    if "trust_remote_code" in keywords and not _is(keywords["trust_remote_code"], False):
        yield "trust_remote_code"
    if "shell" in keywords and not _is(keywords["shell"], False):
        yield "shell=True"
    if name.partition(".")[0] == "subprocess" and (None in keywords):
        yield "subprocess with **options"
    imports = name in ("importlib.import_module", "importlib.util.spec_from_file_location", "importlib.reload")
    if imports and not (node.args and isinstance(node.args[0], ast.Constant)):
        yield "import of a name that is computed"
    if isinstance(node.func, ast.Attribute) and node.func.attr in EXTRACTING and (node.args or node.keywords):
        yield f"{node.func.attr} of an archive"
    if name == "getattr" and len(node.args) > 1 and _is_refused_constant(node.args[1]):
        yield "a refused name by getattr"


def _is(value: ast.expr | None, wanted: bool) -> bool:
    return isinstance(value, ast.Constant) and value.value is wanted


def _is_refused_constant(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value in (*BUILT_IN, "system", "popen", "unsafe_load")
