"""A backbone whose gradient is cut after K steps: the same outputs, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import torch
from torch import Tensor, nn

from seqkit.backbone.cell import State
from seqkit.backbone.stack import Stack
from seqkit.model import SequenceModel


@final
class TruncatedStack(nn.Module):
    """A stack that reads a chunk in pieces, with the state between them cut out of the graph.

    Args:
        stack: What reads.
        num_steps: Steps of a piece; None reads the chunk at once.

    Attributes:
        num_read: Steps of the chunk that was read last.
    """

    bidirectional = False

    def __init__(self, stack: Stack, num_steps: int | None) -> None:
        super().__init__()
        self.stack, self.num_steps = stack, num_steps
        self.output_size = stack.output_size
        self.num_read = 0

    def forward(
        self, x: Tensor, state: State | None = None, reset: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Outputs and state as the stack's own; a gradient reaches back to the beginning of its piece."""
        self.num_read = x.shape[1]
        if self.num_steps is None or self.num_steps >= x.shape[1]:
            whole: tuple[Tensor, State] = self.stack(x, state, reset, lengths)
            return whole
        pieces = []
        for begin in range(0, x.shape[1], self.num_steps):
            state = None if state is None else tuple(tensor.detach() for tensor in state)
            y, state = self.stack(x[:, begin : begin + self.num_steps], state, reset if begin == 0 else None)
            pieces.append(y)
        assert state is not None
        return torch.cat(pieces, dim=1), state


@contextmanager
def truncated(model: SequenceModel, num_steps: int | None) -> Iterator[TruncatedStack]:
    """The model with its backbone cut after every `num_steps` steps; None leaves it whole and only counts steps."""
    stack = model.backbone
    assert isinstance(stack, Stack)
    cut = TruncatedStack(stack, num_steps)
    model.backbone = cut  # type: ignore[assignment]
    try:
        yield cut
    finally:
        model.backbone = stack


@contextmanager
def without_noise(model: SequenceModel) -> Iterator[None]:
    """Evaluation mode, with gradients; mode and random state are as before afterwards.

    cuDNN's kernels go backwards in training mode only, so they are left out.
    """
    modes = {module: module.training for module in model.modules()}
    devices = [model.device] if model.device.type == "cuda" else []
    model.eval()
    try:
        with torch.random.fork_rng(devices), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode
