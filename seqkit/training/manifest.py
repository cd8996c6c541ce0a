"""The manifest of a checkpoint: what it is of, who wrote it, and the fingerprint of what it holds."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from seqkit import plugins
from seqkit.codec import Codec
from seqkit.data.module import SequenceDataModule
from seqkit.domain import API_LEVEL, Domain
from seqkit.errors import CheckpointError, SeqkitError
from seqkit.steps import Discrete
from seqkit.training.plain import MOST_VALUES, fingerprint, printable

FORMAT = 1
"""Of checkpoints; goes up when an older seqkit could not read a newer one's."""

_BLUEPRINT = {
    "domain": str,
    "task": str,
    "data": dict,
    "model": dict,
    "encoder": dict,
    "codec": dict,
    "target_codec": dict,
}
_MOST_SYMBOLS = 4096
_MOST_NUMBERS = 8


def make_manifest(content: dict[str, Any]) -> dict[str, Any]:
    """The manifest of what goes into a checkpoint.

    Args:
        content: All of it, with the blueprint under `seqkit`.
    """
    blueprint = content.get("seqkit") or {}
    return {
        "format": FORMAT,
        "seqkit": version("seqkit"),
        "plugin": blueprint.get("plugin"),
        "epoch": content.get("epoch"),
        "step": content.get("global_step"),
        "config": config_hash(blueprint),
        "content": fingerprint({name: value for name, value in content.items() if name != "manifest"}),
    }


def config_hash(blueprint: dict[str, Any]) -> str:
    """Fingerprint of what was trained on what, versions left out."""
    return fingerprint({name: value for name, value in blueprint.items() if name not in ("versions", "plugin")})


def verify_content(content: dict[str, Any], most_bytes: int, most_values: int = MOST_VALUES) -> None:
    """Hold a checkpoint against its manifest; files of 0.1.0 have none, and their values are only walked.

    Args:
        content: What was read.
        most_bytes: What its tensors together may hold.
        most_values: How many values it may hold.

    Raises:
        CheckpointError: If they differ, or it holds what no checkpoint does.
    """
    found = fingerprint({name: value for name, value in content.items() if name != "manifest"}, most_bytes, most_values)
    blueprint, manifest = content["seqkit"], content.get("manifest")
    if not isinstance(blueprint, dict) or not isinstance(content.get("state_dict"), dict):
        raise CheckpointError("the file holds no weights of seqkit")
    _refuse_instantiators(content)
    if manifest is None:
        return
    fingerprint(manifest, most_values=most_values)
    written = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(written, int):
        raise CheckpointError("the file's manifest is not one of seqkit's")
    if written > FORMAT:
        raise CheckpointError(
            f"the file is of format {written}, and seqkit {version('seqkit')} reads up to format {FORMAT}",
            fix="pip install --upgrade seqkit",
        )
    told = {"content": found, "config": config_hash(blueprint), "plugin": blueprint.get("plugin")}
    told |= {"epoch": content.get("epoch"), "step": content.get("global_step")}
    wrong = [name for name, value in told.items() if manifest.get(name) != value]
    if wrong:
        raise CheckpointError(
            f"the file is not what its manifest says: {', '.join(wrong)}", fix="use another checkpoint"
        )


def _refuse_instantiators(content: dict[str, Any]) -> None:
    """Refuse what Lightning's own loading would look up and call; nothing here would, and it is never ours."""
    for name, value in content.items():
        calls = isinstance(value, dict) and value.keys() & {"_instantiator", "_class_path"}
        if name == "hparams_type" or ("hyper_parameters" in name and calls):
            raise CheckpointError("the file names code to be run when it is loaded")


def require_blueprint(content: dict[str, Any]) -> dict[str, Any]:
    """The blueprint of a checkpoint, its main parts being of the right kind.

    Raises:
        CheckpointError: If they are not.
    """
    blueprint: dict[str, Any] = content["seqkit"]
    wrong = [name for name, kind in _BLUEPRINT.items() if not isinstance(blueprint.get(name), kind)]
    if wrong:
        raise CheckpointError(
            f"the file's blueprint is not one of seqkit's: {', '.join(wrong)}",
            fix="name a run folder or its checkpoint",
        )
    return blueprint


def identify(domain: Domain, data: SequenceDataModule) -> dict[str, Any]:
    """Who gave the domain and how its codecs read symbols, for the blueprint.

    Args:
        domain: The domain.
        data: Its data module, codecs fitted.
    """
    vocabularies = {name: _vocabulary(getattr(data, name)) for name in ("codec", "target_codec")}
    return {"plugin": describe_plugin(domain), "vocabulary": vocabularies}


def describe_plugin(domain: Domain) -> dict[str, Any]:
    """The package that gives a domain, with its version and the level of the contract that it is written for."""
    plugin = plugins.installed().get(domain.name)
    module = domain.datamodule.__module__.partition(".")[0]
    if not isinstance(plugin, plugins.Plugin) or plugin.target.partition(":")[0].partition(".")[0] != module:
        return {"package": None, "version": None, "api_level": domain.api_level}  # a value that somebody holds
    return {"package": plugin.package, "version": plugin.version, "api_level": domain.api_level}


def require_same_plugin(blueprint: dict[str, Any], domain: Domain) -> None:
    """Refuse a model of another package's domain, or of another level of the contract.

    Raises:
        CheckpointError: Names both, and what to install.
    """
    trained, here = blueprint.get("plugin"), describe_plugin(domain)
    if not isinstance(trained, dict):
        return  # a checkpoint of 0.1.0
    if trained.get("api_level") != here["api_level"] or here["api_level"] > API_LEVEL:
        raise _misfit(blueprint, domain, "levels of the contract differ")
    if trained.get("package") and here["package"] and trained["package"] != here["package"]:
        raise _misfit(blueprint, domain, "another package gives the domain")


def require_same_vocabulary(blueprint: dict[str, Any], domain: Domain, data: SequenceDataModule) -> None:
    """Refuse codecs that give other symbols for the same ids than in training: predictions would be silently wrong.

    Raises:
        CheckpointError: Names the codec, both versions, and what to install.
    """
    trained = blueprint.get("vocabulary")
    for name, known in (trained if isinstance(trained, dict) else {}).items():
        if name not in ("codec", "target_codec"):
            continue
        try:
            found = _vocabulary(getattr(data, name))
        except SeqkitError as error:  # a codec that its own state has left unfitted
            raise _misfit(blueprint, domain, error.what) from error
        if not _same(known, found):
            raise _misfit(blueprint, domain, f"the {name.replace('_', ' ')} reads its steps in another way")


def versions_of(blueprint: dict[str, Any], domain: Domain) -> str:
    """Both versions in words: what trained, and what is installed."""
    trained, here = blueprint.get("plugin"), describe_plugin(domain)
    if not isinstance(trained, dict):
        old = blueprint.get("versions")
        trained = {"package": "seqkit", "version": old.get("seqkit") if isinstance(old, dict) else None}
    return f"trained with {_in_words(trained)}, installed is {_in_words(here)}"


def how_to_install(blueprint: dict[str, Any], domain: Domain) -> str:
    """The command that installs the version that trained; what a file says of itself goes into none unseen."""
    trained, here = blueprint.get("plugin"), describe_plugin(domain)
    number = trained.get("version") if isinstance(trained, dict) and trained.get("package") == here["package"] else None
    if here["package"] and isinstance(number, str) and re.fullmatch(r"\d+(\.\d+)*((a|b|rc|\.post|\.dev)\d+)*", number):
        return f"pip install '{here['package']}=={number}'"
    return "install the package and version that trained it"


def _misfit(blueprint: dict[str, Any], domain: Domain, reason: str) -> CheckpointError:
    told = f"{reason}: domain {domain.name!r} was {versions_of(blueprint, domain)}"
    return CheckpointError(told, fix=f"{how_to_install(blueprint, domain)}, or train it again")


def _in_words(plugin: dict[str, Any]) -> str:
    level = plugin.get("api_level")
    name = f"{plugin.get('package') or 'a domain of no package'} {plugin.get('version') or ''}".strip()
    return printable(name if level is None else f"{name} (level {level})")


def _vocabulary(codec: Codec) -> dict[str, Any]:
    """How a codec reads ids: the number of classes or features, and what some steps decode to."""
    spec = codec.spec
    if isinstance(spec, Discrete):
        size = {"classes": spec.num_classes}
        steps = torch.linspace(0, spec.num_classes - 1, min(spec.num_classes, _MOST_SYMBOLS)).round().long()
    else:
        size = {"features": spec.num_features}
        steps = torch.linspace(-1, 1, 2)[:, None].repeat(1, spec.num_features)
    try:
        meaning = codec.decode(steps)
    except Exception:  # Not every codec can undo steps that stand for no record; then there is nothing to compare.
        return size
    if isinstance(meaning, str | bytes) or (isinstance(meaning, list) and all(isinstance(m, str) for m in meaning)):
        return size | {"symbols": fingerprint(meaning)}
    try:
        numbers = np.asarray(meaning, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        return size
    places = np.linspace(0, len(numbers) - 1, min(len(numbers), _MOST_NUMBERS)).round().astype(int)
    return size | ({"numbers": numbers[places].tolist()} if np.isfinite(numbers).all() else {})


def _same(known: Any, found: dict[str, Any]) -> bool:
    """Whether two vocabularies are one; numbers need not agree in their last bits, which machines round differently."""
    if not isinstance(known, dict):
        return False
    if any(known.get(name) != found.get(name) for name in ("classes", "features")):
        return False
    both = known.keys() & found.keys()  # a version that could not decode these steps has nothing to say of them
    if "symbols" in both and known["symbols"] != found["symbols"]:
        return False
    one, other = (vocabulary["numbers"] if "numbers" in both else [] for vocabulary in (known, found))
    try:
        return len(one) == len(other) and bool(np.allclose(one, other, rtol=1e-4, atol=1e-6))
    except (TypeError, ValueError):
        return False  # no numbers at all
