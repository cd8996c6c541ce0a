"""Bytes of a file to characters: strictly, or leaving out the lines that are no text."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from seqkit import DataError, SourceFile
from seqkit_text.encodings import BYTE_ORDER_MARK, likely_encoding, require_order, require_text

BLOCK_BYTES = 1 << 20

_MOST_LINE_BYTES = 1 << 28

Piece = tuple[int, str]
"""Text, and the number of the line that it begins in."""


def pieces(source: SourceFile, encoding: str, origin: str) -> Iterator[Piece]:
    """The text of a file, without a byte order mark.

    Args:
        source: The file; `.gz` is unpacked on the way.
        encoding: Of its bytes.
        origin: Its name in errors.

    Raises:
        DataError: For bytes that are not in this encoding, a NUL character, or a damaged `.gz`: names the line.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    num_lines, at_start = 0, True
    for data in _blocks(source, encoding, origin):
        text = decode(decoder, data, not data, encoding, origin, num_lines)
        if at_start and text:
            require_order(text, encoding, origin)
            text, at_start = text.removeprefix(BYTE_ORDER_MARK), False
        if text:
            yield num_lines + 1, text
        num_lines += text.count("\n")


def good_pieces(
    source: SourceFile, encoding: str, origin: str, on_bad: Callable[[DataError, bytes], None]
) -> Iterator[Piece]:
    """The same without the lines that are no text; each piece begins where a line begins.

    Args:
        source: The file.
        encoding: Of its bytes.
        origin: Its name in errors.
        on_bad: Told of each line that is left out, when all before it have been handed over.

    Raises:
        DataError: As `pieces` where lines cannot be told before they are decoded, as in UTF-16; for a damaged `.gz`.
    """
    if "\n".encode(encoding) != b"\n":
        yield from pieces(source, encoding, origin)
        return
    number, held = 1, list[bytes]()
    for data in _blocks(source, encoding, origin):
        cut = data.rfind(b"\n") + 1 if data else 0
        if not cut and data:
            held.append(data)
            _require_lines(held, origin, number)
            continue
        lines = b"".join([*held, data[:cut]])
        held = [data[cut:]]
        if number == 1:
            lines = lines.removeprefix(BYTE_ORDER_MARK.encode("utf-8"))
        yield from _good(lines, encoding, origin, number, on_bad)
        number += lines.count(b"\n")


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
        wrong = num_lines + error.object[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise _undecodable(error, encoding, f"{origin}, line {wrong}") from error
    if "\0" in text:
        number = num_lines + text[: text.index("\0")].count("\n") + 1
        raise nul_character(f"{origin}, line {number}", data)
    return text


def nul_character(at: str, beginning: bytes = b"") -> DataError:
    """The error for a NUL: no text holds one, but UTF-16 read as UTF-8 and binary files do.

    Args:
        at: Where it is.
        beginning: First bytes of the file or block, for a hint.
    """
    encoding = likely_encoding(beginning) or "utf-16"
    return DataError(
        "holds a NUL character: this is no plain text in the given encoding",
        at=at,
        fix=f"give --data.encoding (is it {encoding}?), or leave binary files out",
    )


def _good(
    data: bytes, encoding: str, origin: str, number: int, on_bad: Callable[[DataError, bytes], None]
) -> Iterator[Piece]:
    """Runs of good lines among whole lines."""
    try:
        text = data.decode(encoding)
        if "\0" not in text:
            if text:
                yield number, text
            return
    except UnicodeDecodeError:
        pass
    run: list[str] = []
    begin = number
    for place, line in enumerate(_split(data), start=number):
        try:
            run.append(decode(codecs.getincrementaldecoder(encoding)(), line, True, encoding, origin, place - 1))
        except DataError as error:
            if run:
                yield begin, "".join(run)
            run, begin = [], place + 1
            on_bad(error, line)
    if run:
        yield begin, "".join(run)


def _split(data: bytes) -> list[bytes]:
    r"""Lines with their ends; a lone carriage return ends none."""
    *lines, rest = data.split(b"\n")
    return [*(line + b"\n" for line in lines), *([rest] if rest else [])]


def _blocks(source: SourceFile, encoding: str, origin: str) -> Iterator[bytes]:
    """The bytes of a file, and b"" at their end; what came before a damage is handed over before it is raised."""
    num_lines, at_start = 0, True
    with source.open() as stream:
        while True:
            data, damage = _gather(stream)
            if at_start:
                require_text(data[:64], encoding, origin)
                at_start = False
            num_lines += data.count(b"\n")
            if damage is not None:
                if data:
                    yield data
                at = f"{origin}, after line {num_lines}"
                raise DataError(f"cannot be read to its end: {damage}", at=at, fix="get the file again") from damage
            yield data
            if not data:
                return


def _gather(stream: IO[bytes]) -> tuple[bytes, Exception | None]:
    """About `BLOCK_BYTES`, or fewer at the end; and what stopped it."""
    parts: list[bytes] = []
    size = 0
    read = getattr(stream, "read1", stream.read)
    try:
        while size < BLOCK_BYTES and (part := read(BLOCK_BYTES - size)):
            parts.append(part)
            size += len(part)
    except (OSError, EOFError, zlib.error) as error:
        return b"".join(parts), error
    return b"".join(parts), None


def _require_lines(held: list[bytes], origin: str, number: int) -> None:
    if sum(map(len, held)) > _MOST_LINE_BYTES:
        what = f"the line is longer than {_MOST_LINE_BYTES:,} bytes"
        raise DataError(what, at=f"{origin}, line {number}", fix="leave the file out, or divide it into lines")


def _undecodable(error: UnicodeDecodeError, encoding: str, at: str) -> DataError:
    return DataError(
        f"byte 0x{error.object[error.start]:02x} is not valid {encoding}",
        at=at,
        fix="give the file's encoding, such as --data.encoding latin-1",
    )
