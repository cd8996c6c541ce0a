"""Samples of a sound file, in blocks, with the checks that libsndfile does not make."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
import soundfile

from seqkit import DataError, SourceFile, observe
from seqkit_audio.mp3_frames import count_samples
from seqkit_audio.wholeness import check_whole

SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3")
"""Endings looked for in folders and archives."""

BLOCK_FRAMES = 1 << 20
"""Frames read at once: 24 s at 44.1 kHz."""

_FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "MPEG")
_ACCEPTED = "accepted formats: WAV, FLAC, Ogg (Vorbis, Opus), MP3"
_AGAIN = "copy or download the file again"
_MOST_MP3_DELAY = 8 * 1152
"""Samples that an MP3 may code before and after its sound."""

_UNKNOWN_FRAMES = 2**63 - 1
"""What libsndfile says of a FLAC stream whose header leaves the length open."""

_LOUDEST = 1.5
"""Decoders overshoot full scale a little; a float file far beyond it holds other units."""


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is never rewound.

    soundfile seeks to where it is after every read. In an MP3 that loses what the decoder knew of the frames before,
    and each block begins with some milliseconds of wrong sound.
    """

    def seekable(self) -> bool:
        """No."""
        return False


class Sound:
    """An open sound file, known to be whole as far as its header tells, and not empty.

    Args:
        file: The open file.
        origin: Names it in errors.
        num_frames: Frames to read.
        least: Fewest frames that must be there; less than `num_frames` where the file does not state its length.

    Attributes:
        sample_rate_hz: Frames a second.
    """

    def __init__(self, file: soundfile.SoundFile, origin: str, num_frames: int, least: int) -> None:
        self._file, self._origin, self._num_frames, self._least = file, origin, num_frames, least
        self.sample_rate_hz: int = file.samplerate

    def blocks(self, max_duration_s: float | None = None) -> Iterator[np.ndarray]:
        """The sound mixed down to one channel, in blocks (n,) float32, about in [-1, 1].

        Args:
            max_duration_s: Leave out what comes after; None reads all.

        Raises:
            DataError: If the file is damaged or cut short, or a sample is no number or far outside [-1, 1].
        """
        wanted = self._num_frames
        if max_duration_s is not None:
            wanted = min(wanted, max(round(max_duration_s * self.sample_rate_hz), 1))
        position = 0
        while position < wanted:
            # Not `file.blocks()`: after a short read it hands the rest of its buffer over as if it were sound.
            block = self._read(min(BLOCK_FRAMES, wanted - position))
            if not len(block) and position >= self._least:
                return
            if not len(block):
                what = f"cut short: header says {self._num_frames} frames, file holds {position}"
                raise DataError(what, at=self._origin, fix=_AGAIN)
            check_samples(block, position, self._origin)
            position += len(block)
            yield block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]

    def _read(self, num_frames: int) -> np.ndarray:
        """Up to `num_frames` frames, (n, channels) float32."""
        try:
            frames: np.ndarray = self._file.read(num_frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            what = f"damaged after frame {self._file.tell()}: {error.error_string}"
            raise DataError(what, at=self._origin, fix=_AGAIN) from None
        return frames


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
        check_whole(stream, origin)
        coded = count_samples(stream)
        try:
            # By its name where it has one: libsndfile then reads the file itself, several times as fast.
            file = _ForwardFile(stream.name if isinstance(stream, io.BufferedReader) else stream)
        except soundfile.LibsndfileError as error:
            raise DataError(f"no sound file: {error.error_string}", at=origin, fix=_ACCEPTED) from None
        with file:
            if file.format not in _FORMATS:
                raise DataError(f"sound files of format {file.format} are not read", at=origin, fix=_ACCEPTED)
            observe("sample_rate_hz", file.samplerate)
            observe("channels", file.channels)
            observe("format", f"{file.format} {file.subtype}")
            if file.frames == 0:
                raise DataError("holds no samples", at=origin, fix="remove the file")
            num_frames = least = file.frames
            if file.frames == _UNKNOWN_FRAMES:
                least = 1
            elif coded is not None:
                num_samples, stated = coded
                if num_samples > file.frames + _MOST_MP3_DELAY:
                    what = f"states no length: {file.frames} of about {num_samples} frames would be read"
                    raise DataError(what, at=origin, fix="encode the MP3 again, or convert it to WAV or FLAC")
                if not stated:  # libsndfile guessed it from the file's size, tags and padding bytes included.
                    num_frames = min(file.frames, num_samples)
                    least = max(num_frames - _MOST_MP3_DELAY, 1)
            yield Sound(file, origin, num_frames, least)


def _bytes_of(source: SourceFile, origin: str) -> IO[bytes]:
    """The file as a seekable stream; a compressed one is unpacked into memory."""
    try:
        stream = source.open()
        return io.BytesIO(stream.read()) if isinstance(stream, gzip.GzipFile) else stream
    except (EOFError, OSError, RuntimeError, zlib.error) as error:
        # Cut or damaged gzip data, a damaged, encrypted or unknown kind of zip member.
        raise DataError(f"cannot be unpacked: {error}", at=origin, fix="pack the file again") from error


def check_samples(block: np.ndarray, position: int, origin: str) -> None:
    """Refuse frames, (n, channels), that hold no sound.

    Args:
        block: The frames.
        position: Number of the first one.
        origin: Names the sound in errors.

    Raises:
        DataError: Names the first frame with a sample that is no number, or far outside [-1, 1].
    """
    if block.min() >= -_LOUDEST and block.max() <= _LOUDEST:  # NaN compares false, so it is bad too.
        return
    bad = ~(np.abs(block) <= _LOUDEST).all(axis=1)
    first = int(np.argmax(bad))
    value = block[first][~(np.abs(block[first]) <= _LOUDEST)][0]
    what = f"sample {value:g} at frame {position + first}"
    if np.isfinite(value):
        raise DataError(f"{what} is far outside [-1, 1]", at=origin, fix="divide the samples by their full scale")
    raise DataError(f"{what} is no finite number", at=origin, fix="write the file again without NaN and infinity")
