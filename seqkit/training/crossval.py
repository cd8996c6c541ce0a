"""Cross-validation: `fit` and `test` for each fold, or for each group left out. Not a second training loop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.data.groups import require_groups
from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError, InterruptedRun
from seqkit.plots.folds import draw_folds, folds_size
from seqkit.plots.style import save_figure
from seqkit.settings import Settings
from seqkit.training import workflow
from seqkit.training.durable import atomic_write
from seqkit.training.folder import as_json, next_folder, require_free
from seqkit.training.precision import Choice
from seqkit.training.threads import ThreadChoice
from seqkit.training.unfinished import set_aside

_RULES = ("test_path", "test_match", "test_every", "test_group", "fold")
PLOTTED = ("accuracy", "macro_f1", "auroc", "bits_per_step", "mse", "smape", "loss")


@dataclass(frozen=True)
class Fold:
    """One round.

    Attributes:
        name: `3/10`, or the group that is left out.
        rule: The option of the data that makes its records the test split.
    """

    name: str
    rule: dict[str, str]


def cross_validate(
    settings: Settings, folds: int | None = None, leave_one_group_out: bool = False, say: workflow.Say = print
) -> dict[str, Any]:
    """Train and test once for each fold; each round has a run folder of its own inside one folder.

    Folds are made by a hash of each record's file and number, so they are of about equal size and not stratified.
    Validation records come from the training part of each round.

    Args:
        settings: As for a training; rules about test records are replaced.
        folds: How many; None takes 10, or one a group.
        leave_one_group_out: A round for each group of `group_match`, with that group as the test split.
        say: Receives a line a round.

    Returns:
        What `crossval.json` holds: `folds` with their metrics, `mean` and `deviation` (of the sample) of each figure.

    Raises:
        ConfigError: If there are fewer records than folds, or no groups.
    """
    if not settings.fresh:
        require_free(settings.run)
    rounds = _rounds(settings, folds, leave_one_group_out)
    if settings.fresh and (aside := set_aside(settings.run)):
        say(f"what was in {settings.run} is in {aside} now")
    require_free(settings.run)
    root = next_folder(settings.run, f"{settings.domain.name}-crossval")
    begin = time.perf_counter()
    rows: list[dict[str, Any]] = []
    for number, fold in enumerate(rounds, start=1):
        try:
            rows.append(_run_round(settings, fold, number, root, say))
        except InterruptedRun as error:
            what = f"{error.what}; {number - 1} of {len(rounds)} rounds are done, in {root}"
            fix = "a cross-validation does not go on: begin it anew, in another folder or by --fresh"
            raise InterruptedRun(what, number=error.exit_code - 128, fix=fix) from error
        settings = Choice(**rows[-1]["precision"]).settle(settings)  # that of the first round holds for all
        settings = ThreadChoice(settings.threads, rows[-1]["threads"]).settle(settings)
    mean, deviation = _moments(rows)
    result = {
        "verb": "crossval",
        "domain": settings.domain.name,
        "task": settings.data["task"],
        "rule": "leave one group out" if leave_one_group_out else f"{len(rounds)} folds by a hash, not stratified",
        "folds": rows,
        "mean": mean,
        "deviation": deviation,
        "seed": settings.seed,
        "seconds": round(time.perf_counter() - begin, 2),
        "run": str(root),
    }
    atomic_write(root / "crossval.json", as_json(result) + "\n")
    shown = {name.replace("_", " "): [row["metrics"].get(name, np.nan) for row in rows] for name in PLOTTED
             if name in mean}  # fmt: skip
    if shown:
        save_figure(root / "plots" / "folds.png", lambda figure: draw_folds(figure, shown), *folds_size(len(shown)))
    return result


def _rounds(settings: Settings, folds: int | None, leave_one_group_out: bool) -> list[Fold]:
    pattern: str | None = settings.data.get("group_match")
    if leave_one_group_out and folds is not None:
        raise ConfigError("folds and groups are two ways to divide", at="--folds", fix="leave one of them out")
    if leave_one_group_out and pattern is None:
        raise ConfigError(
            "nothing says what a group is",
            at="--leave_one_group_out",
            fix="give --data.group_match, such as '_(\\w+)_\\d+\\.wav$'",
        )
    number = 10 if folds is None else folds
    if number < 2:
        raise ConfigError(f"folds is {number}", at="--folds", fix="give 2 or more")
    data = settings.domain.datamodule(**settings.data | dict.fromkeys(_RULES))
    if pattern is not None and leave_one_group_out:
        return [Fold(name, {"test_group": name}) for name in require_groups(_origins(data), pattern)]
    num_records = sum(1 for _ in _origins(data))
    if num_records < number:
        raise ConfigError(
            f"{num_records} records cannot be divided into {number} folds",
            at="--folds",
            fix="make fewer folds; a text or a genome in one record has none",
        )
    return [Fold(f"{k}/{number}", {"fold": f"{k}/{number}"}) for k in range(1, number + 1)]


def _origins(data: SequenceDataModule) -> Iterable[str]:
    return (record.origin for record in data.accepted("predict") if not record.continues)


def _run_round(settings: Settings, fold: Fold, number: int, root: Path, say: workflow.Say) -> dict[str, Any]:
    """Train and test one round; a row of the result."""
    begin = time.perf_counter()
    path = root / f"fold-{number:02d}"
    own = replace(
        settings,
        data=settings.data | dict.fromkeys(_RULES) | fold.rule,
        trainer=settings.trainer | {"enable_progress_bar": False},
        run=str(path),
    )
    folder, trained = workflow.fit(own, lambda line: None)
    result = workflow.evaluate(folder.path, "test", domain=settings.domain, trainer=settings.trainer)
    seconds = time.perf_counter() - begin
    figures = " · ".join(f"{name} {value:.4g}" for name, value in list(result["metrics"].items())[:4])
    say(f"{fold.name} · {result['num_records']:,} test records · {figures} · {seconds:.0f} s")
    leaked = result["detail"].get("leaked", {}).get("records", 0)
    return {
        "fold": fold.name,
        "records": result["num_records"],
        "metrics": result["metrics"],
        "leaked": leaked,
        "seconds": round(seconds, 2),
        "run": path.name,
        "precision": trained["precision"],
        "threads": trained["threads"],
    }


def _moments(rows: list[dict[str, Any]]) -> tuple[dict[str, float], dict[str, float]]:
    """Mean and standard deviation (of the sample, n - 1) of each figure over the folds that have it."""
    names = dict.fromkeys(name for row in rows for name in row["metrics"])
    values = {name: np.array([row["metrics"].get(name, np.nan) for row in rows], float) for name in names}
    known = {name: column[np.isfinite(column)] for name, column in values.items()}
    mean = {name: float(column.mean()) if len(column) else float("nan") for name, column in known.items()}
    spread = {name: float(column.std(ddof=1)) if len(column) > 1 else float("nan") for name, column in known.items()}
    return mean, spread
