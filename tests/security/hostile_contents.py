"""Checkpoints that load without code and whose contents lie: tensors, blueprints, manifests, weights."""

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from seqkit.training.archive import seal
from seqkit.training.checkpoint_io import _Sink
from tests.security.hostile_making import Content, Forge, signed, unsigned, zipped


def _tensor(make: Callable[[], Any], content: Content, path: Path) -> None:
    name = next(iter(content["state_dict"]))
    content["state_dict"][name] = make()
    unsigned(content, path)


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(150):
        value = [value]
    return value


def _deeper(content: Content, path: Path) -> None:
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    zipped({"archive/data.pkl": deep, "archive/version": b"3\n"}, path)


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
    unsigned(content, path)


TENSORS: dict[str, Forge] = {
    "a tensor repeated 10^12 times": partial(_tensor, lambda: torch.zeros(1).expand(10**12)),
    "a sparse tensor": partial(_tensor, lambda: torch.zeros(3).to_sparse()),
    "a tensor without numbers": partial(_tensor, lambda: torch.zeros(10**12, device="meta")),
    "a quantised tensor": partial(_tensor, _quantised),
    "text among the weights": partial(_tensor, lambda: "evil"),
    "lists 150 deep": partial(_unwalked, _deep),
    "lists 100,000 deep": _deeper,
    "lists of one list, 10^21 values": partial(_unwalked, _laughing),
}


def _blueprint(place: tuple[str, ...], value: Any, content: Content, path: Path) -> None:
    target = content["seqkit"]
    for name in place[:-1]:
        target = target[name]
    target[place[-1]] = value() if callable(value) else value
    signed(content, path)


BLUEPRINTS: dict[str, Forge] = {
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
}


def _manifest(value: Any, content: Content, path: Path) -> None:
    content["manifest"] = value
    with path.open("wb") as file:
        sink = _Sink(file, path)
        torch.save(content, sink)  # type: ignore[arg-type]
        seal(file, sink.crc)


def _weights(change: Callable[[dict[str, torch.Tensor]], None], content: Content, path: Path) -> None:
    change(content["state_dict"])
    signed(content, path)


def _rename(weights: dict[str, torch.Tensor]) -> None:
    name, tensor = weights.popitem()
    weights[f"\x1b]0;evil\x07\x1b[2J{name}"] = tensor


def _widen(weights: dict[str, torch.Tensor]) -> None:
    for name in weights:
        weights[name] = weights[name].double()


def _shrink(weights: dict[str, torch.Tensor]) -> None:
    name = max(weights, key=lambda name: weights[name].numel())
    weights[name] = weights[name].reshape(-1)[:1]


WEIGHTS: dict[str, Forge] = {
    "a manifest that is a list": partial(_manifest, [1]),
    "a manifest of text": partial(_manifest, "os.system"),
    "a manifest of a later format": partial(_manifest, {"format": 10**9, "seqkit": "9; touch canary"}),
    "a manifest of another file": partial(_manifest, {"format": 1, "content": "0" * 64}),
    "weights named to the terminal": partial(_weights, _rename),
    "weights of another type": partial(_weights, _widen),
    "weights of another shape": partial(_weights, _shrink),
    "weights too many": partial(_weights, lambda weights: weights.update(evil=torch.zeros(3))),
    "no weights": partial(_weights, lambda weights: weights.clear()),
}
