"""Beginning: how a run was begun, what was measured for it then, and where it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from seqkit.errors import CheckpointError, ConfigError, DataError
from seqkit.settings import Settings
from seqkit.training.durable import atomic_write
from seqkit.training.finding import in_one_line, resume_candidates
from seqkit.training.folder import UNFINISHED, RunFolder, anew_in, new_run, require_free
from seqkit.training.same_files import difference, with_contents
from seqkit.training.unfinished import config_of, find_unfinished, locked, read_json, set_aside

_KEPT = {"config": dict, "files": list, "precision": str | None, "precision_row": dict, "threads": int | None}


@dataclass
class Beginning:
    """How a run was begun; kept in its folder until it is finished.

    Attributes:
        config: What was asked for, as `plain_config` has it.
        files: Name, size, time and content of each file that the data are read from.
        precision: The one that was measured to be best, or given.
        precision_row: What `result.json` says of it.
        threads: As `precision`.
        folder: Of the unfinished run that goes on; None begins one.
        wanted: The folder asked for, or None.
    """

    config: dict[str, Any]
    files: list[Any] = field(default_factory=list)
    precision: str | None = None
    precision_row: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None
    folder: RunFolder | None = None
    wanted: str | None = None

    @property
    def anew(self) -> str:
        """How to begin another run instead: what helps depends on whether a folder was asked for."""
        return "begin anew: --resume never" if self.wanted is None else anew_in(self.wanted)

    def save(self, folder: RunFolder) -> None:
        """Keep it in the run's folder."""
        values = {name: getattr(self, name) for name in _KEPT}
        atomic_write(folder.path / UNFINISHED, json.dumps(values, indent=2) + "\n")

    def require_files(self, files: list[tuple[str, int, int]]) -> None:
        """Note which files a run reads; refuse to go on with others.

        Args:
            files: Name, size and time of each.

        Raises:
            DataError: Names the first file that differs, and in what.
        """
        now = json.loads(json.dumps(with_contents(files)))  # as it will be read again
        if self.folder is not None and (differs := difference(self.files, now)):
            name, what = differs
            raise DataError(
                f"{what} since the run {self.folder.path} was begun", at=name, fix=f"put it back, or {self.anew}"
            )
        self.files = now

    def settle(self, settings: Settings) -> Settings:
        """The same settings with what was measured when the run was begun: it is not measured again."""
        if self.folder is None or self.threads is None:
            return settings
        trainer = (
            settings.trainer | {"precision": self.precision} if settings.trainer.get("precision") else settings.trainer
        )
        threads = self.threads if settings.threads == "auto" else settings.threads
        if settings.threads == "auto":
            torch.set_num_threads(self.threads)
        return replace(settings, trainer=trainer, threads=threads, probe=False)

    def choose(self, precision: str, row: dict[str, Any], threads: int) -> None:
        """Note what was measured, or given; that of a run that goes on stays."""
        if self.folder is None or self.threads is None:
            self.precision, self.precision_row, self.threads = precision, row, threads

    def chosen_rows(self) -> dict[str, Any]:
        """What `result.json` says of precision and threads."""
        return {"precision": self.precision_row, "threads": self.threads}


def begin(
    settings: Settings, say: Callable[[str], None], asked: dict[str, Any] | None = None, stem: str | None = None
) -> Beginning:
    """What a command does: goes on with an unfinished run, or begins one.

    Args:
        settings: What was asked for.
        say: Receives a line about it, if there is anything to say.
        asked: The same as plain values, with what a verb asks for besides; None takes `asked_for`.
        stem: Of the names of such runs; None: domain and task.

    Raises:
        ConfigError: If the wanted folder cannot be had.
    """
    config = asked_for(settings) if asked is None else asked
    if settings.fresh:
        set_aside(settings.run, say)
    folder = None
    if settings.resume == "auto" and not settings.fresh:
        usual = f"{settings.domain.name}-{config['data']['task'].replace('_', '-')}"
        folder = find_unfinished(settings.run, stem or usual, config, say)
    if folder is None:
        require_free(settings.run)
        return Beginning(config, wanted=settings.run)
    begun = Beginning(config, folder=folder, wanted=settings.run)
    values = read_json(folder.path / UNFINISHED) or {}
    if not all(isinstance(values.get(name), kind) for name, kind in _KEPT.items()):
        raise ConfigError("it does not say how the run was begun", at=str(folder.path / UNFINISHED), fix=begun.anew)
    return replace(begun, **{name: values[name] for name in _KEPT})


def asked_for(settings: Settings) -> dict[str, Any]:
    """What decides a training, as plain values; of callbacks and loggers only their classes."""
    config: dict[str, Any] = json.loads(json.dumps(plain_config(settings)))
    config["trainer"] |= {name: _kinds(value) for name, value in settings.trainer.items() if not _is_plain(value)}
    return config


def first_point(begun: Beginning, say: Callable[[str], None]) -> Path | None:
    """The resume point that a run goes on from; None if it begins, or was ended before there was one.

    Raises:
        CheckpointError: If there are points, and none can be used: what was trained is not thrown away unasked.
    """
    if begun.folder is None:
        return None
    refused: list[CheckpointError] = []
    points = resume_candidates(begun.folder.path, refused)
    reasons = "; ".join(map(in_one_line, refused))
    if refused and not points:
        raise CheckpointError(
            f"no resume point can be used: {reasons}",
            at=str(begun.folder.path),
            fix=f"put copies of them back, or {begun.anew}",
        )
    if refused:
        say(f"passed over: {reasons}; {points[0].name} is taken")
    if points:
        say(f"going on with the unfinished run {begun.folder.path} ({begun.anew})")
        return points[0]
    say(f"{begun.folder.path} was ended before its first resume point: it begins anew")
    (begun.folder.path / "metrics.csv").unlink(missing_ok=True)
    return None


@contextmanager
def open_run(settings: Settings, begun: Beginning) -> Iterator[RunFolder]:
    """The folder of a run, locked: that of an unfinished one, or a new one.

    Args:
        settings: Of the run.
        begun: How the run is begun; kept in a new folder.

    Raises:
        ConfigError: If another process trains it, or as `new_run`.
        DependencyError: If it cannot be made.
    """
    if begun.folder is not None:
        with locked(begun.folder):
            if config_of(begun.folder) is None:  # while we read the data
                raise ConfigError(
                    f"{begun.folder.path} has been finished by another process", at="--run", fix="name another folder"
                )
            yield begun.folder
        return
    with new_run(settings.run, settings.domain.name, begun.config["data"]["task"], locked) as folder:
        begun.save(folder)
        yield folder


def plain_config(settings: Settings) -> dict[str, Any]:
    """The configuration that reproduces a run alone."""
    return {
        "domain": settings.domain.name,
        "seed": settings.seed,
        "probe": settings.probe,
        "threads": settings.threads,
        "data": settings.data,
        "model": asdict(settings.model),
        "encoder": settings.encoder,
        "trainer": {name: value for name, value in settings.trainer.items() if _is_plain(value)},
    }


def _kinds(value: Any) -> list[str]:
    """What callbacks and loggers are; what they were made with cannot be asked of them."""
    return [type(one).__qualname__ for one in (value if isinstance(value, list) else [value])]


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | dict):
        return all(map(_is_plain, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, bool | int | float | str)
