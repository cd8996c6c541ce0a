"""What `reading.py` reads: files made by code, our way to a finished store, and the field's library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import torch
from Bio import SeqIO
from Bio.SeqIO.FastaIO import SimpleFastaParser

from seqkit import SequenceDataModule
from seqkit_audio.data import AudioData
from seqkit_audio.torchaudio_import import torchaudio
from seqkit_dna.data import DnaData
from seqkit_text.bpe_codec import BytePairCodec
from seqkit_text.data import TextData
from seqkit_timeseries.data import TimeseriesData

_ALL = {"valid_fraction": 0.0, "test_fraction": 0.0}
_BPE_TYPES = 4096
_RATE_HZ = 16_000


@dataclass(frozen=True)
class Case:
    """One way to read one kind of file.

    Attributes:
        name: Its name.
        write: Makes the file, or folder, of about so many bytes.
        data: Our data module over it, with nothing held out.
        peers: The field's ways to read it, by name.
        share: Of the bytes asked for: slow ones get less.
    """

    name: str
    write: Callable[[Path, int], None]
    data: Callable[[Path], SequenceDataModule]
    peers: dict[str, Callable[[Path], object]]
    share: float = 1.0


def write_text(path: Path, size: int) -> None:
    """Lines of words by Zipf's law."""
    random = np.random.default_rng(0)
    letters = random.integers(97, 123, (30_000, 12), np.uint8)
    words = np.array(
        [row[:n].tobytes().decode() for row, n in zip(letters, random.integers(2, 10, 30_000), strict=True)]
    )
    shares = 1 / np.arange(1, len(words) + 1)
    drawn = words[random.choice(len(words), 150_000, p=shares / shares.sum())].tolist()
    lines = "\n".join(" ".join(drawn[begin : begin + 15]) for begin in range(0, len(drawn), 15)) + "\n"
    _repeat(path, size, lambda number: lines)


def write_fasta(path: Path, size: int) -> None:
    """Records of a million bases in lines of 80."""
    bases = np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(0).integers(0, 4, 1_000_000)].reshape(-1, 80)
    lines = np.concatenate([bases, np.full((len(bases), 1), 10, np.uint8)], axis=1).tobytes().decode()
    _repeat(path, size, lambda number: f">contig{number} made by code\n{lines}")


def write_long(path: Path, size: int) -> None:
    """Hourly series of 2,000 steps."""
    times = np.datetime_as_string(np.arange(2000).astype("m8[h]") + np.datetime64("2020-01-01"), unit="s")
    values = np.random.default_rng(0).normal(100, 20, 2000).round(3)
    rows = "".join(f"#,{str(t).replace('T', ' ')},{v}\n" for t, v in zip(times, values, strict=True))
    _repeat(path, size, lambda number: rows.replace("#", f"S{number:06d}"), "unique_id,ds,y\n")


def write_wide(path: Path, size: int) -> None:
    """One table of eight columns, a row a second."""
    values = np.random.default_rng(0).normal(100, 20, (5_000, 8)).round(3)
    cells = [",".join(map(str, row)) for row in values.tolist()]

    def rows(number: int) -> str:
        first = np.datetime64("1990-01-01") + np.timedelta64(number * len(cells), "s")
        times = np.datetime_as_string(first + np.arange(len(cells)).astype("m8[s]"), unit="s")
        return "\n".join(map(",".join, zip(times.tolist(), cells, strict=True))).replace("T", " ") + "\n"

    _repeat(path, size, rows, "date," + ",".join(f"v{number}" for number in range(8)) + "\n")


def write_sounds(path: Path, size: int) -> None:
    """A folder of clips of three seconds, 16 bits at 16 kHz, in four folders."""
    random = np.random.default_rng(0)
    for number in range(max(size // (6 * _RATE_HZ), 8)):
        folder = path / f"class{number % 4}"
        folder.mkdir(parents=True, exist_ok=True)
        samples = random.normal(0, 0.1, 3 * _RATE_HZ).clip(-1, 1)
        soundfile.write(folder / f"{number:05d}.wav", samples, _RATE_HZ, subtype="PCM_16")


def _repeat(path: Path, size: int, part: Callable[[int], str], head: str = "") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        written = file.write(head)
        numbers = count()
        while written < size:
            written += file.write(part(next(numbers)))


def _text(tokens: str) -> Callable[[Path], SequenceDataModule]:
    return lambda path: TextData(path=str(path), tokens=tokens, **_ALL)  # type: ignore[arg-type]


def _byte_pairs(path: Path) -> SequenceDataModule:
    """With merges learned before: what is timed is encoding."""
    data = TextData(path=str(path), tokens="bpe", vocabulary_size=_BPE_TYPES, **_ALL)
    state = _learned(path).state()
    data.restore_codecs(state, state)
    return data


_CODECS: dict[Path, BytePairCodec] = {}


def _learned(path: Path) -> BytePairCodec:
    if path not in _CODECS:
        _CODECS[path] = BytePairCodec(_BPE_TYPES)
        with path.open(encoding="utf-8") as file:
            _CODECS[path].fit([file.read(300_000)])
    return _CODECS[path]


def _encoded_lines(path: Path) -> int:
    tokenizer = _learned(path)._fitted
    with path.open(encoding="utf-8") as file:
        return sum(len(line.ids) for lines in _batches(file, 1000) for line in tokenizer.encode_batch_fast(lines))


def _encoded_blocks(path: Path) -> int:
    tokenizer = _learned(path)._fitted
    with path.open(encoding="utf-8") as file:
        return sum(len(tokenizer.encode(block).ids) for block in iter(lambda: file.read(1 << 20), ""))


def _batches(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    while batch := [line for line, _ in zip(lines, range(size), strict=False)]:
        yield batch


def _simple_parser(path: Path) -> int:
    with path.open() as file:
        return sum(len(sequence) for _, sequence in SimpleFastaParser(file))


def _mapped(path: Path) -> int:
    """As ids as well: what is left to do after Biopython."""
    table = np.zeros(256, np.uint8)
    table[np.frombuffer(b"ACGTN", np.uint8)] = np.arange(5)
    with path.open() as file:
        return sum(table[np.frombuffer(s.encode(), np.uint8)].nbytes for _, s in SimpleFastaParser(file))


def _wavs(path: Path) -> list[Path]:
    return sorted(path.rglob("*.wav"))


def _resampled(path: Path) -> int:
    resample = torchaudio.transforms.Resample(_RATE_HZ, _RATE_HZ // 2)
    sounds = (torch.from_numpy(soundfile.read(file, dtype="float32")[0]) for file in _wavs(path))
    return sum(len(resample(sound)) for sound in sounds)


def _dna(k: int) -> Callable[[Path], SequenceDataModule]:
    return lambda path: DnaData(path=str(path), k=k, reverse_complement=False, **_ALL)


_BIOPYTHON = {
    "SimpleFastaParser": _simple_parser,
    "SeqIO.parse": lambda path: sum(len(record.seq) for record in SeqIO.parse(path, "fasta")),
    "SimpleFastaParser + numpy ids": _mapped,
}

CASES = [
    Case("text, bytes", write_text, _text("bytes"), {}),
    Case("text, characters", write_text, _text("characters"), {}),
    Case("text, words", write_text, _text("words"), {}),
    Case(
        "text, byte pairs",
        write_text,
        _byte_pairs,
        {"tokenizers, lines": _encoded_lines, "tokenizers, 1 MB blocks": _encoded_blocks},
        share=0.05,
    ),
    Case("FASTA, bases", write_fasta, _dna(1), _BIOPYTHON),
    Case("FASTA, 3-mers", write_fasta, _dna(3), _BIOPYTHON),
    Case(
        "CSV, long",
        write_long,
        lambda path: TimeseriesData(path=str(path), **_ALL),
        {"pandas.read_csv": lambda path: pd.read_csv(path, parse_dates=["ds"])},
    ),
    Case(
        "CSV, wide",
        write_wide,
        lambda path: TimeseriesData(path=str(path), multivariate=True, **_ALL),
        {"pandas.read_csv": lambda path: pd.read_csv(path, parse_dates=["date"])},
    ),
    Case(
        "CSV, wide, standardised",
        write_wide,
        lambda path: TimeseriesData(path=str(path), multivariate=True, scaling="standard", **_ALL),
        {},
    ),
    Case(
        "WAV, samples",
        write_sounds,
        lambda path: AudioData(path=str(path), **_ALL),
        {"soundfile.read": lambda path: sum(len(soundfile.read(f, dtype="float32")[0]) for f in _wavs(path))},
    ),
    Case("WAV, mu-law", write_sounds, lambda path: AudioData(path=str(path), task="next_step", **_ALL), {}),
    Case(
        "WAV, resampled",
        write_sounds,
        lambda path: AudioData(path=str(path), sample_rate_hz=_RATE_HZ // 2, **_ALL),
        {"soundfile.read + torchaudio": _resampled},
        share=0.3,
    ),
]
