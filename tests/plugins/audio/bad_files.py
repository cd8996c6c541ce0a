"""Sound files and manifests that are damaged or degenerate, each with what must be said of it."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE_HZ = 8000
NUM_GOOD = 24


@dataclass(frozen=True)
class Case:
    """Data that cannot be used, or only just.

    Attributes:
        make: Writes it below a folder in which good clips lie already; gives `--data.path`.
        says: Words of the error, in any order; none means that a model can be trained.
        at: Words of the place.
        options: Of the data module.
        as_user: Root may read everything, so the case is for others.
    """

    make: Callable[[Path], str | list[str]]
    says: tuple[str, ...] = ()
    at: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    as_user: bool = False


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


def clip(content: bytes | Callable[[], bytes], name: str = "bad.wav") -> Callable[[Path], str]:
    """A file among good ones of its class."""

    def make(folder: Path) -> str:
        (folder / "clips" / "a" / name).write_bytes(content if isinstance(content, bytes) else content())
        return str(folder / "clips")

    return make


def manifest(
    *rows: str, name: str = "list.csv", head: str = "file,label", good: int = NUM_GOOD
) -> Callable[[Path], str]:
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


def _only(contents: Mapping[str, bytes]) -> Callable[[Path], str]:
    """A folder of these files alone."""

    def make(folder: Path) -> str:
        for name, content in contents.items():
            path = folder / "own" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return str(folder / "own")

    return make


def _archive(contents: Mapping[str, bytes], spoil: Callable[[bytes], bytes] = bytes) -> Callable[[Path], str]:
    """A zip archive of good clips and these files."""

    def make(folder: Path) -> str:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((folder / "clips").rglob("*.wav")):
                archive.write(path, str(path.relative_to(folder)))
            for name, content in contents.items():
                archive.writestr(name, content)
        (folder / "clips.zip").write_bytes(spoil(packed.getvalue()))
        return str(folder / "clips.zip")

    return make


def _encrypted(content: bytes) -> bytes:
    """The flag of encryption in each local and central header."""
    marked = bytearray(content)
    for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        begin = marked.find(sign)
        while begin >= 0:
            marked[begin + place] |= 1
            begin = marked.find(sign, begin + 4)
    return bytes(marked)


def _flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 0x55
    return bytes(changed)


def _fifo(folder: Path) -> str:
    os.mkfifo(folder / "clips" / "a" / "pipe.wav")
    return str(folder / "clips")


def _fifo_in_manifest(folder: Path) -> str:
    os.mkfifo(folder / "pipe.wav")
    return manifest("pipe.wav,a")(folder)


def _device(folder: Path) -> str:
    (folder / "clips" / "a" / "zero.wav").symlink_to("/dev/zero")
    return str(folder / "clips")


def _loop(folder: Path) -> str:
    (folder / "clips" / "a" / "loop.wav").symlink_to("loop.wav")
    return str(folder / "clips")


def _folder_loop(folder: Path) -> str:
    (folder / "clips" / "a" / "again").symlink_to(folder / "clips")
    return str(folder / "clips")


def _outside(folder: Path, link: bool = False) -> str:
    """A file beside the folder of the manifest."""
    (folder / "secret.wav").write_bytes(encoded())
    inner = folder / "inner"
    inner.mkdir()
    (folder / "clips").rename(inner / "clips")
    if link:
        (inner / "link.wav").symlink_to(folder / "secret.wav")
    return manifest("link.wav,a" if link else "../secret.wav,a")(inner)


def _absolute(folder: Path) -> str:
    (folder / "inner").mkdir()
    (folder / "secret.wav").write_bytes(encoded())
    (folder / "clips").rename(folder / "inner" / "clips")
    return manifest(f"{folder / 'secret.wav'},a")(folder / "inner")


def _absolute_inside(folder: Path) -> str:
    (folder / "more.wav").write_bytes(encoded())
    return manifest(f"{folder / 'more.wav'},a")(folder)


def _forbidden(folder: Path) -> str:
    path = folder / "clips" / "a" / "00.wav"
    path.chmod(0)
    return str(folder / "clips")


def _texts(spoil: Callable[[Path], None]) -> Callable[[Path], str]:
    """Transcripts beside all clips, and one thing wrong with them."""

    def make(folder: Path) -> str:
        for path in sorted((folder / "clips").rglob("*.wav")):
            path.with_suffix(".txt").write_text("ab ba" if path.parent.name == "a" else "b aa")
        spoil(folder / "clips" / "a")
        return str(folder / "clips")

    return make


def _lists(spoil: str) -> Callable[[Path], str]:
    """LibriSpeech's lists, with one more line."""

    def make(folder: Path) -> str:
        for sub in sorted((folder / "clips").iterdir()):
            lines = [f"{path.stem} AB BA" for path in sorted(sub.glob("*.wav"))]
            (sub / "x.trans.txt").write_text("\n".join(lines) + "\n" + (spoil if sub.name == "a" else ""))
        return str(folder / "clips")

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
_SPEECH = {"task": "ctc"}
_PARTS = {"start_column": "start", "end_column": "end"}
_TIMES = "file,label,start,end"
_FIRST = "clips/a/00.wav,a"

CASES: dict[str, Case] = {
    # WAV: what the header promises
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
    "two wavs one behind the other": Case(clip(lambda: wav() + wav(bytes(9000))), ("follow",), "bad.wav"),
    "wav of no channels": Case(clip(wav(channels=0, block=2)), ("0 channels",), "bad.wav, byte"),
    "wav of 60000 channels": Case(clip(wav(channels=60_000, block=2)), ("60000 channels",), "bad.wav"),
    "wav of 0 Hz": Case(clip(wav(rate=0)), ("0 Hz",), "bad.wav"),
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
    # WAV: what the samples are
    "float with nan": Case(
        clip(lambda: encoded("WAV", "FLOAT", samples=np.array([0.0, np.nan]))), ("nan", "frame 1"), "bad.wav"
    ),
    "double with infinity": Case(
        clip(lambda: encoded("WAV", "DOUBLE", samples=np.array([0.0, 0.0, -np.inf]))), ("-inf", "frame 2"), "bad.wav"
    ),
    "float in other units": Case(
        clip(lambda: encoded("WAV", "FLOAT", samples=np.array([0.0, 12_000.0]))), ("12000", "far outside"), "bad.wav"
    ),
    # Not sound
    "text named wav": Case(clip(b"hello, this is no sound\n" * 50), ("no sound file", "FLAC"), "bad.wav"),
    "empty file": Case(clip(b""), ("empty",), "bad.wav"),
    "zeros": Case(clip(bytes(5000)), ("no sound file",), "bad.wav"),
    "gzip named wav": Case(clip(lambda: gzip.compress(encoded())), ("gzip",), "bad.wav"),
    "picture named wav": Case(clip(b"\x89PNG\r\n\x1a\n" + bytes(99)), ("picture",), "bad.wav"),
    "m4a": Case(clip(b"\0\0\0\x20ftypM4A " + bytes(500), "bad.m4a"), ("MPEG-4", "WAV, FLAC"), "bad.m4a"),
    "aiff": Case(clip(lambda: encoded("AIFF"), "bad.aiff"), ("AIFF", "WAV, FLAC"), "bad.aiff"),
    "aac": Case(clip(b"\xff\xf1\x50\x80" * 100, "bad.aac"), ("AAC",), "bad.aac"),
    "folder without sound": Case(_only({"notes.txt": b"none"}), ("no file to read", ".wav"), "own"),
    "empty folder": Case(_only({"a/.hidden.wav": b""}), ("no file to read",), "own"),
    # FLAC, MP3, Ogg
    "flac cut": Case(clip(lambda: encoded(*_FLAC)[:-300], "bad.flac"), ("damaged",), "bad.flac"),
    "flac with a flipped byte": Case(
        clip(lambda: _flipped(encoded(*_FLAC), -700), "bad.flac"), ("damaged",), "bad.flac"
    ),
    "flac of a header alone": Case(clip(lambda: encoded(*_FLAC)[:42], "bad.flac"), (), "bad.flac"),
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
        clip(lambda: _flipped(encoded("OGG", num_frames=16000), -900), "bad.ogg"), ("damaged",), "bad.ogg"
    ),
    # Packed
    "gz cut": Case(clip(lambda: gzip.compress(encoded())[:-40], "bad.wav.gz"), ("unpacked",), "bad.wav.gz"),
    "zip cut": Case(_archive({}, lambda content: content[:-100]), ("zip",), "clips.zip"),
    "zip encrypted": Case(_archive({}, _encrypted), ("encrypted",), "clips.zip:"),
    "zip with a damaged member": Case(
        _archive({"clips/a/bad.wav": encoded()}, lambda c: _flipped(c, c.rfind(b"bad.wav", 0, -300) + 60)),
        ("read",),
        ".wav",
    ),
    "zip that leads out of itself": Case(_archive({"../../bad.wav": encoded()}), ("outside",), "bad.wav"),
    "zip without sound": Case(_archive({}, lambda _: _empty_zip()), ("no file to read",), "clips.zip"),
    "zip with a bad clip": Case(_archive({"clips/a/bad.wav": encoded()[:500]}), ("cut short",), "a/bad.wav"),
    # Manifests
    "manifest with a missing file": Case(manifest("gone.wav,a"), ("no such file", "'gone.wav'"), "row 25"),
    "manifest with an empty name": Case(manifest(",a"), ("no such file",), "row 25"),
    "manifest that leads outside": Case(_outside, ("outside", "secret.wav"), "row 25"),
    "manifest with a link outside": Case(lambda folder: _outside(folder, link=True), ("outside",), "row 25"),
    "manifest with an absolute path outside": Case(_absolute, ("outside", "secret.wav"), "row 25"),
    "manifest with a device": Case(manifest("/dev/zero,a"), ("outside",), "row 25"),
    "manifest with a folder": Case(manifest("clips,a"), ("folder",), "row 25"),
    "manifest with a pipe": Case(_fifo_in_manifest, ("pipe",), "row 25"),
    "manifest with a file twice": Case(manifest("clips/a/00.wav,a"), ("twice",), "row 25"),
    "manifest with a file twice, in other words": Case(manifest("./clips/../clips/a/00.wav,a"), ("twice",), "row 25"),
    "manifest without such a column": Case(manifest(), ("no column 'sound'",), "file_column", {"file_column": "sound"}),
    "manifest without such a label": Case(manifest(), ("no column 'word'",), "label_column", {"label_column": "word"}),
    "manifest with a label missing": Case(manifest(f"{_FIRST[:-1]}", good=0), ("label is empty",), "list.csv"),
    "manifest with a list for a label": Case(
        manifest('{"file": "clips/a/00.wav", "label": ["a"]}', name="list.jsonl", good=0), ("['a']",), "row 1"
    ),
    "manifest with a null for a file": Case(
        manifest('{"file": null, "label": "a"}', name="list.jsonl"), ("no such file",), "row 25"
    ),
    "manifest with broken json": Case(manifest('{"file": ', name="list.jsonl"), (), "list.jsonl"),
    "manifest of one class": Case(manifest(_FIRST, good=0), ("two labels", "['a']"), "list.csv"),
    "manifest of a header alone": Case(manifest(good=0), ("no rows",), "list.csv"),
    "manifest with a row too long": Case(manifest("clips/a/00.wav,a,b,c"), ("4",), "list.csv"),
    "manifest with a NUL in a name": Case(manifest("cl\0ips.wav,a"), (), "list.csv"),
    "part that ends before it begins": Case(
        manifest(f"{_FIRST},0.05,0.01", head=_TIMES), ("0.01 s",), "row 25", _PARTS
    ),
    "part that begins before the file": Case(
        manifest(f"{_FIRST},-1,0.01", head=_TIMES), ("'-1'",), "column 'start'", _PARTS
    ),
    "part at no time": Case(manifest(f"{_FIRST},soon,", head=_TIMES), ("'soon'",), "column 'start'", _PARTS),
    "part beyond the end": Case(manifest(f"{_FIRST},0.05,0.5", head=_TIMES), ("0.25 s",), "00.wav@0.05-0.5", _PARTS),
    "part behind the end": Case(manifest(f"{_FIRST},7,", head=_TIMES), ("not there",), "00.wav@7-", _PARTS),
    # Transcripts
    "transcript missing": Case(_texts(lambda a: (a / "00.txt").unlink()), ("no transcript",), "a/00.wav", _SPEECH),
    "transcript empty": Case(_texts(lambda a: _write(a / "00.txt", b" \n")), ("empty",), "a/00.wav", _SPEECH),
    "transcript of other bytes": Case(
        _texts(lambda a: _write(a / "00.txt", b"\xff\xfea\0")), ("UTF-8",), "00.txt", _SPEECH
    ),
    "transcript with a NUL": Case(_texts(lambda a: _write(a / "00.txt", b"a\0b")), ("\\x00",), "a/00.wav", _SPEECH),
    "transcript listed twice": Case(_lists("00 BA AB\n"), ("twice", "'00'"), "x.trans.txt, line 13", _SPEECH),
    "transcript empty in a manifest": Case(
        manifest("clips/a/00.wav, ", head="file,transcript", good=0), ("empty",), "clips/a/00.wav", _SPEECH
    ),
    "transcript outside the alphabet": Case(
        _texts(lambda a: _write(a / "00.txt", b"abz")), ("'z'",), "a/00.wav", {**_SPEECH, "alphabet": "ab "}
    ),
    # Places
    "pipe named wav": Case(_fifo, ("pipe",), "pipe.wav"),
    "device named wav": Case(_device, ("device",), "zero.wav"),
    "link to itself": Case(_loop, ("link",), "loop.wav"),
    "no permission": Case(_forbidden, ("cannot be read", "ermission"), "00.wav", as_user=True),
    "hub": Case(lambda _: "hf://owner/sounds", ("hub",), "hf://"),
    "one class": Case(lambda folder: str(folder / "clips" / "a"), ("label",), "a"),
    "label pattern that finds nothing": Case(
        lambda folder: str(folder / "clips"), ("finds no label",), "a/00.wav", {"label_pattern": "^x(.)"}
    ),
    "loose file among folders of classes": Case(lambda folder: _loose(folder), ("no label",), "clips:loose.wav"),
    "rates that have nothing in common": Case(
        clip(lambda: encoded(rate=44_099)), ("too little in common",), "bad.wav", {"sample_rate_hz": 8000}
    ),
    # Strange, and good
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
    "flac named wav": Case(clip(lambda: encoded(*_FLAC))),
    "wav named mp3": Case(clip(lambda: encoded(), "bad.mp3")),
    "mp3 with tags around": Case(clip(lambda: _mp3() + b"TAG" + bytes(125), "bad.mp3")),
    "gz": Case(clip(lambda: gzip.compress(encoded()), "bad.wav.gz")),
    "hidden files": Case(clip(b"no sound", "._00.wav")),
    "other files": Case(clip(b"no sound", "notes.txt")),
    "a folder that links to itself": Case(_folder_loop),
    "an absolute path inside": Case(_absolute_inside),
    "labels with blanks around": Case(manifest("./clips/a/../../clips/b/23.wav, b", good=23)),
    "parts of one recording": Case(
        manifest("clips/a/00.wav,b,0.01,0.03", "clips/a/00.wav,b,0.03,0.05", head=_TIMES), options=_PARTS
    ),
    "a name in another script": Case(clip(lambda: encoded(), "длинный файл с именем.wav")),
}


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _empty_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("notes.txt", "none")
    return packed.getvalue()


def _loose(folder: Path) -> str:
    (folder / "clips" / "loose.wav").write_bytes(encoded())
    return str(folder / "clips")
