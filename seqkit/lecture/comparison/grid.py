"""The grid engine: every rung or variant in every column of every panel, each trained by the ordinary `fit`."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from seqkit.data.cache import fingerprint
from seqkit.errors import ConfigError, DivergedError, did_you_mean
from seqkit.lecture.comparison.panel import Overrides, Panel
from seqkit.lecture.comparison.study import Study, kind_of, neural_rungs
from seqkit.lecture.rungs.baselines import cheap_rungs
from seqkit.lecture.rungs.rung import Rung
from seqkit.lecture.sources.made import Known
from seqkit.settings import Settings
from seqkit.training import workflow
from seqkit.training.folder import as_json

OUTCOME = "rung.json"
"""In the folder of each training: its figures, and the stamp of settings and data that they belong to."""


@dataclass(frozen=True)
class Column:
    """One data set with its options.

    Attributes:
        panel: Where it belongs.
        value: What `across` takes here; None where there is one column.
        overrides: What that changes.
        base: Settings without any rung.
    """

    panel: Panel
    value: Any
    overrides: Overrides
    base: Settings

    @property
    def label(self) -> str:
        """As it is named in lines and folders."""
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True)
class Counted:
    """What a column has before anything is trained.

    Attributes:
        rungs: Those that are counted.
        known: Optimum and chance of the split, if the source is known.
        num_records: Of the split.
        stamp: Hash of the training records.
    """

    rungs: list[Rung]
    known: Known | None
    num_records: int
    stamp: str


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


def columns_of(study: Study) -> list[Column]:
    """All columns, panel by panel; every option is parsed here, before any work."""
    found: list[Column] = []
    for panel in study.panels:
        base = panel.settings({})
        if study.across is None:
            found.append(Column(panel, None, {}, base))
            continue
        for value in study.across.values:
            overrides = study.across.overrides(base, value)
            found.append(Column(panel, value, overrides, panel.settings(overrides)))
    return found


def count_rungs(column: Column, study: Study) -> Counted:
    """Read the data of a column and count what costs no training."""
    data = column.base.domain.datamodule(**column.base.data)
    data.order_seed = column.base.seed if data.order_seed is None else data.order_seed
    data.setup("fit")
    rungs = cheap_rungs(data, study.split)
    return Counted(rungs, data.known(study.split), len(data.store(study.split)), fingerprint(data, "train"))


def require_rungs(study: Study, counted: list[Counted]) -> None:
    """Refuse a rung that is neither a cell nor counted in any column.

    Raises:
        ConfigError: Names the nearest one.
    """
    known = [*dict.fromkeys(rung.name for one in counted for rung in one.rungs), *neural_rungs()]
    for name in study.rungs or ():
        if name not in known:
            fix = did_you_mean(name, known) or f"rungs of these data: {', '.join(known)}"
            raise ConfigError(f"no rung {name!r}", at="--rungs", fix=fix)


def chosen_rungs(study: Study, counted: Counted) -> list[Rung]:
    """The counted rungs to show: all, unless some of them are named."""
    named = [rung for rung in counted.rungs if rung.name in (study.rungs or ())]
    return named or counted.rungs


def plan(study: Study, column: Column, stamp: str, root: Path) -> Iterator[list[Trial]]:
    """The trainings of a column, those of a rung together.

    Raises:
        ConfigError: For an option that does not exist, or a folder that holds another training.
    """
    for name, overrides in study.trained().items():
        settings = column.panel.settings(column.overrides | overrides)
        trials = []
        for number in range(study.seeds):
            own = replace(
                settings,
                trainer=settings.trainer | {"enable_progress_bar": False},
                seed=settings.seed + number,
                run=str(root / _place(study, column, name, number)),
            )
            trials.append(Trial(column, name, own, _stamp(own, stamp)))
        yield trials


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
    if trial.path.exists():
        shutil.rmtree(trial.path)  # an interrupted training of ours: a finished one has an outcome
    _, result = workflow.fit(trial.settings, lambda line: None)
    return {
        "status": "done",
        "num_parameters": result["num_parameters"],
        "seconds": result["seconds"],
        "steps": result["steps"],
        "splits": {} if _lacks_forecasts(result) else {"valid": _kept(result)},
    }


def _score(trial: Trial, study: Study) -> dict[str, Any]:
    trainer = trial.settings.trainer
    return _kept(workflow.evaluate(trial.path, study.split, domain=trial.settings.domain, trainer=trainer))


def _lacks_forecasts(result: dict[str, Any]) -> bool:
    """Forecasts of numbers are scored by `validate` and `test` alone: `fit` leaves their figures out."""
    return result["task"] in ("next_step", "forecast") and "mse" in result["metrics"]


def _kept(result: dict[str, Any]) -> dict[str, Any]:
    return {"metrics": result["metrics"], "loss_unit": result["loss_unit"], "num_records": result["num_records"]}


def _write_outcome(trial: Trial, outcome: dict[str, Any]) -> None:
    trial.path.mkdir(parents=True, exist_ok=True)
    content = {"rung": trial.rung, "kind": kind_of(trial.settings.model.cell), "stamp": trial.stamp} | outcome
    (trial.path / OUTCOME).write_text(as_json(content) + "\n", encoding="utf-8")


def _place(study: Study, column: Column, rung: str, number: int) -> Path:
    """Where a training lies below the study's folder: `text/lag-64/lstm`, without what there is one of."""
    parts = [column.panel.name] if len(study.panels) > 1 else []
    parts += [f"{study.across.name}-{column.label}"] if study.across else []
    parts.append(rung if number == 0 else f"{rung}-seed-{number}")
    return Path(*(re.sub(r"[^\w.-]+", "-", part) for part in parts))


def _stamp(settings: Settings, data_stamp: str) -> str:
    """All that decides a training, as text; objects such as callbacks by their type."""
    content = {
        "domain": settings.domain.name,
        "data": [settings.data, data_stamp],
        "model": asdict(settings.model),
        "encoder": settings.encoder,
        "trainer": settings.trainer,
        "seed": settings.seed,
    }
    return json.dumps(content, sort_keys=True, default=lambda value: type(value).__name__)
