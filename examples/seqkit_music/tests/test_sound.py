import wave
from pathlib import Path

import numpy as np
import pytest
from seqkit_music.score import Note, from_text
from seqkit_music.sound import SAMPLE_RATE_HZ, frequency_hz, synthesise, tone, write_wav


def strongest_hz(samples: np.ndarray) -> float:
    """The strongest frequency, between the bins of a windowed spectrum by a parabola through its logarithms."""
    spectrum = np.log(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) + 1e-12)
    top = int(spectrum.argmax())
    left, middle, right = spectrum[top - 1 : top + 2]
    return float((top + 0.5 * (left - right) / (left - 2 * middle + right)) * SAMPLE_RATE_HZ / len(samples))


def test_a4_sounds_at_440_hz() -> None:
    assert frequency_hz(69) == 440
    assert strongest_hz(tone(Note(0, 69, 0, 4), 0.5)) == pytest.approx(440, abs=0.05)


@pytest.mark.parametrize("pitch", [36, 60, 61, 81])
def test_each_pitch_is_tempered(pitch: int) -> None:
    assert strongest_hz(tone(Note(0, pitch, 0, 4), 0.5)) == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=2e-4)


def test_a_tone_begins_and_ends_in_silence() -> None:
    sound = tone(Note(0, 60, 0, 1), 0.4)
    assert len(sound) == round((0.4 + 0.12) * SAMPLE_RATE_HZ)
    assert abs(sound[0]) < 1e-9 and np.abs(sound[-20:]).max() < 0.02 * np.abs(sound).max()


def test_the_highest_pitch_has_no_overtone_beyond_half_the_rate() -> None:
    spectrum = np.abs(np.fft.rfft(tone(Note(0, 127, 0, 4), 0.5)))
    hz = np.fft.rfftfreq(2 * (len(spectrum) - 1), 1 / SAMPLE_RATE_HZ)
    assert spectrum[hz < 12_000].max() < 0.01 * spectrum.max()


def test_notes_begin_when_their_step_comes() -> None:
    sound = synthesise(from_text("A4 r r r r . . . . . . . A4 . . .", "here"), 0.25)
    loud = np.abs(sound) > 0.05
    seconds = np.flatnonzero(loud) / SAMPLE_RATE_HZ
    assert seconds[0] < 0.02
    assert not ((seconds > 0.37) & (seconds < 0.75)).any()
    assert ((seconds > 0.76) & (seconds < 0.99)).any()


def test_all_voices_are_heard_and_nothing_is_clipped() -> None:
    sound = synthesise(from_text("C5 G4 E4 C3" + " . . . ." * 7, "here"), 0.25)
    assert np.abs(sound).max() == pytest.approx(0.9)
    spectrum = np.abs(np.fft.rfft(sound))
    for pitch in (72, 67, 64, 48):
        place = round(frequency_hz(pitch) * len(sound) / SAMPLE_RATE_HZ)
        near, around = spectrum[place - 3 : place + 4].max(), np.median(spectrum[place - 40 : place + 40])
        assert near > 30 * around


def test_the_file_is_16_bit_pcm_of_the_right_length(tmp_path: Path) -> None:
    write_wav(tmp_path / "x.wav", from_text("A4 r r r . . . . . . . .", "here"), 2, 60.0)
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getsampwidth(), file.getnchannels(), file.getframerate()) == (2, 1, SAMPLE_RATE_HZ)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    assert len(samples) / SAMPLE_RATE_HZ == pytest.approx(3 * 0.5 + 0.12, abs=1e-3)
    assert np.abs(samples).max() == round(0.9 * 32767)


def test_silence_is_written_as_silence() -> None:
    assert not synthesise(from_text("r r r r . . . .", "here"), 0.25).any()
