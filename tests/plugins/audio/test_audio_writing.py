"""What was generated can be listened to: a sound file, after the recording that it continues."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from seqkit import ConfigError, Generation, Record
from seqkit_audio.data import AudioData
from seqkit_audio.writing import write_sound as save

WAVE = (0.5 * np.sin(np.arange(3000) * 0.2)).astype(np.float32)


def made(*values: np.ndarray, prompt: np.ndarray | None = None) -> Generation:
    return Generation(Record(sequence=np.zeros(0) if prompt is None else prompt, origin="x"), list(values))


@pytest.mark.parametrize(
    ("name", "kind", "tolerance"),
    [
        ("a.wav", ("WAV", "PCM_16"), 2**-15),
        ("a.flac", ("FLAC", "PCM_16"), 2**-15),
        ("a.OGG", ("OGG", "VORBIS"), 0.1),
        ("a.mp3", ("MP3", "MPEG_LAYER_III"), 0.1),
    ],
)
def test_a_sound_is_written_and_read_back(tmp_path: Path, name: str, kind: tuple[str, str], tolerance: float) -> None:
    data = AudioData(task="next_step", sample_rate_hz=16000)
    data.write(tmp_path / name, [made(WAVE)])
    info = soundfile.info(tmp_path / name)
    assert (info.format, info.subtype) == kind and info.samplerate == 16000
    samples, _ = soundfile.read(tmp_path / name)
    assert len(samples) == 3000
    assert np.abs(samples - WAVE)[500:2500].max() <= tolerance


def test_the_continued_recording_comes_first(tmp_path: Path) -> None:
    AudioData(task="next_step").write(tmp_path / "a.wav", [made(WAVE[100:300], prompt=WAVE[:100])])
    samples, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == 8000
    assert np.abs(samples - WAVE[:300]).max() <= 2**-15


def test_several_samples_get_numbers(tmp_path: Path) -> None:
    AudioData(task="next_step").write(tmp_path / "a.flac", iter([made(WAVE, WAVE[:10]), made(WAVE[:20])]))
    assert {p.name: soundfile.info(p).frames for p in tmp_path.glob("*.flac")} == {
        "a-1.flac": 3000, "a-2.flac": 10, "a-3.flac": 20,
    }  # fmt: skip


def test_a_sound_gets_its_spectrogram_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    written = AudioData(task="next_step").write(tmp_path / "a.wav", [made(WAVE[100:300], prompt=WAVE[:100])])
    assert [path.name for path in written] == ["a.wav", "a.png"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr("seqkit.plots.style.can_plot", lambda: False)
    assert AudioData(task="next_step").write(tmp_path / "b.wav", [made(WAVE)]) == [tmp_path / "b.wav"]


def test_a_long_sound_is_written_whole(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 200_000)
    save(tmp_path / "a.ogg", noise, 8000)
    assert soundfile.info(tmp_path / "a.ogg").frames == 200_000


def test_a_model_of_recordings_writes_at_their_rate(write_sound: Callable[..., Path], tmp_path: Path) -> None:
    data = AudioData(str(write_sound("in.wav", rate=22050)), task="next_step")
    data.setup("fit")
    data.write(tmp_path / "out.wav", [made(WAVE)])
    assert soundfile.info(tmp_path / "out.wav").samplerate == 22050


@pytest.mark.parametrize(("name", "fix"), [("a.wave", "did you mean '.wav'"), ("a.csv", ".wav, .flac"), ("a", ".wav")])
def test_other_endings_are_refused(tmp_path: Path, name: str, fix: str) -> None:
    with pytest.raises(ConfigError, match=rf"cannot be written as(.|\n)*--out(.|\n)*{fix}"):
        save(tmp_path / name, WAVE, 8000)


def test_a_rate_that_a_format_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.mp3 cannot hold this sound at 12345 Hz"):
        save(tmp_path / "a.mp3", WAVE, 12345)
