"""Ways in which the file of a checkpoint gets damaged, at random places."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

Damage = Callable[[bytes, bytes, np.random.Generator], bytes]
"""The damaged bytes of a file, with another honest file at hand."""


def cut(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return one[: int(rng.integers(1, len(one)))]


def cut_in_front(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return one[int(rng.integers(1, len(one))) :]


def flipped(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    data = bytearray(one)
    data[int(rng.integers(len(one)))] ^= 1 << int(rng.integers(8))
    return bytes(data)


def zeros(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A block that was never written, as after a crash of the machine; one that held something before."""
    size = min(int(rng.integers(1, 4097)), len(one))
    while not any(one[(begin := int(rng.integers(len(one) - size + 1))) : begin + size]):
        pass
    return one[:begin] + bytes(size) + one[begin + size :]


def only_zeros(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return bytes(len(one))


def empty(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return b""


def mixed(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The beginning of one file and the end of another."""
    while True:
        place = int(rng.integers(1, min(len(one), len(other))))
        made = one[:place] + other[place:]
        if made not in (one, other):
            return made


def longer(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return one + rng.bytes(int(rng.integers(1, 100)))


def swapped(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Two blocks in each other's place."""
    size, half = 512, len(one) // 2
    while True:
        first, second = int(rng.integers(half - size)), int(rng.integers(half, len(one) - size))
        blocks = one[first : first + size], one[second : second + size]
        if blocks[0] != blocks[1]:
            return one[:first] + blocks[1] + one[first + size : second] + blocks[0] + one[second + size :]


DAMAGES: tuple[Damage, ...] = (cut, cut_in_front, flipped, zeros, only_zeros, empty, mixed, longer, swapped)


def with_members_of(path: Path, one: Path, other: Path) -> None:
    """A file whose weights are another's: each of its checksums is right, and its manifest is not."""
    content, foreign = (torch.load(place, weights_only=True) for place in (one, other))
    content["state_dict"] = foreign["state_dict"]
    torch.save(content, path)
