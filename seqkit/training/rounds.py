"""Rounds of a cross-validation: how records are divided into them, and one of them trained and tested."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqkit.data.groups import require_groups
from seqkit.data.module import SequenceDataModule
from seqkit.errors import CheckpointError, ConfigError
from seqkit.settings import Settings
from seqkit.training import workflow
from seqkit.training.durable import atomic_write
from seqkit.training.folder import UNFINISHED, RunFolder, as_json
from seqkit.wording import plural

RULES = ("test_path", "test_match", "test_every", "test_group", "fold")
"""Options of the data about test records: each round has its own."""

ROW = "fold.json"
"""In the folder of a round that is trained and tested: its row of the result."""


@dataclass(frozen=True)
class Fold:
    """One round.

    Attributes:
        name: `3/10`, or the group that is left out.
        rule: The option of the data that makes its records the test split.
    """

    name: str
    rule: dict[str, str]


def divide(data: SequenceDataModule, folds: int | None, leave_one_group_out: bool) -> list[Fold]:
    """The rounds of a cross-validation.

    Args:
        data: All records, without a rule about test records.
        folds: How many; None takes 10, or one a group.
        leave_one_group_out: A round for each group.

    Raises:
        ConfigError: If there are fewer records than folds, or no groups.
    """
    pattern: str | None = data.arguments.get("group_match")
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
    if pattern is not None and leave_one_group_out:
        return [Fold(name, {"test_group": name}) for name in require_groups(_origins(data), pattern)]
    num_records = sum(1 for _ in _origins(data))
    if num_records < number:
        raise ConfigError(
            f"{plural(num_records, 'record')} cannot be divided into {number} folds",
            at="--folds",
            fix="make fewer folds; a text or a genome in one record has none",
        )
    return [Fold(f"{k}/{number}", {"fold": f"{k}/{number}"}) for k in range(1, number + 1)]


def _origins(data: SequenceDataModule) -> Iterable[str]:
    return (record.origin for record in data.accepted("predict") if not record.continues)


def run_round(settings: Settings, fold: Fold, path: Path) -> dict[str, Any]:
    """Train and test one round, or what an interruption has left of it to do.

    Args:
        settings: Of all rounds.
        fold: Which.
        path: Its run folder.

    Returns:
        A row of the result.

    Raises:
        CheckpointError: If its training was interrupted, and no point that it could go on from can be used.
    """
    own = replace(
        settings,
        data=settings.data | dict.fromkeys(RULES) | fold.rule,
        trainer=settings.trainer | {"enable_progress_bar": False},
        run=str(path),
        resume="auto",
        fresh=False,
    )
    trained = RunFolder(path).result()
    if not trained or (path / UNFINISHED).exists():
        trained = _train(own, path)
    result = workflow.evaluate(path, "test", domain=settings.domain, trainer=settings.trainer)
    row = {
        "fold": fold.name,
        "records": result["num_records"],
        "metrics": result["metrics"],
        "leaked": result["detail"].get("leaked", {}).get("records", 0),
        "seconds": round(trained["seconds"] + result["seconds"], 2),
        "run": path.name,
        "precision": trained["precision"],
        "threads": trained["threads"],
    }
    atomic_write(path / ROW, as_json(row) + "\n")
    return row


def read_row(path: Path) -> dict[str, Any] | None:
    """The row of a round that an earlier command has finished; None if there is none."""
    if not (path / ROW).is_file():
        return None
    row: dict[str, Any] = json.loads((path / ROW).read_text(encoding="utf-8"))
    # JSON has no NaN.
    row["metrics"] = {name: math.nan if value is None else value for name, value in row["metrics"].items()}
    return row


def _train(settings: Settings, path: Path) -> dict[str, Any]:
    try:
        return workflow.fit(settings, lambda line: None)[1]
    except CheckpointError as error:
        raise CheckpointError(
            error.what, at=error.at, fix=f"put a copy of it back, or remove {path}: that round begins anew"
        ) from error
