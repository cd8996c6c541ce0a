"""Manifests of recordings, parts of recordings and transcripts that cannot be used, or only just."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.plugins.audio.bad_making import encoded, manifest
from tests.plugins.malformed import Case, Make, Paths


def _fifo_in_manifest(folder: Path) -> Paths:
    os.mkfifo(folder / "pipe.wav")
    return manifest("pipe.wav,a")(folder)


def _outside(folder: Path, link: bool = False) -> Paths:
    """A file beside the folder of the manifest."""
    (folder / "secret.wav").write_bytes(encoded())
    inner = folder / "inner"
    inner.mkdir()
    (folder / "clips").rename(inner / "clips")
    if link:
        (inner / "link.wav").symlink_to(folder / "secret.wav")
    return manifest("link.wav,a" if link else "../secret.wav,a")(inner)


def _absolute(folder: Path) -> Paths:
    (folder / "inner").mkdir()
    (folder / "secret.wav").write_bytes(encoded())
    (folder / "clips").rename(folder / "inner" / "clips")
    return manifest(f"{folder / 'secret.wav'},a")(folder / "inner")


def _absolute_inside(folder: Path) -> Paths:
    (folder / "more.wav").write_bytes(encoded())
    return manifest(f"{folder / 'more.wav'},a")(folder)


def _texts(spoil: Callable[[Path], object]) -> Make:
    """Transcripts beside all clips, and one thing wrong with them."""

    def make(folder: Path) -> str:
        for path in sorted((folder / "clips").rglob("*.wav")):
            path.with_suffix(".txt").write_text("ab ba" if path.parent.name == "a" else "b aa")
        spoil(folder / "clips" / "a")
        return str(folder / "clips")

    return make


def _lists(spoil: str) -> Make:
    """LibriSpeech's lists, with one more line."""

    def make(folder: Path) -> str:
        for sub in sorted((folder / "clips").iterdir()):
            lines = [f"{path.stem} AB BA" for path in sorted(sub.glob("*.wav"))]
            (sub / "x.trans.txt").write_text("\n".join(lines) + "\n" + (spoil if sub.name == "a" else ""))
        return str(folder / "clips")

    return make


_SPEECH = {"task": "ctc"}
_PARTS = {"start_column": "start", "end_column": "end"}
_TIMES = "file,label,start,end"
_FIRST = "clips/a/00.wav,a"

MANIFESTS = {
    "manifest with a missing file": Case(manifest("gone.wav,a"), ("no such file", "'gone.wav'"), "row 25"),
    "manifest with an empty name": Case(manifest(",a"), ("no such file",), "row 25"),
    "manifest that leads outside": Case(_outside, ("outside", "secret.wav"), "row 25"),
    "manifest with a link outside": Case(lambda folder: _outside(folder, link=True), ("outside",), "row 25"),
    "manifest with an absolute path outside": Case(_absolute, ("outside", "secret.wav"), "row 25"),
    "manifest with a device": Case(manifest("/dev/zero,a"), ("outside",), "row 25"),
    "manifest with a folder": Case(manifest("clips,a"), ("is no file, but a folder",), "row 25"),
    "manifest with a pipe": Case(_fifo_in_manifest, ("is no file, but a folder, a pipe",), "row 25"),
    "manifest with a file twice": Case(manifest("clips/a/00.wav,a"), ("is listed twice",), "row 25"),
    "manifest with a file twice, in other words": Case(
        manifest("./clips/../clips/a/00.wav,a"), ("is listed twice",), "row 25"
    ),
    "manifest without such a column": Case(manifest(), ("no column 'sound'",), "file_column", {"file_column": "sound"}),
    "manifest without such a label": Case(manifest(), ("no column 'word'",), "label_column", {"label_column": "word"}),
    "manifest with a label missing": Case(manifest(f"{_FIRST[:-1]}", good=0), ("label is empty",), "list.csv"),
    "manifest with a list for a label": Case(
        manifest('{"file": "clips/a/00.wav", "label": ["a"]}', name="list.jsonl", good=0),
        ("is ['a'], not a text",),
        "row 1",
    ),
    "manifest with a null for a file": Case(
        manifest('{"file": null, "label": "a"}', name="list.jsonl"), ("no such file",), "row 25"
    ),
    "manifest with broken json": Case(
        manifest('{"file": ', name="list.jsonl"), ("cannot be read as JSON",), "list.jsonl, line 25"
    ),
    "manifest of one class": Case(manifest(_FIRST, good=0), ("two labels", "['a']"), "list.csv"),
    "manifest of a header alone": Case(manifest(good=0), ("no rows",), "list.csv"),
    "manifest with a row too long": Case(manifest("clips/a/00.wav,a,b,c"), ("4 cells where 2",), "list.csv"),
    "manifest with a NUL in a name": Case(manifest("cl\0ips.wav,a"), ("no such file", "\\x00"), "list.csv, row 25"),
    "part that ends before it begins": Case(
        manifest(f"{_FIRST},0.05,0.01", head=_TIMES), ("0.01 s",), "row 25", _PARTS
    ),
    "part that begins before the file": Case(
        manifest(f"{_FIRST},-1,0.01", head=_TIMES), ("'-1' is no time",), "column 'start'", _PARTS
    ),
    "part at no time": Case(manifest(f"{_FIRST},soon,", head=_TIMES), ("'soon' is no time",), "column 'start'", _PARTS),
    "part beyond the end": Case(manifest(f"{_FIRST},0.05,0.5", head=_TIMES), ("0.25 s",), "00.wav@0.05-0.5", _PARTS),
    "part behind the end": Case(manifest(f"{_FIRST},7,", head=_TIMES), ("not there",), "00.wav@7-", _PARTS),
    "an absolute path inside": Case(_absolute_inside),
    "labels with blanks around": Case(manifest("./clips/a/../../clips/b/23.wav, b", good=23)),
    "parts of one recording": Case(
        manifest("clips/a/00.wav,b,0.01,0.03", "clips/a/00.wav,b,0.03,0.05", head=_TIMES), options=_PARTS
    ),
}

TRANSCRIPTS = {
    "transcript missing": Case(_texts(lambda a: (a / "00.txt").unlink()), ("no transcript",), "a/00.wav", _SPEECH),
    "transcript empty": Case(
        _texts(lambda a: (a / "00.txt").write_bytes(b" \n")), ("the transcript is empty",), "a/00.wav", _SPEECH
    ),
    "transcript of other bytes": Case(
        _texts(lambda a: (a / "00.txt").write_bytes(b"\xff\xfea\0")),
        ("byte 0xff is not valid UTF-8",),
        "00.txt",
        _SPEECH,
    ),
    "transcript with a NUL": Case(
        _texts(lambda a: (a / "00.txt").write_bytes(b"a\0b")), ("control character '\\x00'",), "a/00.wav", _SPEECH
    ),
    "transcript listed twice": Case(_lists("00 BA AB\n"), ("twice", "'00'"), "x.trans.txt, line 13", _SPEECH),
    "transcript empty in a manifest": Case(
        manifest("clips/a/00.wav, ", head="file,transcript", good=0),
        ("the transcript is empty",),
        "clips/a/00.wav",
        _SPEECH,
    ),
    "transcript outside the alphabet": Case(
        _texts(lambda a: (a / "00.txt").write_bytes(b"abz")),
        ("character 'z' at position 2",),
        "a/00.wav",
        {**_SPEECH, "alphabet": "ab "},
    ),
}
