"""How long a FLAC file really is, by its last frame: libsndfile reads no further than the header promises."""

from __future__ import annotations

from typing import IO

from seqkit import DataError

_STREAM_INFO_END = 42
_LONGEST_HEADER = 16
_MOST_FRAME = 1 << 24


def check_flac(stream: IO[bytes], origin: str) -> None:
    """The last frame must end where the header says the sound ends, unless it leaves that open.

    Source: RFC 9639, sections 8.2 (streaminfo) and 9.1 (frame header).

    Args:
        stream: The file, seekable, at its beginning, and left there; what is no FLAC file is left alone.
        origin: Names the file in errors.

    Raises:
        DataError: If there are more samples than stated. That there are fewer, reading tells.
    """
    info = stream.read(_STREAM_INFO_END)
    if info[:4] == b"fLaC" and len(info) == _STREAM_INFO_END:
        stated = int.from_bytes(info[21:26], "big") & (1 << 36) - 1
        longest = int.from_bytes(info[15:18], "big") or _MOST_FRAME
        file_size = stream.seek(0, 2)
        stream.seek(max(file_size - longest - _LONGEST_HEADER, _STREAM_INFO_END))
        coded = _last_sample(stream.read(), int.from_bytes(info[10:12], "big"), stated)
        if 0 < stated < coded:
            what = f"header says {stated} frames, file holds {coded}"
            raise DataError(what, at=origin, fix="the recording was not closed properly: encode it again")
    stream.seek(0)


def _last_sample(tail: bytes, block: int, stated: int) -> int:
    """Number of the sample behind the last frame; 0 if no frame is found.

    Args:
        tail: The end of the file, with the last frame in it.
        block: Samples of a frame, where all have the same.
        stated: A frame that ends here is believed at once, any other one by its checksum only: by chance one frame in
            some hundred holds bytes that look like a header.
    """
    place = len(tail)
    while (place := tail.rfind(b"\xff", 0, place)) >= 0:
        end = _end_of_frame(tail[place : place + _LONGEST_HEADER], block)
        if end and (end == stated or _crc(tail[place:], 16, 0x8005) == 0):
            return end
    return 0


def _end_of_frame(header: bytes, block: int) -> int:
    """Number of the sample behind the frame that has this header; 0 if it is none."""
    if len(header) < 6 or header[1] & 0xFE != 0xF8:
        return 0
    code, extra = header[2] >> 4, 1
    while extra < 8 and header[4] << extra - 1 & 0x80:
        extra += 1
    length = max(extra - 1, 1)  # Of a number coded as in UTF-8.
    number = header[4] & (0xFF >> extra)
    for byte in header[5 : 4 + length]:
        number = number << 6 | byte & 0x3F
    position = 4 + length
    size, position = _block_size(header, code, position)
    rate_bytes = {12: 1, 13: 2, 14: 2}.get(header[2] & 15, 0)
    position += rate_bytes
    if size == 0 or position >= len(header) or _crc(header[: position + 1], 8, 0x07):
        return 0
    return size + (number if header[1] & 1 else number * block)


def _block_size(header: bytes, code: int, position: int) -> tuple[int, int]:
    """Samples of a frame, 0 for a reserved code; and where the header goes on."""
    if code in (6, 7):
        size = code - 5
        return int.from_bytes(header[position : position + size], "big") + 1, position + size
    return (192 if code == 1 else 576 << code - 2 if 2 <= code <= 5 else 256 << code - 8 if code >= 8 else 0), position


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    """A checksum that begins with 0; 0 over data with their own checksum behind them."""
    value, top, mask = 0, 1 << bits - 1, (1 << bits) - 1
    for byte in data:
        value ^= byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
    return value
