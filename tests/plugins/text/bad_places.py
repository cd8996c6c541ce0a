"""Paths at which no text lies: pipes, devices, sockets, links, and folders that may not be read."""

import os
import socket
from pathlib import Path

from tests.plugins.malformed import Case, Make, files
from tests.plugins.text.bad_making import BAD_BYTES, CLASSIFY, GOOD_CSV, GOOD_JSONL, TEXT


def fifo(name: str, inside: bool) -> Make:
    """A pipe that nobody writes to; beside a good file or named itself."""

    def make(folder: Path) -> str:
        os.mkfifo(folder / name)
        (folder / "good.txt").write_bytes(TEXT)
        return str(folder if inside else folder / name)

    return make


def a_socket(folder: Path) -> str:
    """A socket in a folder, named like a text."""
    (folder / "good.txt").write_bytes(TEXT)
    here = os.getcwd()
    os.chdir(folder)  # the name of a socket has at most 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.txt")
    finally:
        os.chdir(here)
    return str(folder)


def link(name: str, target: str, whole: bool) -> Make:
    """A link beside a good file."""

    def make(folder: Path) -> str:
        (folder / "good.txt").write_bytes(TEXT)
        (folder / name).symlink_to(target)
        return str(folder if whole else folder / name)

    return make


def unreadable(folder: Path) -> str:
    """A file that may not be read."""
    (folder / "x.txt").write_bytes(TEXT)
    (folder / "x.txt").chmod(0)
    return str(folder / "x.txt")


def closed_folder(folder: Path) -> str:
    """A folder whose files may not be listed."""
    (folder / "good.txt").write_bytes(TEXT)
    (folder / "closed").mkdir()
    (folder / "closed/x.txt").write_bytes(TEXT)
    (folder / "closed").chmod(0)
    return str(folder)


def same_file_twice(folder: Path) -> list[str]:
    """One file under two spellings."""
    (folder / "x.txt").write_bytes(TEXT)
    return [str(folder / "x.txt"), f"{folder}/./x.txt"]


PLACES = {
    "nothing-there": Case(lambda folder: str(folder / "x.txt"), ("no such file or folder",), ""),
    "no-name": Case(lambda _: "", ("is empty",), "path"),
    "label-without-path": Case(lambda _: "pos=", ("is empty",), "path", CLASSIFY),
    "nul-in-the-name": Case(lambda folder: f"{folder}/a\0b.txt", ("no such file or folder",), ""),
    "name-too-long": Case(lambda folder: f"{folder}/{'a' * 4000}.txt", ("cannot be looked up",), ""),
    "nobodys-home": Case(lambda _: "~nobody-of-this-name/x.txt", ("no such home folder",), "~nobody-of-this-name"),
    "web-address": Case(lambda _: "https://example.org/x.txt", ("download",), "https://example.org/x.txt"),
    "folder-of-nothing": Case(files({}), ("holds no file to read", ".txt"), ""),
    "folder-of-other-files": Case(files({"x.docx": b"PK"}), ("holds no file to read", ".txt"), ""),
    "folder-named-like-a-file": Case(files({"x.txt/y.txt": TEXT})),
    "folder-with-an-empty-file": Case(files({"a.txt": TEXT, "b.txt": b""}), ("holds no text",), ":b.txt"),
    "folder-with-bad-bytes": Case(
        files({"a.txt": TEXT, "s/b.txt": BAD_BYTES}), ("byte 0xe9 is not valid",), ":s/b.txt, line 61"
    ),
    "folder-of-several-formats": Case(files({"a.txt": TEXT, "b.csv": GOOD_CSV, "c.jsonl": GOOD_JSONL})),
    "folder-of-other-tables": Case(files({"a.txt": TEXT, "b.csv": "x,y\n1,2\n"}), ("no column 'text'",), "b.csv"),
    "fifo": Case(fifo("p.txt", inside=False), ("neither a file nor a folder",), "p.txt"),
    "fifo-in-a-folder": Case(fifo("p.txt", inside=True), ("neither a file nor a folder",), "p.txt"),
    "device": Case(lambda _: "/dev/zero", ("neither a file nor a folder",), "/dev/zero"),
    "link-to-a-device": Case(link("d.txt", "/dev/zero", whole=True), ("neither a file nor a folder",), "d.txt"),
    "socket": Case(a_socket, ("neither a file nor a folder",), "s.txt"),
    "link-to-nothing": Case(link("l.txt", "gone.txt", whole=False), ("link to nothing",), "l.txt"),
    "link-to-nothing-in-a-folder": Case(link("l.txt", "gone.txt", whole=True), ("link to nothing",), "l.txt"),
    "link-to-itself": Case(link("l.txt", "l.txt", whole=False), ("link to nothing",), "l.txt"),
    "links-in-a-circle": Case(link("loop", ".", whole=True)),
    "link-to-a-folder-elsewhere": Case(link("away", "/usr", whole=True), ("link to a folder elsewhere",), "away"),
    "no-permission": Case(unreadable, ("Permission denied",), "x.txt", not_as_root=True),
    "no-permission-for-a-folder": Case(closed_folder, ("Permission denied",), "closed", not_as_root=True),
    "same-file-twice": Case(same_file_twice, ("given twice",), "x.txt"),
}
