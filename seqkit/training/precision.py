"""bf16-mixed is used where it helps: measured on a processor, asked of a GPU. Which it is, is decided once a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from pytorch_lightning.plugins.precision import MixedPrecision, Precision

from seqkit.data.module import SequenceDataModule
from seqkit.errors import SeqkitError
from seqkit.model import SequenceModel
from seqkit.settings import Settings
from seqkit.training.denormals import flushed_denormals
from seqkit.training.probe import Rehearsal, rehearse

FULL: Final = "32-true"
MIXED: Final = "bf16-mixed"
"""Lightning's names of float32, and of float32 weights with matrix products in bfloat16."""

LEAST_GAIN = 1.05
"""Steps a second, as a multiple of float32's, from which the lost digits are worth it."""

_ALSO_MIXED = ("bf16", "16-mixed", "16", 16)
"""Other names that mean `bf16-mixed` to Lightning on a processor."""


@dataclass(frozen=True)
class Choice:
    """In what precision a run is trained.

    Attributes:
        asked: `--trainer.precision`.
        used: The same, or `32-true` where `bf16-mixed` does not help.
        ratio: Steps a second of `bf16-mixed`, as a multiple of those of float32; None: not measured.
        note: A line for the user; empty where there was nothing to choose.
    """

    asked: str
    used: str
    ratio: float | None = None
    note: str = ""

    def settle(self, settings: Settings) -> Settings:
        """The same settings with what was found in them: a configuration of these trains so again, unmeasured."""
        if self.used == self.asked and self.ratio is None:
            return settings
        return replace(settings, trainer=settings.trainer | {"precision": self.used}, probe=False)

    def as_row(self) -> dict[str, Any]:
        """What `result.json` says of it."""
        return {"asked": self.asked, "used": self.used, "ratio": None if self.ratio is None else round(self.ratio, 3)}


def choose_precision(settings: Settings, device: str, model: SequenceModel, data: SequenceDataModule) -> Choice:
    """The precision to train in, before the Trainer is made. Only `bf16-mixed` is looked at.

    A processor is given a few steps of the real training in both precisions, on a copy and with the random numbers
    put back: no figure of the run depends on the probe but by its choice.

    Args:
        settings: Of the run: `--trainer.precision`, and with `--probe false` nothing to choose.
        device: Kind of device, as torch has it.
        model: Fresh, with nothing trained.
        data: Gives the first batch.
    """
    asked = settings.trainer.get("precision")
    name = FULL if asked is None else str(asked)
    mixed = asked == MIXED or asked == "bf16" or (device == "cpu" and asked in _ALSO_MIXED)
    if not mixed or not settings.probe or device not in ("cpu", "cuda"):
        return Choice(name, name)
    if device == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return Choice(name, MIXED)
        return Choice(name, FULL, note=f"{MIXED}: this GPU has no bfloat16: float32 used")
    with torch.random.fork_rng(devices=[]), flushed_denormals():
        return _choose_by_steps(name, Rehearsal(model, [next(iter(data.loader("train")))]))


def _choose_by_steps(asked: str, rehearsal: Rehearsal) -> Choice:
    try:
        seconds = rehearse({FULL: rehearsal.steps(Precision()), MIXED: rehearsal.steps(MixedPrecision(MIXED, "cpu"))})
    except (RuntimeError, SeqkitError) as error:  # what float32 meets, too, the training will say with its place
        reason = str(error).strip().partition("\n")[0]
        return Choice(asked, FULL, note=f"{MIXED} could not be tried ({reason}): float32 used")
    ratio = min(seconds[FULL]) / min(seconds[MIXED])  # whatever else the machine does only adds to a step
    if ratio >= LEAST_GAIN:
        return Choice(asked, MIXED, ratio, f"{MIXED}: {ratio:.2f} times the steps a second of float32 here: used")
    return Choice(asked, FULL, ratio, f"{MIXED} is {ratio:.2f} times as fast here: float32 used")
