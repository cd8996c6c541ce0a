"""Reading checkpoints: weights only, never code; the blueprint in them builds the model and the data module again."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from seqkit import plugins
from seqkit.build import build_model
from seqkit.data.module import SequenceDataModule
from seqkit.data.tolerance import require_policy
from seqkit.domain import Domain
from seqkit.errors import CheckpointError, ConfigError, SeqkitError, did_you_mean
from seqkit.model import SequenceModel
from seqkit.options import ModelOptions
from seqkit.training.bounded import BoundedTensors
from seqkit.training.finding import read_run
from seqkit.training.manifest import (
    how_to_install,
    require_blueprint,
    require_same_plugin,
    require_same_vocabulary,
    versions_of,
)
from seqkit.training.plain import printable

_LEAST_BOUND = 1 << 24
"""Numbers that a tensor of a model may have in any case: filters and tables that are in no checkpoint."""


@dataclass(frozen=True)
class Loaded:
    """A trained model with what belongs to it.

    Attributes:
        domain: Its domain.
        data: A data module with the checkpoint's codecs and the wanted paths.
        model: The model with trained weights, in evaluation mode.
        blueprint: What the checkpoint said.
        step: Optimiser steps it had been trained for, where the checkpoint says so.
        epoch: Epoch of the training that it was saved in, from 0.
    """

    domain: Domain
    data: SequenceDataModule
    model: SequenceModel
    blueprint: dict[str, Any]
    step: int | None = None
    epoch: int | None = None


def load_model(run: str | Path, data_arguments: dict[str, Any] | None = None, domain: Domain | None = None) -> Loaded:
    """Build and fill a model from a checkpoint alone.

    Args:
        run: A checkpoint, a run folder (of which the best checkpoint that can be read is taken) or an exported one.
        data_arguments: Options of the data module that replace the saved ones, such as `path`.
        domain: The domain's value, when it is not installed as a plugin.

    Raises:
        CheckpointError: If the checkpoint and the installed plugin do not fit together.
        ConfigError: If an option is not one of the data module's.
    """
    path, content = read_run(run)
    blueprint = require_blueprint(content)
    domain = domain or load_domain(blueprint)
    require_same_plugin(blueprint, domain)
    _move_embedding_dropout(blueprint, domain)
    data = reopen_data(domain, blueprint, data_arguments or {})
    require_same_vocabulary(blueprint, domain, data)
    try:
        _require_layers(blueprint, content["state_dict"])
        with BoundedTensors(_most_numbers(content["state_dict"])):
            model = _build(domain, data, blueprint)
        _require_shapes(model, content["state_dict"])
        model.load_state_dict(content["state_dict"])
    except Exception as error:
        # What a blueprint asks for is built by a plugin's code, too: whatever it raises means that they do not fit.
        raise _misfit(str(path), blueprint, domain, error) from error
    model.blueprint = blueprint
    return Loaded(domain, data, model.eval(), blueprint, content.get("global_step"), content.get("epoch"))


def load_domain(blueprint: dict[str, Any]) -> Domain:
    """The installed domain that a checkpoint was trained for.

    Raises:
        CheckpointError: If it is not installed.
        DependencyError: If it cannot be imported.
    """
    name = blueprint["domain"]
    if name not in plugins.installed():
        raise CheckpointError(
            f"domain {name[:80]!r} is not installed", at="RUN", fix="install the plugin that it was trained with"
        )
    return plugins.load(name)


def _build(domain: Domain, data: SequenceDataModule, blueprint: dict[str, Any]) -> SequenceModel:
    known = {name: blueprint.get(name) for name in ("season", "horizon", "cutoffs")}
    return build_model(domain, data, ModelOptions(**blueprint["model"]), blueprint["encoder"], **known)


def _most_numbers(weights: dict[str, Tensor]) -> int:
    return max(2 * sum(tensor.numel() for tensor in weights.values()), _LEAST_BOUND)


def _require_layers(blueprint: dict[str, Any], weights: dict[str, Tensor]) -> None:
    """Refuse more layers than there are tensors: each is made before any of its sizes is looked at."""
    for name, value in (blueprint["model"] | blueprint["encoder"]).items():
        if "layers" in name and (not isinstance(value, int) or value > len(weights)):
            raise ValueError(f"{name} is {value!r}, and the file holds {len(weights)} tensors")


def _require_shapes(model: SequenceModel, weights: dict[str, Tensor]) -> None:
    """Refuse weights of other names, shapes or types than the model's: copying would convert types silently."""
    asked = model.state_dict()
    for name in sorted(asked.keys() ^ weights.keys()):
        raise ValueError(f"{name} is only in the {'model' if name in asked else 'file'}")
    for name, own in asked.items():
        given = weights[name]
        if not isinstance(given, Tensor) or (own.shape, own.dtype) != (given.shape, given.dtype):
            found = f"{tuple(given.shape)} of {given.dtype}" if isinstance(given, Tensor) else type(given).__name__
            raise ValueError(f"{name} is {found}, and should be {tuple(own.shape)} of {own.dtype}")


def _misfit(where: str, blueprint: dict[str, Any], domain: Domain, error: Exception) -> CheckpointError:
    """An error of building or filling, in one line with both versions."""
    reason = printable(error.what if isinstance(error, SeqkitError) else f"{error}" or type(error).__name__)
    return CheckpointError(
        f"does not fit the installed domain {domain.name!r}: {reason}; {versions_of(blueprint, domain)}",
        at=where,
        fix=how_to_install(blueprint, domain),
    )


def _move_embedding_dropout(blueprint: dict[str, Any], domain: Domain) -> None:
    """What was an option of the text domain's encoder in 0.1.0 is the model's now: such checkpoints go on loading."""
    if "embedding_dropout" not in inspect.signature(domain.encoder).parameters:
        share = blueprint["encoder"].pop("embedding_dropout", None)
        if share:
            blueprint["model"]["embedding_dropout"] = share


def reopen_data(domain: Domain, blueprint: dict[str, Any], changes: dict[str, Any]) -> SequenceDataModule:
    """The data module of a checkpoint, codecs restored, with some options changed.

    Raises:
        ConfigError: If the trained model cannot read data with the changed options.
        CheckpointError: If the checkpoint's own options do not fit the installed domain.
    """
    known = blueprint["data"]
    allowed = known.keys() | _options_of(domain.datamodule)
    for name in changes:
        if name not in allowed:
            raise ConfigError(f"no option --data.{name}", fix=did_you_mean(name, allowed) or "see --help")
    arguments = known | changes
    if "max_bad" in changes:
        require_policy(arguments)
    if "path" in changes:
        # Rules about the old files say nothing about the new ones, unless they are given again.
        own = ("valid_path", "test_path")
        arguments |= {name: None for name in own if name in known and name not in changes}
    if arguments.get("horizon", 0) is None:
        arguments["horizon"] = blueprint.get("horizon")  # that of demo data, which other data do not say
    try:
        data = domain.datamodule(**arguments)
        data.restore_codecs(blueprint["codec"], blueprint["target_codec"])
    except Exception as error:
        if changes:
            reopen_data(domain, blueprint, {})  # if that fails, too, the changes are not to blame
            if isinstance(error, SeqkitError):
                raise
            raise ConfigError(
                f"the trained model cannot read data with these options: {error}",
                at=", ".join(f"--data.{name}" for name in changes),
                fix="leave out the options that decide what a step or a target is: those of the run hold",
            ) from error
        raise _misfit("RUN", blueprint, domain, error) from error
    return data


def _options_of(kind: type[SequenceDataModule]) -> set[str]:
    """Names of a data module's options, those included that it passes on to the classes above it."""
    names: set[str] = set()
    for each in kind.__mro__:
        constructor = vars(each).get("__init__")
        parameters = inspect.signature(constructor).parameters.values() if constructor is not None else []
        names |= {parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD}
        if parameters and not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    return names - {"self"}
