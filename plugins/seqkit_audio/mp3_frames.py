"""How long an MP3 really is: its frames counted from header to header.

An MP3 states its length only in an optional first frame. Without it libsndfile guesses from the first bit rate, and
reads no further than it guessed.
"""

from __future__ import annotations

from typing import IO

from seqkit import DataError

_KBIT = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates of Layer III by their number: MPEG-1, and MPEG-2 and 2.5."""

_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates by version number: MPEG-1, MPEG-2, MPEG-2.5."""


_ID3V1_BYTES = 128
_TRAILING = (b"APETAGEX", b"LYRICSBEGIN")
"""Tags that may follow the last frame, beside that of ID3v1."""

_AGAIN = "copy or download the file again"


def count_samples(stream: IO[bytes], origin: str) -> tuple[int, bool] | None:
    """Samples a channel in all Layer III frames, and whether the first frame states the length.

    None if the file does not begin with a Layer III frame.

    Source: ISO/IEC 11172-3, section 2.4.2.3 (frame header); ID3v2.4, section 3.1.

    Args:
        stream: The file, seekable; left at its beginning.
        origin: Names it in errors.

    Raises:
        DataError: If something else lies between frames, the last one is cut off, or there is no frame behind a tag.
    """
    begin = stream.read(4)
    stream.seek(0)
    if begin[:3] != b"ID3" and _frame(begin) is None:
        return None
    data = stream.read()
    stream.seek(0)
    position, total = _after_tag(data), 0
    # Behind the header, a checksum and the side information of at most 32 bytes. Source: Xing's and LAME's tag.
    stated = any(mark in data[position : position + 46] for mark in (b"Xing", b"Info"))
    while (frame := _frame(data[position : position + 4])) is not None:
        size, samples = frame
        if position + size > len(data):
            what = f"cut short: the last frame needs {size} bytes, {len(data) - position} are there"
            raise DataError(what, at=f"{origin}, byte {position}", fix=_AGAIN)
        position, total = position + size, total + samples
    if begin[:3] == b"ID3" and not total and data[position : position + 4] != b"fLaC":
        raise DataError("holds a tag (ID3) and no sound", at=f"{origin}, byte {position}", fix=_AGAIN)
    if total:
        _require_end(data, position, origin)
    return (total, stated) if total else None


def _require_end(data: bytes, position: int, origin: str) -> None:
    """Behind the last frame there is nothing, a tag, or zeros; frames further on are sound that would be lost."""
    if data.startswith(_TRAILING, position):
        return
    if data.startswith(b"TAG", position):
        position += _ID3V1_BYTES
    following = position
    while (following := data.find(b"\xff", following)) >= 0:
        frame = _frame(data[following : following + 4])
        if frame is not None and _frame(data[following + frame[0] : following + frame[0] + 4]) is not None:
            what = f"damaged: {following - position} bytes between two frames are no sound"
            raise DataError(what, at=f"{origin}, byte {position}", fix=_AGAIN)
        following += 1


def _after_tag(data: bytes) -> int:
    """Where the sound begins: behind an ID3 tag, whose size is written in four times seven bits."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    footer = 10 if data[5] & 0x10 else 0
    return 10 + size + footer


def _frame(header: bytes) -> tuple[int, int] | None:
    """Bytes and samples a channel of the frame with this header; None if it is none of Layer III."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version, bit_rate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate == 3 or bit_rate in (0, 15):
        return None
    samples = 1152 if version == 3 else 576
    bytes_a_second = _KBIT[3 if version == 3 else 2][bit_rate] * 125
    return samples * bytes_a_second // _RATES_HZ[version][rate] + (header[2] >> 1 & 1), samples
