"""AudioData: recordings as records, for naming them, writing down what is said, or going on from where they end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from seqkit import (
    ConfigError,
    DataError,
    Generation,
    Inspector,
    Known,
    LabelCodec,
    MadeSource,
    PathOption,
    Record,
    SequenceDataModule,
    SourceFile,
    Split,
    SymbolCodec,
    TagCodec,
    reporting,
)
from seqkit_audio.check import SoundInspector
from seqkit_audio.clips import Clip, LabelRules, list_clips, manifest_files
from seqkit_audio.codecs import MuLawCodec, WaveformCodec
from seqkit_audio.decoding import Decoder
from seqkit_audio.demo import DEMO_RATE_HZ, demo_clips, demo_melodies
from seqkit_audio.joins import JoinRules, join_clips, parse_lengths
from seqkit_audio.made_memory import write_memory
from seqkit_audio.made_noise import MADE_LEVELS, MADE_RATE_HZ, write_noise
from seqkit_audio.reading import open_sound
from seqkit_audio.stream import read_sound
from seqkit_audio.targets import in_symbols, learn_characters, learn_classes, target_of
from seqkit_audio.transcripts import OtherCharacters, TranscriptRules, Transcripts, texts_beside
from seqkit_audio.writing import WRITTEN, numbered, write_sound, write_spectrogram

_MOST_SPECTROGRAMS = 5
"""Samples that get a picture: of a hundred, nobody looks at all."""

_MANY_CLIPS = 100
"""From this many recordings on, next_step holds out whole ones; below, a share of them could be none at all."""

_DEMO_JOIN = "1-3"


class AudioData(SequenceDataModule):
    """Recordings: WAV, FLAC, Ogg and MP3 from files, folders, zip archives and manifests, mixed to one channel.

    Args:
        path: A file, a folder, a zip archive, a manifest (.csv, .tsv, .jsonl, .parquet), or LABEL=PATH once for
            each class; None makes demo data.
        task: What is asked about the records: `classify`, `ctc` (what is said in them) or `next_step`.
        sample_rate_hz: Rate that everything is resampled to; None takes that of the first file.
        label_pattern: Regular expression whose first group is the label, searched in each file's name, or in its
            path below the given one if the expression has a slash. None takes the folder that the file lies in.
        file_column: Column of a manifest with the files' paths, relative to the manifest.
        label_column: Column of a manifest with the labels.
        transcript_column: ctc: column of a manifest with the transcripts. Elsewhere they are text files of the same
            name (.txt, .lab) or lists in the same folder (.trans.txt, as LibriSpeech has them).
        lowercase: ctc: read transcripts in lower case.
        alphabet: ctc: the characters of transcripts; None learns them from the training ones.
        other_characters: ctc: whether characters outside `alphabet` are an error or left out.
        join: ctc: make records by joining FEWEST-MOST labelled clips of one split, such as 3-6; the transcript is the
            row of their labels.
        join_match: ctc: regular expression on the origin; only clips whose first group is the same are joined, such
            as those of one speaker.
        join_gap_s: ctc: longest silence between two joined clips; its length is drawn.
        joins_per_clip: ctc: in how many joined records each training clip is. Held-out clips are in one.
        join_seed: ctc: seed of what is joined, in what order, and of the silences.
        max_duration_s: Only this much of each recording is read; None reads all.
        mu_law_classes: Levels that next_step tells apart.
        **options: The options that all domains share.
    """

    codec: WaveformCodec | MuLawCodec
    output_suffixes = tuple(WRITTEN)
    made: ClassVar[dict[str, MadeSource]] = {
        "noise": MadeSource(write_noise, ("next_step",)),
        "memory": MadeSource(write_memory, ("classify",)),
    }

    def __init__(
        self,
        path: PathOption = None,
        task: str = "classify",
        sample_rate_hz: int | None = None,
        label_pattern: str | None = None,
        file_column: str = "file",
        label_column: str = "label",
        transcript_column: str = "transcript",
        lowercase: bool = False,
        alphabet: str | None = None,
        other_characters: OtherCharacters = "refuse",
        join: str | None = None,
        join_match: str | None = None,
        join_gap_s: float = 0.2,
        joins_per_clip: int = 4,
        join_seed: int = 0,
        max_duration_s: float | None = None,
        mu_law_classes: int = 256,
        **options: Any,
    ) -> None:
        super().__init__(path=path, task=task, **options)
        if sample_rate_hz is not None and sample_rate_hz < 1:
            raise ConfigError(f"sample_rate_hz is {sample_rate_hz}", at="--data.sample_rate_hz", fix="give e.g. 8000")
        if max_duration_s is not None and not max_duration_s > 0:
            raise ConfigError(f"max_duration_s is {max_duration_s}", at="--data.max_duration_s", fix="give seconds")
        self.sample_rate_hz, self.max_duration_s = sample_rate_hz, max_duration_s
        self.rules = LabelRules(label_pattern, file_column, label_column, transcript_column)
        self.spelling = TranscriptRules(lowercase, alphabet, other_characters)
        self.joins: JoinRules | None = None
        if join is not None and task != "ctc":
            raise ConfigError(f"task {task!r} joins no clips", at="--data.join", fix="leave it out, or choose ctc")
        if joins_per_clip < 1:
            raise ConfigError(f"joins_per_clip is {joins_per_clip}", at="--data.joins_per_clip", fix="give 1 or more")
        self.joins_per_clip = joins_per_clip
        if task == "ctc" and (join is not None or path is None):
            self.joins = JoinRules(*parse_lengths(join or _DEMO_JOIN), join_match, join_gap_s, join_seed)
        if self.streams:
            self.codec = self.target_codec = MuLawCodec(mu_law_classes, sample_rate_hz)
        else:
            self.codec = WaveformCodec(sample_rate_hz)
            self.target_codec = SymbolCodec(alphabet) if task == "ctc" else LabelCodec()

    def records(self, split: Split) -> Iterable[Record]:
        """One record a recording; under next_step long ones in blocks. `predict` needs no labels."""
        if not self.holds_out_whole:
            return self.divide(self._decoded, split)
        return (part for record in self._chosen(split) for part in self._decode(record))

    def placed(self) -> Iterator[tuple[Split | None, Record]]:
        """Every record with its split; joined ones are made of the clips of a split."""
        if self.joins is None:
            return super().placed()
        splits: tuple[Split, ...] = ("train", "valid", "test")
        return ((split, record) for split in splits for record in self.records(split))

    def inspector(self) -> Inspector:
        """Durations, loudness, clipping and silence."""
        return SoundInspector(self._learn_rate)

    def fit_codecs(self) -> None:
        """Learn the sample rate from the first file, and the classes or symbols: no sound is decoded for it."""
        self.horizon = self._learn_rate()  # `generate` adds a second.
        if not self.streams:
            self._learn_targets()
        super().fit_codecs()

    def restore_codecs(self, codec: dict[str, Any], target_codec: dict[str, Any]) -> None:
        """Use a checkpoint's codecs; recordings of another rate are resampled to the model's.

        Raises:
            ConfigError: If `sample_rate_hz` asks for another rate than the model was trained at.
        """
        if self.task == "ctc":  # A run may have joined words, and this data module be about transcripts.
            self.target_codec = TagCodec() if "labels" in target_codec else SymbolCodec()
        super().restore_codecs(codec, target_codec)
        self.horizon = self.codec.sample_rate_hz
        if self.sample_rate_hz not in (None, self.codec.sample_rate_hz):
            raise ConfigError(
                f"the model was trained at {self.codec.sample_rate_hz} Hz, not {self.sample_rate_hz} Hz",
                at="--data.sample_rate_hz",
                fix="leave it out: recordings are resampled to the model's rate",
            )

    def prompt(self, value: str) -> Record:
        """Refused: words are no sound.

        Raises:
            DataError: Always; names the option that takes a recording.
        """
        raise DataError(
            f"{value!r:.40} is no sound to continue", at="--prompt", fix="name a recording: --prompt-file FILE"
        )

    def write(self, path: Path, generations: Iterable[Generation]) -> list[Path]:
        """Save each sample as a sound file, the recording it continues first; several get numbers: x-1.wav, x-2.wav.

        The first ones get a spectrogram beside them, x.png, if matplotlib is installed.
        """
        rate_hz = self._learn_rate()
        pairs = [(np.asarray(g.prompt.sequence, np.float32), value) for g in generations for value in g.values]
        places = numbered(path, len(pairs))
        pictures = []
        for number, (place, (prompt, value)) in enumerate(zip(places, pairs, strict=True)):
            sound = np.concatenate([prompt, value]) if len(prompt) else value
            write_sound(place, sound, rate_hz)
            if number < _MOST_SPECTROGRAMS:
                pictures += write_spectrogram(place.with_suffix(".png"), sound, rate_hz, len(prompt) / rate_hz)
        return [*places, *pictures]

    def parts(self, blocks: Iterator[bytes]) -> Iterator[Record]:
        """One recording: WAV at the model's rate, else 16-bit little-endian samples of one channel."""
        return read_sound(blocks, self._learn_rate())

    def known(self, split: Split) -> Known | None:
        """Of made recordings that are read whole and, under next_step, as the levels that were drawn."""
        found = super().known(split)
        if found is None or self.max_duration_s is not None or self._learn_rate() != MADE_RATE_HZ:
            return None
        return None if isinstance(self.codec, MuLawCodec) and self.codec.num_classes != MADE_LEVELS else found

    @property
    def steps_per_second(self) -> float | None:  # type: ignore[override]
        """The sample rate: a step is a sample."""
        return self.codec.sample_rate_hz

    @cached_property
    def files(self) -> list[Path]:
        """What the paths name, and what manifests among them name: a changed recording makes a new cache."""
        own = [path for path in (self.path, self.valid_path, self.test_path) if path is not None]
        named = [file for path in own for file in manifest_files(path, self.rules)]
        found = super().files
        if self.task == "ctc":
            texts = [text.path for file in found + named for text in texts_beside(SourceFile(file))]
            named += [text for text in texts if text.is_file()]
        return found + named

    def describe_split(self) -> str:
        """What is held out, and that it is held out before clips are joined."""
        return super().describe_split() + (" (of the clips, before they are joined)" if self.joins else "")

    @property
    def holds_out_whole(self) -> bool:
        """Whole recordings, unless next_step has so few that a share of them could be none at all."""
        if not self.streams:
            return True
        return (
            self.path is not None and len(list(islice(list_clips(self.path, self.rules), _MANY_CLIPS))) == _MANY_CLIPS
        )

    def _chosen(self, split: Split) -> Iterator[Record]:
        """Records of a split by name, so that only their sound is decoded."""
        chosen = self.divide(partial(self._named, needs_target=split != "predict"), split)
        if self.task != "ctc":
            return chosen
        if split != "predict":
            self._learn_targets()  # Whether labels are joined to characters or to words depends on all of them.
        if self.joins is not None and split != "predict":
            chosen = join_clips(chosen, self.joins, self.joins_per_clip if split == "train" else 1)
        return (replace(record, target=in_symbols(record.target, self.target_codec)) for record in chosen)

    def _named(self, path: PathOption, needs_target: bool = True) -> Iterator[Record]:
        """All records of a path, with a `Clip` in place of the sound; of the demo data for None."""
        if path is None:
            yield from demo_melodies() if self.streams else demo_clips()
            return
        transcripts = self.task == "ctc" and self.joins is None
        find = Transcripts(self.spelling).of if transcripts else self._label
        for clip in list_clips(path, self.rules):
            with reporting():
                target = None if self.streams else target_of(clip, find, needs_target)
                yield Record(clip, target, clip.origin)

    def _decoded(self, path: PathOption) -> Iterator[Record]:
        return (part for record in self._named(path) for part in self._decode(record))

    def _decode(self, record: Record) -> Iterator[Record]:
        """The record with its sound: whole, or in blocks under next_step."""
        decoder = Decoder(self._learn_rate(), self.max_duration_s)
        with reporting():
            if not self.streams:
                yield replace(record, sequence=decoder.whole(record.sequence))
                return
            for number, block in enumerate(decoder.blocks(record.sequence)):
                yield replace(record, sequence=block, continues=number > 0)

    def _label(self, clip: Clip) -> str:
        return clip.label(self.rules)

    def _learn_targets(self) -> None:
        """Classes or symbols, from names and transcripts, unless they are known."""
        if any(self.target_codec.state().values()):
            return
        if self.task == "ctc" and self.joins is None:
            transcripts = (record.target for record in self.divide(self._named, "train"))
            self.target_codec = learn_characters(transcripts, self.spelling.alphabet, self.path)
        else:
            labels = (record.target for record in self.divide(self._named, "train"))
            self.target_codec = learn_classes(labels, self.task, self.path)

    def _learn_rate(self) -> int:
        """The rate of all waveforms in Hz; looked up in the first file when neither given nor restored."""
        if self.codec.sample_rate_hz is None:
            self.codec.sample_rate_hz = DEMO_RATE_HZ
            for clip in () if self.path is None else list_clips(self.path, self.rules):
                with reporting(), open_sound(clip.source, clip.origin) as sound:
                    self.codec.sample_rate_hz = sound.sample_rate_hz
                    break
        return self.codec.sample_rate_hz
