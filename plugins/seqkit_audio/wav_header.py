"""What a WAV file says of itself, held against what it has: libsndfile reads files cut short without a word."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

from seqkit import DataError
from seqkit_audio.pcm import EXTENSIBLE, FLOAT, PCM, PLAIN, SampleFormat

UNKNOWN_SIZES = (0xFFFFFFFF, 0x7FFFF000)
"""What ffmpeg and sox write as the data size when they cannot go back to fill it in."""

MOST_RATE_HZ = 10_000_000
"""Above it a rate is damage: no converter samples sound that often."""

MOST_CHANNELS = 1024
"""As in libsndfile."""

_HEAD = 1 << 12
"""Bytes read at once: mostly the whole header."""

_MOST_TRAILING = 1 << 12
"""Bytes in no chunk that may follow samples; more behind them is a header that was never filled in."""

_PLAIN_TAGS = (PCM, FLOAT, 0x0006, 0x0007, EXTENSIBLE)
"""Formats whose frames have one size: PCM, float, A-law, mu-law, extensible."""

_AGAIN = "copy or download the file again"
_REPAIR = "the recording was not closed properly: repair its header"


@dataclass(frozen=True)
class WavHeader:
    """Where the samples lie and how they are written.

    Attributes:
        sample_rate_hz: Frames a second.
        channels: Of a frame.
        begin: Byte at which the samples begin.
        num_bytes: Of samples that are there.
        plain: How they are written, where numpy can read them; None leaves them to libsndfile.
        kind: Container and encoding, such as `WAV PCM_16`.
    """

    sample_rate_hz: int
    channels: int
    begin: int
    num_bytes: int
    plain: SampleFormat | None
    kind: str


@dataclass(frozen=True)
class _Fields:
    """The format chunk."""

    tag: int
    channels: int
    rate_hz: int
    block: int
    bits: int
    extensible: bool


def read_wav_header(stream: IO[bytes], origin: str) -> WavHeader | None:
    """Walk the chunks of a WAV file; None if it is none.

    Source: RIFF WAVE (IBM and Microsoft 1991); RF64: EBU Tech 3306.

    Args:
        stream: The file, seekable, at its beginning; left anywhere.
        origin: Names the file in errors.

    Raises:
        DataError: If the header contradicts itself, or the file ends before the header says so.
    """
    head = stream.read(_HEAD)
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64"):
        return None
    if len(head) >= 12 and head[8:12] != b"WAVE":
        what = f"is RIFF of kind {head[8:12].decode('latin-1')!r}, but no WAV"
        raise DataError(what, at=f"{origin}, byte 8", fix="convert it to WAV or FLAC")
    return _Walk(stream, head, origin).header()


class _Walk:
    """From chunk to chunk."""

    def __init__(self, stream: IO[bytes], head: bytes, origin: str) -> None:
        self._stream, self._head, self._origin = stream, head, origin
        self._order = ">" if head[:4] == b"RIFX" else "<"
        self._file_size = stream.seek(0, 2)
        self._long_size: int | None = None

    def header(self) -> WavHeader:
        position, fields = 12, None
        while position + 8 <= self._file_size:
            name, size = self._chunk(position)
            body = position + 8
            if name == b"fmt ":
                fields = self._format(body, size)
            elif name == b"ds64" and body + 16 <= self._file_size:
                (self._long_size,) = struct.unpack(f"{self._order}8xQ", self._read(body, 16))
            elif name == b"data":
                return self._samples(fields, body, size)
            position = body + size + size % 2
        raise DataError("cut short: the file ends before its samples begin", at=self._origin, fix=_AGAIN)

    def _read(self, position: int, size: int) -> bytes:
        if position + size <= len(self._head):
            return self._head[position : position + size]
        self._stream.seek(position)
        return self._stream.read(size)

    def _chunk(self, position: int) -> tuple[bytes, int]:
        name, size = struct.unpack(f"{self._order}4sI", self._read(position, 8))
        if not _is_name(name):
            what = f"no chunk begins where the one before says so: {name!r}"
            raise DataError(what, at=f"{self._origin}, byte {position}", fix=_REPAIR)
        return name, size

    def _format(self, body: int, size: int) -> _Fields:
        chunk = self._read(body, min(size, 40))
        at = f"{self._origin}, byte {body}"
        if len(chunk) < min(size, 16):
            raise DataError("cut short: the file ends inside its header", at=at, fix=_AGAIN)
        if len(chunk) < 16:
            raise DataError(f"the format chunk has {len(chunk)} bytes, not 16 or more", at=at, fix=_AGAIN)
        tag, channels, rate_hz, _, block, bits = struct.unpack(f"{self._order}HHIIHH", chunk[:16])
        extensible = tag == EXTENSIBLE
        if extensible and len(chunk) >= 26:
            (tag,) = struct.unpack_from(f"{self._order}H", chunk, 24)
        if not 1 <= channels <= MOST_CHANNELS:
            raise DataError(f"the header says {channels} channels", at=at, fix=_AGAIN)
        if not 1 <= rate_hz <= MOST_RATE_HZ:
            raise DataError(f"the header says {rate_hz} Hz", at=at, fix="write the file again at its true rate")
        wanted = channels * -(-bits // 8)
        if tag in (PCM, FLOAT) and block != wanted:
            what = f"the header says {block} bytes a frame for {channels} channels of {bits} bits"
            raise DataError(what, at=at, fix="write the file again")
        return _Fields(tag, channels, rate_hz, block, bits, extensible)

    def _samples(self, fields: _Fields | None, body: int, size: int) -> WavHeader:
        if fields is None:
            raise DataError("samples come before their format", at=f"{self._origin}, byte {body - 8}", fix=_AGAIN)
        there = self._file_size - body
        frame_size = fields.block if fields.tag in _PLAIN_TAGS else 0
        if size == 0xFFFFFFFF and self._long_size is not None:
            size = self._long_size
        if size in UNKNOWN_SIZES:
            size = there - there % max(frame_size, 1)
        elif size > there:
            raise self._cut_short(size, there, frame_size)
        else:
            self._look_behind(body, size, frame_size)
        form = SampleFormat(fields.channels, fields.bits, fields.tag == FLOAT)
        plain = (fields.tag, fields.bits) in PLAIN and self._order == "<"
        return WavHeader(
            fields.rate_hz, fields.channels, body, size, form if plain else None, _kind(self._head[:4], fields)
        )

    def _look_behind(self, body: int, size: int, frame_size: int) -> None:
        """Whole frames, and no more sound behind them than other chunks explain."""
        if frame_size and size % frame_size:
            what = f"ends in the middle of a frame: {size} bytes of samples, {frame_size} bytes a frame"
            raise DataError(what, at=f"{self._origin}, byte {body + size}", fix=_AGAIN)
        position = body + size + size % 2
        while position + 8 <= self._file_size:
            name, behind = struct.unpack(f"{self._order}4sI", self._read(position, 8))
            if (
                name in (b"data", b"RIFF", b"RIFX", b"RF64")
                or not _is_name(name)
                or position + 8 + behind > self._file_size
            ):
                break
            position += 8 + behind + behind % 2
        if self._file_size - position > _MOST_TRAILING:
            what = f"the header says {size} bytes of samples, but {self._file_size - position} bytes follow"
            raise DataError(what, at=f"{self._origin}, byte {position}", fix=_REPAIR)

    def _cut_short(self, promised: int, found: int, frame_size: int) -> DataError:
        unit = "frames" if frame_size else "bytes of samples"
        promised, found = (count // max(frame_size, 1) for count in (promised, found))
        what = f"cut short: header says {promised} {unit}, file holds {found}"
        return DataError(what, at=self._origin, fix=_AGAIN)


def _is_name(name: bytes) -> bool:
    """Whether four bytes may name a chunk."""
    return name.isascii() and name.decode("ascii").isprintable()


def _kind(magic: bytes, fields: _Fields) -> str:
    container = "RF64" if magic == b"RF64" else "WAVEX" if fields.extensible else "WAV"
    sizes = {(PCM, 8): "PCM_U8", (FLOAT, 32): "FLOAT", (FLOAT, 64): "DOUBLE"}
    return f"{container} {sizes.get((fields.tag, fields.bits), f'PCM_{fields.bits}')}"
