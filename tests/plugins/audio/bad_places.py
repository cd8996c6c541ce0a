"""Paths at which no sound lies: pipes, devices, links, folders without labels."""

from __future__ import annotations

import os
from pathlib import Path

from tests.plugins.audio.bad_making import clip, encoded
from tests.plugins.malformed import Case


def _fifo(folder: Path) -> str:
    os.mkfifo(folder / "clips" / "a" / "pipe.wav")
    return str(folder / "clips")


def _device(folder: Path) -> str:
    (folder / "clips" / "a" / "zero.wav").symlink_to("/dev/zero")
    return str(folder / "clips")


def _loop(folder: Path) -> str:
    (folder / "clips" / "a" / "loop.wav").symlink_to("loop.wav")
    return str(folder / "clips")


def _folder_loop(folder: Path) -> str:
    (folder / "clips" / "a" / "again").symlink_to(folder / "clips")
    return str(folder / "clips")


def _forbidden(folder: Path) -> str:
    path = folder / "clips" / "a" / "00.wav"
    path.chmod(0)
    return str(folder / "clips")


def _loose(folder: Path) -> str:
    (folder / "clips" / "loose.wav").write_bytes(encoded())
    return str(folder / "clips")


PLACES = {
    "pipe named wav": Case(_fifo, ("but a pipe, a socket or a device",), "pipe.wav"),
    "device named wav": Case(_device, ("but a pipe, a socket or a device",), "zero.wav"),
    "link to itself": Case(_loop, ("is a link to nothing",), "loop.wav"),
    "no permission": Case(_forbidden, ("cannot be read", "ermission"), "00.wav", not_as_root=True),
    "hub": Case(lambda _: "hf://owner/sounds", ("not read from the hub",), "hf://"),
    "one class": Case(lambda folder: str(folder / "clips" / "a"), ("has no label",), "a"),
    "label pattern that finds nothing": Case(
        lambda folder: str(folder / "clips"), ("finds no label",), "a/00.wav", {"label_pattern": "^x(.)"}
    ),
    "loose file among folders of classes": Case(lambda folder: _loose(folder), ("no label",), "clips:loose.wav"),
    "rates that have nothing in common": Case(
        clip(lambda: encoded(rate=44_099)), ("too little in common",), "bad.wav", {"sample_rate_hz": 8000}
    ),
    "hidden files": Case(clip(b"no sound", "._00.wav")),
    "other files": Case(clip(b"no sound", "notes.txt")),
    "a folder that links to itself": Case(_folder_loop),
    "a name in another script": Case(clip(lambda: encoded(), "длинный файл с именем.wav")),
}
