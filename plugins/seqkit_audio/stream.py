"""Sound as it comes: a WAV file written to a pipe, or 16-bit samples alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from seqkit import ConfigError, DataError, Record
from seqkit_audio.pcm import EXTENSIBLE, FLOAT, PLAIN, SampleFormat, Samples, mix
from seqkit_audio.sound import check_samples
from seqkit_audio.wav_header import UNKNOWN_SIZES

ORIGIN = "stdin"

_OTHER_FORMATS = {b"fLaC": "FLAC", b"OggS": "Ogg", b"ID3": "MP3", b"RIFX": "RIFX", b"\x1f\x8b": "gzip"}
_NO_SOUND = "write WAV or 16-bit little-endian samples, one channel, to the pipe"
_MOST_SKIPPED = 1 << 20
"""Bytes of chunks that may come before the samples."""


def read_sound(blocks: Iterator[bytes], sample_rate_hz: int) -> Iterator[Record]:
    """A stream of bytes as one recording in parts, mixed down to one channel, in [-1, 1].

    Args:
        blocks: A WAV file, or else 16-bit little-endian samples of one channel at the model's rate; cut anywhere.
        sample_rate_hz: The model's rate.

    Raises:
        ConfigError: If the header states another rate.
        DataError: If it is another format, is cut short, or holds what is no sample.
    """
    form, num_bytes = SampleFormat(), None
    rest, position = b"", 0
    source = _Bytes(blocks)
    if source.peek(4) in (b"RIFF", b"RF64"):
        form, num_bytes = _read_header(source, sample_rate_hz)
    else:
        for magic, name in _OTHER_FORMATS.items():
            if source.peek(len(magic)) == magic:
                raise DataError(f"{name} is not read from a stream", at=ORIGIN, fix=_NO_SOUND)
    for data in source.up_to(num_bytes):
        data = rest + data
        whole = len(data) // form.frame_bytes * form.frame_bytes
        data, rest = data[:whole], data[whole:]
        if not data:
            continue
        yield Record(_samples(form, data, position), origin=ORIGIN, continues=position > 0)
        position += len(data) // form.frame_bytes
    if rest:
        what = f"ends in the middle of a sample: {len(rest)} of {form.frame_bytes} bytes"
        raise DataError(what, at=f"{ORIGIN}, frame {position}", fix=_NO_SOUND)


def _samples(form: SampleFormat, data: bytes, position: int) -> Samples:
    """Whole frames, checked, as a waveform in [-1, 1]; `position` is the number of the first."""
    if form.fixed_point:
        return form.integers(data)
    frames = form.frames(data)
    check_samples(frames, position, ORIGIN)
    clipped: np.ndarray = np.clip(mix(frames), -1.0, 1.0)
    return clipped


class _Bytes:
    """Blocks of bytes of which some can be asked for by number.

    Args:
        blocks: Consecutive bytes.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._held = blocks, b""

    def peek(self, count: int) -> bytes:
        """The next bytes, fewer at the end; they stay."""
        while len(self._held) < count and (block := next(self._blocks, b"")):
            self._held += block
        return self._held[:count]

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            DataError: If there are fewer.
        """
        taken = self.peek(count)
        if len(taken) < count:
            raise DataError("ends inside its header", at=ORIGIN, fix=_NO_SOUND)
        self._held = self._held[count:]
        return taken

    def up_to(self, count: int | None) -> Iterator[bytes]:
        """The next bytes as they come, until `count` of them; to the end for None.

        Raises:
            DataError: If there are fewer.
        """
        left = count
        while left is None or left > 0:
            block, self._held = self._held or next(self._blocks, b""), b""
            if not block and left is None:
                return
            if not block:
                what = f"cut short: header says {count} bytes of samples, {left} of them did not come"
                raise DataError(what, at=ORIGIN, fix="send all of it")
            yield block[:left]
            left = None if left is None else left - len(block)


def _read_header(source: _Bytes, sample_rate_hz: int) -> tuple[SampleFormat, int | None]:
    """The chunks of a WAV file before its samples; their form and bytes, None if nobody knows yet.

    Source: RIFF WAVE (IBM and Microsoft 1991); RF64: EBU Tech 3306.
    """
    source.take(8)
    if source.take(4) != b"WAVE":
        raise DataError("is RIFF, but no WAV", at=ORIGIN, fix=_NO_SOUND)
    form: SampleFormat | None = None
    long_size, skipped = None, 0
    while True:
        name, size = struct.unpack("<4sI", source.take(8))
        if name == b"data":
            if form is None:
                raise DataError("samples come before their format", at=ORIGIN, fix=_NO_SOUND)
            size = long_size if size == 0xFFFFFFFF and long_size is not None else size
            known = size not in UNKNOWN_SIZES and size > 0
            return form, size if known else None
        skipped += size
        if skipped > _MOST_SKIPPED:
            raise DataError(f"no samples after {_MOST_SKIPPED} bytes of header", at=ORIGIN, fix=_NO_SOUND)
        body = source.take(size + size % 2)
        if name == b"fmt ":
            form = _parse_format(body, sample_rate_hz)
        elif name == b"ds64":
            (long_size,) = struct.unpack_from("<8xQ", body)


def _parse_format(body: bytes, sample_rate_hz: int) -> SampleFormat:
    if len(body) < 16:
        raise DataError("the format chunk is too short", at=ORIGIN, fix=_NO_SOUND)
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        (tag,) = struct.unpack_from("<H", body, 24)
    if channels < 1 or (tag, bits) not in PLAIN:
        what = f"WAV of format {tag} with {bits} bits and {channels} channels is not read from a stream"
        raise DataError(what, at=ORIGIN, fix="write PCM of 8 to 32 bits or floating point")
    if rate != sample_rate_hz:
        raise ConfigError(
            f"the sound has {rate} Hz, the model was trained at {sample_rate_hz} Hz",
            at=ORIGIN,
            fix=f"record at {sample_rate_hz} Hz or convert it beforehand; "
            "seqkit predict --data.path FILE resamples whole files",
        )
    return SampleFormat(channels, bits, tag == FLOAT)
