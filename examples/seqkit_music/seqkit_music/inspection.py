"""What `seqkit check` tells about music."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from seqkit import Inspector, Record, observed
from seqkit_music.quantise import NO_VOICE
from seqkit_music.score import BAR, VOICES, is_mark, pitch_name, sounding

_MUCH = 0.1
"""Share of notes left out from which a user is warned."""


class MusicInspector(Inspector):
    """Counts notes and bars, and the compass of each voice; what a score no longer shows was observed in reading."""

    def __init__(self) -> None:
        self.num_notes, self.num_bars = 0, 0
        self.pitches: list[Counter[int]] = [Counter() for _ in VOICES]

    def add(self, record: Record) -> None:
        """Take in a piece."""
        steps = record.sequence[~is_mark(record.sequence)]
        self.num_notes += int((steps >= 0).sum())
        self.num_bars += int((record.sequence[:, 0] == BAR).sum())
        for counter, voice in zip(self.pitches, sounding(record.sequence).T, strict=True):
            values, counts = np.unique(voice[voice >= 0], return_counts=True)
            counter.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))

    def facts(self) -> dict[str, Any]:
        """Counts, and the lowest and highest pitch of each voice."""
        compass = {
            name: f"{pitch_name(min(counter))} to {pitch_name(max(counter))}"
            for name, counter in zip(VOICES, self.pitches, strict=True)
            if counter
        }
        found: dict[str, Any] = {"notes": self.num_notes, "bars": self.num_bars}
        found |= {"compass": compass} if compass else {}
        return found | {name: observed(name) for name in ("voices", "time_signatures") if observed(name)}

    def warnings(self) -> list[str]:
        """When much of the music does not fit into four voices."""
        left_out = observed("left_out").get(NO_VOICE, 0)
        share = left_out / max(left_out + self.num_notes, 1)
        if share < _MUCH:
            return []
        return [f"{share:.0%} of the notes do not fit into four voices on this grid and are left out"]
