"""What a header promises is held against the file: sound that was cut short is refused with both counts."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from seqkit import DataError
from tests.plugins.audio.sounds import WriteSound, read


def test_a_wav_cut_short_tells_both_counts(write_sound: WriteSound) -> None:
    path = write_sound("a.wav", duration_s=2.0)
    path.write_bytes(path.read_bytes()[: 44 + 2 * 7989])
    with pytest.raises(DataError, match=r"header says 16000 frames, file holds 7989(.|\n)*at: a\.wav"):
        read(path)


def test_a_stereo_wav_cut_short_counts_frames_not_samples(write_sound: WriteSound) -> None:
    path = write_sound("a.wav", np.zeros((100, 2)), subtype="PCM_24")
    path.write_bytes(path.read_bytes()[: -6 * 40])
    with pytest.raises(DataError, match="header says 100 frames, file holds 60"):
        read(path)


def test_a_wav_whose_frames_have_no_size_counts_bytes(write_sound: WriteSound) -> None:
    path = write_sound("a.wav", duration_s=2.0, subtype="MS_ADPCM")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=r"header says \d+ bytes of samples, file holds \d+"):
        read(path)


def test_a_big_endian_wav_is_checked_and_read(write_sound: WriteSound, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(100, 0.5), 8000, subtype="PCM_16", endian="BIG")
    assert path.read_bytes()[:4] == b"RIFX"
    assert read(path).tolist() == [0.5] * 100
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="header says 100 frames, file holds 50"):
        read(path)


def test_a_wav_of_the_64_bit_kind_is_checked_and_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(100, 0.5), 8000, format="RF64", subtype="PCM_16")
    assert path.read_bytes()[:4] == b"RF64"
    assert len(read(path)) == 100
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="header says 100 frames, file holds 50"):
        read(path)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000])
def test_a_wav_written_to_a_pipe_promises_nothing_and_is_read(write_sound: WriteSound, size: int) -> None:
    path = write_sound("a.wav", np.full(100, 0.5))
    content = bytearray(path.read_bytes())
    assert content[36:40] == b"data"
    content[40:44] = struct.pack("<I", size)
    path.write_bytes(content)
    assert len(read(path)) == 100


def test_a_wav_that_was_never_closed_is_not_called_empty(write_sound: WriteSound) -> None:
    path = write_sound("a.wav", duration_s=1.0)
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = bytes(4)
    path.write_bytes(bytes(content))
    with pytest.raises(
        DataError, match=r"says 0 bytes of samples, but 16000 bytes follow\n  at: a\.wav, byte 44\n(.|\n)*repair"
    ):
        read(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3"])
def test_compressed_sound_cut_short_is_refused(write_sound: WriteSound, name: str, share: float) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 16000)
    path = write_sound(name, noise)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=rf"(cut short|damaged|no sound file)(.|\n)*at: {name}(.|\n)*fix: "):
        read(path)


def test_an_mp3_cut_short_tells_both_counts(write_sound: WriteSound) -> None:
    path = write_sound("a.mp3", np.random.default_rng(0).uniform(-0.5, 0.5, 16000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=r"header says 16000 frames, file holds \d{4}\n"):
        read(path)


def test_an_mp3_without_its_length_is_refused_rather_than_half_read(write_sound: WriteSound) -> None:
    path = write_sound("a.mp3", np.random.default_rng(0).uniform(-0.5, 0.5, 40000))
    content = path.read_bytes()
    assert b"Xing" in content[:100]
    path.write_bytes(content[content.index(content[:2], 4) :])
    # 40000 samples behind the encoder's delay of 1105 fill 72 frames of 576.
    with pytest.raises(DataError, match=r"states no length: \d{5} of about 41472 frames would be read"):
        read(path)


@pytest.mark.parametrize("rate_hz", [16000, 22050, 44100])
def test_an_mp3_of_one_bit_rate_needs_no_stated_length(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "a.mp3"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * rate_hz)
    soundfile.write(path, noise, rate_hz, bitrate_mode="CONSTANT", compression_level=0.5)
    whole, content = read(path), path.read_bytes()
    assert b"Info" in content[:100]
    sound = content[content.index(content[:2], 4) :]
    for trailing in (b"", b"TAG" + bytes(125), bytes(20000)):  # nothing, ID3v1, padding
        path.write_bytes(sound + trailing)
        # Without the first frame nobody knows the encoder's delay, so it is read too.
        assert len(whole) <= len(read(path)) <= len(whole) + 4 * 1152
