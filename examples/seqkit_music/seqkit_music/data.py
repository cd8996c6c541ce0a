"""MusicData: chorales as records, for going on with them or for naming their kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from seqkit import (
    ConfigError,
    Generation,
    Inspector,
    LabelCodec,
    PathOption,
    Record,
    SequenceDataModule,
    SourceFile,
    Split,
    find_files,
    reporting,
)
from seqkit_music.codec import NUM_PITCHES, ScoreCodec
from seqkit_music.demo import NUM_CHORALES, demo_chorale, write_on_grid
from seqkit_music.inspection import MusicInspector
from seqkit_music.midi_events import read_song
from seqkit_music.midi_writing import TICKS_PER_QUARTER, write_midi
from seqkit_music.quantise import score_of
from seqkit_music.score import BAR, END, NUM_VOICES, from_text, to_text
from seqkit_music.sound import write_wav

_MIDI = (".mid", ".midi")
_MANY_FILES = 50
"""From this many files on, next_step holds out whole ones; below, a share of them could be none at all."""

_FINEST_GRID = 12
_LARGEST_SHIFT = 6


class MusicData(SequenceDataModule):
    """Music in four voices, from MIDI files (.mid, .midi) in folders or zip archives.

    Args:
        path: A file, a folder, a zip archive, or LABEL=PATH once for each class; None makes chorales by the rules of
            harmony, in all keys.
        task: `next_step` goes on with a piece, `classify` names its kind: the demo chorales are major or minor.
        steps_per_quarter: Steps of the grid in a quarter note: 1, 2, 3, 4, 6, 8 or 12.
        transpose: Training also hears each piece moved up and down by 1 to this many semitones.
        labels: Where `classify` finds the label of a file that has no `LABEL=`: the `folder` it lies in, or the `mode`
            (major, minor) of its key signature.
        tempo_bpm: Quarter notes a minute of what is written; the pieces that are read have none.
        **options: See `SequenceDataModule`.
    """

    codec: ScoreCodec
    output_suffixes = (".mid", ".wav", ".txt")

    def __init__(
        self,
        path: PathOption = None,
        task: str = "next_step",
        steps_per_quarter: int = 2,
        transpose: int = 0,
        labels: Literal["folder", "mode"] = "folder",
        tempo_bpm: float = 84.0,
        **options: Any,
    ) -> None:
        super().__init__(path=path, task=task, **options)
        _check_options(steps_per_quarter, transpose, tempo_bpm)
        self.transpose, self.labels, self.tempo_bpm = transpose, labels, tempo_bpm
        self.codec = ScoreCodec(steps_per_quarter)
        self.target_codec = self.codec if self.streams else LabelCodec()
        self.horizon = 600  # Symbols: a chorale of eight bars has at most 265; a piece ends itself.

    @property
    def holds_out_whole(self) -> bool:
        """Whole pieces, unless next_step has so few that a share of them could be none at all."""
        if not self.streams or self.path is None:
            return True
        return len(list(islice(find_files(self.path, _MIDI), _MANY_FILES))) == _MANY_FILES

    def records(self, split: Split) -> Iterable[Record]:
        """Pieces of a split, each with END."""
        for record in self.divide(self.read, split):
            yield record
            if split == "train":  # After the split, so that nothing held out is heard in another key.
                yield from _in_other_keys(record, self.transpose)

    def prompts(self) -> Iterable[Record]:
        """Pieces without END: one that is to be continued is not over."""
        for record in self.records("predict"):
            yield replace(record, sequence=record.sequence[record.sequence[:, 0] != END])

    def read(self, path: PathOption) -> Iterator[Record]:
        """All pieces of a path, one at a time, each with END."""
        grid = self.codec.steps_per_quarter
        if path is None:
            for number in range(NUM_CHORALES):
                chorale = demo_chorale(number)
                yield Record(write_on_grid(chorale, grid), chorale.key.mode, f"demo:{number}")
            return
        for file in find_files(path, _MIDI):
            with reporting():  # `seqkit check` goes on with the next file.
                with file.open() as stream:
                    song = read_song(stream, file.origin)
                score = score_of(song, grid, file.origin)
                score = np.concatenate([score, np.full((1, NUM_VOICES), END, dtype=score.dtype)])
                yield Record(score, self._label(file, song.mode), file.origin)

    def restore_codecs(self, codec: dict[str, Any], target_codec: dict[str, Any]) -> None:
        """Use a checkpoint's codecs.

        Raises:
            ConfigError: If another grid is asked for than the model was trained on.
        """
        asked, trained = self.codec.steps_per_quarter, codec["steps_per_quarter"]
        if asked != trained:
            raise ConfigError(
                f"the model was trained with steps_per_quarter {trained}, not {asked}",
                at="--data.steps_per_quarter",
                fix="leave it out: that of the run holds",
            )
        super().restore_codecs(codec, target_codec)

    def prompt(self, value: str) -> Record:
        """Chords to continue, as text: `C5 G4 E4 C3 . . . .`; without bar lines, bars of four quarters are drawn."""
        score = from_text(value, "--prompt")
        if not (score == BAR).any():
            bar = 4 * self.codec.steps_per_quarter
            score = np.insert(score, range(0, len(score), bar), BAR, axis=0)
        return Record(score[score[:, 0] != END], origin="--prompt")

    def write(self, path: Path, generations: Iterable[Generation]) -> list[Path]:
        """Save each sample after what it continues, as MIDI, sound or text; several get numbers: x-1.mid, x-2.mid."""
        scores = [np.concatenate([g.prompt.sequence, value]) for g in generations for value in g.values]
        places = [path] if len(scores) == 1 else [path.with_stem(f"{path.stem}-{i + 1}") for i in range(len(scores))]
        for place, score in zip(places, scores, strict=True):
            if path.suffix.lower() == ".txt":
                place.write_text(to_text(score) + "\n", encoding="utf-8")
            else:
                save = write_midi if path.suffix.lower() == ".mid" else write_wav
                save(place, score, self.codec.steps_per_quarter, self.tempo_bpm)
        return places

    def inspector(self) -> Inspector:
        """What `seqkit check` tells: notes, bars, metres, the compass of each voice, and what was left out."""
        return MusicInspector()

    def _label(self, file: SourceFile, mode: str | None) -> str | None:
        """The label that a file comes with, or that the option names; None if there is none."""
        return file.label or (mode if self.labels == "mode" else file.folder or None)


def _in_other_keys(record: Record, most: int) -> Iterator[Record]:
    """A piece up and down by 1 to `most` semitones, where its pitches allow."""
    pitched = record.sequence >= 0
    for shift in (sign * size for size in range(1, most + 1) for sign in (1, -1)):
        moved = np.where(pitched, record.sequence + shift, record.sequence).astype(np.int16)
        if ((moved >= 0) == pitched).all() and moved.max() < NUM_PITCHES:
            yield replace(record, sequence=moved, origin=f"{record.origin} ({shift:+d})")


def _check_options(steps_per_quarter: int, transpose: int, tempo_bpm: float) -> None:
    if not 1 <= steps_per_quarter <= _FINEST_GRID or TICKS_PER_QUARTER % steps_per_quarter:
        raise ConfigError(
            f"steps_per_quarter is {steps_per_quarter}",
            at="--data.steps_per_quarter",
            fix="give 1, 2, 4, 8 (quarters, eighths ...) or 3, 6, 12 for triplets",
        )
    if not 0 <= transpose <= _LARGEST_SHIFT:
        raise ConfigError(f"transpose is {transpose}", at="--data.transpose", fix=f"give 0 to {_LARGEST_SHIFT}")
    if not 4 <= tempo_bpm <= 1000:
        raise ConfigError(f"tempo_bpm is {tempo_bpm}", at="--data.tempo_bpm", fix="give 4 to 1000")
