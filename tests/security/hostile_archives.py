"""Checkpoints whose archives unfold without end, lead outside or ask for what is not there."""

import io
import pickle
import struct
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import torch

from tests.security.hostile_making import CANARY, Call, Content, Forge, members_of, signed, touch, zipped


def _nested(content: Content, path: Path) -> None:
    inner = path.with_name("inner.zip")
    torch.save({"evil": touch()}, inner)
    zipped({"archive/data.pkl": inner.read_bytes(), "archive/version": b"3\n"}, path)


def _bomb(content: Content, path: Path) -> None:
    members = members_of(content, path)
    name = next(name for name in members if name.endswith("/data/0"))
    zipped(members | {name: bytes(200 << 20)}, path, zipfile.ZIP_DEFLATED)


def _overlapping(content: Content, path: Path) -> None:
    """Every member of the directory is the same large one, as in a bomb that unfolds from one kernel."""
    zipped({f"archive/data/{number}": bytes(1 << 16) for number in range(50)} | {"archive/data.pkl": b"."}, path)
    data = bytearray(path.read_bytes())
    place, first = data.find(b"PK\x01\x02"), None
    while place >= 0:
        first = data[place + 42 : place + 46] if first is None else first
        data[place + 42 : place + 46] = first
        data[place + 24 : place + 28] = struct.pack("<I", 1 << 30)
        place = data.find(b"PK\x01\x02", place + 4)
    path.write_bytes(data)


def _two_pickles(content: Content, path: Path) -> None:
    zipped(members_of(content, path) | {"other/data.pkl": pickle.dumps(touch())}, path)


def _traversal(content: Content, path: Path) -> None:
    zipped(members_of(content, path) | {f"../{CANARY}": b"out", f"/tmp/{CANARY}": b"out"}, path)


def _encrypted(content: Content, path: Path) -> None:
    signed(content, path)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(mark, at + 4)
    path.write_bytes(data)


_PLACE = object()


def _storage(key: str, numel: int, content: Content, path: Path) -> None:
    """A tensor that asks for a storage by another name, or of another size, than the file has."""
    members = members_of(content, path)
    root = next(iter(members)).partition("/")[0]

    class Asks(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return ("storage", torch.FloatStorage, key, "cpu", numel) if value is _PLACE else None

    out = io.BytesIO()
    rebuilt = Call(torch._utils._rebuild_tensor_v2, _PLACE, 0, (numel,), (1,), False, {})
    Asks(out, protocol=2).dump({**content, "evil": rebuilt} | {"state_dict": {}, "optimizer_states": []})
    zipped(members | {f"{root}/data.pkl": out.getvalue()}, path)


ARCHIVES: dict[str, Forge] = {
    "a zip in a zip": _nested,
    "a bomb": _bomb,
    "a bomb of overlapping members": _overlapping,
    "two pickles": _two_pickles,
    "members outside": _traversal,
    "encrypted members": _encrypted,
    "a storage of another file": partial(_storage, "../../../../etc/passwd", 4),
    "a storage of 10^12 numbers": partial(_storage, "0", 10**12),
    "a storage of 2^63 numbers": partial(_storage, "0", 2**63 - 1),
}
