"""What `--data.path` may be: a file, a folder, a zip archive, a hub id, or `LABEL=PATH` for one class each."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from seqkit.data.archives import member_names, open_member, packed_bytes, unpack
from seqkit.errors import DataError, StructureError, did_you_mean
from seqkit.problems import observe_file, report, reporting

HUB_PREFIX = "hf://"

PathOption = str | list[str] | None
"""The type of `--data.path` and its kin: one path, several, or none (demo data)."""

_NO_FILE = "is neither a file nor a folder, but a pipe, a socket or a device"


@dataclass(frozen=True)
class SourceFile:
    """One file to read, on disk or inside a zip archive.

    Attributes:
        path: The file on disk: the file itself or its archive.
        member: Name inside the archive; None for a plain file.
        label: The label from `LABEL=PATH`; None otherwise.
        folder: The folder the file lies in below the given path, for labels by folder; "" at its top.
        top: The given path.
    """

    path: Path
    member: str | None = None
    label: str | None = None
    folder: str = ""
    top: Path = field(default_factory=Path, compare=False)

    @property
    def origin(self) -> str:
        """Name for errors and predictions: `genes.fa`, `old/genes.fa` below a folder given, `r.zip:7_theo_3.wav`."""
        if self.member is None:
            return f"{self.folder}/{self.path.name}" if self.folder else self.path.name
        return f"{self.path.name}:{self.member}"

    @property
    def name(self) -> str:
        """Name of the file itself, without folders."""
        return Path(self.member).name if self.member is not None else self.path.name

    def open(self) -> IO[bytes]:
        """The file's bytes as a stream; `.gz` is unpacked on the way.

        Raises:
            DataError: If the file cannot be opened, or is none; later reading raises it where far too much comes out.
        """
        observe_file(self.path, self.member)
        if self.member is not None:
            member = open_member(self.path, self.member)
            return (
                unpack(member, packed_bytes(self.path, self.member), self.origin)
                if self.member.endswith(".gz")
                else member
            )
        try:
            status = os.stat(self.path)
            if not stat.S_ISREG(status.st_mode):  # A pipe would be waited for, a device has no end.
                raise DataError(_NO_FILE, at=self.origin, fix="give a regular file")
            stream = cast(IO[bytes], open(self.path, "rb"))
        except OSError as error:
            raise DataError(f"cannot be read: {error}", at=self.origin, fix="check the file") from error
        return unpack(stream, status.st_size, self.origin) if self.path.suffix == ".gz" else stream


def is_hub(path: PathOption) -> bool:
    """Whether a path names a data set on the Hugging Face hub, `hf://owner/name`."""
    return isinstance(path, str) and path.startswith(HUB_PREFIX)


def split_label(path: str) -> tuple[str | None, str]:
    """`LABEL=PATH` into its parts; a path that exists as it stands has no label.

    Example:
        >>> split_label("promoter=genes/prom.fa")
        ('promoter', 'genes/prom.fa')
    """
    label, sign, rest = path.partition("=")
    if sign and label and "/" not in label and not Path(path).exists():
        return label, rest
    return None, path


def find_files(path: str | Sequence[str], suffixes: Sequence[str]) -> list[SourceFile]:
    """All files below the given paths whose names end in one of `suffixes`, in sorted order.

    A file that is named itself is taken whatever its ending. In a zip archive the members are looked at. Links to files
    are followed, links to folders are not: each file is found once.

    Args:
        path: One path or several, each with an optional `LABEL=`.
        suffixes: Endings with the dot, lower case; `.gz` after them is understood.

    Raises:
        DataError: If a path does not exist (names the nearest one), holds no such file, is given twice, or holds what
            cannot be read: a pipe, a device, a link to nothing.
    """
    return list(each_file(path, suffixes))


def each_file(path: str | Sequence[str], suffixes: Sequence[str]) -> Iterator[SourceFile]:
    """The same as `find_files`, each as soon as it is found: of a large folder the first one at once."""
    given: dict[str, str] = {}
    for entry in [path] if isinstance(path, str) else path:
        label, rest = split_label(entry)
        if rest.startswith(HUB_PREFIX):
            what = f"{rest} stands among other paths or has a label"
            raise StructureError(
                what, at=entry, fix="a data set of the hub must be the only path: --data.path hf://owner/name"
            )
        with reporting():
            top = _existing(rest, entry)
            if (before := given.setdefault(os.path.realpath(top), entry)) is not entry:
                raise StructureError(f"the same as {before!r}: given twice", at=entry, fix="give each path once")
            empty = True
            for file in _expand(top, label, tuple(suffixes)):
                yield file
                empty = False
            if empty:
                fix = f"expected files ending in {', '.join(suffixes)}"
                raise StructureError("holds no file to read", at=rest, fix=fix)


def missing_path(path: Path) -> DataError:
    """The error for a path that does not exist, with the nearest one beside it."""
    if path.is_symlink():
        return StructureError("is a link to nothing", at=str(path), fix="mend or remove the link")
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    return StructureError(
        f"no such file or folder: {path}",
        at=str(path.parent.absolute()),
        fix=did_you_mean(path.name, siblings)
        or "check the path; runs and configurations keep theirs, which --data.path replaces",
    )


def _existing(path: str, entry: str) -> Path:
    """A path that is there.

    Raises:
        StructureError: If it is not, cannot be looked up, or is empty, which would mean the working directory.
    """
    if not path.strip():
        raise StructureError("the path is empty", at=f"--data.path {entry!r}", fix="name a file or a folder")
    if re.match(r"[A-Za-z0-9]+://", path):
        raise StructureError("is an address: nothing is fetched", at=path, fix="download the file first")
    try:
        found = Path(path).expanduser()
        if not (found.exists() or found.is_symlink()):
            raise missing_path(found)
        return found
    except OSError as error:
        raise StructureError(f"cannot be looked up: {error.strerror}", at=path[:200], fix="check the path") from error
    except RuntimeError as error:
        raise StructureError("there is no such home folder", at=path, fix="write the path out") from error


def _expand(path: Path, label: str | None, suffixes: tuple[str, ...]) -> Iterator[SourceFile]:
    if path.is_dir():
        yield from _below(path, "", path, label, suffixes)
    elif path.suffix == ".zip":
        for member in member_names(path):
            if _ends_in(member, suffixes):
                yield SourceFile(path, member, label, Path(member).parent.name, path)
    else:
        _require_file(path, str(path))
        yield SourceFile(path, label=label, top=path)


def _below(folder: Path, inside: str, top: Path, label: str | None, suffixes: tuple[str, ...]) -> Iterator[SourceFile]:
    """The files of a folder and of those below it, in sorted order; hidden files and folders are left out."""
    for entry in _listed(folder):
        # What kind it is came with the name: a folder of many files is not looked up file by file.
        if entry.is_dir(follow_symlinks=False):
            with reporting():
                yield from _below(Path(entry.path), os.path.join(inside, entry.name), top, label, suffixes)
        elif entry.is_symlink() and Path(entry.path).is_dir():  # not `entry.is_dir()`: a loop raises
            _refuse_outside(Path(entry.path), top)
        elif _ends_in(entry.name, suffixes):
            path = Path(entry.path)
            if not entry.is_file(follow_symlinks=False):
                with reporting():
                    _require_file(path, str(path))
                    yield SourceFile(path, None, label, inside, top)
            else:
                yield SourceFile(path, None, label, inside, top)


def _require_file(path: Path, at: str) -> None:
    if not path.exists():
        raise DataError("is a link to nothing", at=at, fix="mend or remove the link")
    if not path.is_file():
        raise DataError(_NO_FILE, at=at, fix="give regular files")


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"cannot be listed: {error.strerror}", at=str(folder), fix="ask for permission") from error


def _refuse_outside(link: Path, top: Path) -> None:
    """What a link to a folder leads to is read anyway if it lies below the given folder; else it would be missed."""
    if not link.resolve().is_relative_to(top.resolve()):
        what = f"is a link to a folder elsewhere, {link.resolve()}: such links are not followed"
        report(DataError(what, at=str(link), fix="give that folder as a --data.path of its own, or remove the link"))


def _ends_in(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().removesuffix(".gz").endswith(suffixes)
