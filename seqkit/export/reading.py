"""Reading an exported model: a JSON file and safetensors, neither of which can hold code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from seqkit.errors import CheckpointError, SeqkitError
from seqkit.training.manifest import verify_content

WEIGHTS = "model.safetensors"
BLUEPRINT = "seqkit.json"
CARD = "README.md"

_MOST_BYTES = 1 << 28
"""Of the JSON file: a vocabulary of millions of words fits."""

_FIX = "download it again, or export it again: seqkit export RUN --out FOLDER"


def is_export(path: Path) -> bool:
    """Whether a folder holds an exported model."""
    return (path / BLUEPRINT).is_file() and not (path / "checkpoints").is_dir()


def read_export(folder: Path) -> dict[str, Any]:
    """What a checkpoint would hold: the blueprint, the weights and the manifest, all of them verified.

    Raises:
        CheckpointError: If a file is missing or damaged, or holds what was not exported.
    """
    try:
        told = _read_json(folder / BLUEPRINT)
        blueprint, manifest, files = (told.get(name) for name in ("blueprint", "manifest", "weights"))
        if not isinstance(blueprint, dict) or not isinstance(manifest, dict) or not isinstance(files, dict):
            raise CheckpointError(f"{BLUEPRINT} is not one that seqkit wrote")
        weights, size = _read_weights(folder / WEIGHTS, files)
        content = as_content(blueprint, weights, manifest.get("epoch"), manifest.get("step"))
        verify_content(content | {"manifest": manifest}, 2 * size + 1)
    except OSError as error:
        raise CheckpointError(f"a file cannot be read: {error.strerror}", at=str(error.filename), fix=_FIX) from error
    except SeqkitError as error:
        raise CheckpointError(error.what, at=error.at or str(folder), fix=error.fix or _FIX) from error
    return content | {"manifest": manifest}


def as_content(blueprint: dict[str, Any], weights: dict[str, Tensor], epoch: Any, step: Any) -> dict[str, Any]:
    """The parts of an export as a checkpoint has them, in an order that does not depend on the file's."""
    return {
        "epoch": epoch,
        "global_step": step,
        "seqkit": blueprint,
        "state_dict": {name: weights[name] for name in sorted(weights)},
    }


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        raise CheckpointError(f"{path.name} is missing, or larger than any that seqkit wrote", at=str(path))
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is no JSON: {error}", at=str(path)) from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path.name} is not one that seqkit wrote", at=str(path))
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no value of JSON")


def _read_weights(path: Path, told: dict[str, Any]) -> tuple[dict[str, Tensor], int]:
    """The weights by name, those with several names included, and the size of their file."""
    if not path.is_file():
        raise CheckpointError(f"{path.name} is missing", at=str(path))
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != told.get("sha256"):
        raise CheckpointError(
            f"{path.name} is not the one that belongs to {BLUEPRINT}: its SHA-256 differs", at=str(path)
        )
    try:
        weights: dict[str, Tensor] = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"{path.name} is damaged: {type(error).__name__}: {error}", at=str(path)) from error
    aliases = told.get("aliases")
    for name, kept in (aliases if isinstance(aliases, dict) else {}).items():
        if name in weights or kept not in weights:
            raise CheckpointError(f"weights {name[:80]!r} are not those of {str(kept)[:80]!r}", at=str(path))
        weights[name] = weights[kept]
    return weights, len(data)
