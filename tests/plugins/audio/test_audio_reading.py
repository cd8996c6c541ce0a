"""Every format is read as it was written, in blocks, and no more of it than is wanted."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from seqkit import DataError, SourceFile
from seqkit_audio import sound
from seqkit_audio.mp3_frames import count_samples
from seqkit_audio.reading import open_sound
from tests.plugins.audio.sounds import WriteSound, read


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("a.wav", "PCM_16", 2**-15),
        ("a.wav", "PCM_24", 2**-23),
        ("a.wav", "PCM_U8", 2**-6),
        ("a.wav", "FLOAT", 0.0),
        ("a.wav", "ULAW", 0.02),
        ("a.wav", "ALAW", 0.02),
        ("a.flac", "PCM_16", 2**-15),
        ("a.ogg", "VORBIS", 0.05),
        ("a.mp3", "MPEG_LAYER_III", 0.05),
    ],
)
def test_samples_come_back_from_every_format(
    write_sound: WriteSound, name: str, subtype: str, tolerance: float
) -> None:
    path = write_sound(name, rate=16000, duration_s=0.5, subtype=subtype)
    expected = write_sound("exact.wav", rate=16000, duration_s=0.5, subtype="FLOAT")
    ours, wanted = read(path), read(expected)
    assert ours.dtype == np.float32 and ours.shape == wanted.shape == (8000,)
    middle = slice(1000, 7000)  # Lossy codecs need some samples to settle.
    assert np.abs(ours[middle] - wanted[middle]).max() <= tolerance


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_samples_that_numpy_reads_are_those_of_libsndfile_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subtype: str, kind: str, channels: int
) -> None:
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 100)
    values = np.random.default_rng(0).uniform(-1, 1, (257, channels))
    values[:2] = [[-1.0], [1.0]]
    soundfile.write(tmp_path / "a.wav", values, 8000, format=kind, subtype=subtype)
    frames = soundfile.read(tmp_path / "a.wav", dtype="float32", always_2d=True)[0]
    with open_sound(SourceFile(tmp_path / "a.wav"), "a.wav") as opened:
        assert isinstance(opened, sound.PlainSound) and opened.sample_rate_hz == 8000
        blocks = list(opened.blocks())
    assert [len(block) for block in blocks] == [100, 100, 57]
    ours = np.concatenate(blocks)
    assert ours.dtype == np.float32 and np.array_equal(ours, frames.mean(axis=1) if channels > 1 else frames[:, 0])


def test_opus_in_an_ogg_file_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.opus", np.zeros(4800, np.float32), 48000, format="OGG", subtype="OPUS")
    assert read(tmp_path / "a.opus").shape == (4800,)


def test_channels_are_mixed_by_their_mean(write_sound: WriteSound) -> None:
    stereo = np.stack([np.full(50, 0.5), np.full(50, -0.25)], axis=1)
    assert read(write_sound("a.wav", stereo, subtype="FLOAT")).tolist() == [0.125] * 50


def test_the_wanted_part_is_read_and_no_more(write_sound: WriteSound) -> None:
    path = write_sound("a.wav", np.arange(100) / 128, rate=50, subtype="FLOAT")
    assert read(path, max_duration_s=0.5).tolist() == (np.arange(25) / 128).tolist()
    assert len(read(path, max_duration_s=1e-6)) == 1
    assert len(read(path, max_duration_s=1e6)) == 100


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_blocks_together_are_the_whole(write_sound: WriteSound, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = write_sound(name, duration_s=1.0)
    whole = read(path)
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 777)
    with open_sound(SourceFile(path), "x") as opened:
        blocks = list(opened.blocks())
    assert [len(block) for block in blocks] == [777] * 10 + [230]
    assert np.array_equal(np.concatenate(blocks), whole)


def test_a_gzipped_wav_is_unpacked_on_the_way(write_sound: WriteSound, tmp_path: Path) -> None:
    path = write_sound("a.wav")
    packed = tmp_path / "a.wav.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert np.array_equal(read(packed), read(path))
    packed.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"cannot be unpacked(.|\n)*a\.wav\.gz"):
        read(packed)


def test_a_damaged_member_of_an_archive_is_named(write_sound: WriteSound, tmp_path: Path) -> None:
    path, archive = write_sound("a.wav", duration_s=1.0), tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(path, "a.wav")
    content = bytearray(archive.read_bytes())
    content[60:90] = bytes(30)
    archive.write_bytes(content)
    with (
        pytest.raises(DataError, match=r"(unpacked|cannot be read)(.|\n)*z\.zip"),
        open_sound(SourceFile(archive, "a.wav"), "z.zip:a.wav"),
    ):
        pass


def test_a_tagged_mp3_is_read(write_sound: WriteSound) -> None:
    path = write_sound("a.mp3", duration_s=1.0)
    plain = read(path)
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 0]) + bytes(128)  # Its size in groups of seven bits: 128.
    path.write_bytes(tag + path.read_bytes())
    assert np.array_equal(read(path), plain)
    with path.open("rb") as stream:
        # 8000 samples behind a delay of 1105 fill 16 frames of 576; the frame with the length comes first.
        assert count_samples(stream, "a.mp3") == (17 * 576, True)


def test_a_flac_stream_of_open_length_is_read_to_its_end(write_sound: WriteSound) -> None:
    path = write_sound("a.flac", duration_s=1.0)
    plain, content = read(path), bytearray(path.read_bytes())
    assert content[:4] == b"fLaC" and len(plain) == 8000
    content[21] &= 0xF0  # STREAMINFO ends in 36 bits of total samples and an MD5 sum.
    content[22:26] = bytes(4)
    path.write_bytes(bytes(content))
    assert np.array_equal(read(path), plain)
