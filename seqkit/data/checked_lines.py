"""CheckedLines: the bytes of a table, UTF-8 for certain, whole lines up to where a file is damaged."""

from __future__ import annotations

import io
import re
import zlib
from typing import IO, Any

from seqkit.errors import DataError

_READ_BYTES = 1 << 20
_FIRST, _LAST = "\ufdd0", "\ufdd1"
"""No characters, so never in a text; between them stands the number of a line that was bad."""

_MARK = re.compile(f"{_FIRST}(\\d+){_LAST}")

MARK = _FIRST
"""Stands in each cell that has bytes which are no UTF-8, if these are left to be found."""


class CheckedLines(io.RawIOBase):
    """A stream of bytes for a parser that does not say where bytes are wrong, or what came before a damage.

    Args:
        stream: What is read.
        origin: Its name in errors.
        lenient: Mark bad lines and end before a damage; otherwise raise.
        header: The first line must be right even so.

    Attributes:
        damage: Why the stream ended early, if it did.
        bad: The bad lines that were marked, by number.
    """

    def __init__(self, stream: IO[bytes], origin: str, lenient: bool, header: bool) -> None:
        self._origin, self._lenient, self._header = origin, lenient, header
        self._ready, self._held = b"", list[bytes]()
        self._read = getattr(stream, "read1", stream.read)
        self._ended, self._num_lines = False, 0
        self.damage: DataError | None = None
        self.bad: dict[int, bytes] = {}

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` at most; b"" at the end.

        Raises:
            DataError: Names the line that is not UTF-8, or the last one before a damage.
        """
        while not self._ready and not self._ended:
            self._fill()
        data = self._ready if size < 0 else self._ready[:size]
        self._ready = self._ready[len(data) :]
        return data

    def place(self, cells: list[Any]) -> tuple[int, bytes] | None:
        """Number and bytes of the first bad line that a row was made of; None if there is none."""
        for cell in cells:
            if found := _MARK.search(cell):
                number = int(found[1])
                return number, self.bad.pop(number, b"")
        return None

    def _fill(self) -> None:
        try:
            data = self._read(_READ_BYTES)  # What comes before a damage comes first.
        except (OSError, EOFError, zlib.error) as error:
            what = f"cannot be read to its end: {error}"
            self.damage = DataError(what, at=f"{self._origin}, after line {self._num_lines}", fix="get the file again")
            if not self._lenient:
                raise self.damage from error
            self._ended = True
            return
        cut = data.rfind(b"\n") + 1
        self._ended = not data
        if cut or self._ended:
            lines = b"".join([*self._held, data[:cut]])
            self._held = [data[cut:]]
            self._ready = self._checked(lines)
            self._num_lines += lines.count(b"\n")
        else:
            self._held.append(data)

    def _checked(self, lines: bytes) -> bytes:
        try:
            lines.decode("utf-8")
        except UnicodeDecodeError as error:
            if self._lenient:
                numbered = enumerate(lines.split(b"\n"), start=self._num_lines + 1)
                return b"\n".join(self._marked(line, number) for number, line in numbered)
            number = self._num_lines + lines[: error.start].count(b"\n") + 1
            raise not_utf8(f"{self._origin}, line {number}") from error
        return lines

    def _marked(self, line: bytes, number: int) -> bytes:
        try:
            line.decode("utf-8")
            return line
        except UnicodeDecodeError as error:
            if self._header and number == 1:
                raise not_utf8(f"{self._origin}, line 1") from error
            self.bad[number] = line
            rest = line[error.start :].decode("utf-8", "ignore")
            return line[: error.start] + f"{_FIRST}{number}{_LAST}{rest}".encode()


def not_utf8(at: str) -> DataError:
    """The error for bytes that are no UTF-8."""
    return DataError("is not valid UTF-8", at=at, fix="save the table as UTF-8")
