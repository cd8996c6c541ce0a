"""Unfinished runs: the same command goes on with the one it began."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqkit.errors import ConfigError
from seqkit.training.checkpoint_io import previous
from seqkit.training.folder import UNFINISHED, RunFolder, holds_run

_LOCK = ".lock"
_MISSING = object()
_MAY_DIFFER = (("data", "num_workers"), ("trainer", "enable_progress_bar"), ("trainer", "enable_model_summary"))


def config_of(folder: RunFolder) -> dict[str, Any] | None:
    """What was asked for when the unfinished run in a folder was begun; None if there is none."""
    config = (read_json(folder.path / UNFINISHED) or {}).get("config")
    whole = isinstance(config, dict) and all(isinstance(config.get(group), dict) for group, _ in _MAY_DIFFER)
    return config if whole else None


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None if there is none, or none that we may read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (ValueError, OSError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def finish(folder: RunFolder) -> None:
    """Forget how to go on, and figures of the half-trained model: there is nothing left to do."""
    half_trained = [folder.path / f"result-{split}.json" for split in ("valid", "test")]
    points = (folder.resume_point, previous(folder.resume_point))
    for path in (*half_trained, folder.path / UNFINISHED, *points, folder.path / _LOCK):
        path.unlink(missing_ok=True)


def find_unfinished(
    wanted: str | None, stem: str, config: dict[str, Any], say: Callable[[str], None]
) -> RunFolder | None:
    """The unfinished run that a command goes on with; None if it begins one.

    Args:
        wanted: The folder asked for; None looks through `runs/STEM-N`, the newest first.
        stem: Of the names of runs.
        config: What is asked for.
        say: Receives a line about the newest unfinished run that is passed over, if none goes on.

    Raises:
        ConfigError: If the wanted folder holds an unfinished run of something else, or one that is being trained.
    """
    if wanted is not None:
        folder = RunFolder(Path(wanted))
        begun = config_of(folder)
        if begun is None:
            return None
        if difference := _first_difference(_decisive(begun), _decisive(config)):
            raise ConfigError(
                f"{wanted} holds an unfinished run with another {difference}",
                at="--run",
                fix="give the command that began it, name another folder, or begin anew with --fresh",
            )
        if _is_locked(folder):
            raise _being_trained(folder)
        return folder
    passed: list[str] = []
    for path in sorted(Path("runs").glob(f"{stem}-*"), key=_number, reverse=True):
        folder = RunFolder(path)
        if not (path / UNFINISHED).is_file():
            continue
        if not (reason := _why_not(folder, config)):
            return folder
        passed.append(f"{path} ({reason})")
    if passed:
        more = f", and {len(passed) - 1} more" if passed[1:] else ""
        say(f"a new run begins; unfinished and passed over: {passed[0]}{more}")
    return None


def _why_not(folder: RunFolder, config: dict[str, Any]) -> str:
    """Why a command does not go on with an unfinished run; "" if it does."""
    begun = config_of(folder)
    if begun is None:
        return f"its {UNFINISHED} is damaged"
    if difference := _first_difference(_decisive(begun), _decisive(config)):
        return f"with another {difference}"
    return "another process trains it" if _is_locked(folder) else ""


def set_aside(wanted: str | None, say: Callable[[str], None]) -> None:
    """Rename a wanted folder that holds a run, to the next free `NAME.1`.

    Args:
        wanted: The folder asked for, or None.
        say: Receives its new name.

    Raises:
        ConfigError: If another process trains it, or this one stands in it.
    """
    if wanted is None or not holds_run(Path(wanted)):
        return
    path = Path(wanted)
    if _is_locked(RunFolder(path)):
        raise _being_trained(RunFolder(path))
    if Path.cwd().is_relative_to(path.resolve()):
        raise ConfigError(f"{wanted} is the folder you are in", at="--fresh", fix="give the command from outside of it")
    number = 1
    while (aside := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    say(f"what was in {wanted} is in {path.rename(aside)} now")


@contextmanager
def locked(folder: RunFolder) -> Iterator[None]:
    """Nobody else goes on with a run inside; the lock goes with the process, however it ends.

    Raises:
        ConfigError: If another process trains it.
    """
    file = _lock(folder)
    if file is None:
        raise _being_trained(folder)
    try:
        yield
    finally:
        os.close(file)


def _lock(folder: RunFolder) -> int | None:
    """A descriptor that holds the lock; None if another process does."""
    file = os.open(folder.path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    except OSError:
        pass  # a file system without locks, as some of clusters: whether somebody else trains cannot be known
    return file


def _is_locked(folder: RunFolder) -> bool:
    if not (folder.path / _LOCK).is_file():
        return False
    file = _lock(folder)
    if file is not None:
        os.close(file)
    return file is None


def _being_trained(folder: RunFolder) -> ConfigError:
    return ConfigError(f"{folder.path} is being trained by another process", at="--run", fix="name another folder")


def _decisive(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration without what changes no figure."""
    kept = {name: value for name, value in config.items() if name != "threads"}
    for group, name in _MAY_DIFFER:
        kept[group] = {key: value for key, value in kept.get(group, {}).items() if key != name}
    return kept


def _first_difference(then: dict[str, Any], now: dict[str, Any], name: str = "") -> str:
    """The first option that differs, with both values; "" if none does."""
    for key in dict.fromkeys((*then, *now)):
        old, new = then.get(key, _MISSING), now.get(key, _MISSING)
        own = f"{name}.{key}" if name else key
        if isinstance(old, dict) and isinstance(new, dict):
            if inner := _first_difference(old, new, own):
                return inner
        elif old != new:
            return f"{own}: {_shown(old)} then, {_shown(new)} now"
    return ""


def _shown(value: Any) -> str:
    return "not given" if value is _MISSING else str(value)


def _number(path: Path) -> int:
    last = path.name.rpartition("-")[2]
    return int(last) if last.isdigit() else 0
