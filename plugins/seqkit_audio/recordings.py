"""Recordings as records before their sound is read: with a clip in its place, and with their targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from seqkit import Codec, PathOption, Record, TagCodec, collecting, reporting
from seqkit_audio.clips import Clip, LabelRules
from seqkit_audio.decoding import Decoder
from seqkit_audio.demo import demo_clips, demo_melodies
from seqkit_audio.joins import JoinRules, join_clips
from seqkit_audio.listing import list_clips
from seqkit_audio.targets import Target, target_of
from seqkit_audio.transcripts import TranscriptRules, Transcripts


@dataclass(frozen=True)
class Recordings:
    """What is found below a path.

    Attributes:
        rules: Where labels come from.
        spelling: How transcripts are read; None where targets are labels.
        streams: Whether there are no targets at all.
    """

    rules: LabelRules
    spelling: TranscriptRules | None
    streams: bool

    def named(self, path: PathOption, needs_target: bool = True) -> Iterator[Record]:
        """All records of a path, with a `Clip` in place of the sound; of the demo data for None."""
        if path is None:
            yield from demo_melodies() if self.streams else demo_clips()
            return
        find = self._label if self.spelling is None else Transcripts(self.spelling).of
        for clip in list_clips(path, self.rules):
            with reporting():
                target = None if self.streams else target_of(clip, find, needs_target)
                yield Record(clip, target, clip.origin)

    def unopened(self, path: PathOption) -> Iterator[Record]:
        """All recordings of a path without targets."""
        return (Record(clip, origin=clip.origin) for clip in (() if path is None else list_clips(path, self.rules)))

    def _label(self, clip: Clip) -> str:
        return clip.label(self.rules)


def joined(clips: Iterable[Record], rules: JoinRules, passes: int, decoder: Decoder) -> Iterator[Record]:
    """Clips joined; while problems are collected the bad ones are found before, for they would spoil good ones."""
    return join_clips((clip for clip in clips if not collecting() or decoder.is_sound(clip.sequence)), rules, passes)


def in_symbols(records: Iterable[Record], codec: Codec) -> Iterator[Record]:
    """Records with their transcripts as their codec takes them: characters, or a row of labels."""
    return (replace(record, target=_in_symbols(record.target, codec)) for record in records)


def _in_symbols(target: Target, codec: Codec) -> Target:
    if isinstance(codec, TagCodec):
        return target.split() if isinstance(target, str) else target
    return "".join(target) if isinstance(target, list) else target
