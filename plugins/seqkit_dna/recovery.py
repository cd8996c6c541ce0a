"""Going on after a damaged record: lines that remember the last one read, and can be taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

_LETTERS_ONLY = re.compile(r"[A-Za-z][A-Za-z \t]*$")


class Lines:
    """A text file, line by line, for a parser that raises in the middle of a record.

    Args:
        text: The open file.
    """

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._back: list[str] = []
        self._last = ""

    def read(self, size: int) -> str:
        """Nothing: Biopython asks for no characters to see whether the file is text."""
        return ""

    def readline(self) -> str:
        """The next line, "" at the end."""
        self._last = self._back.pop() if self._back else self._text.readline()
        return self._last

    def __iter__(self) -> Iterator[str]:
        """The lines that are left."""
        return iter(self.readline, "")

    def find_read(self) -> bool:
        """Go to the next FASTQ title: a line that begins with `@`, and letters after it; False if there is none.

        Quality lines may begin with `@` too, but what follows them is a title or a quality, hardly letters alone.
        """
        line = self._last
        while line:
            following = self.readline()
            if line.startswith("@") and _LETTERS_ONLY.match(following):
                self._back += [following, line]
                return True
            line = following
        return False

    def end_entry(self) -> None:
        """Go past the `//` that ends a GenBank entry."""
        line = self._last
        while line and not line.startswith("//"):
            line = self.readline()
