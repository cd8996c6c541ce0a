"""Made noise against its own definition and against sums over all futures; made memory against what the model reads."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from seqkit import IGNORED, ConfigError, Made
from seqkit_audio.codecs import MuLawCodec
from seqkit_audio.data import AudioData
from seqkit_audio.encoder import audio_encoder
from seqkit_audio.made_memory import PITCHES_HZ, STEP_S, write_memory
from seqkit_audio.made_noise import (
    MADE_LEVELS,
    MADE_RATE_HZ,
    QuantisedNoise,
    resonance,
    resonance_gain,
    write_codes,
    write_noise,
)

COARSE = MuLawCodec(4, MADE_RATE_HZ)
NOISE = QuantisedNoise((1.2, -0.5), 0.1, COARSE)
SHORT = {"train_s": 1.5, "held_out_s": 1.0, "recording_s": 0.5}


def placed(folder: Path, paths: Any) -> list[str]:
    entries = [paths] if isinstance(paths, str) else paths
    return [f"{e.partition('=')[0]}={folder / e.partition('=')[2]}" if "=" in e else str(folder / e) for e in entries]


def data_of(folder: Path, made: Made, task: str, **options: Any) -> AudioData:
    train, valid, test = (placed(folder, made.paths[split]) for split in made.paths)
    data: AudioData = AudioData(train, task, valid_path=valid, test_path=test, **options)
    return data


def test_probabilities_of_all_futures_sum_to_one() -> None:
    words = itertools.product(range(4), repeat=4)
    assert sum(math.exp(-NOISE.nll(np.array(word)).sum()) for word in words) == pytest.approx(1)


def test_a_code_has_the_gaussian_mass_of_its_bin() -> None:
    codes = np.array([2, 3, 1])
    one, two = NOISE.levels[2], NOISE.levels[3]
    mean = 1.2 * two - 0.5 * one
    left, right = NOISE.edges[0], NOISE.edges[1]
    mass = (math.erf((right - mean) / 0.1 / math.sqrt(2)) - math.erf((left - mean) / 0.1 / math.sqrt(2))) / 2
    assert math.exp(-NOISE.nll(codes)[2]) == pytest.approx(mass)
    first = (1 + math.erf(NOISE.edges[2] / 0.1 / math.sqrt(2))) / 2 - 0.5  # From rest: mean 0, between 0 and the edge.
    assert NOISE.edges[1] == pytest.approx(0, abs=1e-12)
    assert math.exp(-NOISE.nll(codes)[0]) == pytest.approx(first)
    np.testing.assert_allclose(NOISE.nll(codes, first=1), NOISE.nll(codes)[1:])


def test_rare_codes_on_both_sides_have_finite_nats() -> None:
    off = 30.0
    narrow = QuantisedNoise((0.0,), COARSE.edges()[2].item() / off, COARSE)
    # 30 deviations off: Phi(-30) is 5e-198, and 1 - Phi(30) in float64 is 0.
    below, above = narrow.nll(np.array([0])), narrow.nll(np.array([3]))
    assert below == pytest.approx(off**2 / 2 + math.log(off * math.sqrt(2 * math.pi)), rel=1e-3)
    np.testing.assert_allclose(below, above)


def test_samples_follow_the_probabilities() -> None:
    codes = NOISE.sample(400, np.random.default_rng(0))
    nats = NOISE.nll(codes)
    expected = spread = 0.0  # Of each step given its past, by summing over its four codes.
    for step in range(len(codes)):
        branches = np.array([NOISE.nll(np.append(codes[:step], code))[-1] for code in range(4)])
        chances = np.exp(-branches)
        assert chances.sum() == pytest.approx(1)
        expected += (chances * branches).sum()
        spread += (chances * branches**2).sum() - (chances * branches).sum() ** 2
    assert abs(nats.sum() - expected) < 4 * math.sqrt(spread)


def test_the_loop_rounds_what_it_feeds_back() -> None:
    codes = NOISE.sample(50, np.random.default_rng(3))
    excitation = 0.1 * np.random.default_rng(3).standard_normal(50)
    before = [0.0, 0.0]
    for code, own in zip(codes, excitation, strict=True):
        assert int(COARSE.encode([np.clip(1.2 * before[0] - 0.5 * before[1] + own, -1, 1)])) == code
        before = [float(COARSE.decode(torch.tensor([code]))[0]), before[0]]


@pytest.mark.parametrize("num_classes", [2, 16, MADE_LEVELS])
def test_the_codec_reads_back_just_the_codes_that_were_drawn(num_classes: int, tmp_path: Path) -> None:
    codec = MuLawCodec(num_classes, MADE_RATE_HZ)
    codes = np.arange(num_classes)
    write_codes(tmp_path / "all.wav", codes, codec)
    samples, rate_hz = soundfile.read(tmp_path / "all.wav", dtype="float32")
    assert rate_hz == MADE_RATE_HZ
    assert codec.encode(samples).tolist() == codes.tolist()


def test_edges_lie_where_the_codec_changes_its_mind() -> None:
    codec = MuLawCodec(MADE_LEVELS)
    edges = codec.edges().numpy()
    assert codec.encode(edges - 1e-6).tolist() == list(range(MADE_LEVELS - 1))
    assert codec.encode(edges + 1e-6).tolist() == list(range(1, MADE_LEVELS))


def test_known_figures_are_of_just_the_samples_that_are_scored(tmp_path: Path) -> None:
    made = write_noise(tmp_path, 1, centre_hz=900, bandwidth_hz=200, loudness=0.1, **SHORT)
    data = data_of(tmp_path, made, "next_step", window=100, batch_size=3)
    coefficients = resonance(900, 200, MADE_RATE_HZ)
    noise = QuantisedNoise(coefficients, 0.1 / math.sqrt(resonance_gain(coefficients)), MuLawCodec(MADE_LEVELS))
    store = data.store("valid")
    records = np.split(np.asarray(store.steps).astype(np.int64), store.offsets[1:-1])
    assert [len(codes) for codes in records] == [4_000, 4_000]
    scored = sum(int((batch.targets != IGNORED).sum()) for batch in data.loader("valid"))
    nats = np.concatenate([noise.nll(codes, first=1) for codes in records])
    assert scored == len(nats) == 2 * 3_999
    assert made.known["valid"].optimum["loss"] == pytest.approx(nats.mean())
    counts = np.bincount(np.asarray(data.store("train").steps), minlength=MADE_LEVELS) + 1
    chance = -np.log(counts / counts.sum())
    assert made.known["valid"].chance["loss"] == pytest.approx(np.mean([chance[codes[1:]] for codes in records]))
    assert made.known["valid"].chance["loss"] > made.known["valid"].optimum["loss"] + 1


def test_the_noise_is_as_loud_as_asked_and_rings_at_its_centre(tmp_path: Path) -> None:
    write_noise(tmp_path, 1, centre_hz=1_000, loudness=0.2, train_s=8, held_out_s=4, recording_s=4)
    samples, _ = soundfile.read(tmp_path / "train" / "noise-001.wav")
    assert samples.std() == pytest.approx(0.2, rel=0.15)
    power = np.abs(np.fft.rfft(samples)) ** 2
    assert np.average(np.fft.rfftfreq(len(samples), 1 / MADE_RATE_HZ), weights=power) == pytest.approx(1_000, abs=30)


def test_the_gain_of_a_resonance_is_that_of_its_impulse_response() -> None:
    first, second = coefficients = resonance(700, 150, 8000)
    response = [1.0, first]
    for _ in range(2_000):
        response.append(first * response[-1] + second * response[-2])
    assert resonance_gain(coefficients) == pytest.approx(sum(value**2 for value in response))


@pytest.mark.parametrize("write", [write_noise, write_memory])
def test_the_same_seed_writes_the_same_bytes(write: Any, tmp_path: Path) -> None:
    options = SHORT if write is write_noise else {"train_recordings": 4, "held_out_recordings": 2}
    found, made = [], []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        (tmp_path / name).mkdir()
        made.append(write(tmp_path / name, seed, **options))
        files = sorted(path for path in (tmp_path / name).rglob("*.wav"))
        found.append([(file.relative_to(tmp_path / name), file.read_bytes()) for file in files])
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert made[0] == made[1]


def test_figures_are_not_given_for_samples_that_were_not_drawn() -> None:
    noise = "made:noise,train_s=1,held_out_s=0.5,recording_s=0.5"
    assert AudioData(noise, "next_step").known("valid") is not None
    assert AudioData(noise, "next_step", mu_law_classes=64).known("valid") is None
    assert AudioData(noise, "next_step", sample_rate_hz=16_000).known("valid") is None
    assert AudioData(noise, "next_step", max_duration_s=0.2).known("valid") is None
    with pytest.raises(ConfigError, match="not made for task 'classify'"):
        AudioData(noise, "classify").known("valid")


def test_memory_has_both_tones_once_and_then_noise_of_exactly_so_many_steps(tmp_path: Path) -> None:
    made = write_memory(tmp_path, 5, lag=7, gap=4, train_recordings=6, held_out_recordings=4)
    step = round(STEP_S * MADE_RATE_HZ)
    for entry in made.paths["train"] or []:
        first, _, folder = entry.partition("=")
        files = sorted((tmp_path / folder).iterdir())
        assert len(files) == 3
        for file in files:
            samples, _ = soundfile.read(file)
            assert len(samples) == (2 * (4 + 6) + 7) * step
            loud = np.abs(samples.reshape(-1, step)).max(1) > 0.2
            assert loud.tolist() == [False] * 4 + [True] * 6 + [False] * 4 + [True] * 6 + [False] * 7
            pitches = [dominant_hz(samples[begin * step : (begin + 6) * step]) for begin in (4, 14)]
            expected = [PITCHES_HZ[first], *(hz for name, hz in PITCHES_HZ.items() if name != first)]
            np.testing.assert_allclose(pitches, expected, rtol=0.07)


def dominant_hz(samples: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(samples, 1 << 14))
    return float(power.argmax() * MADE_RATE_HZ / (1 << 14))


def test_a_step_of_memory_is_a_step_of_the_backbone(tmp_path: Path) -> None:
    made = write_memory(tmp_path, 5, lag=20, gap=10, train_recordings=2, held_out_recordings=4)
    data = data_of(tmp_path, made, "classify")
    data.setup("fit")
    batch = next(iter(data.loader("valid")))
    encoder = audio_encoder(data.codec.spec, 8, "classify").eval()
    _, lengths = encoder(batch.inputs, batch.lengths)
    assert set(lengths.tolist()) <= {2 * (10 + 6) + 20, 2 * (10 + 6) + 20 - 1}  # The last frame needs 25 ms.
    assert torch.bincount(batch.targets[:, 0]).tolist() == [2, 2]
    assert data.describe_span(38) == "4.75 ms"


@pytest.mark.parametrize(
    ("write", "options", "message"),
    [
        (write_noise, {"centre_hz": 4_000.0}, "centre_hz is 4000"),
        (write_noise, {"bandwidth_hz": 0.0}, "bandwidth_hz is 0"),
        (write_noise, {"loudness": 0.6}, "loudness is 0.6"),
        (write_noise, {"held_out_s": 3.0}, "recordings of 4 s in splits of 3 s"),
        (write_memory, {"gap": -1}, "gap is -1"),
        (write_memory, {"held_out_recordings": 1}, "held_out_recordings is 1"),
    ],
)
def test_options_that_make_no_data_are_refused(
    write: Any, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        write(tmp_path, 0, **options)
