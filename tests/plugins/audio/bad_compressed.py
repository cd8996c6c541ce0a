"""What is no sound, compressed sound that is damaged, and archives of sound."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.plugins.audio.bad_making import clip, encoded
from tests.plugins.malformed import Case, Make
from tests.plugins.spoiled import Spoil, encrypted, flipped, packed


def _only(contents: Mapping[str, bytes]) -> Make:
    """A folder of these files alone."""

    def make(folder: Path) -> str:
        for name, content in contents.items():
            path = folder / "own" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return str(folder / "own")

    return make


def _archive(contents: dict[str, bytes], spoil: Spoil = bytes) -> Make:
    """A zip archive of good clips and these files."""

    def make(folder: Path) -> str:
        clips = {str(path.relative_to(folder)): path.read_bytes() for path in sorted((folder / "clips").rglob("*.wav"))}
        (folder / "clips.zip").write_bytes(spoil(packed(clips | contents)))
        return str(folder / "clips.zip")

    return make


def _mp3(**options: Any) -> bytes:
    return encoded("MP3", num_frames=16000, **options)


def _unstated_mp3() -> bytes:
    """Of one bit rate, without the first frame that states the length."""
    content = encoded("MP3", num_frames=16000, bitrate_mode="CONSTANT", compression_level=0.5)
    return content[content.index(content[:2], 4) :]


def _short_of_header(content: bytes, total: int) -> bytes:
    """A FLAC file whose header states other total samples: the last 36 bits before the MD5 sum."""
    changed = bytearray(content)
    changed[21] = changed[21] & 0xF0 | total >> 32
    changed[22:26] = struct.pack(">I", total & 0xFFFFFFFF)
    return bytes(changed)


_FLAC = ("FLAC", "PCM_16")

NO_SOUND = {
    "HTML named wav": Case(
        clip(b"\n<!DOCTYPE html><html>404</html>\n" * 50), ("is a web page (HTML), not sound",), "bad.wav"
    ),
    "text named wav": Case(clip(b"hello, this is no sound\n" * 50), ("no sound file", "FLAC"), "bad.wav"),
    "empty file": Case(clip(b""), ("the file is empty",), "bad.wav"),
    "zeros": Case(clip(bytes(5000)), ("no sound file",), "bad.wav"),
    "gzip named wav": Case(clip(lambda: gzip.compress(encoded())), ("is gzip, not sound",), "bad.wav"),
    "picture named wav": Case(clip(b"\x89PNG\r\n\x1a\n" + bytes(99)), ("picture",), "bad.wav"),
    "m4a": Case(clip(b"\0\0\0\x20ftypM4A " + bytes(500), "bad.m4a"), ("MPEG-4", "WAV, FLAC"), "bad.m4a"),
    "aiff": Case(clip(lambda: encoded("AIFF"), "bad.aiff"), ("AIFF", "WAV, FLAC"), "bad.aiff"),
    "aac": Case(clip(b"\xff\xf1\x50\x80" * 100, "bad.aac"), ("AAC is not read",), "bad.aac"),
    "folder without sound": Case(_only({"notes.txt": b"none"}), ("no file to read", ".wav"), "own"),
    "empty folder": Case(_only({"a/.hidden.wav": b""}), ("no file to read",), "own"),
}

COMPRESSED = {
    "flac cut": Case(clip(lambda: encoded(*_FLAC)[:-300], "bad.flac"), ("damaged",), "bad.flac"),
    "flac with a flipped byte": Case(
        clip(lambda: flipped(encoded(*_FLAC), -700), "bad.flac"), ("damaged",), "bad.flac"
    ),
    "flac of a header alone": Case(
        clip(lambda: encoded(*_FLAC)[:42], "bad.flac"), ("800 frames", "holds 0"), "bad.flac"
    ),
    "flac of four bytes": Case(clip(b"fLaC", "bad.flac"), ("no sound file",), "bad.flac"),
    "flac that says too much": Case(
        clip(lambda: _short_of_header(encoded(*_FLAC), 900), "bad.flac"), ("900 frames", "800"), "bad.flac"
    ),
    "flac that says too little": Case(
        clip(lambda: _short_of_header(encoded(*_FLAC, num_frames=16000), 800), "bad.flac"),
        ("header says 800", "16000"),
        "bad.flac",
    ),
    "mp3 cut": Case(clip(lambda: _mp3()[:-2000], "bad.mp3"), ("cut short",), "bad.mp3"),
    "mp3 without its length, cut": Case(clip(lambda: _unstated_mp3()[:-50], "bad.mp3"), ("cut short",), "bad.mp3"),
    "mp3 with garbage between frames": Case(
        clip(lambda: _unstated_mp3()[:2000] + b"\x01" * 300 + _unstated_mp3()[2000:], "bad.mp3"),
        ("no sound",),
        "bad.mp3, byte",
    ),
    "mp3 of a tag alone": Case(
        clip(b"ID3\4\0\0\0\0\1\0" + bytes(128), "bad.mp3"), ("tag (ID3) and no sound",), "bad.mp3"
    ),
    "ogg cut": Case(clip(lambda: encoded("OGG")[:-200], "bad.ogg"), ("cut short",), "bad.ogg"),
    "ogg with a flipped byte": Case(
        clip(lambda: flipped(encoded("OGG", num_frames=16000), -900), "bad.ogg"), ("damaged",), "bad.ogg"
    ),
    "flac named wav": Case(clip(lambda: encoded(*_FLAC))),
    "wav named mp3": Case(clip(lambda: encoded(), "bad.mp3")),
    "mp3 with tags around": Case(clip(lambda: _mp3() + b"TAG" + bytes(125), "bad.mp3")),
    "gz": Case(clip(lambda: gzip.compress(encoded()), "bad.wav.gz")),
}

PACKED = {
    "gz cut": Case(clip(lambda: gzip.compress(encoded())[:-40], "bad.wav.gz"), ("unpacked",), "bad.wav.gz"),
    "zip cut": Case(_archive({}, lambda content: content[:-100]), ("no whole zip archive",), "clips.zip"),
    "zip encrypted": Case(_archive({}, encrypted), ("encrypted",), "clips.zip:"),
    "zip with a damaged member": Case(
        _archive({"clips/a/bad.wav": encoded()}, lambda c: flipped(c, c.rfind(b"bad.wav", 0, -300) + 60)),
        ("cannot be read: Bad CRC-32",),
        ".wav",
    ),
    "zip that leads out of itself": Case(_archive({"../../bad.wav": encoded()}), ("outside",), "bad.wav"),
    "zip without sound": Case(_archive({}, lambda _: packed({"notes.txt": "none"})), ("no file to read",), "clips.zip"),
    "zip with a bad clip": Case(_archive({"clips/a/bad.wav": encoded()[:500]}), ("cut short",), "a/bad.wav"),
}
