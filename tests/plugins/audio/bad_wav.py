"""WAV files: headers that promise what is not there, samples that are no sound, and what is only rare."""

from __future__ import annotations

import struct

import numpy as np

from tests.plugins.audio.bad_making import RATE_HZ, chunk, clip, encoded, wav
from tests.plugins.malformed import Case

PROMISES: dict[str, Case] = {
    "wav cut in half": Case(clip(lambda: encoded()[:844]), ("cut short", "800 frames", "400"), "bad.wav"),
    "wav cut in its header": Case(clip(lambda: encoded()[:30]), ("cut short",), "bad.wav"),
    "wav of its first four bytes": Case(clip(b"RIFF"), ("cut short",), "bad.wav"),
    "wav without samples": Case(clip(wav(b"")), ("holds no samples",), "bad.wav"),
    "wav never closed": Case(clip(wav(bytes(9000), size=0)), ("0 bytes of samples", "9000"), "bad.wav"),
    "wav that says too much": Case(clip(wav(size=10_000)), ("5000 frames", "800"), "bad.wav"),
    "wav that says too little": Case(clip(wav(bytes(20_000), size=2000)), ("2000 bytes", "follow"), "bad.wav"),
    "wav that ends within a frame": Case(clip(wav(b"\0" * 801)), ("middle of a frame",), "bad.wav, byte"),
    "wav with two lots of samples": Case(
        clip(wav(after=chunk(b"data", bytes(9000)))), ("1600 bytes of samples", "follow"), "bad.wav"
    ),
    "two wavs one behind the other": Case(
        clip(lambda: wav() + wav(bytes(9000))), ("but 9044 bytes follow",), "bad.wav"
    ),
    "wav of no channels": Case(clip(wav(channels=0, block=2)), ("0 channels",), "bad.wav, byte"),
    "wav of 60000 channels": Case(clip(wav(channels=60_000, block=2)), ("60000 channels",), "bad.wav"),
    "wav of 0 Hz": Case(clip(wav(rate=0)), ("says 0 Hz",), "bad.wav"),
    "wav of 4 GHz": Case(clip(wav(rate=2**32 - 1)), ("4294967295 Hz",), "bad.wav"),
    "wav with wrong frames": Case(clip(wav(block=7)), ("7 bytes a frame",), "bad.wav"),
    "wav of an unknown codec": Case(clip(wav(tag=0x1234)), ("no sound file",), "bad.wav"),
    "wav with a short format": Case(clip(wav(format_size=10)), ("format chunk",), "bad.wav"),
    "wav with samples before their format": Case(
        clip(b"RIFF\x30\0\0\0WAVE" + chunk(b"data", bytes(100))), ("before their format",), "bad.wav"
    ),
    "wav with a chunk of a wrong size": Case(
        clip(wav(before=b"LIST" + struct.pack("<I", 5) + b"\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c")),
        ("no chunk",),
        "bad.wav",
    ),
    "riff that is a film": Case(clip(wav(form=b"AVI ")), ("'AVI '",), "bad.wav"),
    "rf64 cut short": Case(clip(lambda: encoded("RF64")[:-200]), ("cut short",), "bad.wav"),
    "rifx cut short": Case(clip(lambda: encoded(endian="BIG")[:-200]), ("cut short",), "bad.wav"),
}

SAMPLES = {
    "float with nan": Case(
        clip(lambda: encoded("WAV", "FLOAT", samples=np.array([0.0, np.nan]))), ("nan", "frame 1"), "bad.wav"
    ),
    "double with infinity": Case(
        clip(lambda: encoded("WAV", "DOUBLE", samples=np.array([0.0, 0.0, -np.inf]))), ("-inf", "frame 2"), "bad.wav"
    ),
    "float in other units": Case(
        clip(lambda: encoded("WAV", "FLOAT", samples=np.array([0.0, 12_000.0]))), ("12000", "far outside"), "bad.wav"
    ),
}

RARE = {
    "a single sample": Case(clip(wav(b"\1\0"))),
    "a clip shorter than the front end's window": Case(clip(wav(b"\1\0" * 50))),
    "a clip of two minutes": Case(clip(lambda: encoded(num_frames=120 * RATE_HZ))),
    "silence": Case(clip(wav(bytes(1600)))),
    "full scale everywhere": Case(clip(wav(b"\0\x80" * 800))),
    "another rate": Case(clip(lambda: encoded(rate=44_100, num_frames=4000))),
    "two channels": Case(clip(lambda: encoded(channels=2))),
    "7 channels": Case(clip(lambda: encoded(channels=7))),
    "24 bits": Case(clip(lambda: encoded("WAV", "PCM_24"))),
    "32 bits": Case(clip(lambda: encoded("WAV", "PCM_32"))),
    "64 bits": Case(clip(lambda: encoded("WAV", "DOUBLE"))),
    "8 bits, an odd number of them": Case(clip(lambda: encoded("WAV", "PCM_U8", num_frames=801))),
    "mu-law": Case(clip(lambda: encoded("WAV", "ULAW"))),
    "adpcm": Case(clip(lambda: encoded("WAV", "IMA_ADPCM", num_frames=4000))),
    "rifx": Case(clip(lambda: encoded(endian="BIG"))),
    "rf64": Case(clip(lambda: encoded("RF64"))),
    "extensible": Case(clip(lambda: encoded("WAVEX", channels=3))),
    "chunks before the samples": Case(clip(wav(before=chunk(b"LIST", b"odd") + chunk(b"bext", bytes(602))))),
    "chunks behind the samples": Case(clip(wav(after=chunk(b"LIST", bytes(9000)) + b"xyz"))),
    "a size left open": Case(clip(wav(size=0xFFFFFFFF))),
}

WAVS = PROMISES | SAMPLES | RARE
