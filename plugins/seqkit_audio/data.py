"""AudioData: recordings as records, for naming them or for going on from where they end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from seqkit import ConfigError, DataError, Generation, LabelCodec, PathOption, Record, SequenceDataModule, Split
from seqkit_audio.clips import Clip, LabelRules, list_clips, manifest_files
from seqkit_audio.codecs import MuLawCodec, WaveformCodec
from seqkit_audio.demo import DEMO_RATE_HZ, demo_clips, demo_melodies
from seqkit_audio.reading import open_sound
from seqkit_audio.resampling import resample_blocks
from seqkit_audio.stream import read_sound
from seqkit_audio.writing import WRITTEN, numbered, write_sound, write_spectrogram

_MOST_SPECTROGRAMS = 5
"""Samples that get a picture: of a hundred, nobody looks at all."""

_MANY_CLIPS = 100
"""From this many recordings on, next_step holds out whole ones; below, a share of them could be none at all."""


class AudioData(SequenceDataModule):
    """Recordings: WAV, FLAC, Ogg and MP3 from files, folders, zip archives and manifests, mixed to one channel.

    Args:
        path: A file, a folder, a zip archive, a manifest (.csv, .tsv, .jsonl, .parquet), or LABEL=PATH once for
            each class; None makes demo data.
        task: What is asked about the records: `classify` or `next_step`.
        sample_rate_hz: Rate that everything is resampled to; None takes that of the first file.
        label_pattern: Regular expression whose first group is the label, searched in each file's name, or in its
            path below the given one if the expression has a slash. None takes the folder that the file lies in.
        file_column: Column of a manifest with the files' paths, relative to the manifest.
        label_column: Column of a manifest with the labels.
        max_duration_s: Only this much of each recording is read; None reads all.
        mu_law_classes: Levels that next_step tells apart.
        **options: The options that all domains share.
    """

    codec: WaveformCodec | MuLawCodec
    output_suffixes = tuple(WRITTEN)

    def __init__(
        self,
        path: PathOption = None,
        task: str = "classify",
        sample_rate_hz: int | None = None,
        label_pattern: str | None = None,
        file_column: str = "file",
        label_column: str = "label",
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
        self.rules = LabelRules(label_pattern, file_column, label_column)
        if self.streams:
            self.codec = self.target_codec = MuLawCodec(mu_law_classes, sample_rate_hz)
        else:
            self.codec, self.target_codec = WaveformCodec(sample_rate_hz), LabelCodec()

    def records(self, split: Split) -> Iterable[Record]:
        """One record a recording; under next_step long ones in blocks. `predict` needs no labels."""
        if not self.holds_out_whole:
            return self.divide(self._decoded, split)
        # Chosen by name first, so that only the recordings of this split are decoded.
        chosen = self.divide(partial(self._named, needs_label=split != "predict"), split)
        return (part for record in chosen for part in self._decode(record))

    def fit_codecs(self) -> None:
        """Learn the sample rate from the first file and the labels from the names: no sound is decoded for it."""
        self.horizon = self._learn_rate()  # `generate` adds a second.
        if isinstance(self.target_codec, LabelCodec) and not self.target_codec.labels:
            labels = {str(record.target) for record in self.divide(self._named, "train")}
            if len(labels) < 2:
                raise DataError(
                    f"classification needs at least two labels, the training data holds {sorted(labels)}",
                    at=f"path {self.path!r}",
                    fix="make a folder for each class, or give --data.label_pattern, LABEL=PATH, or a manifest",
                )
            self.target_codec.fit(sorted(labels))
        super().fit_codecs()

    def restore_codecs(self, codec: dict[str, Any], target_codec: dict[str, Any]) -> None:
        """Use a checkpoint's codecs; recordings of another rate are resampled to the model's.

        Raises:
            ConfigError: If `sample_rate_hz` asks for another rate than the model was trained at.
        """
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

    @property
    def steps_per_second(self) -> float | None:  # type: ignore[override]
        """The sample rate: a step is a sample."""
        return self.codec.sample_rate_hz

    @cached_property
    def files(self) -> list[Path]:
        """What the paths name, and what manifests among them name: a changed recording makes a new cache."""
        own = [path for path in (self.path, self.valid_path, self.test_path) if path is not None]
        return super().files + [file for path in own for file in manifest_files(path, self.rules)]

    @property
    def holds_out_whole(self) -> bool:
        """Whole recordings, unless next_step has so few that a share of them could be none at all."""
        if not self.streams:
            return True
        return (
            self.path is not None and len(list(islice(list_clips(self.path, self.rules), _MANY_CLIPS))) == _MANY_CLIPS
        )

    def _named(self, path: PathOption, needs_label: bool = True) -> Iterator[Record]:
        """All records of a path, with a `Clip` in place of the sound; of the demo data for None."""
        if path is None:
            yield from demo_melodies() if self.streams else demo_clips()
            return
        for clip in list_clips(path, self.rules):
            yield Record(clip, None if self.streams else self._label(clip, needs_label), clip.origin)

    def _decoded(self, path: PathOption) -> Iterator[Record]:
        return (part for record in self._named(path) for part in self._decode(record))

    def _decode(self, record: Record) -> Iterator[Record]:
        """The record with its sound: whole, or in blocks under next_step."""
        if isinstance(record.sequence, Clip):
            blocks = self._blocks(record.sequence)
        else:
            blocks = self._at_rate([record.sequence], DEMO_RATE_HZ)
        if not self.streams:
            blocks = iter([np.concatenate(list(blocks))])
        for number, block in enumerate(blocks):
            yield replace(record, sequence=block, continues=number > 0)

    def _blocks(self, clip: Clip) -> Iterator[np.ndarray]:
        with open_sound(clip.source, clip.origin) as sound:
            yield from self._at_rate(sound.blocks(self.max_duration_s), sound.sample_rate_hz, clip.origin)

    def _at_rate(self, blocks: Iterable[np.ndarray], rate_hz: int, origin: str = "") -> Iterator[np.ndarray]:
        """Samples at the model's rate; decoding and resampling overshoot full scale a little, which is cut off."""
        for block in resample_blocks(blocks, rate_hz, self._learn_rate(), origin):
            yield np.clip(block, -1.0, 1.0)

    def _label(self, clip: Clip, needed: bool) -> str | None:
        try:
            return clip.label(self.rules)
        except DataError:
            if needed:
                raise
            return None

    def _learn_rate(self) -> int:
        """The rate of all waveforms in Hz; looked up in the first file when neither given nor restored."""
        if self.codec.sample_rate_hz is None:
            self.codec.sample_rate_hz = DEMO_RATE_HZ
            if self.path is not None:
                first = next(list_clips(self.path, self.rules))
                with open_sound(first.source, first.origin) as sound:
                    self.codec.sample_rate_hz = sound.sample_rate_hz
        return self.codec.sample_rate_hz
