"""What a run's verbs keep in its folder beside checkpoints: figures, plots and bad records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seqkit.data.module import SequenceDataModule
from seqkit.training.evaluation import Evaluation
from seqkit.training.folder import RunFolder
from seqkit.training.pictures import plot_evaluation


def save_evaluation(folder: RunFolder, evaluation: Evaluation, plots: list[Path]) -> None:
    """Figures first: a plot can be drawn again, a training not.

    Args:
        folder: Of the run.
        evaluation: Of one of its splits.
        plots: Those drawn before.
    """
    folder.save_result(evaluation.result)
    plots = plots + plot_evaluation(folder, evaluation)
    evaluation.result["plots"] = [str(path.relative_to(folder.path)) for path in plots]
    folder.save_result(evaluation.result)


def bad_records(data: SequenceDataModule, folder: RunFolder | None) -> dict[str, Any]:
    """What was left out, for the result; under `quarantine` the records themselves go to the run folder."""
    report = data.tolerance.summary()
    if folder is not None and (path := data.tolerance.write_quarantine(folder.path / "quarantine.jsonl")):
        report["quarantine"] = path.name
    return {"bad_records": report} if report else {}
