"""The work behind the verbs: fit, and evaluation of what was fitted. The command line and Python both call these."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from seqkit.build import build_model, describe, require_task
from seqkit.data.module import SequenceDataModule
from seqkit.data.store import as_steps
from seqkit.domain import Domain
from seqkit.inference.forecast import score_forecasts
from seqkit.settings import Settings
from seqkit.steps import Split
from seqkit.training.baselines import chance_baselines
from seqkit.training.checkpoint import Loaded, load_model, require_plain_json
from seqkit.training.folder import RunFolder, find_checkpoint, new_folder, require_free
from seqkit.training.quiet import quiet_lightning
from seqkit.training.trainer import build_trainer, require_device, total_steps, train

Say = Callable[[str], None]
"""Receives lines meant for the user."""


def fit(settings: Settings, say: Say = print) -> tuple[RunFolder, dict[str, Any]]:
    """Train a model and keep everything about it in a run folder.

    Args:
        settings: What to train on what, and how.
        say: Receives progress lines.

    Returns:
        The run folder and the content of its `result.json`.
    """
    require_free(settings.run)
    require_device(settings.trainer)
    pl.seed_everything(settings.seed, verbose=False)
    domain = settings.domain
    data = domain.datamodule(**settings.data)
    data.order_seed = settings.seed if data.order_seed is None else data.order_seed
    require_task(domain, data.task)
    say(f"seqkit {version('seqkit')} · {domain.name} · {data.task} · {_where(data)}")
    data.setup("fit")
    loader, _ = data.loader("train"), data.loader("valid")
    model = build_model(domain, data, settings.model, settings.encoder)
    model.blueprint = describe(domain, data, model, settings.encoder) | {"versions": versions()}
    first = as_steps(np.array(data.store("train").steps[:1]))  # not the first record's: that may be a whole corpus
    model.blueprint["start"] = first.nan_to_num().tolist()  # NaN is no JSON
    require_plain_json(model.blueprint, "options and codec states")
    say("\n".join([_summary(data, model), *data.notes()]))
    folder = new_folder(settings.run, domain.name, data.task)
    folder.save_config(_config(settings))
    trainer = build_trainer(settings.trainer, folder, len(loader), settings.model.patience)
    model.total_steps = total_steps(trainer, len(loader))
    begin = time.perf_counter()
    train(model, data, trainer)
    seconds = time.perf_counter() - begin
    if not any(folder.checkpoints.iterdir()):
        # Training ended before its first validation, so there is no best.
        trainer.save_checkpoint(folder.checkpoints / "last.ckpt")
    loaded = load_model(find_checkpoint(folder.path), domain=domain)
    model.load_state_dict(loaded.model.state_dict())
    result = _result("fit", "valid", data, model, settings.trainer)
    result |= {
        "seconds": round(seconds, 2),
        "steps": trainer.global_step,
        "steps_per_second": round(trainer.global_step / seconds, 2),
        "seed": settings.seed,
    }
    folder.save_result(result)
    return folder, result


def evaluate(
    run: str | Path,
    split: Split,
    changes: dict[str, Any] | None = None,
    domain: Domain | None = None,
    trainer: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Score a trained model on a split; the figures also go to `result-SPLIT.json` in its run folder.

    Args:
        run: Run folder or checkpoint.
        split: `valid` or `test`.
        changes: Options of the data module that replace the saved ones.
        domain: The domain's value, when it is not installed as a plugin.
        trainer: Lightning's options.
    """
    begin = time.perf_counter()
    loaded = load_model(find_checkpoint(run), changes, domain)
    verb = "test" if split == "test" else "validate"
    result = _result(verb, split, loaded.data, loaded.model, trainer or {})
    result |= {"seconds": round(time.perf_counter() - begin, 2), "changed_data": changes or {}}
    result["notes"] = loaded.data.notes()
    path = Path(run)
    if path.is_dir():
        RunFolder(path).save_result(result)
    return result


def versions() -> dict[str, str]:
    """Versions of what decides a result."""
    packages = ("seqkit", "torch", "pytorch-lightning")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def reload(run: str | Path, changes: dict[str, Any] | None = None, domain: Domain | None = None) -> Loaded:
    """A trained model with its data module."""
    return load_model(find_checkpoint(run), changes, domain)


def _result(
    verb: str, split: Split, data: SequenceDataModule, model: Any, trainer_options: dict[str, Any]
) -> dict[str, Any]:
    """Figures of a split with what stands around them."""
    kept = ("accelerator", "devices", "precision", "limit_val_batches")
    # A limit of 0 turns validation off while training; the result still needs its figures.
    options = {name: value for name, value in trainer_options.items() if name in kept and value != 0}
    trainer = build_trainer(options, None, quiet=True)
    with quiet_lightning():
        if split == "test":
            figures = trainer.test(model, data.loader("test"), verbose=False)[0]
        else:
            figures = trainer.validate(model, data.loader("valid"), verbose=False)[0]
    metrics = {name.partition("/")[2]: value for name, value in figures.items()}
    baselines = chance_baselines(data, split)
    if verb != "fit":
        forecast, naive = score_forecasts(model, data, split)
        metrics, baselines = metrics | forecast, baselines | naive
    return {
        "verb": verb,
        "domain": model.blueprint["domain"],
        "task": data.task,
        "split": split,
        "metrics": metrics,
        "baselines": baselines,
        "num_parameters": model.num_parameters,
        "num_records": len(data.store(split)),
        "versions": versions(),
        "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
    }


def _config(settings: Settings) -> dict[str, Any]:
    """The configuration that reproduces a run alone."""
    trainer = {k: v for k, v in settings.trainer.items() if _is_plain(v)}
    return {
        "domain": settings.domain.name,
        "seed": settings.seed,
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
    if data.path is None:
        return "demo data made here (give --data.path for your own)"
    return str(data.path) if isinstance(data.path, str) else f"{len(data.path)} paths"


def _summary(data: SequenceDataModule, model: Any) -> str:
    sizes = " · ".join(f"{name} {len(data.store(name)):,} records, {len(data.store(name).steps):,} steps"
                       for name in ("train", "valid"))  # fmt: skip
    return f"{sizes}\n{data.describe_split()}\n{model.num_parameters:,} parameters"
