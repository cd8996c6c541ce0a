"""What malformed recordings are made of: good clips, sound as bytes, WAV files of which every field can be wrong."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.plugins.malformed import Make

RATE_HZ = 8000
NUM_GOOD = 24


def noise(num_frames: int = 800, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Sound, (n, channels), half as loud as it could be."""
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (num_frames, channels))


def encoded(kind: str = "WAV", subtype: str | None = None, num_frames: int = 800, **options: Any) -> bytes:
    """Noise as the bytes of a file."""
    file = io.BytesIO()
    samples = options.pop("samples", None)
    values = noise(num_frames, options.pop("channels", 1)) if samples is None else samples
    soundfile.write(file, values, options.pop("rate", RATE_HZ), format=kind, subtype=subtype, **options)
    return file.getvalue()


def write_good(folder: Path) -> None:
    """Clips of two classes in two folders."""
    for number in range(NUM_GOOD):
        path = folder / "clips" / "ab"[number % 2] / f"{number:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, noise(2000 + 10 * number, seed=number), RATE_HZ)


def wav(
    data: bytes = b"\0\1" * 800,
    *,
    tag: int = 1,
    channels: int = 1,
    rate: int = RATE_HZ,
    bits: int = 16,
    block: int | None = None,
    size: int | None = None,
    magic: bytes = b"RIFF",
    form: bytes = b"WAVE",
    before: bytes = b"",
    after: bytes = b"",
    format_size: int = 16,
) -> bytes:
    """A WAV file of which every field can be wrong."""
    block = channels * bits // 8 if block is None else block
    fields = struct.pack("<HHIIHH", tag, channels, rate, min(rate * block, 2**32 - 1), block, bits)[:format_size]
    chunks = form + b"fmt " + struct.pack("<I", format_size) + fields + before
    chunks += b"data" + struct.pack("<I", len(data) if size is None else size) + data + after
    return magic + struct.pack("<I", len(chunks)) + chunks


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk with its padding."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def clip(content: bytes | Callable[[], bytes], name: str = "bad.wav") -> Make:
    """A file among good ones of its class."""

    def make(folder: Path) -> str:
        (folder / "clips" / "a" / name).write_bytes(content if isinstance(content, bytes) else content())
        return str(folder / "clips")

    return make


def manifest(*rows: str, name: str = "list.csv", head: str = "file,label", good: int = NUM_GOOD) -> Make:
    """Rows after those of the good clips."""

    def make(folder: Path) -> str:
        path = folder / name
        listed = [(f"clips/{'ab'[n % 2]}/{n:02}.wav", "ab"[n % 2]) for n in range(good)]
        if name.endswith(".csv"):
            more = "," * (head.count(",") - 1)
            path.write_text("\n".join([head, *(f"{file},{label}{more}" for file, label in listed), *rows]) + "\n")
        else:
            lines = [json.dumps({"file": file, "label": label}) for file, label in listed]
            path.write_text("\n".join([*lines, *rows]) + "\n")
        return str(path)

    return make
