"""Opening a sound file: what it is, whether it is whole, and who reads it, numpy or libsndfile."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import soundfile

from seqkit import DataError, SourceFile, binary_format, foreign_format, observe
from seqkit_audio.flac_end import check_flac
from seqkit_audio.mp3_frames import count_samples
from seqkit_audio.ogg_pages import check_ogg
from seqkit_audio.other_formats import ACCEPTED, CONVERT, name_of
from seqkit_audio.sound import DecodedSound, PlainSound, Sound
from seqkit_audio.wav_header import read_wav_header

SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3")
"""Endings looked for in folders and archives."""

_FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "MPEG")
_LOOKED_AT = 1 << 9
_MOST_MP3_DELAY = 8 * 1152
"""Samples that an MP3 may code before and after its sound."""

_UNKNOWN_FRAMES = 2**63 - 1
"""What libsndfile says of a FLAC stream whose header leaves the length open."""

_MOST_UNPACKED = 1 << 30
"""Bytes of a packed file that are held in memory."""


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is never rewound.

    soundfile seeks to where it is after every read. In an MP3 that loses what the decoder knew of the frames before,
    and each block begins with some milliseconds of wrong sound.
    """

    def seekable(self) -> bool:
        """No."""
        return False


@contextmanager
def open_sound(source: SourceFile, origin: str) -> Iterator[Sound]:
    """Open a file and check what its header promises.

    Args:
        source: The file.
        origin: Names it in errors.

    Raises:
        DataError: If it is unreadable, of another format, cut short or empty.
    """
    with _bytes_of(source, origin) as stream:
        header = read_wav_header(stream, origin)
        if header is None or header.plain is None:
            stream.seek(0)
            with _decoded(stream, origin) as sound:
                yield sound
            return
        _observe(header.sample_rate_hz, header.channels, header.kind)
        num_frames = header.num_bytes // header.plain.frame_bytes
        if num_frames == 0:
            raise _empty(origin)
        stream.seek(header.begin)
        yield PlainSound(stream, origin, header.sample_rate_hz, num_frames, header.plain)


@contextmanager
def _decoded(stream: IO[bytes], origin: str) -> Iterator[Sound]:
    """What libsndfile reads: FLAC, Ogg, MP3 and the rarer kinds of WAV."""
    begin = stream.read(_LOOKED_AT)
    if not begin:
        raise DataError("the file is empty", at=origin, fix="remove the file")
    if (other := name_of(begin)) is not None:
        raise DataError(f"{other} is not read", at=origin, fix=f"{CONVERT}; {ACCEPTED}")
    if (packed := binary_format(begin)) is not None:
        raise DataError(f"is {packed[0]}, not sound", at=origin, fix=f"{packed[1]}; {ACCEPTED}")
    stream.seek(0)
    check_ogg(stream, origin)
    check_flac(stream, origin)
    coded = count_samples(stream, origin)
    try:
        # By its name where it has one: libsndfile then reads the file itself, several times as fast.
        own = isinstance(getattr(stream, "raw", None), io.FileIO)
        file = _ForwardFile(stream.name if own else stream)
    except soundfile.LibsndfileError as error:
        kind, fix = foreign_format(begin) or ("", "")  # Only now: layer I of MPEG begins as UTF-16 does.
        what = f"is {kind}, not sound" if kind else f"no sound file: {error.error_string}"
        raise DataError(what, at=origin, fix=fix or ACCEPTED) from None
    with file:
        if file.format not in _FORMATS:
            raise DataError(f"sound files of format {file.format} are not read", at=origin, fix=ACCEPTED)
        _observe(file.samplerate, file.channels, f"{file.format} {file.subtype}")
        if file.frames == 0:
            raise _empty(origin)
        yield DecodedSound(file, origin, *_lengths(file, coded, origin))


def _lengths(file: soundfile.SoundFile, coded: tuple[int, bool] | None, origin: str) -> tuple[int, int]:
    """Frames to read, and the fewest that must be there."""
    if file.frames == _UNKNOWN_FRAMES:
        return file.frames, 1
    if coded is None:
        return file.frames, file.frames
    num_samples, stated = coded
    if num_samples > file.frames + _MOST_MP3_DELAY:
        what = f"states no length: {file.frames} of about {num_samples} frames would be read"
        raise DataError(what, at=origin, fix="encode the MP3 again, or convert it to WAV or FLAC")
    if stated:
        return file.frames, file.frames
    # libsndfile guessed it from the file's size, tags and padding bytes included.
    num_frames = min(file.frames, num_samples)
    return num_frames, max(num_frames - _MOST_MP3_DELAY, 1)


def _observe(sample_rate_hz: int, channels: int, kind: str) -> None:
    observe("sample_rate_hz", sample_rate_hz)
    observe("channels", channels)
    observe("format", kind)


def _empty(origin: str) -> DataError:
    return DataError("holds no samples", at=origin, fix="remove the file")


def _bytes_of(source: SourceFile, origin: str) -> IO[bytes]:
    """The file as a seekable stream; a compressed one is unpacked into memory."""
    stream = source.open()
    if not isinstance(stream, gzip.GzipFile):
        return stream
    try:
        with stream:
            content = stream.read(_MOST_UNPACKED + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"cannot be unpacked: {error}", at=origin, fix="pack the file again") from error
    if len(content) > _MOST_UNPACKED:
        raise DataError(f"unpacks to more than {_MOST_UNPACKED >> 30} GiB", at=origin, fix="unpack it beforehand")
    return io.BytesIO(content)
