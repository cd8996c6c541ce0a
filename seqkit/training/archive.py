"""Reading the file of a checkpoint: bounds and checksums first, weights only, never code.

A checkpoint ends with a seal: a comment of the zip archive that tells the CRC-32 of every byte before it. The archive's
own checksums are of its members alone, and a flipped bit between them would go unseen.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import torch

from seqkit.errors import CheckpointError, SeqkitError
from seqkit.training.manifest import verify_content
from seqkit.training.plain import MOST_VALUES

_NAME_A_RUN = "name a run folder, or checkpoints/best.ckpt in one"
_CODE = ("constants.pkl", "code/")
"""Members of an archive that holds a program, as TorchScript's do."""

_SEAL = b"seqkit crc32 "
_SEAL_SIZE = len(_SEAL) + 8
_BLOCK = 1 << 20

_HEADROOM = 1 << 20
_MOST_SHARED = 4
"""Times that the bytes of a file may occur in its tensors: tied weights are one storage under several names."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint file, its checksums and its manifest verified.

    Raises:
        CheckpointError: If it is damaged, or no checkpoint of ours.
    """
    try:
        size, sealed = _require_sound(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict) or "seqkit" not in content:
            raise CheckpointError("the file was not written by seqkit", fix="name a run folder or its checkpoint")
        if "manifest" in content and not sealed:
            raise CheckpointError("the file is damaged: its end is missing or is not what was written")
        # A value takes a byte of the file at least, unless many places share it.
        verify_content(content, _MOST_SHARED * size + _HEADROOM, min(size, MOST_VALUES))
    except SeqkitError as error:
        fix = error.fix or "use another checkpoint, or train it again"
        raise CheckpointError(error.what, at=error.at or str(path), fix=fix) from error
    except OSError as error:
        raise CheckpointError(f"the file cannot be read: {error.strerror}", at=str(path), fix=_NAME_A_RUN) from error
    except Exception as error:
        # Unpickling refuses in many ways; each means the same to the user.
        raise CheckpointError(
            f"the file cannot be read as a checkpoint without running code from it: {type(error).__name__}",
            at=str(path),
            fix="name a checkpoint of seqkit fit, or train it again",
        ) from error
    return content


def seal(file: BinaryIO, crc: int) -> None:
    """Write the seal behind an archive.

    Args:
        file: Stands behind the archive's last byte.
        crc: Of all its bytes but the last two, which tell the length of the comment.
    """
    length = struct.pack("<H", _SEAL_SIZE)
    file.seek(-len(length), os.SEEK_END)
    file.write(length + _seal(zlib.crc32(length, crc)))


def is_sealed(path: Path) -> bool:
    """Whether a file has a seal, and it is right.

    Raises:
        CheckpointError: If it is wrong.
    """
    crc, left = 0, path.stat().st_size - _SEAL_SIZE
    if left <= 0:
        return False
    with path.open("rb") as file:
        file.seek(left)
        found = file.read()
        if not found.startswith(_SEAL):
            return False
        file.seek(0)
        while left > 0 and (block := file.read(min(left, _BLOCK))):
            crc, left = zlib.crc32(block, crc), left - len(block)
    if found != _seal(crc):
        raise CheckpointError("the file is damaged: its bytes are not those that were written")
    return True


def _seal(crc: int) -> bytes:
    return _SEAL + f"{crc:08x}".encode()


def _require_sound(path: Path) -> tuple[int, bool]:
    """Refuse an archive that is none, is damaged, or would unfold into more than it is.

    Returns:
        Its size in bytes, and whether it is sealed.
    """
    if not path.is_file():
        raise CheckpointError("the file is no regular file", fix=_NAME_A_RUN)
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            # torch stores its members as they are: whatever is packed, or is more than the file, is no tensor of ours.
            if any(m.compress_type != zipfile.ZIP_STORED for m in members) or sum(m.file_size for m in members) > size:
                raise CheckpointError("the file's members are packed, as torch never does")
            if len(set(names)) < len(names) or sum(name.endswith("data.pkl") for name in names) != 1:
                raise CheckpointError("the file's members are not those of one checkpoint")
            if any(name.partition("/")[2].startswith(_CODE) for name in names):
                raise CheckpointError("the file holds a program, not weights")
            sealed = is_sealed(path)
            damaged = None if sealed else archive.testzip()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise CheckpointError(f"the file is no checkpoint, or was cut short: {error}", fix=_NAME_A_RUN) from error
    except RuntimeError as error:  # an encrypted member
        raise CheckpointError(f"the file's members cannot be read: {error}", fix=_NAME_A_RUN) from error
    if damaged is not None:
        raise CheckpointError(f"the file is damaged: checksum of {damaged}", fix="use another checkpoint")
    return size, sealed
