"""Checkpoints as an attacker would make them: each would write a canary, take all memory, or never end, if it could.

Wherever it can be, the manifest is right: what an attacker changes, they also sign.
"""

import copy
import hashlib
import io
import json
import os
import pickle
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from seqkit.export.reading import as_content
from seqkit.training.archive import seal
from seqkit.training.checkpoint_io import SafeCheckpointIO, _Sink
from seqkit.training.manifest import make_manifest

CANARY = "canary"
"""The file in the working folder that hostile code would make."""

Content = dict[str, Any]
Forge = Callable[[Content, Path], str | None]
"""Writes a hostile file in place of a checkpoint's content; returns the RUN to name, None for the file itself."""


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.parts = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.parts


class State:
    """Pickles as an object whose state is set by code."""

    def __getstate__(self) -> dict[str, int]:
        return {"a": 1}

    def __setstate__(self, state: dict[str, int]) -> None:
        Path(CANARY).touch()


def _touch() -> Call:
    return Call(os.system, f"touch {CANARY}")


def _signed(content: Content, path: Path) -> None:
    content.pop("manifest", None)
    SafeCheckpointIO().save_checkpoint(content, path)


def _unsigned(content: Content, path: Path) -> None:
    content.pop("manifest", None)
    torch.save(content, path)


def _beside(value: Any, content: Content, path: Path) -> None:
    torch.save({**content, "evil": value}, path)


def _within(place: str, value: Any, content: Content, path: Path) -> None:
    content[place]["evil"] = value
    torch.save(content, path)


def _hyper_parameters(name: str, value: Any, content: Content, path: Path) -> None:
    content[name] = value
    _signed(content, path)


def _legacy(content: Content, path: Path) -> None:
    torch.save({**content, "evil": _touch()}, path, _use_new_zipfile_serialization=False)


def _bare_pickle(protocol: int, content: Content, path: Path) -> None:
    path.write_bytes(pickle.dumps({"seqkit": {}, "evil": _touch()}, protocol=protocol))


def _tar(content: Content, path: Path) -> None:
    data = pickle.dumps(_touch())
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def _torchscript(content: Content, path: Path) -> None:
    members = {"constants.pkl": pickle.dumps(()), "code/__torch__.py": b"op_version_set = 1\n", "version": b"3\n"}
    _zipped(
        {f"archive/{name}": data for name, data in members.items()} | {"archive/data.pkl": pickle.dumps(_touch())}, path
    )


def _zipped(members: dict[str, bytes], path: Path, kind: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _members(content: Content, path: Path) -> dict[str, bytes]:
    """The members of an honest file."""
    _signed(content, path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _nested(content: Content, path: Path) -> None:
    inner = path.with_name("inner.zip")
    torch.save({"evil": _touch()}, inner)
    _zipped({"archive/data.pkl": inner.read_bytes(), "archive/version": b"3\n"}, path)


def _bomb(content: Content, path: Path) -> None:
    members = _members(content, path)
    name = next(name for name in members if name.endswith("/data/0"))
    _zipped(members | {name: bytes(200 << 20)}, path, zipfile.ZIP_DEFLATED)


def _overlapping(content: Content, path: Path) -> None:
    """Every member of the directory is the same large one, as in a bomb that unfolds from one kernel."""
    _zipped({f"archive/data/{number}": bytes(1 << 16) for number in range(50)} | {"archive/data.pkl": b"."}, path)
    data = bytearray(path.read_bytes())
    place, first = data.find(b"PK\x01\x02"), None
    while place >= 0:
        first = data[place + 42 : place + 46] if first is None else first
        data[place + 42 : place + 46] = first
        data[place + 24 : place + 28] = struct.pack("<I", 1 << 30)
        place = data.find(b"PK\x01\x02", place + 4)
    path.write_bytes(data)


def _two_pickles(content: Content, path: Path) -> None:
    _zipped(_members(content, path) | {"other/data.pkl": pickle.dumps(_touch())}, path)


def _traversal(content: Content, path: Path) -> None:
    _zipped(_members(content, path) | {f"../{CANARY}": b"out", f"/tmp/{CANARY}": b"out"}, path)


def _encrypted(content: Content, path: Path) -> None:
    _signed(content, path)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(mark, at + 4)
    path.write_bytes(data)


def _storage(key: str, numel: int, content: Content, path: Path) -> None:
    """A tensor that asks for a storage by another name, or of another size, than the file has."""
    members = _members(content, path)
    root = next(iter(members)).partition("/")[0]

    class Asks(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return ("storage", torch.FloatStorage, key, "cpu", numel) if value is _PLACE else None

    out = io.BytesIO()
    rebuilt = Call(torch._utils._rebuild_tensor_v2, _PLACE, 0, (numel,), (1,), False, {})
    Asks(out, protocol=2).dump({**content, "evil": rebuilt} | {"state_dict": {}, "optimizer_states": []})
    _zipped(members | {f"{root}/data.pkl": out.getvalue()}, path)


_PLACE = object()


def _tensor(make: Callable[[], Any], content: Content, path: Path) -> None:
    name = next(iter(content["state_dict"]))
    content["state_dict"][name] = make()
    _unsigned(content, path)


def _blueprint(place: tuple[str, ...], value: Any, content: Content, path: Path) -> None:
    target = content["seqkit"]
    for name in place[:-1]:
        target = target[name]
    target[place[-1]] = value() if callable(value) else value
    _signed(content, path)


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(150):
        value = [value]
    return value


def _deeper(content: Content, path: Path) -> None:
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    _zipped({"archive/data.pkl": deep, "archive/version": b"3\n"}, path)


def _quantised() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.ones(3), 0.5, 0, torch.qint8)


def _laughing() -> list[Any]:
    value: list[Any] = ["ha"] * 10
    for _ in range(20):
        value = [value] * 10
    return value


def _unwalked(make: Callable[[], Any], content: Content, path: Path) -> None:
    content["seqkit"]["codec"]["evil"] = make()
    _unsigned(content, path)


def _manifest(value: Any, content: Content, path: Path) -> None:
    content["manifest"] = value
    with path.open("wb") as file:
        sink = _Sink(file, path)
        torch.save(content, sink)  # type: ignore[arg-type]
        seal(file, sink.crc)


def _weights(change: Callable[[dict[str, torch.Tensor]], None], content: Content, path: Path) -> None:
    change(content["state_dict"])
    _signed(content, path)


def _rename(weights: dict[str, torch.Tensor]) -> None:
    name, tensor = weights.popitem()
    weights[f"\x1b]0;evil\x07\x1b[2J{name}"] = tensor


def _widen(weights: dict[str, torch.Tensor]) -> None:
    for name in weights:
        weights[name] = weights[name].double()


def _shrink(weights: dict[str, torch.Tensor]) -> None:
    name = max(weights, key=lambda name: weights[name].numel())
    weights[name] = weights[name].reshape(-1)[:1]


def _address(text: str, content: Content, path: Path) -> str:
    return text


def _pipe(content: Content, path: Path) -> str:
    (path.parent / "run" / "checkpoints").mkdir(parents=True)
    os.mkfifo(path.parent / "run" / "checkpoints" / "best.ckpt")
    return str(path.parent / "run")


def _device(content: Content, path: Path) -> str:
    (path.parent / "run" / "checkpoints").mkdir(parents=True)
    (path.parent / "run" / "checkpoints" / "best.ckpt").symlink_to("/dev/zero")
    return str(path.parent / "run")


def _exported(change: Callable[[Content, Path], None], content: Content, path: Path) -> str:
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


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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


HOSTILE: dict[str, Forge] = {
    "a call of os.system": partial(_beside, _touch()),
    "a call of eval": partial(_beside, Call(eval, f"open({CANARY!r}, 'w')")),
    "a call of exec": partial(_beside, Call(exec, f"open({CANARY!r}, 'w')")),
    "a call of open": partial(_beside, Call(open, CANARY, "w")),
    "a call of Path.touch": partial(_beside, Call(Path.touch, Path(CANARY))),
    "a call of torch.load": partial(_beside, Call(torch.load, "other.pt")),
    "a call of torch.hub.load": partial(_beside, Call(torch.hub.load, "owner/name", "model")),
    "an object with a state": partial(_beside, State()),
    "a call among the weights": partial(_within, "state_dict", _touch()),
    "a call in the blueprint": partial(_within, "seqkit", _touch()),
    "a class": partial(_beside, os.PathLike),
    "a module": partial(_beside, torch.nn.Linear(1, 1)),
    "hyper-parameters with an instantiator": partial(
        _hyper_parameters, "hyper_parameters", {"_instantiator": "os.system", "_class_path": "os.system"}
    ),
    "hyper-parameters of the data with an instantiator": partial(
        _hyper_parameters, "datamodule_hyper_parameters", {"_instantiator": "builtins.eval"}
    ),
    "a type of hyper-parameters": partial(_hyper_parameters, "hparams_type", "Namespace"),
    "a type of hyper-parameters as a class": lambda content, path: torch.save({**content, "hparams_type": Path}, path),
    "torch's legacy format": _legacy,
    "a pickle alone": partial(_bare_pickle, 2),
    "a pickle of protocol 0": partial(_bare_pickle, 0),
    "torch's tar format": _tar,
    "TorchScript": _torchscript,
    "a zip in a zip": _nested,
    "a bomb": _bomb,
    "a bomb of overlapping members": _overlapping,
    "two pickles": _two_pickles,
    "members outside": _traversal,
    "encrypted members": _encrypted,
    "a storage of another file": partial(_storage, "../../../../etc/passwd", 4),
    "a storage of 10^12 numbers": partial(_storage, "0", 10**12),
    "a storage of 2^63 numbers": partial(_storage, "0", 2**63 - 1),
    "a tensor repeated 10^12 times": partial(_tensor, lambda: torch.zeros(1).expand(10**12)),
    "a sparse tensor": partial(_tensor, lambda: torch.zeros(3).to_sparse()),
    "a tensor without numbers": partial(_tensor, lambda: torch.zeros(10**12, device="meta")),
    "a quantised tensor": partial(_tensor, _quantised),
    "text among the weights": partial(_tensor, lambda: "evil"),
    "lists 150 deep": partial(_unwalked, _deep),
    "lists 100,000 deep": _deeper,
    "lists of one list, 10^21 values": partial(_unwalked, _laughing),
    "a domain outside": partial(_blueprint, ("domain",), "../../x"),
    "a domain that is a module": partial(_blueprint, ("domain",), "os:system"),
    "a domain that is no text": partial(_blueprint, ("domain",), ["text"]),
    "a task outside": partial(_blueprint, ("task",), {"a": 1}),
    "no options": partial(_blueprint, ("model",), None),
    "10^12 units": partial(_blueprint, ("model", "hidden_size"), 10**12),
    "10^5 units": partial(_blueprint, ("model", "hidden_size"), 10**5),
    "10^30 units": partial(_blueprint, ("model", "hidden_size"), 10**30),
    "-1 units": partial(_blueprint, ("model", "hidden_size"), -1),
    "units that are text": partial(_blueprint, ("model", "hidden_size"), "__import__('os')"),
    "10^12 layers": partial(_blueprint, ("model", "num_layers"), 10**12),
    "infinite layers": partial(_blueprint, ("model", "num_layers"), float("inf")),
    "a cell outside": partial(_blueprint, ("model", "cell"), "os.system"),
    "an option that does not exist": partial(_blueprint, ("model", "_instantiator"), "os.system"),
    "an option of the encoder that does not exist": partial(_blueprint, ("encoder", "__class__"), "os.system"),
    "an option of the data that does not exist": partial(_blueprint, ("data", "class_path"), "os.system"),
    "a vocabulary of 10^12": partial(_blueprint, ("codec",), {"words": 10**12}),
    "a vocabulary that is a mapping": partial(_blueprint, ("codec",), {"bytes": {"a": "b"}}),
    "a softmax that the weights are not of": partial(_blueprint, ("model", "softmax"), "adaptive"),
    "10^12 features": partial(_blueprint, ("model", "d_model"), 10**12),
    "a manifest that is a list": partial(_manifest, [1]),
    "a manifest of text": partial(_manifest, "os.system"),
    "a manifest of a later format": partial(_manifest, {"format": 10**9, "seqkit": "9; touch canary"}),
    "a manifest of another file": partial(_manifest, {"format": 1, "content": "0" * 64}),
    "weights named to the terminal": partial(_weights, _rename),
    "weights of another type": partial(_weights, _widen),
    "weights of another shape": partial(_weights, _shrink),
    "weights too many": partial(_weights, lambda weights: weights.update(evil=torch.zeros(3))),
    "no weights": partial(_weights, lambda weights: weights.clear()),
    "an address": partial(_address, "http://127.0.0.1:9/model.ckpt"),
    "an address with s": partial(_address, "https://localhost/model.ckpt"),
    "an address of a bucket": partial(_address, "s3://bucket/model.ckpt"),
    "an address of a file": partial(_address, "file:///etc/passwd"),
    "a pipe": _pipe,
    "a device": _device,
    "safetensors: a header of 2^60 bytes": partial(
        _exported, partial(_header, lambda header, rest: struct.pack("<Q", 1 << 60) + rest)
    ),
    "safetensors: overlapping numbers": partial(_exported, partial(_header, _overlap)),
    "safetensors: other types": partial(_exported, partial(_header, _other_type)),
    "safetensors: 2^124 numbers": partial(_exported, partial(_header, _vast)),
    "safetensors: no header": partial(_exported, partial(_header, lambda header, rest: rest)),
    "safetensors: a pickle": partial(_exported, lambda told, path: torch.save({"evil": _touch()}, path)),
    "safetensors: another hash": partial(_exported, partial(_tell, "weights", {"sha256": "0" * 64})),
    "safetensors: names that lead nowhere": partial(
        _exported, partial(_tell, "weights", {"aliases": {"evil": "../x"}})
    ),
    "export: 10^12 units": partial(_exported, partial(_size, 10**12)),
    "export: JSON 100,000 deep": partial(_exported, partial(_tell, "raw", "[" * 100_000)),
    "export: JSON that is a list": partial(_exported, partial(_tell, "raw", "[]")),
    "export: NaN": partial(_exported, partial(_tell, "raw", '{"blueprint": NaN}')),
    "export: numbers of 10^5 digits": partial(_exported, partial(_tell, "raw", f'{{"blueprint": {"9" * 100_000}}}')),
    "export: a manifest of text": partial(_exported, partial(_tell, "manifest", "os.system")),
    "export: weights that are a list": partial(_exported, partial(_tell, "weights", [])),
}
"""What each does, and how it is made."""
