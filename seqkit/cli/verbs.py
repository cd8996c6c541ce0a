"""What the verbs after `fit` share: a run, and options that replace what it was trained with."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonargparse

from seqkit.data.module import SequenceDataModule
from seqkit.domain import Domain
from seqkit.errors import ConfigError, DependencyError, did_you_mean
from seqkit.export.reading import is_export
from seqkit.settings import add_data_options, fold_paths, parse_or_explain
from seqkit.training.checkpoint import Loaded, load_domain
from seqkit.training.finding import read_run
from seqkit.training.folder import UNFINISHED
from seqkit.training.manifest import require_blueprint


def parse_verb(
    verb: str,
    words: Sequence[str],
    options: dict[str, tuple[Any, Any]],
    extend: Callable[[jsonargparse.ArgumentParser], None] | None = None,
) -> tuple[Namespace, dict[str, Any]]:
    """Options of a verb, and the options of the data that were given.

    Args:
        verb: For messages.
        words: RUN and what follows.
        options: The verb's own options: name to (type, default).
        extend: Adds more options; those that were not given are None or missing in what comes back.

    Returns:
        The options with `run`, and changed options of the data module by name.
    """
    run, *rest = words
    parser = jsonargparse.ArgumentParser(prog=f"seqkit {verb}", exit_on_error=False, allow_abbrev=False)
    for name, (kind, default) in options.items():
        action = {"action": "store_true"} if kind is bool else {"type": kind, "default": default}
        names = dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}", f"--{name.replace('-', '_')}"))
        parser.add_argument(*names, **action)
    if extend is not None:
        extend(parser)
    add_data_options(parser, domain_of(run))
    given = parse_or_explain(parser, fold_paths(rest), defaults=False).as_dict()
    _show_unfinished(run)
    values = {name.replace("-", "_"): default for name, (_, default) in options.items()}
    own = {name.replace("-", "_"): value for name, value in given.items() if name != "data"}
    return Namespace(run=run, **(values | own)), given.get("data") or {}


def domain_of(run: str) -> Domain:
    """The domain a run was trained for."""
    return load_domain(require_blueprint(read_run(run, quiet=True)[1]))


def _show_unfinished(run: str) -> None:
    """Say of an unfinished run how far what is used of it came: output of the whole training is what is expected."""
    if (Path(run) / UNFINISHED).is_file():
        path, content = read_run(run, quiet=True)
        step = content.get("global_step")
        print(f"seqkit: {run} is unfinished: {path.name}, trained to step {step}, is taken", file=sys.stderr)


def output_path(run: str, out: str | None, name: str) -> Path:
    """Where a verb writes to: what `--out` says, else a file of this name in the run folder, or beside a checkpoint.

    An exported model is there to be shared and is left as it is: output goes to the current folder, under its name.

    Raises:
        ConfigError: If the current folder is the exported model itself.
    """
    if out:
        return Path(out)
    path = Path(run)
    if not is_export(path):
        return (path if path.is_dir() else path.parent) / name
    if Path.cwd().is_relative_to(path.resolve()):
        fix = "give --out FILE, or the command from another folder"
        raise ConfigError(f"{run} is an exported model, into which nothing is written", at="--out", fix=fix)
    return Path(f"{path.resolve().name}-{name}")


def require_format(path: Path, loaded: Loaded) -> None:
    """Refuse an ending that the domain would not write, rather than fill it with something else.

    Raises:
        ConfigError: Names the endings.
    """
    known = loaded.data.output_suffixes
    if not path.name.lower().endswith(known):
        raise ConfigError(
            f"{loaded.domain.name} is not written as {path.suffix or path.name!r}",
            at=f"--out {path}",
            fix=did_you_mean(path.suffix, known) or f"endings: {', '.join(known)}",
        )


def require_writable(path: Path) -> None:
    """Refuse an output path before the work is done rather than after.

    Raises:
        DependencyError: If it is a folder, or its folder does not exist or cannot be written.
    """
    if path.is_dir():
        raise DependencyError(f"{path} is a folder", at="--out", fix="name a file")
    if not path.parent.is_dir():
        raise DependencyError(f"no such folder: {path.parent}", at="--out", fix="make the folder first")
    if not os.access(path.parent, os.W_OK):
        raise DependencyError(f"the folder {path.parent} cannot be written", at="--out", fix="name another folder")


def show_left_out(data: SequenceDataModule, path: Path) -> None:
    """Say which bad records were left out; under `quarantine` they go to a file beside the output.

    Args:
        data: After it was read.
        path: The output.
    """
    if line := data.tolerance.describe():
        print(line)
    if kept := data.tolerance.write_quarantine(path.with_suffix(".quarantine.jsonl")):
        print(f"kept for mending: {kept}")
