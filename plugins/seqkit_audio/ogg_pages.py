"""Is an Ogg file all there? libsndfile reads one that was cut short without a word."""

from __future__ import annotations

from typing import IO

from seqkit import DataError

_MOST_OGG_PAGE = 27 + 255 + 255 * 255
_LAST_PAGE_FLAG = 0x04


def check_ogg(stream: IO[bytes], origin: str) -> None:
    """The last page must be complete and carry the end-of-stream flag. Source: RFC 3533, section 6.

    FLAC and MP3 are checked while they are read: their decoders notice, or count fewer frames than promised.

    Args:
        stream: The file, seekable, at its beginning, and left there; what is no Ogg file is left alone.
        origin: Names the file in errors.

    Raises:
        DataError: If the file ends before its stream does.
    """
    is_ogg = stream.read(4) == b"OggS"
    if is_ogg:
        _check_end(stream, origin)
    stream.seek(0)


def _check_end(stream: IO[bytes], origin: str) -> None:
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
        raise DataError("cut short: the Ogg stream has no end", at=origin, fix="copy or download the file again")
