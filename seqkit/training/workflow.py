"""The work behind the verbs: fit, and evaluation of what was fitted. The command line and Python both call these."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl

from seqkit.build import build_model, describe, require_task
from seqkit.data.groups import require_groups
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore, as_steps
from seqkit.domain import Domain
from seqkit.errors import SeqkitError
from seqkit.settings import Settings
from seqkit.steps import Split
from seqkit.tasks.ctc import set_beam_size
from seqkit.training.checkpoint import Loaded, load_model, reopen_data
from seqkit.training.evaluation import Evaluation, score_split, versions
from seqkit.training.folder import RunFolder, new_run, require_free
from seqkit.training.leakage import describe_leaks, find_leaks
from seqkit.training.manifest import identify
from seqkit.training.neighbours import Neighbours
from seqkit.training.pictures import plot_evaluation, plot_training
from seqkit.training.plain import require_plain_json
from seqkit.training.precision import choose_precision
from seqkit.training.threads import choose_threads, on_threads
from seqkit.training.trainer import build_trainer, require_device, total_steps, train

Say = Callable[[str], None]
"""Receives lines meant for the user."""

_WHOLE_RECORDS = ("classify", "tag", "ctc")
"""Tasks whose records stand for themselves, so that one that occurs twice is an error."""


def fit(settings: Settings, say: Say = print) -> tuple[RunFolder, dict[str, Any]]:
    """Train a model and keep everything about it in a run folder.

    Args:
        settings: What to train on what, and how.
        say: Receives progress lines.

    Returns:
        The run folder and the content of its `result.json`.
    """
    neighbours = Neighbours()
    with on_threads(settings.threads):
        return _fit(settings, say, neighbours)


def _fit(settings: Settings, say: Say, neighbours: Neighbours) -> tuple[RunFolder, dict[str, Any]]:
    require_free(settings.run)
    device = require_device(settings.trainer)
    pl.seed_everything(settings.seed, verbose=False)
    domain = settings.domain
    data = domain.datamodule(**settings.data)
    require_plain_json(data.arguments | settings.encoder, "options of data and encoder")
    data.order_seed = settings.seed if data.order_seed is None else data.order_seed
    require_task(domain, data.task)
    say(f"seqkit {version('seqkit')} · {domain.name} · {data.task} · {_where(data)}")
    data.setup("fit")
    loader, _ = data.loader("train"), data.loader("valid")
    model = build_model(domain, data, settings.model, settings.encoder)
    model.blueprint = describe(domain, data, model, settings.encoder) | identify(domain, data)
    model.blueprint["versions"] = versions()
    first = as_steps(np.array(data.store("train").steps[:1]))  # not the first record's: that may be a whole corpus
    model.blueprint["start"] = first.nan_to_num().tolist()  # NaN is no JSON
    require_plain_json(model.blueprint, "options and codec states")
    _require_groups(data, ("train", "valid"))
    leaked = _leaks(data, data, "valid")
    padding = loader.padding()
    left_out = data.tolerance.describe()
    leaks = describe_leaks(leaked, len(data.store("valid")), "valid")
    lines = [_summary(data, model, padding), *data.notes(), left_out, leaks]
    say("\n".join(line for line in lines if line))
    threads = choose_threads(settings, device, model, data, neighbours)
    settings = threads.settle(settings)
    precision = choose_precision(settings, device, model, data)
    settings = precision.settle(settings)
    for note in filter(None, (threads.note, precision.note)):
        say(note)
    with new_run(settings.run, domain.name, data.task) as folder:
        folder.save_config(_config(settings))
        trainer = build_trainer(settings.trainer, folder, len(loader), settings.model.patience)
        model.total_steps = total_steps(trainer, len(loader))
        begin = time.perf_counter()
        train(model, data, trainer)
        seconds = time.perf_counter() - begin
    if not any(folder.checkpoints.iterdir()):
        # Training ended before its first validation, so there is no best.
        trainer.save_checkpoint(folder.checkpoints / "last.ckpt")
    loaded = load_model(folder.path, domain=domain)
    model.load_state_dict(loaded.model.state_dict())
    evaluation = score_split("fit", "valid", data, model, settings.trainer)
    result = evaluation.result
    result["detail"] |= {"leaked": leaked} if leaked else {}
    result |= {
        "seconds": round(seconds, 2),
        "steps": trainer.global_step,
        "steps_per_second": round(trainer.global_step / seconds, 2),
        "seed": settings.seed,
        "padding": round(padding, 4),
        "precision": precision.as_row(),
        "threads": threads.used,
    }
    result |= _bad_records(data, folder)
    _save(folder, evaluation, plot_training(folder, result["loss_unit"]))
    return folder, result


def evaluate(
    run: str | Path,
    split: Split,
    changes: dict[str, Any] | None = None,
    domain: Domain | None = None,
    trainer: dict[str, Any] | None = None,
    positive: str | None = None,
    beam: int | None = None,
) -> dict[str, Any]:
    """Score a trained model on a split; figures and plots also go to its run folder.

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
        _require_groups(loaded.data, (split,), least=1)
    evaluation = score_split(verb, split, loaded.data, loaded.model, trainer or {}, positive, trained_on)
    result = evaluation.result
    leaked = _leaks(trained_on, loaded.data, split)
    result["detail"] |= {"leaked": leaked} if leaked else {}
    result |= {"seconds": round(time.perf_counter() - begin, 2), "changed_data": changes or {}}
    result |= {"beam_size": beam} if beam is not None else {}
    result["notes"] = [note for note in (*loaded.data.notes(), loaded.data.tolerance.describe()) if note]
    path = Path(run)
    result |= _bad_records(loaded.data, RunFolder(path) if path.is_dir() else None)
    if path.is_dir():
        _save(RunFolder(path), evaluation, [])
    return result


def reload(run: str | Path, changes: dict[str, Any] | None = None, domain: Domain | None = None) -> Loaded:
    """A trained model with its data module."""
    return load_model(run, changes, domain)


def _bad_records(data: SequenceDataModule, folder: RunFolder | None) -> dict[str, Any]:
    """What was left out, for the result; under `quarantine` the records themselves go to the run folder."""
    report = data.tolerance.summary()
    if folder is not None and (path := data.tolerance.write_quarantine(folder.path / "quarantine.jsonl")):
        report["quarantine"] = path.name
    return {"bad_records": report} if report else {}


def _save(folder: RunFolder, evaluation: Evaluation, plots: list[Path]) -> None:
    """Figures first: a plot can be drawn again, a training not."""
    folder.save_result(evaluation.result)
    plots = plots + plot_evaluation(folder, evaluation)
    evaluation.result["plots"] = [str(path.relative_to(folder.path)) for path in plots]
    folder.save_result(evaluation.result)


def _require_groups(data: SequenceDataModule, splits: tuple[Split, ...], least: int = 2) -> None:
    """Refuse an expression that names no groups before the work; a rule about groups has been looked at before."""
    if data.hold_out.group_match is not None and data.hold_out.test_group is None:
        require_groups((o for split in splits for o in data.store(split).origins()), data.hold_out.group_match, least)


def _leaks(trained_on: SequenceDataModule, data: SequenceDataModule, split: Split) -> dict[str, Any]:
    """Records of a split that training has seen; {} for streams, and where the training data are not there any more."""
    if data.task not in _WHOLE_RECORDS:
        return {}
    try:
        train = trained_on.store("train")
    except (SeqkitError, OSError):
        return {}
    return find_leaks(train, data.store(split), data.codec)


def _config(settings: Settings) -> dict[str, Any]:
    """The configuration that reproduces a run alone."""
    trainer = {k: v for k, v in settings.trainer.items() if _is_plain(v)}
    return {
        "domain": settings.domain.name,
        "seed": settings.seed,
        "probe": settings.probe,
        "threads": settings.threads,
        "data": settings.data,
        "model": asdict(settings.model),
        "encoder": settings.encoder,
        "trainer": trainer,
    }


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | dict):
        return all(map(_is_plain, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, bool | int | float | str)


def _where(data: SequenceDataModule) -> str:
    path = data.arguments["path"]  # in the user's words, which may name a source rather than its files
    if path is None:
        return "demo data made here (give --data.path for your own)"
    return path if isinstance(path, str) else f"{len(path)} paths"


def _summary(data: SequenceDataModule, model: Any, padding: float) -> str:
    sizes = " · ".join(f"{name} {_sizes(data.store(name))}" for name in ("train", "valid"))
    idle = f"{padding:.1%} of the steps in training batches are padding"
    return f"{sizes}\n{data.describe_split()}\n{model.num_parameters:,} parameters · {idle}"


def _sizes(store: FlatStore) -> str:
    records = "1 record" if len(store) == 1 else f"{len(store):,} records"
    return f"{records}, {len(store.steps):,} steps"
