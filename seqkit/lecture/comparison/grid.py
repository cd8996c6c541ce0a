"""The grid: every rung or variant in every column of every panel, and the folder of each training."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from seqkit.data.cache import fingerprint
from seqkit.errors import ConfigError, did_you_mean
from seqkit.lecture.comparison.panel import Column
from seqkit.lecture.comparison.study import Study, neural_rungs
from seqkit.lecture.comparison.trial import Trial, stamp_of
from seqkit.lecture.rungs.baselines import cheap_rungs
from seqkit.lecture.rungs.rung import Rung
from seqkit.lecture.sources.sidecar import Known
from seqkit.steps import Split

_RESERVED = ("plots", "compare.json", "compare.csv")
"""What else lies in the folder of a comparison."""


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
    try:
        data.setup("fit")
    except ConfigError as error:
        if study.across is None or study.across.name not in re.split(r"\W+", f"{error.at} {error.what}"):
            raise
        raise ConfigError(error.what, at=f"--across {study.across.name}={column.label}", fix=error.fix) from error
    wanted: tuple[Split, ...] = ("train", "valid", study.split)
    for split in wanted:
        data.loader(split)  # an empty one is refused here, not after the first training
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


def chosen_rungs(study: Study, columns: Iterable[Counted], counted: Counted) -> list[Rung]:
    """The counted rungs of a column to show: all, unless some of them are named in any column."""
    wanted = {rung.name for one in columns for rung in one.rungs} & set(study.rungs or ())
    return [rung for rung in counted.rungs if not wanted or rung.name in wanted]


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
                fresh=False,  # what was there is set aside as a whole
            )
            trials.append(Trial(column, name, own, stamp_of(own, column, stamp)))
        yield trials


def require_apart(trials: Iterable[Trial], root: Path) -> None:
    """Refuse names that would share a folder, or leave the one of the comparison.

    Raises:
        ConfigError: Names the trainings.
    """
    seen: dict[str, Trial] = {}
    for trial in trials:
        inside = trial.path.resolve()
        first = inside.relative_to(root.resolve()).parts[:1] if root.resolve() in inside.parents else ()
        if not first or first[0].casefold() in _RESERVED:
            raise ConfigError(f"{trial.rung!r} cannot name a folder", at="compare", fix="give it another name")
        other = seen.setdefault(str(inside).casefold(), trial)
        if other is not trial:
            labels = " and ".join(repr(" ".join(filter(None, [one.rung, one.column.label]))) for one in (other, trial))
            raise ConfigError(
                f"{labels} would share the folder {trial.path}", at="compare", fix="give one of them another name"
            )


def _place(study: Study, column: Column, rung: str, number: int) -> Path:
    """Where a training lies below the study's folder: `text/lag-64/lstm`, without what there is one of."""
    parts = [column.panel.name] if len(study.panels) > 1 else []
    parts += [f"{study.across.name}-{column.label}"] if study.across else []
    parts.append(rung if number == 0 else f"{rung}-seed-{number}")
    return Path(*(re.sub(r"[^\w.-]+", "-", part) for part in parts))
