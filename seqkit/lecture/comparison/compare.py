"""The ladder: counted rungs, trained rungs and the known optimum of a split in one table, one file, one picture."""

from __future__ import annotations

import csv
import math
import platform
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from seqkit.errors import ConfigError
from seqkit.lecture.comparison.grid import (
    Counted,
    chosen_rungs,
    columns_of,
    count_rungs,
    plan,
    require_apart,
    require_rungs,
)
from seqkit.lecture.comparison.ladder_pictures import plot_comparison
from seqkit.lecture.comparison.panel import Column
from seqkit.lecture.comparison.standings import Row, judge, main_figure, with_bits
from seqkit.lecture.comparison.study import Study, kind_of
from seqkit.lecture.comparison.trial import Trial, progress_of, require_same, run_trial
from seqkit.outputs import staged
from seqkit.training.durable import atomic_write
from seqkit.training.evaluation import versions
from seqkit.training.folder import RunFolder, as_json, holds_run, next_folder, require_free
from seqkit.training.signals import GO_ON, Interruption
from seqkit.training.unfinished import finish, locked, set_aside
from seqkit.training.workflow import Say

RESULT = "compare.json"


def compare(study: Study, say: Say = print) -> dict[str, Any]:
    """Train every rung or variant in every column, and set them beside what was counted and what is known.

    Trainings that an earlier command with the same settings has finished in the same folder are taken over.

    Args:
        study: What to train on what.
        say: Receives a line a training.

    Returns:
        What `compare.json` holds: `panels`, `rows`, `verdict` and what stands around them.

    Raises:
        ConfigError: For options that do not exist, before any training; or if another process compares there.
        InterruptedRun: If a signal ended it; the same settings in the same folder go on.
    """
    interruption = Interruption()
    with interruption.listening():
        return _compare(study, interruption, say)


def _compare(study: Study, interruption: Interruption, say: Say) -> dict[str, Any]:
    begin = time.perf_counter()
    columns = columns_of(study)
    for panel in study.panels:
        for overrides in study.trained().values():
            panel.settings(overrides)  # a wrong option is found before any data are read
    anew = columns[0].base.fresh
    _require_root(study.run, anew)
    counted = [count_rungs(column, study) for column in columns]
    require_rungs(study, counted)
    if anew:
        set_aside(study.run, say)
    root = next_folder(study.run, f"{'-'.join(panel.name for panel in study.panels)}-compare")
    plans = [list(plan(study, column, one.stamp, root)) for column, one in zip(columns, counted, strict=True)]
    every = [trial for groups in plans for trials in groups for trial in trials]
    require_apart(every, root)
    if not (root / RESULT).exists():
        _save(root, {"verb": "compare", "complete": False})  # marks the folder as one that may be gone on with
    interruption.fix = GO_ON if study.run is not None else f"the same command with --run {root} goes on"
    with locked(RunFolder(root)), interruption.around(lambda: progress_of(every, root)):
        for trial in every:
            require_same(trial)
        result = _run_all(study, columns, counted, plans, root, say)
        result["seconds"] = round(time.perf_counter() - begin, 2)
        _save(root, result)
        _save_table(root / "compare.csv", result["rows"], study)
        result["plots"] = [str(path.relative_to(root)) for path in plot_comparison(root / "plots", result)]
        _save(root, result)
        finish(RunFolder(root))
    return result


def _run_all(
    study: Study, columns: list[Column], counted: list[Counted], plans: list[list[list[Trial]]], root: Path, say: Say
) -> dict[str, Any]:
    """Train what is not finished, and set it beside what is counted and known."""
    rows: list[Row] = []
    for column, one, groups in zip(columns, counted, plans, strict=True):
        done = [(trials[0], *_trained_row(trials, study, root, say)) for trials in groups]
        more = next((baselines for trial, _, baselines in done if baselines and not trial.has_own_data), {})
        rows += _counted_rows(column, chosen_rungs(study, counted, one), more)
        rows += [row for _, row, _ in done]
        if one.known is not None and one.known.optimum:
            rows.append(_row(column, "optimum", "known", with_bits(one.known.optimum)))
    panels = _panels(study, columns, counted, rows)
    return _result(study, columns, panels, rows) | {"run": str(root)}


def _require_root(run: str | None, anew: bool) -> None:
    """A folder that holds a comparison may be gone on with; one that holds another run may only be set aside."""
    if run is not None and not (Path(run) / RESULT).exists() and not (anew and holds_run(Path(run))):
        require_free(run)
        if Path(run).is_dir() and any(Path(run).iterdir()):
            raise ConfigError(
                f"{run} holds files of something else", at="--run", fix="name a new folder, or one of a comparison"
            )


def _row(column: Column, rung: str, kind: str, figures: dict[str, float]) -> Row:
    return {
        "panel": column.panel.name,
        "column": column.value,
        "rung": rung,
        "kind": kind,
        "status": "done",
        "figures": figures,
    }


def _counted_rows(column: Column, rungs: Sequence[Any], more: dict[str, dict[str, float]]) -> list[Row]:
    """Counted rungs, with the figures that they get only beside a trained one: those of whole forecasts."""
    return [
        _row(column, rung.name, rung.kind, with_bits(_finite(more.get(rung.name, {})) | rung.figures))
        | {"num_parameters": rung.num_parameters, "seconds": round(rung.seconds, 2)}
        | ({"note": rung.note} if rung.note else {})
        for rung in rungs
    ]


def _finite(figures: dict[str, Any]) -> dict[str, float]:
    """Without NaN, which a saved outcome holds as null."""
    return {name: value for name, value in figures.items() if value is not None and math.isfinite(value)}


def _trained_row(trials: list[Trial], study: Study, root: Path, say: Say) -> tuple[Row, dict[str, dict[str, float]]]:
    """Train a rung with each seed; the median of its figures, and their range; and baselines scored beside it."""
    outcomes = [run_trial(trial, study) for trial in trials]
    trial = trials[0]
    done = [one for one in outcomes if one["status"] == "done"]
    figures = [with_bits(_finite(one["metrics"]), one["loss_unit"]) for one in done]
    names = dict.fromkeys(name for one in figures for name in one)
    values = {name: [one[name] for one in figures if name in one] for name in names}
    row = _row(trial.column, trial.rung, kind_of(trial.settings.model.cell), {})
    row |= {
        "status": "done" if done else outcomes[0]["status"],
        "figures": {name: statistics.median(column) for name, column in values.items() if column},
        "runs": [
            {"seed": one.settings.seed, "run": str(one.path.relative_to(root)), **_short(outcome)}
            for one, outcome in zip(trials, outcomes, strict=True)
        ],
    }
    reasons = [one["reason"] for one in outcomes if one["status"] != "done"]
    if reasons:
        row |= {"reason": reasons[0], "num_failed": len(reasons)}
    if done:
        row |= {
            "num_parameters": done[0]["num_parameters"],
            "seconds": statistics.median(one["seconds"] for one in done),
        }
    if len(done) > 1:
        row["spread"] = {name: max(column) - min(column) for name, column in values.items() if column}
    if trial.has_own_data:
        row |= {"own_data": True, "note": "has data of its own, and is not held against what was counted"}
    say(_line(row, study, all(one.get("kept") for one in outcomes)))
    return row, done[0].get("baselines", {}) if done else {}


def _short(outcome: dict[str, Any]) -> dict[str, Any]:
    return {name: outcome[name] for name in ("status", "metrics", "seconds", "reason") if name in outcome}


def _line(row: Row, study: Study, kept: bool) -> str:
    """One line a training, as it ends."""
    where = [row["panel"]] if len(study.panels) > 1 else []
    where += [f"{study.across.name} {row['column']}"] if study.across else []
    said = [*where, row["rung"]]
    if row["status"] != "done":
        return " · ".join([*said, f"{row['status']}: {row['reason']}"])
    shown = [name for name in ("bits", "accuracy", "perplexity", "mase", "symbol_error_rate") if name in row["figures"]]
    said += [f"{name} {row['figures'][name]:.4g}" for name in shown[:2]]
    if row.get("num_failed"):
        said.append(f"{row['num_failed']} of {study.seeds} failed")
    return " · ".join([*said, "kept from before" if kept else f"{row['seconds']:.0f} s"])


def _panels(study: Study, columns: list[Column], counted: list[Counted], rows: list[Row]) -> list[dict[str, Any]]:
    found = []
    for panel in study.panels:
        own = [pair for pair in zip(columns, counted, strict=True) if pair[0].panel is panel]
        mine = [row for row in rows if row["panel"] == panel.name]
        task = own[0][0].base.data["task"]
        known = (one.known for _, one in own)
        shown = [
            {
                "value": column.value,
                "num_records": one.num_records,
                "optimum": with_bits(about.optimum) if about else {},
                "chance": with_bits(about.chance) if about else {},
            }
            for (column, one), about in zip(own, known, strict=True)
        ]
        one = {"name": panel.name, "domain": panel.domain.name, "task": task, "figure": main_figure(task, mine)}
        one["columns"] = shown
        one["verdict"] = judge(one, mine, study.across.name if study.across else None)
        found.append(one)
    return found


def _result(study: Study, columns: list[Column], panels: list[dict[str, Any]], rows: list[Row]) -> dict[str, Any]:
    base = columns[0].base
    return {
        "verb": "compare",
        "complete": True,
        "split": study.split,
        "across": {"name": study.across.name, "values": list(study.across.values)} if study.across else None,
        "seeds": [base.seed + number for number in range(study.seeds)],
        "variants": study.variants,
        "panels": panels,
        "rows": rows,
        "versions": versions(),
        "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
    }


def _save(root: Path, result: dict[str, Any]) -> None:
    atomic_write(root / RESULT, as_json(result) + "\n")


def _save_table(path: Path, rows: list[Row], study: Study) -> None:
    """A row a rung and column, a column a figure; what could not be trained has no figures."""
    figures = list(dict.fromkeys(name for row in rows for name in row["figures"]))
    across = [study.across.name] if study.across else []
    with staged(path) as table, table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["panel", *across, "rung", "kind", "status", *figures, "parameters", "seconds"])
        for row in rows:
            values = [row["figures"].get(name, "") for name in figures]
            sizes = [row.get("num_parameters", ""), row.get("seconds", "")]
            place = [row["column"]] if across else []
            writer.writerow([row["panel"], *place, row["rung"], row["kind"], row["status"], *values, *sizes])
