"""The work behind the verbs: fit, and evaluation of what was fitted. The command line and Python both call these."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from seqkit.domain import Domain
from seqkit.export.reading import is_export
from seqkit.steps import Split
from seqkit.tasks.ctc import set_beam_size
from seqkit.training.checkpoint import Loaded, load_model, reopen_data
from seqkit.training.evaluation import score_split
from seqkit.training.fitting import Say as Say
from seqkit.training.fitting import fit as fit
from seqkit.training.fitting import require_groups_of
from seqkit.training.folder import UNFINISHED, RunFolder
from seqkit.training.leakage import leaks_of
from seqkit.training.results import bad_records, save_evaluation

_SO_FAR = "the training of this run is not finished: these are figures of its best checkpoint so far"


def evaluate(
    run: str | Path,
    split: Split,
    changes: dict[str, Any] | None = None,
    domain: Domain | None = None,
    trainer: dict[str, Any] | None = None,
    positive: str | None = None,
    beam: int | None = None,
) -> dict[str, Any]:
    """Score a trained model on a split; figures and plots also go to its run folder. An exported model stays as it is.

    Args:
        run: Run folder or checkpoint.
        split: `valid` or `test`.
        changes: Options of the data module that replace the saved ones.
        domain: The domain's value, when it is not installed as a plugin.
        trainer: Lightning's options.
        positive: The positive class of two; None takes the second.
        beam: Prefixes that ctc keeps while decoding; None takes those of the training.
    """
    begin = time.perf_counter()
    loaded = load_model(run, changes, domain)
    if beam is not None:
        set_beam_size(loaded.model.task, beam)
    verb = "test" if split == "test" else "validate"
    trained_on = reopen_data(loaded.domain, loaded.blueprint, {}) if changes else loaded.data
    if "group_match" in (changes or {}):
        require_groups_of(loaded.data, (split,), least=1)
    evaluation = score_split(verb, split, loaded.data, loaded.model, trainer or {}, positive, trained_on)
    result = evaluation.result
    leaked = leaks_of(trained_on, loaded.data, split)
    result["detail"] |= {"leaked": leaked} if leaked else {}
    result |= {"seconds": round(time.perf_counter() - begin, 2), "changed_data": changes or {}}
    result |= {"beam_size": beam} if beam is not None else {}
    path = Path(run)
    so_far = _SO_FAR if (path / UNFINISHED).is_file() else None
    result["notes"] = [note for note in (so_far, *loaded.data.notes(), loaded.data.tolerance.describe()) if note]
    folder = RunFolder(path) if path.is_dir() and not is_export(path) else None
    result |= bad_records(loaded.data, folder)
    if folder is not None:
        save_evaluation(folder, evaluation, [])
    return result


def reload(run: str | Path, changes: dict[str, Any] | None = None, domain: Domain | None = None) -> Loaded:
    """A trained model with its data module."""
    return load_model(run, changes, domain)
