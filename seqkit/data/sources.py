"""What `--data.path` may be: a file, a folder, a zip archive, a hub id, or `LABEL=PATH` for one class each."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

from seqkit.errors import DataError, did_you_mean
from seqkit.problems import observe_file, reporting

HUB_PREFIX = "hf://"

PathOption = str | list[str] | None
"""The type of `--data.path` and its kin: one path, several, or none (demo data)."""


@dataclass(frozen=True)
class SourceFile:
    """One file to read, on disk or inside a zip archive.

    Attributes:
        path: The file on disk: the file itself or its archive.
        member: Name inside the archive; None for a plain file.
        label: The label from `LABEL=PATH`; None otherwise.
        folder: The folder the file lies in below the given path, for labels by folder; "" at its top.
    """

    path: Path
    member: str | None = None
    label: str | None = None
    folder: str = ""

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
            DataError: If the file cannot be opened.
        """
        observe_file(self.path, self.member)
        try:
            if self.member is not None:
                member = io.BytesIO(_archive(self.path).read(self.member))
                return cast(IO[bytes], gzip.open(member)) if self.member.endswith(".gz") else member
            if self.path.suffix == ".gz":
                return cast(IO[bytes], gzip.open(self.path, "rb"))
            return self.path.open("rb")
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # RuntimeError: encrypted
            raise DataError(f"cannot be read: {error}", at=self.origin, fix="check the file") from error


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

    A file that is named itself is taken whatever its ending. In a zip archive the members are looked at.

    Args:
        path: One path or several, each with an optional `LABEL=`.
        suffixes: Endings with the dot, lower case; `.gz` after them is understood.

    Raises:
        DataError: If a path does not exist (names the nearest one) or holds no such file.
    """
    found: list[SourceFile] = []
    for entry in [path] if isinstance(path, str) else path:
        label, rest = split_label(entry)
        if rest.startswith(HUB_PREFIX):
            what = f"{rest} stands among other paths or has a label"
            raise DataError(
                what, at=entry, fix="a data set of the hub must be the only path: --data.path hf://owner/name"
            )
        with reporting():
            here = list(_expand(Path(rest).expanduser(), label, tuple(suffixes)))
            if not here:
                raise DataError("holds no file to read", at=rest, fix=f"expected files ending in {', '.join(suffixes)}")
            found += here
    return found


def _expand(path: Path, label: str | None, suffixes: tuple[str, ...]) -> Iterator[SourceFile]:
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            inside = file.relative_to(path)
            if _ends_in(file.name, suffixes) and not any(part.startswith(".") for part in inside.parts):
                folder = str(inside.parent)
                yield SourceFile(file, label=label, folder="" if folder == "." else folder)
    elif path.suffix == ".zip":
        for member in _members(path):
            if _ends_in(member, suffixes):
                folder = Path(member).parent.name
                yield SourceFile(path, member, label, folder)
    elif path.exists():
        if not path.is_file():
            raise DataError("is neither a file nor a folder", at=str(path), fix="give a regular file")
        yield SourceFile(path, label=label)
    else:
        raise missing_path(path)


def missing_path(path: Path) -> DataError:
    """The error for a path that does not exist, with the nearest one beside it."""
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    return DataError(
        f"no such file or folder: {path}",
        at=str(path.parent.resolve()),
        fix=did_you_mean(path.name, siblings)
        or "check the path; runs and configurations keep theirs, which --data.path replaces",
    )


def _ends_in(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().removesuffix(".gz").endswith(suffixes)


def _members(path: Path) -> list[str]:
    if not path.exists():
        raise missing_path(path)
    try:
        names = _archive(path).namelist()
    except zipfile.BadZipFile as error:
        raise DataError(f"is no zip archive: {error}", at=str(path), fix="pack the files again") from error
    hidden = ("__MACOSX", ".")
    return sorted(n for n in names if not n.endswith("/") and not Path(n).name.startswith(hidden))


def _archive(path: Path) -> zipfile.ZipFile:
    """An open archive; its directory is parsed once, not for each of its thousands of members."""
    status = path.stat()
    return _opened(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _opened(path: Path, size: int, time: int) -> zipfile.ZipFile:  # size, time: a rewritten archive is another one
    return zipfile.ZipFile(path)
