"""Packed bytes, and what can be wrong with them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping

Spoil = Callable[[bytes], bytes]


def raw(content: bytes | str) -> bytes:
    """Text as it stands in a file."""
    return content.encode() if isinstance(content, str) else content


def packed(members: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive, the same at any time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), raw(content), compression)
    return stream.getvalue()


def in_headers(local: int, central: int, value: bytes) -> Spoil:
    """These bytes at a place in both headers of each member of a zip archive."""

    def spoil(data: bytes) -> bytes:
        changed = bytearray(data)
        for sign, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
            begin = changed.find(sign)
            while begin >= 0:
                changed[begin + offset : begin + offset + len(value)] = value
                begin = changed.find(sign, begin + 4)
        return bytes(changed)

    return spoil


encrypted = in_headers(6, 8, struct.pack("<H", 1))
"""The flag that says so."""

strange_method = in_headers(8, 10, struct.pack("<H", 97))
"""A way of packing that nobody knows."""


def declared(size: int) -> Spoil:
    """Members that say they unpack to so many bytes."""
    return in_headers(22, 24, struct.pack("<I", size))


def flipped(data: bytes, place: int, mask: int = 0x55, count: int = 1) -> bytes:
    """So many bytes from a place on are others."""
    changed = bytes(byte ^ mask for byte in data[place:][:count])
    return data[:place] + changed + data[place:][count:]
