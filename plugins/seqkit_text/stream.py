"""Text as it comes: bytes to characters, handed on as soon as no later byte can change their steps."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator

from seqkit import Record
from seqkit_text.blocks import last_word_end
from seqkit_text.decoding import decode
from seqkit_text.encodings import BYTE_ORDER_MARK

ORIGIN = "stdin"

_LAST_SPACE = re.compile(r".*[ \t\r\n]", re.DOTALL)

Cut = Callable[[str], int]
"""How many characters of a text may be encoded without what follows."""


def everywhere(text: str) -> int:
    """For steps that are characters or bytes: each stands alone."""
    return len(text)


def after_space(text: str) -> int:
    """For words: the last one is complete when white space follows."""
    found = _LAST_SPACE.match(text)
    return found.end() if found else 0


def before_space(text: str) -> int:
    """For byte pairs, which may join a run of white space, or with the word after it, but never with the one before."""
    return last_word_end(text)


def read_text(blocks: Iterator[bytes], encoding: str, cut: Cut) -> Iterator[Record]:
    """A stream of bytes as one record in parts.

    Args:
        blocks: The bytes.
        encoding: Of the text.
        cut: Where a part may end.

    Raises:
        DataError: Names the line of bytes that are no text in this encoding.
    """
    held: list[str] = []
    continues = False
    for text in _decoded(blocks, encoding):
        # With the last character of what is held, a space that comes first is seen to end a word.
        before = held[-1][-1:] if held else ""
        place = cut(before + text)
        if not place:
            held.append(text)
            continue
        done, rest = text[: place - len(before)], text[place - len(before) :]
        yield Record("".join([*held, done]), origin=ORIGIN, continues=continues)
        held, continues = [rest] if rest else [], True
    if held:
        yield Record("".join(held), origin=ORIGIN, continues=continues)


def read_text_lines(blocks: Iterator[bytes], encoding: str, ending: str) -> Iterator[Record]:
    """A stream of bytes as one record a line that is not blank.

    Args:
        blocks: The bytes.
        encoding: Of the text.
        ending: Closes each record.

    Raises:
        DataError: Names the line of bytes that are no text in this encoding.
    """
    number, rest = 0, ""
    for text in _decoded(blocks, encoding):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            number += 1
            if line.strip():
                yield Record(line.removesuffix("\r") + ending, origin=f"{ORIGIN}:{number}")
    if rest.strip():
        yield Record(rest + ending, origin=f"{ORIGIN}:{number + 1}")


def _decoded(blocks: Iterator[bytes], encoding: str) -> Iterator[str]:
    """Characters as their bytes are complete, without a byte order mark."""
    decoder = codecs.getincrementaldecoder(encoding)()
    num_lines, at_start = 0, True
    for block in blocks:
        text = decode(decoder, block, False, encoding, ORIGIN, num_lines)
        num_lines += text.count("\n")
        if at_start and text:
            text, at_start = text.removeprefix(BYTE_ORDER_MARK), False
        if text:
            yield text
    if text := decode(decoder, b"", True, encoding, ORIGIN, num_lines):
        yield text
