"""AudioData: recordings as records, for naming them, writing down what is said, or going on from where they end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from seqkit import (
    DataError,
    Generation,
    Inspector,
    Known,
    LabelCodec,
    MadeSource,
    PathOption,
    Record,
    SequenceDataModule,
    Split,
    SymbolCodec,
    TagCodec,
    collecting,
)
from seqkit_audio.check import SoundInspector
from seqkit_audio.clips import Clip, LabelRules
from seqkit_audio.codecs import MuLawCodec, WaveformCodec
from seqkit_audio.decoding import Decoder
from seqkit_audio.demo import DEMO_RATE_HZ
from seqkit_audio.joins import join_rules
from seqkit_audio.listing import rate_of_first, tables_of, texts_of
from seqkit_audio.made_memory import write_memory
from seqkit_audio.made_noise import MADE_LEVELS, MADE_RATE_HZ, write_noise
from seqkit_audio.options import check_rate, check_sizes
from seqkit_audio.recordings import Recordings, in_symbols, joined
from seqkit_audio.stream import read_sound
from seqkit_audio.targets import learn_characters, learn_classes
from seqkit_audio.transcripts import OtherCharacters, TranscriptRules
from seqkit_audio.writing import WRITTEN, write_generations

_MANY_CLIPS = 100
"""From this many recordings on, next_step holds out whole ones; below, a share of them could be none at all."""


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
        start_column: Column of a manifest with the second at which a part of the recording begins; a recording may then
            be in several rows, one for each part.
        end_column: Column of a manifest with the second at which a part ends.
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
    version = 2
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
        start_column: str | None = None,
        end_column: str | None = None,
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
        check_sizes(sample_rate_hz, max_duration_s)
        self.sample_rate_hz, self.max_duration_s = sample_rate_hz, max_duration_s
        self.joins = join_rules(task, path is None, join, join_match, join_gap_s, join_seed, joins_per_clip)
        rules = LabelRules(label_pattern, file_column, label_column, transcript_column, start_column, end_column)
        spelling = TranscriptRules(lowercase, alphabet, other_characters)
        self.spelling = spelling if task == "ctc" and self.joins is None else None
        self.recordings = Recordings(rules, self.spelling, self.streams)
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
        check_rate(self.sample_rate_hz, self.codec.sample_rate_hz)

    def prompt(self, value: str) -> Record:
        """Refused: words are no sound.

        Raises:
            DataError: Always; names the option that takes a recording.
        """
        raise DataError(f"{value!r:.40} is no sound to continue", at="--prompt", fix="give --prompt-file FILE")

    def write(self, path: Path, generations: Iterable[Generation]) -> list[Path]:
        """Save each sample as a sound file, the recording it continues first."""
        return write_generations(path, generations, self._learn_rate())

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
        found = super().files
        for path in (self.path, self.valid_path, self.test_path):
            found += dict.fromkeys(clip.source.path for clip in self._clips(tables_of(path)))  # parts share theirs
        return found + texts_of(found) if self.task == "ctc" else found

    def describe_split(self) -> str:
        """What is held out, and that it is held out before clips are joined."""
        return super().describe_split() + (" (of the clips, before they are joined)" if self.joins else "")

    @cached_property
    def holds_out_whole(self) -> bool:
        """Whole recordings, unless next_step has so few that a share of them could be none at all."""
        return not self.streams or len(list(islice(self._clips(self.path), _MANY_CLIPS))) == _MANY_CLIPS

    def _chosen(self, split: Split) -> Iterator[Record]:
        """Records of a split by name, so that only their sound is decoded."""
        chosen = self.divide(partial(self.recordings.named, needs_target=split != "predict"), split)
        if self.task != "ctc":
            return chosen
        if split != "predict":
            self._learn_targets()  # Whether labels are joined to characters or to words depends on all of them.
        if self.joins is not None and split != "predict":
            chosen = joined(chosen, self.joins, self.joins.per_clip if split == "train" else 1, self._decoder)
        return in_symbols(chosen, self.target_codec)

    def _decoded(self, path: PathOption) -> Iterator[Record]:
        return (part for record in self.recordings.named(path) for part in self._decode(record))

    def _decode(self, record: Record) -> Iterator[Record]:
        return self._decoder.records(record, in_blocks=self.streams)

    @property
    def _decoder(self) -> Decoder:
        return Decoder(self._learn_rate(), self.max_duration_s)

    def _learn_targets(self) -> None:
        """Classes or symbols, from names and transcripts, unless they are known."""
        if any(self.target_codec.state().values()):
            return
        with self.tolerance.reading():
            targets = (record.target for record in self.divide(self.recordings.named, "train"))
            if self.spelling is not None:
                self.target_codec = learn_characters(targets, self.spelling.alphabet, self.path)
            else:
                self.target_codec = learn_classes(targets, self.task, self.path)

    def _learn_rate(self) -> int:
        """The rate of all waveforms in Hz; that of the first file when neither given nor restored."""
        if self.codec.sample_rate_hz is None:
            tolerant = collecting() or self.tolerance.policy != "error"
            self.codec.sample_rate_hz = rate_of_first(self._clips(self.path), tolerant) or DEMO_RATE_HZ
        return self.codec.sample_rate_hz

    def _clips(self, path: PathOption) -> Iterator[Clip]:
        """The recordings of a path; bad rows of a manifest are left out where the user allows it."""
        found = self.recordings.unopened(path)
        return (record.sequence for record in (found if collecting() else self.tolerance.records(found)))
