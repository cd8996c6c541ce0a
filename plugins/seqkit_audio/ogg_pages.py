"""Is an Ogg file all there? libsndfile reads one that was cut short, or lost pages, without a word."""

from __future__ import annotations

import zlib
from typing import IO

from seqkit import DataError

_HEADER = 27
_LAST_PAGE_FLAG = 0x04
_AGAIN = "copy or download the file again"

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in reverse order."""


def check_ogg(stream: IO[bytes], origin: str) -> None:
    """Each page must be whole and follow the one before, and the last one must end the stream.

    Source: RFC 3533, section 6. FLAC and MP3 are checked in their own ways.

    Args:
        stream: The file, seekable, at its beginning, and left there; what is no Ogg file is left alone.
        origin: Names the file in errors.

    Raises:
        DataError: At the first page that is damaged or missing, or if the stream has no end.
    """
    is_ogg = stream.read(4) == b"OggS"
    stream.seek(0)
    if not is_ogg:
        return
    numbers: dict[bytes, int] = {}
    position, ended = 0, False
    while page := _read_page(stream):
        if page[:4] != b"OggS" or len(page) < _HEADER or not _is_whole(page):
            break
        serial, number = page[14:18], int.from_bytes(page[18:22], "little")
        if number != numbers.get(serial, -1) + 1:
            raise DataError(
                f"page {numbers.get(serial, -1) + 1} is missing", at=f"{origin}, byte {position}", fix=_AGAIN
            )
        numbers[serial] = number
        position, ended = position + len(page), bool(page[5] & _LAST_PAGE_FLAG)
    file_size = stream.seek(0, 2)
    stream.seek(0)
    if position < file_size and not ended:
        raise DataError("damaged or cut short: a page is not whole", at=f"{origin}, byte {position}", fix=_AGAIN)
    if not ended:
        raise DataError("cut short: the Ogg stream has no end", at=origin, fix=_AGAIN)


def _read_page(stream: IO[bytes]) -> bytes:
    """The next page; less at the end of the file."""
    header = stream.read(_HEADER)
    sizes = stream.read(header[26]) if len(header) == _HEADER else b""
    return header + sizes + (stream.read(sum(sizes)) if header[:4] == b"OggS" else b"")


def _is_whole(page: bytes) -> bool:
    """Whether a page has the checksum that it states, over itself with the checksum's bytes as zeros.

    Ogg's CRC takes bits from the other end than zlib's, and begins and ends with 0.
    """
    content = page[:22] + bytes(4) + page[26:]
    mirrored = zlib.crc32(content.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2) == int.from_bytes(page[22:26], "little")
