"""Going on after a damaged record: lines that remember the record they are in, and can be taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

ENTRY_START = "LOCUS       "
_RELEASE = re.compile(r"GB\w+\.SEQ\b")
_LETTERS_ONLY = re.compile(r"[A-Za-z]+\s*$")


class Lines:
    """A text file, line by line, for a parser that raises in the middle of a record.

    Args:
        text: The open file.

    Attributes:
        record: The lines read since the last `mark`.
    """

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._back: list[str] = []
        self.record: list[str] = []

    def read(self, size: int) -> str:
        """Nothing: Biopython asks for no characters to see whether the file is text."""
        return ""

    def readline(self) -> str:
        """The next line, "" at the end."""
        if line := self._next():
            self.record.append(line)
        return line

    def __iter__(self) -> Iterator[str]:
        """The lines that are left."""
        return iter(self.readline, "")

    def mark(self, num_ahead: int = 0) -> None:
        """A record is complete; the parser has read so many lines of the next one."""
        self.record = self.record[len(self.record) - num_ahead :]

    def take_back(self, num_kept: int) -> None:
        """Read the record's lines again, but for the first ones."""
        self._back += reversed(self.record[num_kept:])
        self.record = self.record[:num_kept]

    def find_read(self) -> tuple[str, bool]:
        """Go to the FASTQ title that follows that of the record: the lines passed over, and whether there is one.

        A title begins with `@`, and so may a quality; but what follows a quality is a title, never bases and a `+`.
        """
        self.take_back(1)
        passed = self.record
        found = False
        while not found and (line := self._next()):
            found = line.startswith("@") and self._read_follows()
            if found:
                self._back.append(line)
            else:
                passed.append(line)
        self.record = []
        return "".join(passed), found

    def begin_entry(self, skip_preamble: bool) -> str:
        """The first line of the next GenBank entry, which is still to be read; "" at the end.

        Args:
            skip_preamble: Pass over the lines with which NCBI's release files begin.
        """
        self.record = []
        line = "//"
        while line and line.strip() in ("", "//"):
            line = self._next()
        if skip_preamble and _RELEASE.match(line):
            while line and not line.startswith(ENTRY_START):
                line = self._next()
        if line:
            self._back.append(line)
        return line

    def find_entry(self) -> str:
        """Go past the `//` that ends a GenBank entry, or to the `LOCUS` of the next one; the lines passed over."""
        passed = self.record[:1] or [self._next()]
        self.take_back(1)
        while line := self._next():
            if line.startswith(ENTRY_START):
                self._back.append(line)
                break
            passed.append(line)
            if line.startswith("//"):
                break
        self.record = []
        return "".join(passed)

    def _next(self) -> str:
        return self._back.pop() if self._back else self._text.readline()

    def _read_follows(self) -> bool:
        bases, after = self._next(), self._next()
        self._back += [line for line in (after, bases) if line]
        return _begins_read(bases, after)


def _begins_read(bases: str, after: str) -> bool:
    """Whether these two lines may follow a title: bases and the sign of the quality, or bases in several lines."""
    if bases.startswith(("@", "+")):
        return False
    return after.startswith("+") or bool(_LETTERS_ONLY.match(bases) and _LETTERS_ONLY.match(after))
