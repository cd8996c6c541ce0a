"""Which checkpoint of a run is used: the best one that can be read; and from which a training goes on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from torch import Tensor

from seqkit.errors import CheckpointError
from seqkit.export.reading import is_export, read_export
from seqkit.training.archive import read_checkpoint
from seqkit.training.folder import checkpoints_of

RESUME = ("resume.ckpt", "resume.previous.ckpt")
"""Files that a training can go on from."""


def read_run(run: str | Path, quiet: bool = False) -> tuple[Path, dict[str, Any]]:
    """What a run's best checkpoint holds that can be read, or a checkpoint file, or an export.

    Args:
        run: Run folder, checkpoint or exported folder.
        quiet: Say nothing of what is passed over.

    Returns:
        The file that was read, and what it holds.

    Raises:
        CheckpointError: If there is none; names each with its reason.
    """
    if is_export(Path(run)):
        return Path(run), read_export(Path(run))
    refused: list[CheckpointError] = []
    for path in checkpoints_of(run):
        try:
            content = read_checkpoint(path)
        except CheckpointError as error:
            refused.append(error)
            continue
        if refused and not quiet:
            passed = "; ".join(in_one_line(error) for error in refused)
            print(f"seqkit: passed over: {passed}; {path.name} is taken", file=sys.stderr)
        return path, content
    if len(refused) == 1:
        raise refused[0]
    raise CheckpointError(
        f"no checkpoint can be used: {'; '.join(in_one_line(error) for error in refused)}",
        at=str(run),
        fix="put a copy of the run's checkpoints back, or train it again by its config.yaml",
    )


def resume_candidates(folder: Path, refused: list[CheckpointError] | None = None) -> list[Path]:
    """Checkpoints of an unfinished run that training can go on from, newest first; damaged ones are left out.

    A checkpoint is valid if its checksums and its manifest are right, and no weight or state of the optimiser is
    infinite or not a number.

    Args:
        folder: The run's folder.
        refused: Receives what is wrong with those left out.
    """
    valid, wrong = [], [] if refused is None else refused
    for name in RESUME:
        path = folder / "checkpoints" / name
        if not path.is_file():
            continue
        try:
            content = read_checkpoint(path)
        except CheckpointError as error:
            wrong.append(error)
            continue
        if not _is_finite([content["state_dict"], content.get("optimizer_states")]):
            wrong.append(CheckpointError("a weight or the optimiser's state is not finite", at=str(path)))
        else:
            valid.append((content.get("global_step") or 0, path.stat().st_mtime_ns, path))
    return [path for *_, path in sorted(valid, reverse=True)]


def _is_finite(value: Any) -> bool:
    if isinstance(value, Tensor):
        return bool(value.isfinite().all())
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return all(map(_is_finite, value)) if isinstance(value, list | tuple) else True


def in_one_line(error: CheckpointError) -> str:
    """A file's name, and what is wrong with it."""
    return f"{Path(error.at or '').name} ({error.what.splitlines()[0]})"
