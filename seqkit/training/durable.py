"""Files that a crash cannot halve: a sibling takes their place only when all of it is on the disk."""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from seqkit.errors import DependencyError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}
"""What file systems answer that cannot sync a folder: there is nothing more that we could do."""

_TEMPORARY = re.compile(r"\..+\.tmp-(\d+)")


@contextmanager
def replacing(
    path: Path, size: int = 0, verify: Callable[[Path], None] | None = None, keep: Path | None = None
) -> Iterator[BinaryIO]:
    """Open a file for writing that replaces `path` when the block ends, whole and synced, or not at all.

    It lies beside `path`, since a rename is atomic within one file system only, and the folder for temporary files is
    often on another. Whatever happens inside, `path` is what it was before until the very moment of the rename.

    Args:
        path: The file to write or replace; its folder is made if need be.
        size: Bytes it will have, if that is known: looked at before anything is written.
        verify: Looks at the new file before it replaces the old one, and raises if it is not what it should be.
        keep: Where the old file goes, rather than being lost; None keeps none.

    Raises:
        DependencyError: If the disk is full or the folder cannot be written; says the bytes needed and free.
    """
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _require_space(path, size)
        with open(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o666), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if verify is not None:
            verify(temporary)
        if keep is not None and path.exists():
            os.replace(path, keep)
        os.replace(temporary, path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise refusal(path, error, size) from error
        raise


def atomic_write(path: Path, content: str | bytes) -> None:
    """Write a small file, such as JSON or YAML, by the steps of `replacing`.

    Raises:
        DependencyError: As `replacing`.
    """
    data = content.encode() if isinstance(content, str) else content
    with replacing(path, len(data)) as file:
        file.write(data)


def sweep(folder: Path) -> list[Path]:
    """Remove what writers left that were killed; those of processes that are alive stay.

    Called when a run begins or goes on: then nothing of this process is being written.

    Returns:
        The files removed.
    """
    removed = []
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _TEMPORARY.fullmatch(path.name)
        if match is not None and not is_writing(int(match[1])) and not path.is_dir():
            with suppress(OSError):
                path.unlink()
                removed.append(path)
    return removed


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, as far as its file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def refusal(path: Path, error: OSError, size: int = 0) -> DependencyError:
    """What the machine would not write, as an error with a way out."""
    needed = f"{size:,} bytes are needed" if size else "it does not fit"
    intact = "; what was saved before is intact" if _holds_files(path.parent) else ""
    if error.errno == errno.EFBIG:
        allowed = "" if (limit := _largest_file()) is None else f", {limit:,} bytes are allowed"
        return DependencyError(
            f"{path.name} is larger than a file may be here: {needed}{allowed} ({error.strerror})",
            at=str(path),
            fix=f"raise the limit of this shell, ulimit -f, or write to another file system{intact}",
        )
    if error.errno in _FULL:
        return DependencyError(
            f"no space to write {path.name}: {needed}, {_free(path):,} bytes are free ({error.strerror})",
            at=str(path),
            fix=f"make room or raise the limit{intact}",
        )
    reason = "the folder cannot be written" if error.errno in _CLOSED else "it cannot be written"
    return DependencyError(
        f"{path.name}: {reason}: {error.strerror or error}",
        at=str(path),
        fix=f"name a folder you may write to{intact}",
    )


def _require_space(path: Path, size: int) -> None:
    limit = _largest_file()
    if limit is not None and size > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    if size > _free(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _largest_file() -> int | None:
    """Most bytes that this process may write into one file; None if nothing limits it."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def _holds_files(folder: Path) -> bool:
    """Whether anything but what is being written lies in a folder."""
    with suppress(OSError):
        return any(path.is_file() and not _TEMPORARY.fullmatch(path.name) for path in folder.iterdir())
    return False


def _free(path: Path) -> int:
    """Bytes that we may still write beside a path."""
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free
    return 0


def is_writing(process: int) -> bool:
    """Whether another process of that number is alive."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
