"""Exported folders that lie: headers of safetensors, hashes, JSON."""

import copy
import hashlib
import json
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from seqkit.export.reading import as_content
from seqkit.training.manifest import make_manifest
from tests.security.hostile_making import Content, Forge, touch


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def exported(change: Callable[[Content, Path], None], content: Content, path: Path) -> str:
    """An exported folder, whose hashes are right again after the change."""
    folder = path.parent / "export"
    folder.mkdir()
    weights, told = content["state_dict"], {"blueprint": content["seqkit"], "weights": {"aliases": {}}}
    packed = save({name: tensor.contiguous() for name, tensor in weights.items()})
    (folder / "model.safetensors").write_bytes(packed)
    change(told, folder / "model.safetensors")
    told["manifest"] = told.get("manifest") or make_manifest(as_content(told["blueprint"], weights, 0, 1))
    if isinstance(told["weights"], dict):
        told["weights"].setdefault("sha256", _sha(folder / "model.safetensors"))
    (folder / "seqkit.json").write_text(told.get("raw") or json.dumps(told))
    return str(folder)


def _header(make: Callable[[dict[str, Any], bytes], bytes], told: Content, path: Path) -> None:
    """Another header in front of the same numbers."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    path.write_bytes(make(json.loads(data[8 : 8 + size]), data[8 + size :]))


def _with_header(header: dict[str, Any], rest: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + rest


def _overlap(header: dict[str, Any], rest: bytes) -> bytes:
    one, other, *_ = [name for name in header if name != "__metadata__"]
    header[other] = header[one]
    return _with_header(header, rest)


def _other_type(header: dict[str, Any], rest: bytes) -> bytes:
    for name in header:
        header[name]["dtype"] = "I32"  # as many bytes, other numbers
    return _with_header(header, rest)


def _vast(header: dict[str, Any], rest: bytes) -> bytes:
    header[next(iter(header))]["shape"] = [1 << 62, 1 << 62]
    return _with_header(header, rest)


def _tell(place: str, value: Any, told: Content, path: Path) -> None:
    told[place] = value


def _size(value: int, told: Content, path: Path) -> None:
    told["blueprint"] = copy.deepcopy(told["blueprint"])
    told["blueprint"]["model"]["hidden_size"] = value


EXPORTS: dict[str, Forge] = {
    "safetensors: a header of 2^60 bytes": partial(
        exported, partial(_header, lambda header, rest: struct.pack("<Q", 1 << 60) + rest)
    ),
    "safetensors: overlapping numbers": partial(exported, partial(_header, _overlap)),
    "safetensors: other types": partial(exported, partial(_header, _other_type)),
    "safetensors: 2^124 numbers": partial(exported, partial(_header, _vast)),
    "safetensors: no header": partial(exported, partial(_header, lambda header, rest: rest)),
    "safetensors: a pickle": partial(exported, lambda told, path: torch.save({"evil": touch()}, path)),
    "safetensors: another hash": partial(exported, partial(_tell, "weights", {"sha256": "0" * 64})),
    "safetensors: names that lead nowhere": partial(exported, partial(_tell, "weights", {"aliases": {"evil": "../x"}})),
    "export: 10^12 units": partial(exported, partial(_size, 10**12)),
    "export: JSON 100,000 deep": partial(exported, partial(_tell, "raw", "[" * 100_000)),
    "export: JSON that is a list": partial(exported, partial(_tell, "raw", "[]")),
    "export: NaN": partial(exported, partial(_tell, "raw", '{"blueprint": NaN}')),
    "export: numbers of 10^5 digits": partial(exported, partial(_tell, "raw", f'{{"blueprint": {"9" * 100_000}}}')),
    "export: a manifest of text": partial(exported, partial(_tell, "manifest", "os.system")),
    "export: weights that are a list": partial(exported, partial(_tell, "weights", [])),
}
