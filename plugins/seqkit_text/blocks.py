"""Text files in blocks: decoded while they are read, and cut only where a word ends."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import IO, SupportsIndex

from seqkit import DataError, SourceFile, collecting, report

BLOCK_BYTES = 1 << 20

# Before the white space that follows a word: no tokeniser of ours joins a word with what comes after it, whereas a
# run of white space may be one BPE token, and a carriage return must stay with its line feed.
_WORD_END = re.compile(r".*\S(?=[ \t\r\n])", re.DOTALL)

BYTE_ORDER_MARK = "\ufeff"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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


def read_blocks(source: SourceFile, encoding: str = "utf-8", origin: str | None = None) -> Iterator[str]:
    """The text of a file in parts of about `BLOCK_BYTES`; a word is never divided, a byte order mark is dropped.

    Line ends are kept as they are. A file with no white space at all comes as one block.

    Args:
        source: The file; `.gz` is unpacked on the way.
        encoding: Of its bytes.
        origin: Its name in errors.

    Raises:
        DataError: For bytes that are not in this encoding, a NUL character, or a damaged `.gz`: names the line.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    origin = origin or source.origin
    held: list[str] = []
    num_lines, at_start, more = 0, True, True
    with source.open() as stream:
        while more:
            data = _read(stream, origin, num_lines)
            more = len(data) == BLOCK_BYTES
            text = decode(decoder, data, not more, encoding, origin, num_lines)
            num_lines += text.count("\n")
            if at_start and text:
                text, at_start = text.removeprefix(BYTE_ORDER_MARK), False
            cut = last_word_end(text) if more else len(text)
            if cut or not more:
                block = "".join([*held, text[:cut]])
                held = [text[cut:]]
                if block:
                    yield block
            else:
                held.append(text)


def read_lines(source: SourceFile, encoding: str = "utf-8", origin: str | None = None) -> Iterator[tuple[int, str]]:
    r"""Lines with their 1-based number, without their end (`\n` or `\r\n`); the errors are those of `read_blocks`."""
    num_lines, rest = 0, ""
    for block in read_blocks(source, encoding, origin):
        *lines, rest = (rest + block).split("\n")
        for line in lines:
            num_lines += 1
            yield num_lines, line.removesuffix("\r")
    if rest:
        yield num_lines + 1, rest


def nul_character(at: str) -> DataError:
    """The error for a NUL: no text holds one, but UTF-16 read as UTF-8 and binary files do."""
    return DataError(
        "holds a NUL character: this is no plain text in the given encoding",
        at=at,
        fix="give --data.encoding (utf-16 files are full of NULs), or leave binary files out",
    )


def _read(stream: IO[bytes], origin: str, num_lines: int) -> bytes:
    try:
        return stream.read(BLOCK_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"cannot be read to its end: {error}", at=f"{origin}, after line {num_lines}", fix="get the file again"
        ) from error


def decode(
    decoder: codecs.IncrementalDecoder, data: bytes, final: bool, encoding: str, origin: str, num_lines: int
) -> str:
    """The next characters of a text; half of one waits inside the decoder.

    Args:
        decoder: Of the text.
        data: The next bytes.
        final: Nothing comes after them.
        encoding: The decoder's.
        origin: Names the text in errors.
        num_lines: Lines before these bytes.

    Raises:
        DataError: For bytes that are not in this encoding, or a NUL character: names the line.
    """
    try:
        text = decoder.decode(data, final)
    except UnicodeDecodeError as error:
        utf16 = num_lines == 0 and error.object.startswith(_UTF16_MARKS)
        if utf16 or not collecting() or "\n".encode(encoding) != b"\n":
            wrong = num_lines + error.object[: error.start].decode(encoding, "ignore").count("\n") + 1
            raise _undecodable(error, encoding, f"{origin}, line {wrong}", utf16) from error
        text = _mended(decoder, error.object, final, encoding, origin, num_lines)
    if "\0" in text:
        for number, line in enumerate(text.split("\n"), start=num_lines + 1):
            if "\0" in line:
                report(nul_character(f"{origin}, line {number}"))
    return text.replace("\0", "")


def _mended(
    decoder: codecs.IncrementalDecoder, data: bytes, final: bool, encoding: str, origin: str, num_lines: int
) -> str:
    """The text without the bytes that are wrong; each line that has some is reported."""
    decoder.reset()
    lines = data.split(b"\n")
    texts = []
    for number, line in enumerate(lines, start=1):
        try:
            texts.append(decoder.decode(line, final or number < len(lines)))
        except UnicodeDecodeError as error:
            report(_undecodable(error, encoding, f"{origin}, line {num_lines + number}"))
            decoder.reset()
            texts.append(line.decode(encoding, "ignore"))
    return "\n".join(texts)


def _undecodable(error: UnicodeDecodeError, encoding: str, at: str, utf16: bool = False) -> DataError:
    return DataError(
        f"byte 0x{error.object[error.start]:02x} is not valid {encoding}",
        at=at,
        fix="give the file's encoding, " + ("--data.encoding utf-16" if utf16 else "such as --data.encoding latin-1"),
    )
