"""Every format is read as it was written, and every broken file is refused with the reason."""

import gzip
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from seqkit import DataError, SourceFile
from seqkit_audio import sound
from seqkit_audio.mp3_frames import count_samples
from seqkit_audio.reading import open_sound

WriteSound = Callable[..., Path]


def read(path: Path, max_duration_s: float | None = None) -> np.ndarray:
    with open_sound(SourceFile(path), path.name) as opened:
        return np.concatenate(list(opened.blocks(max_duration_s)))


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
