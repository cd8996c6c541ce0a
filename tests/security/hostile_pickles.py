"""Checkpoints that call code when they are unpickled, in every format that torch has had."""

import io
import os
import pickle
import tarfile
from functools import partial
from pathlib import Path
from typing import Any

import torch

from tests.security.hostile_making import CANARY, Call, Content, Forge, signed, touch, zipped


class State:
    """Pickles as an object whose state is set by code."""

    def __getstate__(self) -> dict[str, int]:
        return {"a": 1}

    def __setstate__(self, state: dict[str, int]) -> None:
        Path(CANARY).touch()


def _beside(value: Any, content: Content, path: Path) -> None:
    torch.save({**content, "evil": value}, path)


def _within(place: str, value: Any, content: Content, path: Path) -> None:
    content[place]["evil"] = value
    torch.save(content, path)


def _hyper_parameters(name: str, value: Any, content: Content, path: Path) -> None:
    content[name] = value
    signed(content, path)


def _legacy(content: Content, path: Path) -> None:
    torch.save({**content, "evil": touch()}, path, _use_new_zipfile_serialization=False)


def _bare_pickle(protocol: int, content: Content, path: Path) -> None:
    path.write_bytes(pickle.dumps({"seqkit": {}, "evil": touch()}, protocol=protocol))


def _tar(content: Content, path: Path) -> None:
    data = pickle.dumps(touch())
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def _torchscript(content: Content, path: Path) -> None:
    members = {"constants.pkl": pickle.dumps(()), "code/__torch__.py": b"op_version_set = 1\n", "version": b"3\n"}
    zipped(
        {f"archive/{name}": data for name, data in members.items()} | {"archive/data.pkl": pickle.dumps(touch())}, path
    )


PICKLES: dict[str, Forge] = {
    "a call of os.system": partial(_beside, touch()),
    "a call of eval": partial(_beside, Call(eval, f"open({CANARY!r}, 'w')")),
    "a call of exec": partial(_beside, Call(exec, f"open({CANARY!r}, 'w')")),
    "a call of open": partial(_beside, Call(open, CANARY, "w")),
    "a call of Path.touch": partial(_beside, Call(Path.touch, Path(CANARY))),
    "a call of torch.load": partial(_beside, Call(torch.load, "other.pt")),
    "a call of torch.hub.load": partial(_beside, Call(torch.hub.load, "owner/name", "model")),
    "an object with a state": partial(_beside, State()),
    "a call among the weights": partial(_within, "state_dict", touch()),
    "a call in the blueprint": partial(_within, "seqkit", touch()),
    "a class": partial(_beside, os.PathLike),
    "a module": partial(_beside, torch.nn.Linear(1, 1)),
    "hyper-parameters with an instantiator": partial(
        _hyper_parameters, "hyper_parameters", {"_instantiator": "os.system", "_class_path": "os.system"}
    ),
    "hyper-parameters of the data with an instantiator": partial(
        _hyper_parameters, "datamodule_hyper_parameters", {"_instantiator": "builtins.eval"}
    ),
    "a type of hyper-parameters": partial(_hyper_parameters, "hparams_type", "Namespace"),
    "a type of hyper-parameters as a class": lambda content, path: torch.save({**content, "hparams_type": Path}, path),
    "torch's legacy format": _legacy,
    "a pickle alone": partial(_bare_pickle, 2),
    "a pickle of protocol 0": partial(_bare_pickle, 0),
    "torch's tar format": _tar,
    "TorchScript": _torchscript,
}
