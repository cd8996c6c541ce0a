"""Reading the file of a checkpoint: bounds and checksums first, weights only, never code."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import torch

from seqkit.errors import CheckpointError, SeqkitError
from seqkit.training.manifest import verify_content
from seqkit.training.plain import MOST_VALUES

_NAME_A_RUN = "name a run folder, or checkpoints/best.ckpt in one"
_CODE = ("constants.pkl", "code/")
"""Members of an archive that holds a program, as TorchScript's do."""

_HEADROOM = 1 << 20
_MOST_SHARED = 4
"""Times that the bytes of a file may occur in its tensors: tied weights are one storage under several names."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint file, its checksums and its manifest verified.

    Raises:
        CheckpointError: If it is damaged, or no checkpoint of ours.
    """
    try:
        size = _require_sound(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict) or "seqkit" not in content:
            raise CheckpointError("the file was not written by seqkit", fix="name a run folder or its checkpoint")
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


def _require_sound(path: Path) -> int:
    """Refuse an archive that is none, is damaged, or would unfold into more than it is.

    Returns:
        Its size in bytes.
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
            damaged = archive.testzip()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise CheckpointError(f"the file is no checkpoint, or was cut short: {error}", fix=_NAME_A_RUN) from error
    except RuntimeError as error:  # an encrypted member
        raise CheckpointError(f"the file's members cannot be read: {error}", fix=_NAME_A_RUN) from error
    if damaged is not None:
        raise CheckpointError(f"the file is damaged: checksum of {damaged}", fix="use another checkpoint")
    return size
