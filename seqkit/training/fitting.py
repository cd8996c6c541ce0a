"""Fitting: from settings to a run folder, and on from where an unfinished run stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pytorch_lightning as pl

from seqkit.build import build_model, describe, require_task
from seqkit.data.cache import file_marks
from seqkit.data.groups import require_groups
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore
from seqkit.errors import DivergedError
from seqkit.model import SequenceModel
from seqkit.settings import Settings
from seqkit.steps import Split
from seqkit.training.archive import read_checkpoint
from seqkit.training.beginning import Beginning, begin, first_point, open_run, plain_config
from seqkit.training.checkpoint import load_model
from seqkit.training.evaluation import score_split, versions
from seqkit.training.folder import RunFolder
from seqkit.training.leakage import describe_leaks, leaks_of
from seqkit.training.manifest import identify
from seqkit.training.neighbours import Neighbours
from seqkit.training.pictures import plot_training
from seqkit.training.plain import require_plain_json
from seqkit.training.precision import choose_precision
from seqkit.training.results import bad_records, save_evaluation
from seqkit.training.resume_points import ResumePoints
from seqkit.training.signals import Interruption
from seqkit.training.threads import choose_threads, on_threads
from seqkit.training.trainer import build_trainer, require_device, total_steps, train
from seqkit.training.unfinished import finish
from seqkit.wording import plural

Say = Callable[[str], None]
"""Receives lines meant for the user."""


@dataclass(frozen=True)
class _Prepared:
    """Data and a fresh model, before anything is trained."""

    data: SequenceDataModule
    model: SequenceModel
    padding: float
    leaked: dict[str, Any]


def fit(settings: Settings, say: Say = print) -> tuple[RunFolder, dict[str, Any]]:
    """Train a model and keep everything about it in a run folder; an unfinished run of the same settings goes on.

    Args:
        settings: What to train on what, and how.
        say: Receives progress lines.

    Returns:
        The run folder and the content of its `result.json`.

    Raises:
        InterruptedRun: If a signal ended it; the same settings go on.
    """
    neighbours, interruption = Neighbours(), Interruption()
    with on_threads(settings.threads), interruption.listening():
        begun = begin(settings, say)
        device = require_device(settings.trainer)
        prepared = _prepare(settings, say)
        begun.require_files(file_marks(prepared.data))
        settings = _settle(begun.settle(settings), begun, prepared, device, neighbours, say)
        with open_run(settings, begun) as folder:
            return folder, _run(settings, begun, prepared, folder, interruption, say)


def _prepare(settings: Settings, say: Say) -> _Prepared:
    """Read the data, fit the codecs, and build the model."""
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
    first = data.store("train").stretch(0, 1)  # not the first record's: that may be a whole corpus
    model.blueprint["start"] = first.nan_to_num().tolist()  # NaN is no JSON
    require_plain_json(model.blueprint, "options and codec states")
    require_groups_of(data, ("train", "valid"))
    prepared = _Prepared(data, model, loader.padding(), leaks_of(data, data, "valid"))
    say("\n".join(filter(None, _summary(prepared))))
    return prepared


def _settle(
    settings: Settings, begun: Beginning, prepared: _Prepared, device: str, neighbours: Neighbours, say: Say
) -> Settings:
    """What is measured before training: threads and precision; a run that goes on keeps what it was begun with."""
    threads = choose_threads(settings, device, prepared.model, prepared.data, neighbours)
    settings = threads.settle(settings)
    precision = choose_precision(settings, device, prepared.model, prepared.data)
    for note in filter(None, (threads.note, precision.note)):
        say(note)
    settings = precision.settle(settings)
    begun.choose(precision.used, precision.as_row(), threads.used)
    return settings


def _run(
    settings: Settings, begun: Beginning, prepared: _Prepared, folder: RunFolder, interruption: Interruption, say: Say
) -> dict[str, Any]:
    """Train, score and report."""
    data, model = prepared.data, prepared.model
    folder.save_config(plain_config(settings))
    num_batches = len(data.loader("train"))
    points = ResumePoints(folder, interruption, settings.checkpoint_minutes)
    point = first_point(begun, say)
    points.first_step = 0 if point is None else read_checkpoint(point)["global_step"]
    trainer = build_trainer(settings.trainer, folder, num_batches, settings.model.patience, points=points)
    model.total_steps, model.seed = total_steps(trainer, num_batches), settings.seed
    start = time.perf_counter()
    with interruption.at_batches(), _naming_what_is_left(folder):
        train(model, data, trainer, point)
    seconds = time.perf_counter() - start
    interruption.lost = "the training is done, its figures are not"
    if interruption.number:  # it came after the last place for a point
        raise interruption.error(interruption.lost)
    if not any((folder.checkpoints / name).exists() for name in ("best.ckpt", "last.ckpt")):
        # Training ended before its first validation, so there is no best.
        trainer.save_checkpoint(folder.checkpoints / "last.ckpt")
    model.load_state_dict(load_model(folder.path, domain=settings.domain).model.state_dict())
    evaluation = score_split("fit", "valid", data, model, settings.trainer)
    result = evaluation.result
    result["detail"] |= {"leaked": prepared.leaked} if prepared.leaked else {}
    result |= {
        "seconds": round(points.seconds_before + seconds, 2),
        "steps": trainer.global_step,
        "steps_per_second": round((trainer.global_step - points.first_step) / seconds, 2),
        "seed": settings.seed,
        "padding": round(prepared.padding, 4),
        **begun.chosen_rows(),
        **bad_records(data, folder),
    }
    save_evaluation(folder, evaluation, plot_training(folder, result["loss_unit"]))
    with interruption.at_batches():  # what a signal says of the run is true at each moment
        finish(folder)
        interruption.lost = f"the run in {folder.path} is finished"
        interruption.fix = f"its figures are in {folder.path / 'result.json'}; next: seqkit test {folder.path}"
    if interruption.number:
        raise interruption.error(interruption.lost)
    return result


@contextmanager
def _naming_what_is_left(folder: RunFolder) -> Iterator[None]:
    """A training that diverges inside says where the best weights before it lie."""
    try:
        yield
    except DivergedError as error:
        best = folder.checkpoints / "best.ckpt"
        left = f"; the best weights before it are in {best}" if best.is_file() else ""
        raise DivergedError(error.what, at=error.at, fix=f"{error.fix}{left}") from error


def require_groups_of(data: SequenceDataModule, splits: tuple[Split, ...], least: int = 2) -> None:
    """Refuse an expression that names no groups before the work; a rule about groups has been looked at before."""
    if data.hold_out.group_match is not None and data.hold_out.test_group is None:
        require_groups((o for split in splits for o in data.store(split).origins()), data.hold_out.group_match, least)


def _where(data: SequenceDataModule) -> str:
    path = data.arguments["path"]  # in the user's words, which may name a source rather than its files
    if path is None:
        return "demo data made here (give --data.path for your own)"
    return path if isinstance(path, str) else f"{len(path)} paths"


def _summary(prepared: _Prepared) -> list[str | None]:
    data = prepared.data
    return [
        " · ".join(f"{name} {_sizes(data.store(name))}" for name in ("train", "valid")),
        data.describe_split(),
        f"{prepared.model.num_parameters:,} parameters · "
        f"{prepared.padding:.1%} of the steps in training batches are padding",
        *data.notes(),
        data.tolerance.describe(),
        describe_leaks(prepared.leaked, len(data.store("valid")), "valid"),
    ]


def _sizes(store: FlatStore) -> str:
    return f"{plural(len(store), 'record')}, {plural(len(store.steps), 'step')}"
