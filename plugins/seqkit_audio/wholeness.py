"""Is a sound file all there? libsndfile reads WAV and Ogg files that were cut short without a word."""

from __future__ import annotations

import struct
from typing import IO

from seqkit import DataError

UNKNOWN_SIZES = (0xFFFFFFFF, 0x7FFFF000)
"""What ffmpeg and sox write as the data size when they cannot go back to fill it in."""

_MOST_TRAILING = 1 << 12
"""Bytes of chunks that may follow samples; more behind none is a header that was never filled in."""

_PLAIN_TAGS = (0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE)
"""WAV formats whose frames have one size: PCM, float, A-law, mu-law, extensible."""

_MOST_OGG_PAGE = 27 + 255 + 255 * 255
_LAST_PAGE_FLAG = 0x04
_AGAIN = "copy or download the file again"


def check_whole(stream: IO[bytes], origin: str) -> None:
    """Hold what the header promises against what the file has.

    FLAC and MP3 are checked while they are read: their decoders notice, or count fewer frames than promised.

    Args:
        stream: The file, seekable; left at its beginning.
        origin: Names the file in errors.

    Raises:
        DataError: If the file ends before its own header says so.
    """
    stream.seek(0)
    magic = stream.read(4)
    if magic in (b"RIFF", b"RIFX", b"RF64"):
        _check_wav(stream, origin, ">" if magic == b"RIFX" else "<")
    elif magic == b"OggS":
        _check_ogg(stream, origin)
    stream.seek(0)


def _check_wav(stream: IO[bytes], origin: str, order: str) -> None:
    """Walk the chunks up to the samples. Source: RIFF WAVE (IBM and Microsoft 1991); RF64: EBU Tech 3306."""
    file_size = stream.seek(0, 2)
    position, frame_size, long_size = 12, 0, None
    while position + 8 <= file_size:
        stream.seek(position)
        name, size = struct.unpack(f"{order}4sI", stream.read(8))
        body = position + 8
        if name == b"fmt " and body + 14 <= file_size:
            tag, _, _, _, block = struct.unpack(f"{order}HHIIH", stream.read(14))
            frame_size = block if tag in _PLAIN_TAGS else 0
        elif name == b"ds64" and body + 16 <= file_size:
            (long_size,) = struct.unpack(f"{order}8xQ", stream.read(16))
        elif name == b"data":
            if size == 0xFFFFFFFF and long_size is not None:
                size = long_size
            if size == 0 and file_size - body > _MOST_TRAILING:
                raise DataError(
                    f"the header says 0 bytes of samples, but {file_size - body} bytes follow",
                    at=origin,
                    fix="the recording was not closed properly: repair its header",
                )
            if size not in UNKNOWN_SIZES and body + size > file_size:
                raise _cut_short(origin, size, file_size - body, frame_size)
            return
        position = body + size + size % 2
    raise DataError("cut short: the file ends before its samples begin", at=origin, fix=_AGAIN)


def _cut_short(origin: str, promised: int, found: int, frame_size: int) -> DataError:
    unit = "frames" if frame_size else "bytes of samples"
    promised, found = (count // max(frame_size, 1) for count in (promised, found))
    return DataError(f"cut short: header says {promised} {unit}, file holds {found}", at=origin, fix=_AGAIN)


def _check_ogg(stream: IO[bytes], origin: str) -> None:
    """The last page must be complete and carry the end-of-stream flag. Source: RFC 3533, section 6."""
    file_size = stream.seek(0, 2)
    stream.seek(max(file_size - 2 * _MOST_OGG_PAGE, 0))
    tail = stream.read()
    begin = tail.rfind(b"OggS")
    header = tail[begin : begin + 27]
    whole = False
    if begin >= 0 and len(header) == 27:
        sizes = tail[begin + 27 : begin + 27 + header[26]]
        complete = len(sizes) == header[26] and begin + 27 + len(sizes) + sum(sizes) <= len(tail)
        whole = complete and bool(header[5] & _LAST_PAGE_FLAG)
    if not whole:
        raise DataError("cut short: the Ogg stream has no end", at=origin, fix=_AGAIN)
