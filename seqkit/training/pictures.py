"""Which plots a run gets, and where they lie: RUN/plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from seqkit.plots.confusion import confusion_size, draw_confusion
from seqkit.plots.groups import draw_groups, groups_size
from seqkit.plots.learning_curve import draw_learning_curve, read_losses
from seqkit.plots.ranking import RANKING_SIZE_CM, draw_ranking
from seqkit.plots.reliability import RELIABILITY_SIZE_CM, draw_reliability
from seqkit.plots.style import can_plot, save_figure
from seqkit.training.class_figures import curves
from seqkit.training.evaluation import Evaluation
from seqkit.training.folder import RunFolder

_GROUP_AXES = {"accuracy": "accuracy (share of records)", "mae": "mean absolute error (as encoded)"}


def plot_training(folder: RunFolder, loss_unit: str) -> list[Path]:
    """The learning curve; nothing where `metrics.csv` has no two losses, or matplotlib is not installed."""
    train, valid = read_losses(folder.path / "metrics.csv")
    if not can_plot() or max(len(train), len(valid)) < 2:
        return []
    path = folder.plots / "learning-curve.png"
    return _made(save_figure(path, lambda figure: draw_learning_curve(figure, train, valid, loss_unit)))


def plot_evaluation(folder: RunFolder, evaluation: Evaluation) -> list[Path]:
    """Confusion matrix, curves of two classes, reliability and groups, as far as the split has them."""
    if not can_plot():
        return []
    detail, split = evaluation.result["detail"], evaluation.result["split"]
    paths: list[Path] = []
    if "confusion" in detail:
        labels, counts = detail["confusion"]["labels"], np.asarray(detail["confusion"]["counts"])
        path = folder.plots / f"confusion-{split}.png"
        paths += _made(save_figure(path, lambda f: draw_confusion(f, labels, counts), *confusion_size(len(labels))))
    if "groups" in detail:
        paths += _plot_groups(folder.plots / f"groups-{split}.png", detail["groups"])
    if evaluation.result["verb"] != "fit" and "calibration" in detail:
        paths += _plot_ranking(folder.plots / f"ranking-{split}.png", evaluation)
        paths += _plot_reliability(folder.plots / f"reliability-{split}.png", evaluation.result)
    return paths


def _plot_groups(path: Path, rows: list[dict[str, Any]]) -> list[Path]:
    figure = next(name for name in _GROUP_AXES if name in rows[0])
    names, counts = [row["group"] for row in rows], [row["records"] for row in rows]
    values = [row[figure] for row in rows]
    size = groups_size(len(rows))
    return _made(save_figure(path, lambda f: draw_groups(f, names, values, counts, _GROUP_AXES[figure]), *size))


def _plot_ranking(path: Path, evaluation: Evaluation) -> list[Path]:
    """Only for two classes that both occur."""
    metrics, positive = evaluation.result["metrics"], evaluation.result["detail"]["positive"]
    if positive is None or evaluation.answers is None or not np.isfinite(metrics.get("auroc", np.nan)):
        return []
    number = [row["label"] for row in evaluation.result["detail"]["classes"]].index(positive)
    raw, truth = evaluation.answers.raw, evaluation.answers.truth
    roc, precision_recall = curves(raw, truth, number)
    share = float((truth == number).double().mean())
    both = (metrics["auroc"], metrics["auprc"])
    return _made(
        save_figure(path, lambda f: draw_ranking(f, roc, precision_recall, both, positive, share), *RANKING_SIZE_CM)
    )


def _plot_reliability(path: Path, result: dict[str, Any]) -> list[Path]:
    bins = result["detail"]["calibration"]
    sure, right, count = ([one[name] for one in bins] for name in ("confidence", "accuracy", "records"))
    error = result["metrics"]["calibration_error"]
    return _made(save_figure(path, lambda f: draw_reliability(f, sure, right, count, error), *RELIABILITY_SIZE_CM))


def _made(path: Path | None) -> list[Path]:
    return [] if path is None else [path]
