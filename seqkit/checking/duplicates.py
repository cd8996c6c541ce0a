"""Duplicates: records with the same sequence (of texts, white space apart), found by a 128-bit hash."""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np

_EXAMPLES = 20


@dataclass(frozen=True)
class Repeats:
    """What was found.

    Attributes:
        num_records: Records whose sequence an earlier one has.
        num_leaked: Records of validation and test whose sequence is among the training records.
        num_contradictory: Sequences that occur with more than one target.
        examples: Origins of the first groups of equal records, two of each.
        contradictory: Origins of the first contradictory groups, two of different target of each.
    """

    num_records: int
    num_leaked: int
    num_contradictory: int
    examples: list[list[str]]
    contradictory: list[list[str]]


class Duplicates:
    """Hashes of sequences, 29 bytes a record in memory; the names of records lie in a temporary file."""

    def __init__(self) -> None:
        self._digests, self._targets, self._splits = bytearray(), array("q"), array("b")
        self._places = array("q", [0])
        self._names = tempfile.TemporaryFile()
        self._hash = hashlib.blake2b(digest_size=16)

    def feed(self, value: Any) -> None:
        """Take in the next part of the record that is being read."""
        self._hash.update(_as_bytes(value))

    def end(self, origin: str, target: int, in_training: bool) -> None:
        """The record that was fed is complete.

        Args:
            origin: Its name.
            target: A number that equal targets share.
            in_training: Whether it is a training record.
        """
        self._digests += self._hash.digest()
        self._hash = hashlib.blake2b(digest_size=16)
        self._targets.append(target)
        self._splits.append(in_training)
        self._places.append(self._places[-1] + self._names.write(origin.encode("utf-8", "surrogatepass")))

    def find(self) -> Repeats:
        """Groups of equal records; nothing can be added afterwards."""
        with self._names:
            return self._find()

    def _find(self) -> Repeats:
        halves = np.frombuffer(bytes(self._digests), dtype=np.uint64).reshape(-1, 2)
        if not len(halves):
            return Repeats(0, 0, 0, [], [])
        order = np.lexsort((halves[:, 1], halves[:, 0]))  # stable: equal records stay in the order of the data
        ranked = halves[order]
        new = np.concatenate([[True], (ranked[1:] != ranked[:-1]).any(axis=1)])
        begins, group = np.flatnonzero(new), np.cumsum(new) - 1
        target, trained = np.array(self._targets)[order], np.array(self._splits, dtype=bool)[order]
        differs = target != target[begins][group]
        contradictory = np.unique(group[differs])
        leaked = ~trained & np.logical_or.reduceat(trained, begins)[group]
        return Repeats(
            num_records=int((~new).sum()),
            num_leaked=int(leaked.sum()),
            num_contradictory=len(contradictory),
            examples=self._examples(order, begins, group, ~new),
            contradictory=self._examples(order, begins, group, differs),
        )

    def _examples(
        self, order: np.ndarray, begins: np.ndarray, group: np.ndarray, others: np.ndarray
    ) -> list[list[str]]:
        """Of the first groups in the data: the first record, and the first of the `others`."""
        places = np.flatnonzero(others)
        groups, second = np.unique(group[places], return_index=True)
        first = order[begins[groups]]
        chosen = np.argsort(first)[:_EXAMPLES]
        return [self._pair(first[one], order[places[second[one]]]) for one in chosen]

    def _pair(self, *records: int) -> list[str]:
        names = []
        for record in records:
            self._names.seek(self._places[record])
            names.append(self._names.read(self._places[record + 1] - self._places[record]).decode("utf-8", "replace"))
        return names


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):  # White space apart: two lines are no less the same for a space at one's end.
        return "".join(value.split()).encode("utf-8", "surrogatepass")
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return "".join(f"{one}\0" for one in value).encode("utf-8", "surrogatepass")  # "ab" is not "a" and "b"
    if hasattr(value, "__array__") or isinstance(value, list | tuple):
        return np.ascontiguousarray(value).tobytes()
    return value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
