"""Stepper: a trained model made ready once, to go on step by step from any state at the least cost a step."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from seqkit.backbone.cell import State
from seqkit.backbone.prepared import PreparedStack
from seqkit.backbone.scaling import Scale
from seqkit.backbone.stack import Stack
from seqkit.model import SequenceModel
from seqkit.steps import Discrete

_MOST_ENTRIES = 1 << 20
"""Numbers of the table of all symbols at most: 4 MiB stay in a processor's cache and are made in milliseconds."""


@final
class Stepper:
    """`SequenceModel.step` without what is the same at every step.

    Weights are laid out once, layers keep their states apart, and what the first layer takes from a symbol is computed
    once for all symbols where these are few. The numbers are those of `SequenceModel.step` and of `forward`, but for
    the order of sums. Parts of it are copies of weights: when these change, make another one.

    Args:
        model: A model that reads forwards; it is put into evaluation.
    """

    @torch.no_grad()
    def __init__(self, model: SequenceModel) -> None:
        assert isinstance(model.backbone, Stack)
        self._model = model.eval()
        self._stack = PreparedStack(model.backbone)
        self._one = torch.ones(1, dtype=torch.int64, device=model.device)
        self._tables = self._all_symbols()
        self._frame: State = ()
        self._layers: list[State] = []

    def begin(self, state: State) -> None:
        """Go on from a state of `SequenceModel.init_state`, `forward` or `step`; its tensors are not written to."""
        num_frame = 0 if self._model.frame is None else self._model.frame.num_states
        self._frame = state[:num_frame]
        self._layers = list(zip(*(kind.unbind(0) for kind in state[num_frame:]), strict=True))

    @property
    def state(self) -> State:
        """The state after the last step, as the model has it."""
        return *self._frame, *(torch.stack(kind) for kind in zip(*self._layers, strict=True))

    @torch.no_grad()
    def step(self, x_t: Tensor) -> tuple[Tensor, Scale | None]:
        """One step: (B,) or (B, F) to the head's parameters (B, P) and their scale; the state goes on."""
        scale = None
        if self._tables is not None:
            entry = tuple(table.index_select(0, x_t) for table in self._tables)
        else:
            x = x_t[:, None]
            if self._model.frame is not None:
                x, scale, self._frame = self._model.frame(x, self._frame)
                scale = Scale(scale.mean[:, 0], scale.deviation[:, 0])
            entry = self._read(x)
        outputs, self._layers = self._stack.advance(entry, self._layers)
        raw: Tensor = self._model.task(outputs, self._one)
        return raw, scale

    def _read(self, x: Tensor) -> tuple[Tensor, ...]:
        """What the backbone takes from one step of each row, (B, 1) or (B, 1, F)."""
        features, _ = self._model.encoder(x, self._one.expand(len(x)))  # (B, 1, D)
        return self._stack.read(features[:, 0])

    def _all_symbols(self) -> tuple[Tensor, ...] | None:
        """`_read` of every symbol, (K, R) each; None for numbers, and for vocabularies whose table would be large."""
        spec = self._model.codec.spec
        if not isinstance(spec, Discrete) or not self._model.encoder.pointwise:
            return None
        symbols = torch.arange(spec.num_classes, device=self._one.device)[:, None]
        width = sum(part.shape[1] for part in self._read(symbols[:1]))
        return self._read(symbols) if spec.num_classes * width <= _MOST_ENTRIES else None
