"""Output files that appear under their names when they are whole: what a signal or a full disk ends leaves nothing."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from seqkit.errors import ConfigError, DataError, DependencyError
from seqkit.training.durable import is_writing, refusal

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Where to write a file, and others beside it, that come to their places together when the block ends.

    That is a folder beside `path`, so that names only have to be moved. A pipe or a device is written as it is.

    Args:
        path: The file; its folder is there. A link is followed.

    Raises:
        DependencyError: If the disk is full, or the folder cannot be written.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    place = Path(os.path.realpath(path)) if path.is_symlink() else path
    _sweep(place)
    folder = place.with_name(f".{place.name}.tmp-{os.getpid()}")
    try:
        folder.mkdir(exist_ok=True)
        yield folder / path.name
        for file in folder.iterdir():
            _sync(file)
            os.replace(file, place if file.name == path.name else path.with_name(file.name))
    except OSError as error:
        if error.errno not in _NO_ROOM and not str(error.filename).startswith(str(folder)):
            raise
        raise refusal(path, error) from error
    except (ConfigError, DataError, DependencyError) as error:
        if str(folder) not in (error.at or ""):
            raise
        own = str(error.at).replace(str(folder), str(path.parent))
        raise type(error)(error.what, at=own, fix=error.fix) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(path: Path) -> None:
    """Remove what a killed process has left of the same file."""
    for left in path.parent.glob(f".{escape(path.name)}.tmp-*"):
        number = left.name.rpartition("-")[2]
        if left.is_dir() and not left.is_symlink() and number.isdigit() and not is_writing(int(number)):
            shutil.rmtree(left, ignore_errors=True)
