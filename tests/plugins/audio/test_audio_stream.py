"""Sound through a pipe: WAV or samples alone, the same steps and surprisal however the bytes arrive."""

import io
import struct
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqkit import ConfigError, DataError, ModelOptions, SeqkitError, join_parts
from seqkit.build import build_model
from seqkit.inference.stream import read_stream
from seqkit_audio import DOMAIN
from seqkit_audio.data import AudioData
from seqkit_audio.stream import read_sound


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[begin : begin + size] for begin in range(0, len(content), size))


def samples(num_frames: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.9, 0.9, (num_frames, channels))


def wav(values: np.ndarray, subtype: str = "PCM_16", rate: int = 8000, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, values, rate, format=kind, subtype=subtype)
    return file.getvalue()


def heard(content: bytes, size: int = 1 << 16, rate: int = 8000) -> np.ndarray:
    (record,) = join_parts(read_sound(cut(content, size), rate))
    return np.asarray(record.sequence)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_a_wav_file_gives_the_samples_of_libsndfile(subtype: str, kind: str, channels: int) -> None:
    content = wav(samples(83, channels), subtype, kind=kind)
    expected = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)[0].mean(axis=1)
    for size in (1, 7, 1000):
        ours = heard(content, size)
        assert ours.dtype == np.float32 and np.array_equal(ours, expected)


@settings(max_examples=25, deadline=None)
@given(values=st.lists(st.integers(-(2**15), 2**15 - 1), min_size=1, max_size=30), size=st.integers(1, 9))
def test_samples_alone_are_16_bit_little_endian(values: list[int], size: int) -> None:
    if struct.pack("<h", values[0])[:1] in b"fOIR\x1f":
        return  # may be the beginning of another format
    assert heard(struct.pack(f"<{len(values)}h", *values), size).tolist() == [value / 2**15 for value in values]


def test_a_header_of_unknown_length_reads_to_the_end_and_a_known_one_leaves_the_rest() -> None:
    content = wav(samples(20))
    place = content.index(b"data") + 4
    endless = content[:place] + b"\xff\xff\xff\xff" + content[place + 4 :]
    assert np.array_equal(heard(endless), heard(content)) and len(heard(content)) == 20
    assert np.array_equal(heard(content + b"LIST\x04\0\0\0abcd", 5), heard(content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (wav(samples(20))[:-3], "cut short: header says 40 bytes of samples, 3 of them did not come"),
        (wav(samples(20))[:30], "ends inside its header"),
        (b"\1\2\3", "ends in the middle of a sample"),
        (wav(samples(99), kind="FLAC"), "FLAC is not read from a stream"),
        (wav(samples(20), "ULAW"), "format 7 with 8 bits"),
        (wav(samples(20), rate=16000), "the sound has 16000 Hz, the model was trained at 8000 Hz"),
        (wav(np.full((3, 1), np.nan), "FLOAT"), "sample nan at frame 0 is no finite number"),
        (b"RIFF\0\0\0\0AVI ", "no WAV"),
    ],
    ids=["cut", "header", "half a sample", "FLAC", "ULAW", "rate", "nan", "no WAV"],  # some bytes tell the time
)
def test_what_is_no_such_sound_is_refused(content: bytes, message: str) -> None:
    for size in (1, 1000):
        with pytest.raises(SeqkitError, match=message) as caught:
            heard(content, size)
        assert isinstance(caught.value, ConfigError if "Hz" in message else DataError)


@torch.no_grad()
def test_surprisal_is_that_of_the_whole_recording() -> None:
    torch.manual_seed(0)
    data = AudioData(task="next_step", sample_rate_hz=8000)
    model = build_model(DOMAIN, data, ModelOptions(hidden_size=12)).eval()
    content = wav(samples(400))
    steps = data.codec.encode(heard(content))
    outputs, lengths, _, _ = model(steps[None], torch.tensor([len(steps)]))
    shares = model.task(outputs, lengths)[0].log_softmax(-1)
    expected = -shares[torch.arange(len(steps) - 1), steps[1:]]
    for size, chunk in ((1, 256), (3, 1), (65, 7), (10**6, 256)):
        chunks = list(read_stream(model, data, cut(content, size), chunk))
        nll = [nats for part in chunks for nats in part.columns["nll_nats"]]
        torch.testing.assert_close(torch.tensor(nll[1:]), expected, rtol=0, atol=1e-6)
        values = [value for part in chunks for value in part.columns["value"]]
        assert values == data.codec.decode(steps).tolist()
    assert data.steps_per_second == 8000


def test_a_spectrogram_needs_the_whole_record() -> None:
    data = AudioData()
    data.setup("fit")
    with pytest.raises(ConfigError, match="LogMelEncoder looks at later steps"):
        read_stream(build_model(DOMAIN, data, ModelOptions(hidden_size=6)), data, [b""])
