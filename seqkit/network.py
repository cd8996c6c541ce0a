"""Network: what a model computes, from steps to a task's answer; the loop that trains it is `seqkit.model`."""

from __future__ import annotations

import torch
from torch import Tensor

from seqkit.backbone.cell import State
from seqkit.backbone.scaling import Scale
from seqkit.backbone.seasonal import SeasonalFrame
from seqkit.backbone.stack import BothDirections, Stack, drop_state
from seqkit.backbone.window_frame import WindowFrame
from seqkit.codec import Codec
from seqkit.encoder import Encoder
from seqkit.steps import Batch
from seqkit.tasks.adaptive import AdaptiveSoftmax
from seqkit.tasks.base import Outcome, Task


class Network:
    """The parts of a `SequenceModel`, put together: frame, encoder, backbone, task.

    Attributes:
        encoder: Steps to features.
        backbone: Features to outputs, with state.
        task: Outputs to loss and guess.
        frame: Standardises each stream as it goes; None for symbols and for numbers as they are.
        window: Standardises each window of `forecast`; None for the other tasks.
        codec: Of the records' sequences; for `mirror`.
        training: Whether weights are being learnt, as torch has it.
    """

    encoder: Encoder
    backbone: Stack | BothDirections
    task: Task
    frame: SeasonalFrame | None
    window: WindowFrame | None
    codec: Codec
    training: bool

    def init_state(self, batch_size: int) -> State:
        """A fresh state: the frame's tensors, then the backbone's; (layers, B, size) each."""
        assert isinstance(self.backbone, Stack)
        state = self.backbone.init_state(batch_size)
        return state if self.frame is None else self.frame.init_state(batch_size, state[0]) + state

    def forward(
        self, inputs: Tensor, lengths: Tensor, state: State | None = None, reset: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Scale | None, State]:
        """Steps to outputs.

        Args:
            inputs: (B, T) or (B, T, F).
            lengths: (B,).
            state: What the chunk before left; None starts fresh.
            reset: (B,) bool; rows that start fresh.

        Returns:
            Outputs (B, T', H), their lengths, the scale that numbers were standardised by, and the state after.
        """
        if state is not None:
            state = drop_state(state, reset)
        own, scale = (None if state is None else state), None
        frame_state: State = ()
        if self.frame is not None:
            before = self.frame.init_state(len(inputs), inputs) if state is None else state[: self.frame.num_states]
            inputs, scale, frame_state = self.frame(inputs, before)
            own = None if state is None else state[self.frame.num_states :]
        features, lengths = self.encoder(inputs, lengths)
        outputs, after = self.backbone(features, own, lengths=lengths)
        return outputs, lengths, scale, frame_state + after

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, Scale | None, State]:
        """One step with state: (B,) or (B, F) to the head's parameters (B, P), their scale, and the next state."""
        assert isinstance(self.backbone, Stack)
        x, ones = x_t[:, None], torch.ones(len(x_t), dtype=torch.int64, device=x_t.device)
        scale, frame_state = None, ()
        if self.frame is not None:
            x, scale, frame_state = self.frame(x, state[: self.frame.num_states])
            scale = Scale(scale.mean[:, 0], scale.deviation[:, 0])
            state = state[self.frame.num_states :]
        features, _ = self.encoder(x, ones)  # (B, 1, D)
        outputs, after = self.backbone.step(features[:, 0], state)  # (B, H)
        return self.task(outputs, ones), scale, frame_state + after

    def answer(self, batch: Batch, state: State | None = None) -> tuple[Tensor, Scale | None, State]:
        """The head's parameters for a batch, without looking at targets.

        Whole records are read in every equivalent way (`Codec.mirror`): a random one in training, the average of
        all otherwise.

        Returns:
            Parameters (B, T, P) or (B, P), the scale of numbers, and the state after.
        """
        window_scale = None
        if self.window is not None:
            batch, window_scale = self.window(batch)
        readings = [batch.inputs]
        mirrored = self.codec.mirror(batch.inputs, batch.lengths) if self.task.mirrors else None
        if mirrored is not None and self.training:
            swap = torch.rand(len(mirrored), device=mirrored.device) < 0.5
            readings = [torch.where(swap.view(-1, *[1] * (mirrored.ndim - 1)), mirrored, batch.inputs)]
        elif mirrored is not None:
            readings.append(mirrored)
        raws = []
        for inputs in readings:
            outputs, lengths, scale, after = self.forward(inputs, batch.lengths, state, batch.reset)
            raws.append(self.task(outputs, lengths, batch.known))
        raw = raws[0] if len(raws) == 1 else self.task.output.average(raws)
        if self.window is not None:
            raw, scale = self.window.unfold(raw), window_scale
        # Half precision ends here: likelihoods are sums over many steps.
        return raw.float() if raw.dtype in (torch.bfloat16, torch.float16) else raw, scale, after

    def outcome(self, batch: Batch, state: State | None = None) -> tuple[Outcome, State]:
        """Loss and guess of a batch, and the state after it."""
        if isinstance(self.task.head, AdaptiveSoftmax):
            features, _, _, after = self.forward(batch.inputs, batch.lengths, state, batch.reset)
            return self.task.clustered_outcome(features, batch), after
        raw, scale, after = self.answer(batch, state)
        return self.task.outcome(raw, batch, scale), after
