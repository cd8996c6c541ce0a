"""A record that is held back until it has been read to its end: what has been handed on cannot be taken back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from seqkit_dna.fragment import BLOCK_BASES, Fragment

_IN_MEMORY = 8 * BLOCK_BASES
"""Bases of one record that are held in memory; more lie in a temporary file, one byte a base."""

_KEPT_BYTES = 1 << 16


class HeldRecord:
    """The blocks of a record, and how it begins in its file.

    Args:
        header: Its header as it stands in the file.
    """

    def __init__(self, header: bytes) -> None:
        self.raw = header[:_KEPT_BYTES]
        self._file: tempfile.SpooledTemporaryFile[bytes] | None = None

    def note(self, piece: bytes) -> None:
        """Keep the next bytes of the file, as far as anybody will look at them."""
        if len(self.raw) < _KEPT_BYTES:
            self.raw += piece[: _KEPT_BYTES - len(self.raw)]

    def add(self, bases: str) -> None:
        """Hold a block of `BLOCK_BASES`."""
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)
        self._file.write(bases.encode("ascii"))

    def drop(self) -> None:
        """Let go of what is held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def fragments(self, header: str) -> Iterator[Fragment]:
        """All blocks, in order."""
        if self._file is None:
            return
        self._file.seek(0)
        start = 0
        while block := self._file.read(BLOCK_BASES):
            yield Fragment(header, block.decode("ascii"), start)
            start += len(block)
        self.drop()
