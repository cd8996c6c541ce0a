"""Decoder: sounds of any form as samples at one rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from seqkit import FixedPoint, Record, collecting, reporting
from seqkit_audio.clips import Clip
from seqkit_audio.demo import DEMO_RATE_HZ
from seqkit_audio.joins import Joined
from seqkit_audio.pcm import Samples, joined
from seqkit_audio.reading import open_sound
from seqkit_audio.resampling import resample_blocks


@dataclass(frozen=True)
class Decoder:
    """Decodes recordings, joined ones and made ones.

    Attributes:
        sample_rate_hz: The rate that everything is brought to.
        max_duration_s: Only this much of each recording is read; None reads all.
    """

    sample_rate_hz: int
    max_duration_s: float | None = None

    def blocks(self, sound: Clip | Joined | np.ndarray) -> Iterator[Samples]:
        """The samples, (n,) in [-1, 1], in blocks: float32, or as they stand in the file if they are of 16 bits."""
        if isinstance(sound, Clip):
            with open_sound(sound.source, sound.origin) as opened:
                blocks = opened.blocks(self.max_duration_s, sound.begin_s, sound.end_s)
                if opened.bounded and opened.sample_rate_hz == self.sample_rate_hz:
                    yield from blocks  # Integers cannot lie outside full scale.
                else:
                    yield from self._at_rate(map(np.asarray, blocks), opened.sample_rate_hz, sound.origin)
        elif isinstance(sound, Joined):
            for gap_s, part in zip((0.0, *sound.gaps_s), sound.parts, strict=True):
                yield FixedPoint(np.zeros(round(gap_s * self.sample_rate_hz), np.int16))
                yield from self.blocks(part)
        else:
            yield from self._at_rate([sound], DEMO_RATE_HZ)

    def whole(self, sound: Clip | Joined | np.ndarray) -> Samples:
        """All samples, (T,)."""
        return joined(list(self.blocks(sound)))

    def records(self, record: Record, in_blocks: bool) -> Iterator[Record]:
        """A record with its sound: whole, or in blocks; a bad one is reported and not handed on."""
        with reporting():
            if not in_blocks:
                yield replace(record, sequence=self.whole(record.sequence))
                return
            for number, block in enumerate(self._sure_blocks(record.sequence)):
                yield replace(record, sequence=block, continues=number > 0)

    def is_sound(self, clip: Clip) -> bool:
        """Whether all of a recording can be decoded; what is wrong with it is reported."""
        with reporting():
            deque(self.blocks(clip), maxlen=0)
            return True
        return False

    def _sure_blocks(self, sound: Clip | Joined | np.ndarray) -> Iterator[Samples]:
        """Blocks of a recording that is good to its end, where a bad one is to be left out: no part is taken back."""
        blocks = self.blocks(sound)
        if not collecting():
            yield from blocks
            return
        beginning = list(islice(blocks, 2))
        if len(beginning) < 2:
            yield from beginning
            return
        deque(blocks, maxlen=0)
        yield from self.blocks(sound)

    def _at_rate(self, blocks: Iterable[np.ndarray], rate_hz: int, origin: str = "") -> Iterator[np.ndarray]:
        """Samples at the wanted rate; decoding and resampling overshoot full scale a little, which is cut off."""
        for block in resample_blocks(blocks, rate_hz, self.sample_rate_hz, origin):
            inside = not len(block) or (block.min() >= -1.0 and block.max() <= 1.0)
            yield block if inside else np.clip(block, -1.0, 1.0)
