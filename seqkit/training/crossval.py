"""Cross-validation: `fit` and `test` for each fold, or for each group left out. Not a second training loop."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.data.cache import file_marks
from seqkit.errors import ConfigError
from seqkit.plots.folds import draw_folds, folds_size
from seqkit.plots.style import save_figure
from seqkit.settings import Settings
from seqkit.training.beginning import Beginning, asked_for, begin
from seqkit.training.durable import atomic_write
from seqkit.training.folder import RunFolder, as_json, holds_run, next_folder
from seqkit.training.precision import Choice
from seqkit.training.rounds import RULES, Fold, divide, read_row, run_round
from seqkit.training.signals import Interruption
from seqkit.training.threads import ThreadChoice
from seqkit.training.unfinished import finish, locked
from seqkit.training.workflow import Say

RESULT = "crossval.json"
PLOTTED = ("accuracy", "macro_f1", "auroc", "bits_per_step", "mse", "smape", "loss")


def cross_validate(
    settings: Settings, folds: int | None = None, leave_one_group_out: bool = False, say: Say = print
) -> dict[str, Any]:
    """Train and test once for each fold; each round has a run folder of its own inside one folder.

    Folds are made by a hash of each record's file and number, so they are of about equal size and not stratified.
    Validation records come from the training part of each round. An unfinished one of the same settings goes on:
    finished rounds are taken as they are, the interrupted one resumes as any training does.

    Args:
        settings: As for a training; rules about test records are replaced.
        folds: How many; None takes 10, or one a group.
        leave_one_group_out: A round for each group of `group_match`, with that group as the test split.
        say: Receives a line a round.

    Returns:
        What `crossval.json` holds: `folds` with their metrics, `mean` and `deviation` (of the sample) of each figure.

    Raises:
        ConfigError: If there are fewer records than folds, or no groups.
        InterruptedRun: If a signal ended it; the same settings go on.
    """
    interruption = Interruption()
    with interruption.listening():
        begun = None if settings.fresh else _begin(settings, folds, leave_one_group_out, say)
        data = settings.domain.datamodule(**settings.data | dict.fromkeys(RULES))
        rounds = divide(data, folds, leave_one_group_out)
        begun = begun or _begin(settings, folds, leave_one_group_out, say)  # what is in the way is moved last of all
        begun.require_files(file_marks(data))
        rows: list[dict[str, Any]] = []

        def progress() -> str:
            return f"{len(rows)} of {len(rounds)} rounds are done, in {root}" if any(root.glob("fold-*")) else ""

        with _opened(settings, begun, say) as root, interruption.around(progress):
            for row in _rows(settings, rounds, root, say):
                rows.append(row)
            rule = "leave one group out" if leave_one_group_out else f"{len(rounds)} folds by a hash, not stratified"
            result = _result(settings, rule, rows, root)
            _save(result, root)
            with interruption.at_batches():
                finish(RunFolder(root))
        if interruption.number:
            interruption.fix = f"its figures are in {root / RESULT}"
            raise interruption.error(f"the cross-validation in {root} is finished")
    return result


def _begin(settings: Settings, folds: int | None, leave_one_group_out: bool, say: Say) -> Beginning:
    asked = asked_for(settings)
    asked["crossval"] = {"folds": folds, "leave_one_group_out": leave_one_group_out}
    return begin(settings, say, asked, f"{settings.domain.name}-crossval")


@contextmanager
def _opened(settings: Settings, begun: Beginning, say: Say) -> Iterator[Path]:
    """The folder of all rounds, locked; what ends it before anything is trained takes a new one away."""
    if begun.folder is not None:
        with locked(begun.folder):
            say(f"going on with the unfinished cross-validation {begun.folder.path} ({begun.anew})")
            yield begun.folder.path
        return
    before = None if settings.run is None or not Path(settings.run).is_dir() else set(Path(settings.run).iterdir())
    for path in before or ():
        if holds_run(path):
            raise ConfigError(f"{settings.run} holds a run, {path.name}", at="--run", fix="name another folder")
    folder = RunFolder(next_folder(settings.run, f"{settings.domain.name}-crossval"))
    with locked(folder):
        begun.save(folder)
        try:
            yield folder.path
        except BaseException:
            if not any(folder.path.glob("fold-*")):
                finish(folder)
                if before is None:
                    shutil.rmtree(folder.path, ignore_errors=True)
            raise


def _rows(settings: Settings, rounds: list[Fold], root: Path, say: Say) -> Iterator[dict[str, Any]]:
    """A row of each round."""
    for number, fold in enumerate(rounds, start=1):
        path = root / f"fold-{number:02d}"
        kept = read_row(path)
        row = kept or run_round(settings, fold, path)
        yield row
        say(_line(row, kept is not None))
        settings = Choice(**row["precision"]).settle(settings)  # that of the first round holds for all
        settings = ThreadChoice(settings.threads, row["threads"]).settle(settings)


def _line(row: dict[str, Any], kept: bool) -> str:
    """One line a round, as it ends."""
    figures = " · ".join(f"{name} {value:.4g}" for name, value in list(row["metrics"].items())[:4])
    seconds = "kept from before" if kept else f"{row['seconds']:.0f} s"
    return f"{row['fold']} · {row['records']:,} test records · {figures} · {seconds}"


def _result(settings: Settings, rule: str, rows: list[dict[str, Any]], root: Path) -> dict[str, Any]:
    mean, deviation = _moments(rows)
    return {
        "verb": "crossval",
        "domain": settings.domain.name,
        "task": settings.data["task"],
        "rule": rule,
        "folds": rows,
        "mean": mean,
        "deviation": deviation,
        "seed": settings.seed,
        "seconds": round(sum(row["seconds"] for row in rows), 2),
        "run": str(root),
    }


def _save(result: dict[str, Any], root: Path) -> None:
    """Figures first: a plot can be drawn again."""
    atomic_write(root / RESULT, as_json(result) + "\n")
    shown = {
        name.replace("_", " "): [row["metrics"].get(name, np.nan) for row in result["folds"]]
        for name in PLOTTED
        if name in result["mean"]
    }
    if shown:
        save_figure(root / "plots" / "folds.png", lambda figure: draw_folds(figure, shown), *folds_size(len(shown)))


def _moments(rows: list[dict[str, Any]]) -> tuple[dict[str, float], dict[str, float]]:
    """Mean and standard deviation (of the sample, n - 1) of each figure over the folds that have it."""
    names = dict.fromkeys(name for row in rows for name in row["metrics"])
    values = {name: np.array([row["metrics"].get(name, np.nan) for row in rows], float) for name in names}
    known = {name: column[np.isfinite(column)] for name, column in values.items()}
    mean = {name: float(column.mean()) if len(column) else float("nan") for name, column in known.items()}
    spread = {name: float(column.std(ddof=1)) if len(column) > 1 else float("nan") for name, column in known.items()}
    return mean, spread
