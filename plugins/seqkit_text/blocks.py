"""Text files in blocks: decoded while they are read, and cut only where a word ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import SupportsIndex

from seqkit import DataError, SourceFile, collecting, passed, report
from seqkit_text.decoding import Piece, good_pieces, pieces

# Before the white space that follows a word: no tokeniser of ours joins a word with what comes after it, whereas a
# run of white space may be one BPE token, and a carriage return must stay with its line feed.
_WORD_END = re.compile(r".*\S(?=[ \t\r\n])", re.DOTALL)

MOST_CHARACTERS = 1 << 24
"""A longer word is no word, and a longer run of white space no beginning of a text."""

MOST_LINE_CHARACTERS = 1 << 26
"""A longer line is a file without line ends."""

OnBad = Callable[[DataError, bytes], None]
"""What is done about a line that is no text: the error, and the line's bytes."""


class WholeWords(str):
    """Text whose slices begin and end where a word ends, so that cutting a split off divides no word.

    A slice boundary moves back to the end of the word before it; the pieces still make up the whole text.

    Example:
        >>> text = WholeWords("one two three")
        >>> text[:9], text[9:]
        ('one two', ' three')
    """

    __slots__ = ()

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        if not isinstance(key, slice):
            return super().__getitem__(key)
        start, stop, _ = key.indices(len(self))
        return super().__getitem__(slice(self._cut(start), self._cut(stop)))

    def _cut(self, place: int) -> int:
        return place if place == len(self) else last_word_end(self, place)


def last_word_end(text: str, limit: int | None = None) -> int:
    """Where the last word that ends at or before `limit` and is followed by white space ends; 0 if there is none."""
    found = _WORD_END.match(text, 0, len(text) if limit is None else limit + 1)
    return found.end() if found else 0


def read_blocks(
    source: SourceFile,
    encoding: str = "utf-8",
    origin: str | None = None,
    by_lines: bool = True,
    whole_words: bool = True,
) -> Iterator[str]:
    """The text of a file in parts of about `BLOCK_BYTES`; a word is never divided, a byte order mark is dropped.

    Line ends are kept as they are.

    Args:
        source: The file; `.gz` is unpacked on the way.
        encoding: Of its bytes.
        origin: Its name in errors.
        by_lines: While problems are collected, a line that is no text is reported and left out; False: it is raised.
        whole_words: Words are not divided; False allows it in text that has no white space for a block's length.

    Raises:
        DataError: For bytes that are not in this encoding, a NUL character, or a damaged `.gz`: names the line. For a
            file without text.
    """
    origin = origin or source.origin
    held: list[str] = []
    seen = bad = False

    def note(error: DataError, line: bytes) -> None:
        nonlocal bad
        bad = True
        report(error, record=line)

    lenient = by_lines and collecting()
    latest = ""
    for line, text in good_pieces(source, encoding, origin, note) if lenient else pieces(source, encoding, origin):
        if lenient:
            passed("line", text.count("\n"))
        cut = (last_word_end(latest) or (0 if whole_words else len(latest))) if seen else 0
        if cut:
            yield "".join([*held, latest[:cut]])
            held = [latest[cut:]]
        else:
            held.append(latest)
            _require_short(held, origin, line, seen)
        latest = text
        seen = seen or not text.isspace()
    if seen:
        yield "".join([*held, latest])
    elif not bad:
        raise no_text(origin)


def read_lines(
    source: SourceFile, encoding: str = "utf-8", origin: str | None = None, on_bad: OnBad | None = None
) -> Iterator[tuple[int, str]]:
    r"""Lines with their 1-based number, without their end (`\n` or `\r\n`).

    Args:
        source: The file; `.gz` is unpacked on the way.
        encoding: Of its bytes.
        origin: Its name in errors.
        on_bad: Told of each line that is no text while problems are collected, between its neighbours; None reports.

    Raises:
        DataError: As `read_blocks`; for a line without end.
    """
    origin = origin or source.origin
    seen = bad = False

    def note(error: DataError, line: bytes) -> None:
        nonlocal bad
        bad = True
        (on_bad or report)(error, line)

    found = good_pieces(source, encoding, origin, note) if collecting() else pieces(source, encoding, origin)
    for number, line in _lines(found, origin):
        seen = seen or not (line.isspace() or not line)
        yield number, line
    if not (seen or bad):
        raise no_text(origin)


def no_text(origin: str) -> DataError:
    """The error for a file of nothing, or of white space."""
    return DataError("holds no text", at=origin, fix="leave the file out")


def _lines(found: Iterator[Piece], origin: str) -> Iterator[tuple[int, str]]:
    held: list[str] = []
    number = size = 0
    for number, text in found:
        lines = text.split("\n")
        held.append(lines.pop() if len(lines) > 1 else text)
        size += len(held[-1])
        if len(lines) > 1 or held[-1] is not text:
            lines[0] = "".join([*held[:-1], lines[0]])
            held, size = held[-1:], len(held[-1])
            for place, line in enumerate(lines, start=number):
                yield place, line.removesuffix("\r")
            number += len(lines)
        if size > MOST_LINE_CHARACTERS:
            raise DataError(
                f"the line is longer than {MOST_LINE_CHARACTERS:,} characters",
                at=f"{origin}, line {number}",
                fix="divide it, or read the file as one record: --data.documents files",
            )
    if rest := "".join(held):
        yield number, rest


def _require_short(held: list[str], origin: str, line: int, seen: bool) -> None:
    if len(held) > 1 and sum(map(len, held)) > MOST_CHARACTERS:
        what = "without white space" if seen else "of white space alone"
        raise DataError(
            f"more than {MOST_CHARACTERS:,} characters {what}",
            at=f"{origin}, line {line}",
            fix="read it by --data.tokens characters or bytes" if seen else "leave the file out",
        )
