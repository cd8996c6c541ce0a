"""RunFolder: where a run keeps its configuration, figures and checkpoints."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from seqkit.errors import CheckpointError, ConfigError, DependencyError, did_you_mean
from seqkit.training.durable import atomic_write

UNFINISHED = "unfinished.json"
"""Is in a run's folder until its training is done."""

_OF_A_RUN = ("config.yaml", UNFINISHED, "crossval.json", "compare.json")
_RESULTS = ("crossval.json", "compare.json", "result.json")
_MOST_NAMED = 8
"""Runs of a comparison or cross-validation that an error names."""


@dataclass(frozen=True)
class RunFolder:
    """Paths inside a run.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """The configuration that reproduces the run alone."""
        return self.path / "config.yaml"

    @property
    def checkpoints(self) -> Path:
        """Holds `best.ckpt` and `last.ckpt`."""
        return self.path / "checkpoints"

    @property
    def resume_point(self) -> Path:
        """Where an unfinished training goes on from; gone when it is finished."""
        return self.checkpoints / "resume.ckpt"

    @property
    def plots(self) -> Path:
        """Holds the plots; made with the first of them."""
        return self.path / "plots"

    def save_config(self, config: dict[str, Any]) -> None:
        """Write the configuration."""
        text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
        atomic_write(self.config, f"# seqkit fit --config {self.config.name}\n{text}")

    def save_result(self, result: dict[str, Any]) -> Path:
        """Write `result.json` for the run itself, `result-SPLIT.json` for a later verb."""
        name = "result.json" if result["verb"] == "fit" else f"result-{result['split']}.json"
        path = self.path / name
        atomic_write(path, as_json(result) + "\n")
        return path

    def result(self) -> dict[str, Any]:
        """What `fit` wrote, {} if it did not come that far."""
        path = self.path / "result.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def as_json(result: dict[str, Any]) -> str:
    """A result as JSON that every reader understands."""
    return json.dumps(_finite(result), indent=2, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """The same values with null for NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def new_folder(wanted: str | None, domain: str, task: str) -> RunFolder:
    """Make the folder of a new run: the wanted one, or the next free `runs/DOMAIN-TASK-N`.

    Raises:
        ConfigError: If the wanted folder already holds a run.
        DependencyError: If it cannot be made.
    """
    require_free(wanted)
    path = next_folder(wanted, f"{domain}-{task.replace('_', '-')}")
    try:
        (path / "checkpoints").mkdir(exist_ok=True)
    except OSError as error:
        raise _cannot_be_made(path, error) from error
    return RunFolder(path)


@contextmanager
def new_run(
    wanted: str | None, domain: str, task: str, lock: Callable[[RunFolder], AbstractContextManager[None]]
) -> Iterator[RunFolder]:
    """The folder of a new run; what ends it without a checkpoint takes it away, so that its name is free again.

    What was in a wanted folder before stays there.

    Args:
        wanted: The folder asked for, or None.
        domain: Name of the domain.
        task: Name of the task.
        lock: Held inside. Who does not get it leaves the folder as it is: it is another process's.

    Raises:
        ConfigError: As `new_folder`.
        DependencyError: As `new_folder`.
    """
    before = set(Path(wanted).iterdir()) if wanted is not None and Path(wanted).is_dir() else None
    folder = new_folder(wanted, domain, task)
    with lock(folder):
        try:
            yield folder
        except BaseException:
            if not any(folder.checkpoints.iterdir()):
                _remove(folder.path, before)
            raise


def _remove(path: Path, kept: set[Path] | None) -> None:
    """Remove a folder, or where it was there before, what came into it."""
    if kept is None:
        shutil.rmtree(path, ignore_errors=True)
        return
    for child in set(path.iterdir()) - kept:
        if child.is_dir():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink()


def next_folder(wanted: str | None, stem: str) -> Path:
    """Make the wanted folder, or the next free `runs/STEM-N`.

    Raises:
        DependencyError: If it cannot be made.
    """
    number, path = 1, Path(wanted or "runs")
    try:
        while wanted is None:
            path = Path("runs") / f"{stem}-{number}"
            try:
                path.mkdir(parents=True)  # not exist_ok: another run that starts now may take the same number
                break
            except FileExistsError:
                number += 1
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_be_made(path, error) from error
    return path


def require_free(wanted: str | None) -> None:
    """Refuse a folder that a new run cannot have; asked before the data is read, too.

    Raises:
        ConfigError: If it already holds a run, or is a file.
    """
    if wanted is None:
        return
    if holds_run(Path(wanted)):
        fix = f"{anew_in(wanted)}; or name another folder"
        if (Path(wanted) / UNFINISHED).exists():
            raise ConfigError(f"{wanted} already holds an unfinished run", at="--run", fix=fix)
        figures = next((name for name in _RESULTS if (Path(wanted) / name).is_file()), "")
        found = f" (its figures: {Path(wanted) / figures})" if figures else ""
        raise ConfigError(f"{wanted} already holds a run{found}", at="--run", fix=fix)
    if Path(wanted).is_file():
        raise ConfigError(f"{wanted} is a file", at="--run", fix="name a folder")


def anew_in(wanted: str) -> str:
    """How a run is begun anew in a folder that holds one."""
    return f"begin anew: --fresh (what {wanted} holds is renamed, nothing is removed)"


def holds_run(path: Path) -> bool:
    """Whether a folder is that of a run, a comparison or a cross-validation."""
    return any((path / name).exists() for name in _OF_A_RUN)


def _cannot_be_made(path: Path, error: OSError) -> DependencyError:
    return DependencyError(
        f"the run folder cannot be made: {error}", at=str(path), fix="name a folder you may write to with --run"
    )


def find_checkpoint(run: str | Path) -> Path:
    """The first of `checkpoints_of`."""
    return checkpoints_of(run)[0]


def checkpoints_of(run: str | Path) -> list[Path]:
    """The checkpoints of a run folder that later verbs may use, best first, or the checkpoint file itself.

    Raises:
        CheckpointError: If there is none.
    """
    path = Path(run)
    if path.is_file():
        if path.suffix == ".ckpt" or not (path.parent / "checkpoints").is_dir():
            return [path]
        raise CheckpointError(f"{path.name} is no checkpoint", at=str(path), fix=f"name the run folder: {path.parent}")
    places = [path / "checkpoints" / name for name in ("best.ckpt", "last.ckpt")]
    # A pipe or a device of that name would be waited for.
    if found := [place for place in places if place.is_file()]:
        return found
    if path.is_dir():
        inside = sorted(str(folder.parent) for folder in path.glob("*/checkpoints"))
        fix = "name the folder of a finished run"
        if inside:
            more = " ..." if len(inside) > _MOST_NAMED else ""
            fix = f"name one of the runs in it: {', '.join(inside[:_MOST_NAMED])}{more}"
        if (path / UNFINISHED).exists():
            fix = "it is not finished: the command that began it goes on with it"
        elif (path / "config.yaml").exists():
            again = f"seqkit fit --config {path / 'config.yaml'} --run {path} --fresh (what is there is renamed)"
            was_done = (path / "result.json").exists()
            fix = f"its checkpoints are missing: put a copy of them back, or train anew: {again}"
            fix = fix if was_done else f"its training was interrupted early: begin it anew: {again}"
        raise CheckpointError("the folder holds no checkpoint", at=str(path), fix=fix)
    raise _no_run(path)


def _no_run(path: Path) -> CheckpointError:
    """The error for a path that is neither a file nor a folder."""
    if path.exists():
        what = "is neither a run folder nor a checkpoint, but a pipe, a socket or a device"
        return CheckpointError(what, at=str(path), fix="name the folder that seqkit fit has made")
    if path.is_symlink():
        return CheckpointError("is a link to nothing", at=str(path), fix="mend the link, or name the run folder itself")
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    return CheckpointError(
        f"no run folder or checkpoint: {path}",
        at="RUN",
        fix=did_you_mean(path.name, siblings) or "name a folder that seqkit fit has made",
    )
