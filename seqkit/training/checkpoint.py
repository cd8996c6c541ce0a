"""Reading checkpoints: weights only, never code; the blueprint in them builds the model and the data module again."""

from __future__ import annotations

import inspect
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from seqkit import plugins
from seqkit.build import build_model
from seqkit.data.module import SequenceDataModule
from seqkit.domain import Domain
from seqkit.errors import CheckpointError, ConfigError, SeqkitError, did_you_mean
from seqkit.model import SequenceModel
from seqkit.options import ModelOptions


@dataclass(frozen=True)
class Loaded:
    """A trained model with what belongs to it.

    Attributes:
        domain: Its domain.
        data: A data module with the checkpoint's codecs and the wanted paths.
        model: The model with trained weights, in evaluation mode.
        blueprint: What the checkpoint said.
    """

    domain: Domain
    data: SequenceDataModule
    model: SequenceModel
    blueprint: dict[str, Any]


def require_plain_json(values: dict[str, Any], what: str) -> None:
    """Refuse anything that would not survive a checkpoint that is loaded without running code.

    Raises:
        ConfigError: Names what it found.
    """
    try:
        if json.loads(json.dumps(values)) != values:
            raise TypeError("values change on the way through JSON (tuples, or keys that are no text)")
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{what} must be plain JSON: {error}", fix="use text, numbers, true/false, null, lists and dictionaries"
        ) from error


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint file, its checksums verified.

    Raises:
        CheckpointError: If it is damaged, or no checkpoint of ours.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise CheckpointError(
                f"the file is damaged: checksum of {damaged}", at=str(path), fix="use another checkpoint"
            )
        content = torch.load(path, map_location="cpu", weights_only=True)
    except SeqkitError:
        raise
    except zipfile.BadZipFile as error:
        raise CheckpointError(
            f"the file is no checkpoint, or was cut short: {error}",
            at=str(path),
            fix="name a run folder, or checkpoints/best.ckpt in one",
        ) from error
    except Exception as error:
        # Unpickling refuses in many ways; each means the same to the user.
        raise CheckpointError(
            f"the file cannot be read as a checkpoint without running code from it: {type(error).__name__}",
            at=str(path),
            fix="name a checkpoint of seqkit fit, or train it again",
        ) from error
    if not isinstance(content, dict) or "seqkit" not in content:
        raise CheckpointError(
            "the file was not written by seqkit", at=str(path), fix="name a run folder or a checkpoint of seqkit fit"
        )
    return content


def load_model(path: Path, data_arguments: dict[str, Any] | None = None, domain: Domain | None = None) -> Loaded:
    """Build and fill a model from a checkpoint alone.

    Args:
        path: The checkpoint.
        data_arguments: Options of the data module that replace the saved ones, such as `path`.
        domain: The domain's value, when it is not installed as a plugin.

    Raises:
        CheckpointError: If the checkpoint and the installed plugin do not fit together.
        ConfigError: If an option is not one of the data module's.
    """
    content = read_checkpoint(path)
    blueprint = content["seqkit"]
    domain = domain or plugins.load(blueprint["domain"])
    _move_embedding_dropout(blueprint, domain)
    data = reopen_data(domain, blueprint, data_arguments or {})
    try:
        options = ModelOptions(**blueprint["model"])
        known = {name: blueprint.get(name) for name in ("season", "horizon", "cutoffs")}
        model = build_model(domain, data, options, blueprint["encoder"], **known)
        model.load_state_dict(content["state_dict"])
    except (RuntimeError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"does not fit the installed domain {domain.name!r}: {error}",
            at=str(path),
            fix=f"install the version that trained it: {blueprint.get('versions', {})}",
        ) from error
    model.blueprint = blueprint
    return Loaded(domain, data, model.eval(), blueprint)


def _move_embedding_dropout(blueprint: dict[str, Any], domain: Domain) -> None:
    """What was an option of the text domain's encoder in 0.1.0 is the model's now: such checkpoints go on loading."""
    if "embedding_dropout" not in inspect.signature(domain.encoder).parameters:
        share = blueprint["encoder"].pop("embedding_dropout", None)
        if share:
            blueprint["model"]["embedding_dropout"] = share


def reopen_data(domain: Domain, blueprint: dict[str, Any], changes: dict[str, Any]) -> SequenceDataModule:
    """The data module of a checkpoint, codecs restored, with some options changed."""
    known = blueprint["data"]
    for name in changes:
        if name not in known:
            raise ConfigError(f"no option --data.{name}", fix=did_you_mean(name, known) or "see --help")
    arguments = known | changes
    if "path" in changes:
        # Rules about the old files say nothing about the new ones, unless they are given again.
        own = ("valid_path", "test_path")
        arguments |= {name: None for name in own if name in known and name not in changes}
    if arguments.get("horizon", 0) is None:
        arguments["horizon"] = blueprint.get("horizon")  # that of demo data, which other data do not say
    try:
        data = domain.datamodule(**arguments)
        data.restore_codecs(blueprint["codec"], blueprint["target_codec"])
    except (TypeError, KeyError) as error:
        if changes:
            raise ConfigError(
                f"the trained model cannot read data with these options: {error}",
                at=", ".join(f"--data.{name}" for name in changes),
                fix="leave out the options that decide what a step or a target is: those of the run hold",
            ) from error
        raise CheckpointError(
            f"does not fit the installed domain {domain.name!r}: {error}",
            at="RUN",
            fix=f"install the version that trained it: {blueprint.get('versions', {})}",
        ) from error
    return data
