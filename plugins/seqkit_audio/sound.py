"""Sound: an open recording, read in blocks with the checks that libsndfile does not make."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import IO, cast

import numpy as np
import soundfile

from seqkit import DataError, FixedPoint
from seqkit_audio.pcm import SampleFormat, Samples, mix

BLOCK_FRAMES = 1 << 20
"""Frames read at once: 24 s at 44.1 kHz."""

AGAIN = "copy or download the file again"

_LOSSY = ("OGG", "MP3", "MPEG")

_LOUDEST = 1.5
"""Decoders overshoot full scale a little; a float file far beyond it holds other units."""


class Sound(ABC):
    """An open sound file, known to be whole as far as its header tells, and not empty.

    Args:
        origin: Names it in errors.
        sample_rate_hz: Frames a second.
        num_frames: Frames to read.
        least: Fewest frames that must be there; less than `num_frames` where the file does not state its length.
        bounded: Whether no sample can lie outside [-1, 1].
    """

    _short = "cut short"
    """What it means that there are fewer frames than promised."""

    def __init__(self, origin: str, sample_rate_hz: int, num_frames: int, least: int, bounded: bool = False) -> None:
        self.sample_rate_hz, self.bounded = sample_rate_hz, bounded
        self._origin, self._num_frames, self._least = origin, num_frames, least

    def blocks(
        self, max_duration_s: float | None = None, begin_s: float = 0.0, end_s: float | None = None
    ) -> Iterator[Samples]:
        """The sound mixed down to one channel, in blocks (n,) about in [-1, 1]; one channel of 16 bits as it stands.

        Args:
            max_duration_s: Read no more than this; None reads all.
            begin_s: Leave out what comes before.
            end_s: Leave out what comes after; None reads to the end.

        Raises:
            DataError: If the file is damaged or cut short, a sample is no number or far outside [-1, 1], or the part
                asked for is not all there.
        """
        begin, wanted = self._part(begin_s, end_s)
        if max_duration_s is not None:
            wanted = min(wanted, begin + max(round(max_duration_s * self.sample_rate_hz), 1))
        if begin:
            self._skip(begin)
        position = begin
        while position < wanted:
            # Not soundfile's `blocks`: after a short read it hands the rest of its buffer over as if it were sound.
            block = self._read(min(BLOCK_FRAMES, wanted - position), position)
            if not len(block) and begin < position and position >= self._least:
                return
            if not len(block):
                what = f"{self._short}: header says {self._num_frames} frames, file holds {position}"
                raise DataError(what, at=self._origin, fix=AGAIN)
            position += len(block)
            yield block

    def _part(self, begin_s: float, end_s: float | None) -> tuple[int, int]:
        """Numbers of the first frame of a part and of the first one behind it."""
        begin = round(begin_s * self.sample_rate_hz)
        end = self._num_frames if end_s is None else max(round(end_s * self.sample_rate_hz), begin + 1)
        # A frame more is how times are rounded.
        if begin >= self._num_frames or end > self._num_frames + 1:
            there = self._num_frames / self.sample_rate_hz
            what = f"the part from {begin_s:g} to {there if end_s is None else end_s:g} s is not there: "
            raise DataError(f"{what}the recording has {there:g} s", at=self._origin, fix="mend its times")
        return begin, min(end, self._num_frames)

    @abstractmethod
    def _skip(self, num_frames: int) -> None:
        """Pass over the first frames."""

    @abstractmethod
    def _read(self, num_frames: int, position: int) -> Samples:
        """The next frames, at most so many, checked and mixed; none at the end."""


class PlainSound(Sound):
    """Samples that numpy reads as they stand.

    Args:
        stream: At the first sample.
        origin: Names it in errors.
        sample_rate_hz: Frames a second.
        num_frames: Frames to read.
        form: How they are written.
    """

    def __init__(
        self, stream: IO[bytes], origin: str, sample_rate_hz: int, num_frames: int, form: SampleFormat
    ) -> None:
        super().__init__(origin, sample_rate_hz, num_frames, num_frames, form.bounded)
        self._stream, self._form = stream, form

    def _skip(self, num_frames: int) -> None:
        self._stream.seek(num_frames * self._form.frame_bytes, 1)

    def _read(self, num_frames: int, position: int) -> Samples:
        if self._form.fixed_point:
            buffer = np.empty(num_frames * 2, np.uint8)
            num_bytes = cast(io.BufferedIOBase, self._stream).readinto(buffer.data)
            return self._form.integers(buffer[: num_bytes // 2 * 2])
        data = self._stream.read(num_frames * self._form.frame_bytes)
        frames = self._form.frames(data[: len(data) // self._form.frame_bytes * self._form.frame_bytes])
        if not self.bounded and len(frames):
            check_samples(frames, position, self._origin)
        return mix(frames)


class DecodedSound(Sound):
    """Samples that libsndfile decodes.

    Args:
        file: The open file.
        origin: Names it in errors.
        num_frames: Frames to read.
        least: Fewest frames that must be there.
    """

    _short = "damaged or cut short"

    def __init__(self, file: soundfile.SoundFile, origin: str, num_frames: int, least: int) -> None:
        # What libsndfile would divide by 2^15 to make it a number.
        self._fixed_point = file.channels == 1 and file.subtype == "PCM_16"
        super().__init__(origin, file.samplerate, num_frames, least, bounded=self._fixed_point)
        self._file = file

    def _skip(self, num_frames: int) -> None:
        if self._file.format not in _LOSSY:
            self._file.seek(num_frames)
            return
        for begin in range(0, num_frames, BLOCK_FRAMES):  # Their decoders need what comes before.
            self._read(min(BLOCK_FRAMES, num_frames - begin), begin)

    def _read(self, num_frames: int, position: int) -> Samples:
        kind = "int16" if self._fixed_point else "float32"
        try:
            frames: np.ndarray = self._file.read(num_frames, dtype=kind, always_2d=True)
        except soundfile.LibsndfileError as error:
            what = f"damaged after frame {self._file.tell()}: {error.error_string}"
            raise DataError(what, at=self._origin, fix=AGAIN) from None
        if self._fixed_point:
            return FixedPoint(frames[:, 0])
        if len(frames):
            check_samples(frames, position, self._origin)
        return mix(frames)


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
