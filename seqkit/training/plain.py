"""What may stand in a checkpoint: plain values and tensors, walked under bounds, and the fingerprint of all of them."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from seqkit.errors import CheckpointError, ConfigError

MOST_DEPTH = 64
MOST_VALUES = 2_000_000
"""Values of a checkpoint, counted where they stand: a list of lists of one list is long, though its file is small."""

_MOST_SHOWN = 300
_MAPPINGS = (dict, OrderedDict)
_SEQUENCES = (list, tuple, torch.Size, set)
_PLAIN = (str, int, float, bool, bytes, complex, type(None), torch.dtype, torch.device)


def require_plain_json(values: Any, what: str) -> None:
    """Refuse anything that would not survive a checkpoint that is loaded without running code.

    Raises:
        ConfigError: Names what it found.
    """
    try:
        if json.loads(json.dumps(values, allow_nan=False)) != values:
            raise TypeError("values change on the way through JSON (tuples, or keys that are no text)")
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{what} must be plain JSON: {error}", fix="use text, numbers, true/false, null, lists and dictionaries"
        ) from error


def fingerprint(values: Any, most_bytes: int | None = None, most_values: int = MOST_VALUES) -> str:
    """SHA-256 of plain values and tensors, their order and their types; devices leave no trace.

    Args:
        values: Dictionaries, lists, tuples, sets, plain values and tensors of numbers.
        most_bytes: What all tensors together may hold; None sets no bound.
        most_values: How many values there may be.

    Raises:
        CheckpointError: For anything else, or for more than these or `MOST_DEPTH`.
    """
    walk = _Walk(most_bytes, most_values)
    walk.add(values, "", 0)
    return walk.digest.hexdigest()


def printable(text: str) -> str:
    """The first line of a text from a file, without signs that a terminal would act on, and not endless."""
    line = next(iter(text.splitlines()), "")[:_MOST_SHOWN]
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line)


class _Walk:
    """One pass over nested values, which adds each to a hash."""

    def __init__(self, most_bytes: int | None, most_values: int) -> None:
        self.digest, self.most_values = hashlib.sha256(), most_values
        self.most_bytes, self.num_bytes, self.num_values = most_bytes, 0, 0

    def add(self, value: Any, place: str, depth: int) -> None:
        """Add a value with all it holds; `place` names it in errors."""
        self.num_values += 1
        if depth > MOST_DEPTH or self.num_values > self.most_values:
            raise CheckpointError(f"values are nested too deep, or too many: {place[:80]!r}")
        if type(value) in _MAPPINGS:
            self._note("{", len(value))
            for name, inner in value.items():
                if not isinstance(name, str | int):
                    raise CheckpointError(f"a name of type {type(name).__name__} at {place[:80]!r}")
                self._note("k", name)
                self.add(inner, f"{place}.{name}" if place else str(name), depth + 1)
        elif type(value) in _SEQUENCES:
            # A set has no order of its own.
            ordered = sorted(value, key=repr) if isinstance(value, set) else value
            self._note(type(value).__name__, len(value))
            for number, inner in enumerate(ordered):
                self.add(inner, f"{place}.{number}", depth + 1)
        elif isinstance(value, Tensor):
            self._add_tensor(value, place)
        elif type(value) in _PLAIN:
            self._note(type(value).__name__, "" if isinstance(value, torch.device) else repr(value))
        else:
            raise CheckpointError(
                f"a {type(value).__module__}.{type(value).__name__} at {place[:80]!r}, which cannot be loaded without "
                "running code"
            )

    def _add_tensor(self, tensor: Tensor, place: str) -> None:
        if type(tensor) not in (Tensor, torch.nn.Parameter) or tensor.layout != torch.strided or tensor.is_quantized:
            raise CheckpointError(f"a {type(tensor).__name__} of layout {tensor.layout} at {place[:80]!r}")
        self.num_bytes += tensor.numel() * tensor.element_size()
        if tensor.is_meta or (self.most_bytes is not None and self.num_bytes > self.most_bytes):
            raise CheckpointError(
                f"a tensor of shape {tuple(tensor.shape)} at {place[:80]!r}: more than the file can hold"
            )
        self._note(str(tensor.dtype), tuple(tensor.shape))
        raw = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
        self.digest.update(raw.numpy().data)

    def _note(self, kind: str, value: Any) -> None:
        text = f"{kind} {value}"
        self.digest.update(f"{len(text)}:{text}".encode(errors="surrogatepass"))
