"""Sound of 16 bits and one channel reaches the model as it stands in the file, and as the same numbers as before."""

import gzip
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from seqkit import FixedPoint, Record
from seqkit.data.store import FlatStore
from seqkit_audio import sound
from seqkit_audio.codecs import MuLawCodec, WaveformCodec
from seqkit_audio.data import AudioData

RATE_HZ = 8000
_ALL: dict[str, Any] = {"valid_fraction": 0.0, "test_fraction": 0.0, "batch_size": 3, "order_seed": 5}
Write = Callable[[Path], dict[str, Any]]


class AsNumbers(AudioData):
    """The same recordings, always as float32: what the store held before it knew fixed point."""

    def _decode(self, record: Record) -> Iterator[Record]:
        return (replace(part, sequence=np.asarray(part.sequence)) for part in super()._decode(record))


def write(path: Path, number: int, subtype: str = "PCM_16", channels: int = 1, rate: int = RATE_HZ) -> None:
    """Noise of its own, with both ends of the range in it."""
    values = np.random.default_rng(number).uniform(-1, 1, (90 + 7 * number, channels))
    values[:2] = [[-1.0], [1.0]]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, values, rate, subtype=subtype)


def folder(*kinds: dict[str, Any], suffix: str = ".wav", **options: Any) -> Write:
    """Eight files of two classes; their kinds take turns."""

    def make(path: Path) -> dict[str, Any]:
        for number in range(8):
            write(path / "ab"[number % 2] / f"{number}{suffix}", number, **(kinds or ({},))[number % len(kinds or "1")])
        return {"path": str(path)} | options

    return make


def packed(path: Path) -> dict[str, Any]:
    """The same, each file in gzip."""
    folder()(path)
    for file in list(path.rglob("*.wav")):
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    return {"path": str(path)}


def archive(path: Path) -> dict[str, Any]:
    """The same in a zip archive."""
    folder()(path)
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as file:
        for one in sorted(path.rglob("*.wav")):
            file.write(one, one.relative_to(path))
    return {"path": str(path.with_suffix(".zip"))}


def parts(path: Path) -> dict[str, Any]:
    """A manifest whose rows are parts of recordings, one of them of 24 bits."""
    folder()(path)
    write(path / "c.wav", 9, "PCM_24")
    rows = [f"{'ab'[n % 2]}/{n}.wav,0.001,{0.009 + n / 9000},x{n % 3}" for n in range(8)] + ["c.wav,0.002,0.01,x0"]
    (path / "m.csv").write_text("\n".join(["file,begin,end,label", *rows]))
    return {"path": str(path / "m.csv"), "start_column": "begin", "end_column": "end"}


SOURCES: dict[str, tuple[Write, type]] = {
    "mono": (folder(), np.int16),
    "flac": (folder(suffix=".flac"), np.int16),
    "max_duration": (folder(max_duration_s=0.005), np.int16),
    "gzip": (packed, np.int16),
    "zip": (archive, np.int16),
    "stereo": (folder({"channels": 2}), np.float32),
    "8 bits": (folder({"subtype": "PCM_U8"}), np.float32),
    "24 bits": (folder({"subtype": "PCM_24"}), np.float32),
    "float": (folder({"subtype": "FLOAT"}), np.float32),
    "resampled": (folder(sample_rate_hz=6000), np.float32),
    "16 bits before 24": (folder({}, {"subtype": "PCM_24"}), np.float32),
    "24 bits before 16": (folder({"subtype": "PCM_24"}, {}), np.float32),
    "mono and stereo": (folder({}, {}, {"channels": 2}), np.float32),
    "two rates": (folder({}, {}, {"rate": 6000}), np.float32),
    "parts": (parts, np.float32),
}


@pytest.mark.parametrize("source", SOURCES)
def test_batches_are_those_of_numbers_to_the_bit(source: str, tmp_path: Path) -> None:
    make, kind = SOURCES[source]
    options = make(tmp_path / "sounds") | _ALL
    ours, theirs = AudioData(**options), AsNumbers(**options)
    assert stored(ours).steps.dtype == kind and stored(theirs).steps.dtype == np.float32
    assert batches(ours) == batches(theirs) and len(batches(ours)) == 6


@pytest.mark.parametrize("source", ["mono", "flac", "stereo", "two rates", "16 bits before 24"])
@pytest.mark.parametrize("num_classes", [256, 1000])
def test_mu_law_levels_are_those_of_numbers(source: str, num_classes: int, tmp_path: Path) -> None:
    options = SOURCES[source][0](tmp_path / "sounds") | _ALL | {"task": "next_step", "mu_law_classes": num_classes}
    ours, theirs = AudioData(window=20, **options), AsNumbers(window=20, **options)
    assert np.array_equal(stored(ours).steps, stored(theirs).steps) and batches(ours) == batches(theirs)


def test_joined_clips_of_16_bits_are_integers_and_others_are_not(tmp_path: Path) -> None:
    options = folder()(tmp_path / "sounds") | _ALL | {"task": "ctc", "join": "2-3"}
    assert stored(AudioData(**options)).steps.dtype == np.int16
    assert batches(AudioData(**options)) == batches(AsNumbers(**options))
    write(tmp_path / "sounds" / "a" / "8.wav", 8, "PCM_24")
    assert stored(AudioData(**options)).steps.dtype == np.float32
    assert batches(AudioData(**options)) == batches(AsNumbers(**options))


def test_values_are_those_of_libsndfile(tmp_path: Path) -> None:
    every = np.arange(-(2**15), 2**15, dtype=np.int16)
    for number, suffix in enumerate((".wav", ".flac")):
        (tmp_path / f"{number}").mkdir()
        soundfile.write(tmp_path / f"{number}/a{suffix}", every, RATE_HZ, subtype="PCM_16")
    store = stored(AudioData(str(tmp_path), **_ALL))
    assert store.steps.dtype == np.int16 and len(store) == 2
    for record, suffix in enumerate((".wav", ".flac")):
        expected = soundfile.read(tmp_path / f"{record}/a{suffix}", dtype="float32")[0]
        assert store.sequence(record).numpy()[:, 0].tobytes() == expected.tobytes()


def test_a_recording_of_several_blocks_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = folder()(tmp_path / "sounds") | _ALL
    whole = stored(AudioData(**options)).steps.tobytes()
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 37)
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "other"))
    again = stored(AudioData(**options))
    assert again.steps.dtype == np.int16 and again.steps.tobytes() == whole


def test_a_bad_recording_among_mixed_ones_leaves_the_others(tmp_path: Path) -> None:
    options = folder({}, {"subtype": "PCM_24"})(tmp_path / "sounds") | _ALL
    (tmp_path / "sounds" / "a" / "2.wav").write_bytes(b"RIFF")
    tolerant = options | {"on_bad_record": "skip", "max_bad": "50%"}
    assert stored(AudioData(**tolerant)).steps.dtype == np.float32 and len(stored(AudioData(**tolerant))) == 7
    assert batches(AudioData(**tolerant)) == batches(AsNumbers(**tolerant))


def test_codecs_take_integers_as_the_numbers_they_stand_for() -> None:
    every = FixedPoint(np.arange(-(2**15), 2**15, dtype=np.int16))
    for codec in (WaveformCodec(RATE_HZ), MuLawCodec(2), MuLawCodec(256), MuLawCodec(65536)):
        steps = codec.encode(every)
        assert steps.equal(codec.encode(np.asarray(every)))
        assert np.array_equal(np.asarray(codec.encode_array(every)), steps.numpy())
    assert MuLawCodec(256).encode_array(every).dtype == np.uint8


def test_steps_of_a_codec_are_not_the_integers_of_the_caller() -> None:
    samples = FixedPoint(np.zeros(3, np.int16))
    WaveformCodec(RATE_HZ).encode(samples).fill_(1.0)
    assert samples.integers.tolist() == [0, 0, 0]


def stored(data: AudioData) -> FlatStore:
    data.setup("fit")
    return data.store("train")


def batches(data: AudioData) -> list[tuple[Any, ...]]:
    """All that the model sees of two epochs, as bytes."""
    data.setup("fit")
    loader = data.loader("train")
    found = [batch for _ in range(2) for batch in loader]
    assert all(batch.inputs.dtype == found[0].inputs.dtype for batch in found)
    return [
        (tuple(t.shape), t.numpy().tobytes(), batch.lengths.tolist(), batch.targets.numpy().tobytes())
        for batch in found
        for t in (batch.inputs,)
    ]
