"""Files and samples that are no sound are refused with the reason."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from seqkit import DataError
from seqkit_audio import sound
from tests.plugins.audio.sounds import WriteSound, read


def test_a_file_without_samples_is_refused(write_sound: WriteSound) -> None:
    with pytest.raises(DataError, match=r"holds no samples(.|\n)*at: empty\.wav"):
        read(write_sound("empty.wav", np.zeros(0)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_named_with_its_frame(
    write_sound: WriteSound, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 100)
    samples = np.zeros((500, 2), np.float32)
    samples[321, 1] = value
    with pytest.raises(DataError, match=rf"sample {value:g} at frame 321 is no finite number(.|\n)*a\.wav"):
        read(write_sound("a.wav", samples, subtype="FLOAT"))


def test_samples_in_other_units_are_refused(write_sound: WriteSound) -> None:
    samples = np.array([0.0, 1.2, 12000.0], np.float32)
    with pytest.raises(DataError, match="sample 12000 at frame 2 is far outside"):
        read(write_sound("a.wav", samples, subtype="FLOAT"))


@pytest.mark.parametrize("content", [b"\0", b"RIFF", b"hello, this is no sound\n" * 100])
def test_what_is_no_sound_is_refused_with_the_formats_that_are(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"at: a\.wav"):
        read(path)
    if len(content) != 4:
        with pytest.raises(DataError, match=r"no sound file(.|\n)*WAV, FLAC, Ogg \(Vorbis, Opus\), MP3"):
            read(path)


def test_a_format_without_a_check_of_its_own_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.aiff", np.zeros(100), 8000)
    with pytest.raises(DataError, match="AIFF is not read"):
        read(tmp_path / "a.aiff")
