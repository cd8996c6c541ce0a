"""Trial: one training of a comparison by the ordinary `fit`, and what it leaves for the next command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqkit.data.cache import NOT_IN_THE_DATA, file_marks
from seqkit.errors import CheckpointError, ConfigError, DataError, DivergedError
from seqkit.lecture.comparison.panel import Column
from seqkit.lecture.comparison.study import Study, kind_of
from seqkit.settings import Settings
from seqkit.training import workflow
from seqkit.training.durable import atomic_write
from seqkit.training.folder import RunFolder, as_json
from seqkit.training.unfinished import config_of

OUTCOME = "rung.json"
"""In the folder of each training: its figures, and the stamp of settings and data that they belong to."""


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes:
        column: On which data.
        rung: Its row.
        settings: All that decides it, its folder included.
        stamp: Settings and data as text; equal for equal trainings.
    """

    column: Column
    rung: str
    settings: Settings
    stamp: str

    @property
    def path(self) -> Path:
        """Its run folder."""
        return Path(str(self.settings.run))

    @property
    def has_own_data(self) -> bool:
        """Whether its options change what is scored, so that figures of the column's data say nothing of it."""
        names = self.settings.data.keys() | self.column.base.data.keys()
        return any(self.settings.data.get(name) != self.column.base.data.get(name) for name in names - NOT_IN_THE_DATA)


def run_trial(trial: Trial, study: Study) -> dict[str, Any]:
    """Train and score, or take over what an earlier command with the same settings has found.

    Returns:
        `status` (`done`, `diverged` or `refused`), and either `metrics`, `num_parameters`, `seconds` or a `reason`.
    """
    outcome = read_outcome(trial.path)
    if outcome is not None and outcome["status"] != "done":
        return outcome | {"kept": True}
    if outcome is not None and study.split in outcome["splits"]:
        return outcome | outcome["splits"][study.split] | {"kept": True}
    try:
        if outcome is None:
            outcome = _train(trial)
        if study.split not in outcome["splits"]:
            outcome["splits"][study.split] = _score(trial, study)
    except DivergedError as error:
        outcome = {"status": "diverged", "reason": error.what, "splits": {}}
    except ConfigError as error:
        outcome = {"status": "refused", "reason": error.what, "splits": {}}
    _write_outcome(trial, outcome)
    return outcome | outcome["splits"].get(study.split, {})


def read_outcome(path: Path) -> dict[str, Any] | None:
    """What a training has left; None if it was not finished."""
    file = path / OUTCOME
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def progress_of(trials: Collection[Trial], root: Path) -> str:
    """How many of the trainings in a folder are done."""
    done = sum(read_outcome(trial.path) is not None for trial in trials)
    return f"{done} of {len(trials)} trainings are done, in {root}"


def require_same(trial: Trial) -> None:
    """Refuse a folder that holds a finished training with other settings or data.

    Raises:
        ConfigError: Names the folder.
    """
    outcome = read_outcome(trial.path)
    if outcome is not None and outcome["stamp"] != trial.stamp:
        raise ConfigError(
            f"{trial.path} holds a training with other settings or data",
            at="--run",
            fix="name another folder, or give the settings it was made with",
        )


def _train(trial: Trial) -> dict[str, Any]:
    result = _go_on(trial)
    if result is None:
        if trial.path.exists():
            shutil.rmtree(trial.path)  # an interrupted training of ours: a finished one has an outcome
        _, result = workflow.fit(trial.settings, lambda line: None)
    return {
        "status": "done",
        "num_parameters": result["num_parameters"],
        "seconds": result["seconds"],
        "steps": result["steps"],
        "precision": result["precision"]["used"],
        "splits": {} if _lacks_forecasts(result) else {"valid": _kept(result)},
    }


def _go_on(trial: Trial) -> dict[str, Any] | None:
    """The result of an interrupted training, gone on with; None if there is none, or none that can go on."""
    if trial.settings.resume == "never" or config_of(RunFolder(trial.path)) is None:
        return None
    try:
        return workflow.fit(trial.settings, lambda line: None)[1]
    except (CheckpointError, ConfigError, DataError):
        return None  # other settings, other data or a damaged point: what is wrong with the training itself comes again


def _score(trial: Trial, study: Study) -> dict[str, Any]:
    trainer = trial.settings.trainer
    return _kept(workflow.evaluate(trial.path, study.split, domain=trial.settings.domain, trainer=trainer))


def _lacks_forecasts(result: dict[str, Any]) -> bool:
    """Forecasts of numbers are scored by `validate` and `test` alone: `fit` leaves their figures out."""
    return result["task"] in ("next_step", "forecast") and "mse" in result["metrics"]


def _kept(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("metrics", "loss_unit", "num_records", "baselines")}


def _write_outcome(trial: Trial, outcome: dict[str, Any]) -> None:
    trial.path.mkdir(parents=True, exist_ok=True)
    content = {"rung": trial.rung, "kind": kind_of(trial.settings.model.cell), "stamp": trial.stamp} | outcome
    atomic_write(trial.path / OUTCOME, as_json(content) + "\n")


def stamp_of(settings: Settings, column: Column, data_stamp: str) -> str:
    """All that decides a training, as text; objects such as callbacks by their type.

    Args:
        settings: Of the training.
        column: On which data.
        data_stamp: Of the column's data; those of a training with other ones are stamped by their files, too.
    """
    content = {
        "domain": settings.domain.name,
        "data": [settings.data, data_stamp],
        "model": asdict(settings.model),
        "encoder": settings.encoder,
        "trainer": settings.trainer,
        "seed": settings.seed,
    }
    if not settings.probe:
        content["probe"] = False
    if settings.data != column.base.data:
        content["files"] = file_marks(settings.domain.datamodule(**settings.data))
    return json.dumps(content, sort_keys=True, default=lambda value: type(value).__name__)
