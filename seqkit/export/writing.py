"""Writing a trained model as files to pass on: `model.safetensors`, `seqkit.json`, `README.md`."""

from __future__ import annotations

import copy
import hashlib
import inspect
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from seqkit.data.given_paths import NOT_EXPORTED
from seqkit.domain import Domain
from seqkit.errors import ConfigError
from seqkit.export.card import source_name, write_card
from seqkit.export.reading import BLUEPRINT, CARD, WEIGHTS, as_content, is_export
from seqkit.training.checkpoint import load_model
from seqkit.training.durable import atomic_write
from seqkit.training.folder import as_json
from seqkit.training.manifest import make_manifest

_PUBLIC = ("hf://", "made:")
"""Beginnings of sources that name no file of this machine."""


def export_run(run: str | Path, out: str | Path, domain: Domain | None = None) -> Path:
    """Write the best checkpoint of a run as an exported model, which every verb takes in place of a run folder.

    Args:
        run: Run folder or checkpoint.
        out: A new or an empty folder.
        domain: The domain's value, when it is not installed as a plugin.

    Returns:
        The folder.

    Raises:
        ConfigError: If the folder holds something.
        CheckpointError: If no checkpoint of the run can be read.
        DependencyError: If the folder cannot be written.
    """
    folder = Path(out)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ConfigError(f"{folder} is there already, and is not empty", at="--out", fix="name a new folder")
    loaded = load_model(run, domain=domain)  # so that nothing is passed on that could not be loaded
    paths = _path_options(loaded.domain)
    blueprint, weights = _without_paths(loaded.blueprint, paths), loaded.model.state_dict()
    aliases = _aliases(weights)
    packed = save({name: weights[name].contiguous() for name in sorted(weights.keys() - aliases.keys())})
    sha = hashlib.sha256(packed).hexdigest()
    origin = _origin(Path(run), loaded.blueprint, paths)
    told = {
        "format": 1,
        "blueprint": blueprint,
        "manifest": make_manifest(as_content(blueprint, weights, loaded.epoch, loaded.step)),
        "weights": {"file": WEIGHTS, "sha256": sha, "aliases": aliases},
        "results": {split: result["metrics"] for split, result in origin["scored"].items()},
        "origin": origin,
    }
    card = write_card(blueprint, origin["trained_on"], origin["scored"], weights, sha)
    # The blueprint is last: a folder without it is no exported model yet.
    _write_all(folder, {WEIGHTS: packed, CARD: card, BLUEPRINT: as_json(told) + "\n"})
    return folder


def _write_all(folder: Path, contents: dict[str, str | bytes]) -> None:
    """All files, or none, so that the same command can be given again."""
    is_new = not folder.exists()
    try:
        for name, content in contents.items():
            atomic_write(folder / name, content)
    except BaseException:
        with suppress(OSError):
            for name in contents:
                (folder / name).unlink(missing_ok=True)
            if is_new:
                folder.rmdir()
        raise


def _path_options(domain: Domain) -> set[str]:
    """Options of a domain's data that name files."""
    names = set()
    for kind in domain.datamodule.__mro__:
        constructor = vars(kind).get("__init__")
        for name, parameter in inspect.signature(constructor).parameters.items() if constructor is not None else []:
            if "PathOption" in str(parameter.annotation):
                names.add(name)
    return names


def _without_paths(blueprint: dict[str, Any], paths: set[str]) -> dict[str, Any]:
    """The blueprint without what names files of this machine: the data stay here, and so does where they lie."""
    without = copy.deepcopy(blueprint)
    for name in paths & without["data"].keys():
        without["data"][name] = _public(without["data"][name])
    return without


def _public(given: Any) -> Any:
    if given is None or (isinstance(given, str) and given.startswith(_PUBLIC)):
        return given
    return NOT_EXPORTED


def _aliases(weights: dict[str, Tensor]) -> dict[str, str]:
    """Names of weights that are the same numbers under another name, as tied ones are."""
    first: dict[Any, str] = {}
    aliases = {}
    for name in sorted(weights):
        tensor = weights[name]
        place = (tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
        if tensor.numel() and place in first:
            aliases[name] = first[place]
        first.setdefault(place, name)
    return aliases


def _origin(run: Path, blueprint: dict[str, Any], paths: set[str]) -> dict[str, Any]:
    """What the card says of the data and of the figures; an export that is exported again keeps its own."""
    if is_export(run):
        kept = json.loads((run / BLUEPRINT).read_text(encoding="utf-8")).get("origin")
        return kept or {"trained_on": NOT_EXPORTED, "scored": {}}
    scored = {split: _carded(result, paths) for split, result in _results(run).items()}
    return {"trained_on": source_name(blueprint["data"].get("path")), "scored": scored}


def _carded(result: dict[str, Any], paths: set[str]) -> dict[str, Any]:
    """What the card needs of a result; files that it was measured on are named without their folders."""
    kept = {name: result[name] for name in ("metrics", "baselines", "num_records", "bad_records") if name in result}
    changed = {
        name: source_name(value) if name in paths else value for name, value in result.get("changed_data", {}).items()
    }
    return kept | {"leaked": result.get("detail", {}).get("leaked", {}), "changed_data": changed}


def _results(run: Path) -> dict[str, dict[str, Any]]:
    """What was measured of the run, by split: of its own data, if there are figures of these."""
    files = {"valid": ("result-valid.json", "result.json"), "test": ("result-test.json",)}
    found = {}
    for split, names in files.items():
        read = [json.loads(path.read_text(encoding="utf-8")) for name in names if (path := run / name).is_file()]
        if read:
            found[split] = min(read, key=lambda result: bool(result.get("changed_data")))
    return found
