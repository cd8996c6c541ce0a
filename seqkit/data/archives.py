"""Packed files as streams: members of a zip archive, and gzip; none may fill the memory, the disk or the day."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from seqkit.errors import DataError

BOMB_BYTES = 1 << 30
"""What unpacks to no more is never a bomb."""

BOMB_RATIO = 500
"""Most bytes that one packed byte may become, above that: zeros reach a few hundred, deflate ends at 1,032."""

_IN_MEMORY_BYTES = 1 << 26
"""Larger members are unpacked while they are read; to go back in them is slow."""

_GZIP = b"\x1f\x8b\x08"

_HIDDEN = ("__MACOSX", ".")

_BROKEN = (
    OSError, EOFError, ValueError, LookupError, RuntimeError, struct.error,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What damaged archives raise; RuntimeError: encrypted, or packed in a way that is not known."""


def member_names(path: Path) -> list[str]:
    """Names of an archive's files in sorted order, hidden ones left out.

    Args:
        path: The archive.

    Raises:
        DataError: If it is none, would unpack to far too much, or holds a name twice or one that leads out of it.
    """
    try:
        infos = [info for info in _archive(path).infolist() if not info.is_dir()]
    except _BROKEN as error:
        cut = isinstance(error, zipfile.BadZipFile) and _begins_with(path, b"PK\x03\x04")
        what = "is no whole zip archive: it begins like one and is cut short" if cut else f"is no zip archive: {error}"
        raise DataError(what, at=str(path), fix="get or pack it again") from error
    _refuse_bomb(sum(info.file_size for info in infos), path.stat().st_size, str(path))
    for name, count in Counter(info.filename for info in infos).items():
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise DataError("leads outside the archive", at=f"{path.name}:{name}", fix="pack the files again")
        if count > 1:
            raise DataError("the archive holds this name twice", at=f"{path.name}:{name}", fix="pack the files again")
    return sorted(info.filename for info in infos if not Path(info.filename).name.startswith(_HIDDEN))


def _begins_with(path: Path, sign: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(sign)) == sign


def open_member(path: Path, name: str) -> IO[bytes]:
    """A file of an archive as a stream.

    Args:
        path: The archive.
        name: Of the file in it.

    Raises:
        DataError: If the file is damaged, encrypted, or would unpack to far too much.
    """
    at = f"{path.name}:{name}"
    try:
        archive = _archive(path)
        info = archive.getinfo(name)
        _refuse_bomb(info.file_size, info.compress_size, at)
        if info.file_size > _IN_MEMORY_BYTES:
            return cast(IO[bytes], io.BufferedReader(_Member(archive.open(info), info.file_size), 1 << 16))
        content = archive.read(info)
    except _BROKEN as error:
        raise DataError(f"cannot be read: {error}", at=at, fix="get or pack the archive again") from error
    if len(content) != info.file_size:
        what = f"cannot be read: {len(content):,} bytes where the archive says {info.file_size:,}"
        raise DataError(what, at=at, fix="get or pack the archive again")
    return io.BytesIO(content)


def packed_bytes(path: Path, name: str) -> int:
    """Size of a file in an archive as it lies there, packed."""
    return _archive(path).getinfo(name).compress_size


def unpack(stream: IO[bytes], packed_bytes: int, at: str) -> IO[bytes]:
    """A gzip stream, unpacked while it is read.

    Args:
        stream: What is packed; it is closed with the result.
        packed_bytes: Its size.
        at: Its name, for errors.
    """
    return cast(IO[bytes], _Unpacked(stream, packed_bytes, at))


class _Unpacked(gzip.GzipFile):
    """Gzip that notices, while it is read, when far too much comes out."""

    def __init__(self, stream: IO[bytes], packed_bytes: int, at: str) -> None:
        super().__init__(fileobj=cast(Any, stream), mode="rb")
        self._stream, self._packed_bytes, self._at, self._began = stream, packed_bytes, at, False

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes; all that are left if no size is given."""
        if size is not None and size >= 0:
            return self._watched(self._known(super().read, size))
        parts = []
        while part := self.read(1 << 24):
            parts.append(part)
        return b"".join(parts)

    def read1(self, size: int = -1) -> bytes:
        """What is at hand of the next bytes."""
        return self._watched(self._known(super().read1, size))

    def readline(self, size: int | None = -1) -> bytes:
        """The next line."""
        return self._watched(self._known(super().readline, -1 if size is None else size))

    def close(self) -> None:
        """Close this and what it reads from."""
        super().close()
        self._stream.close()

    def _known(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except gzip.BadGzipFile as error:
            if not self._began and str(error).startswith("Not a gzipped file"):
                plain = "what is not packed must not end in .gz: rename the file without it"
                raise gzip.BadGzipFile(f"{error}; {plain}") from error
            raise

    def _watched(self, data: bytes) -> bytes:
        if not self._began and data.startswith(_GZIP):
            raise DataError("is packed twice: gzip inside gzip", at=self._at, fix="unpack it once: gunzip")
        self._began = True
        if self.offset > BOMB_BYTES:
            _refuse_bomb(self.offset, self._packed_bytes, self._at)
        return data

    @property
    def offset(self) -> int:
        """Bytes that have come out."""
        return self.tell()


class _Member(io.RawIOBase):
    """A large member of an archive; what its damage raises becomes an OSError, which readers expect of a stream."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self._size = stream, size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except _BROKEN as error:
            raise OSError(str(error)) from error
        if not data and len(buffer) and self._stream.tell() < self._size:
            raise OSError(f"ends after {self._stream.tell():,} bytes; the archive says {self._size:,}")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _refuse_bomb(unpacked_bytes: int, packed_bytes: int, at: str) -> None:
    if unpacked_bytes > BOMB_BYTES and unpacked_bytes > BOMB_RATIO * packed_bytes:
        raise DataError(
            f"unpacks to {unpacked_bytes:,} bytes or more from {packed_bytes:,}: no data are packed like this",
            at=at,
            fix="unpack it yourself if you trust it, and give what comes out",
        )


def _archive(path: Path) -> zipfile.ZipFile:
    """An open archive; its directory is parsed once, not for each of its thousands of members."""
    status = path.stat()
    return _opened(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _opened(path: Path, size: int, time: int) -> zipfile.ZipFile:  # size, time: a rewritten archive is another one
    return zipfile.ZipFile(path)
