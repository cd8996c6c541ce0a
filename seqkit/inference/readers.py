"""Readers: what a model says of a record while it reads it, with carried state. One reader a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor

from seqkit.backbone.cell import State
from seqkit.backbone.scaling import Scale
from seqkit.data.module import SequenceDataModule
from seqkit.inference.running_pool import RunningPool
from seqkit.inference.stepper import Stepper
from seqkit.inference.values import Answers, Columns, Values
from seqkit.model import SequenceModel
from seqkit.tasks.classify import Classify


class Reader(ABC):
    """Reads the steps of one record after another.

    Args:
        model: A trained model.
        data: Its data module.
    """

    def __init__(self, model: SequenceModel, data: SequenceDataModule) -> None:
        self.model, self.data = model.eval(), data
        self.dtype = model.task.head.weight.dtype
        self.state: State | None = None

    def begin_record(self) -> None:
        """Forget the record before."""
        self.state = None

    @abstractmethod
    def read(self, steps: Tensor, begin: int) -> Columns:
        """The lines of the next steps, the first of which has the number `begin`; (n,) or (n, F)."""

    @torch.inference_mode()
    def _outputs(self, steps: Tensor) -> tuple[Tensor, Tensor, Scale | None]:
        """Steps as the model has them, outputs (1, n, H) and their scale; the state goes on."""
        steps = steps.to(self.model.device, self.dtype if steps.is_floating_point() else None)
        lengths = torch.tensor([len(steps)], device=steps.device)
        outputs, _, scale, self.state = self.model(steps[None], lengths, self.state)
        return steps, outputs, scale


@final
class SurprisalReader(Reader):
    """How surprising each step is given those before it, and for numbers what is expected next."""

    def __init__(self, model: SequenceModel, data: SequenceDataModule) -> None:
        super().__init__(model, data)
        self._expected: tuple[Tensor, Scale | None] | None = None
        self._stepper: Stepper | None = None
        self._values = Values(data.codec)

    def begin_record(self) -> None:
        """Nothing is expected of a first step."""
        super().begin_record()
        self._expected = None

    @torch.inference_mode()
    def read(self, steps: Tensor, begin: int) -> Columns:
        """A line a step."""
        steps, raw, scale = self._predictions(steps)  # (1, n, P): of each step about the next
        task = self.model.task
        if self._expected is None:
            expectation, frame = raw[:, :0], _frame_before(None, scale)
        else:
            expectation, frame = self._expected[0], _frame_before(self._expected[1], scale)
        known = torch.cat([expectation, raw[:, :-1]], dim=1)
        nll, scored = task.output.nll(known, steps[None, len(steps) - known.shape[1] :], frame)
        self._expected = raw[:, -1:], None if scale is None else Scale(scale.mean[:, -1:], scale.deviation[:, -1:])
        columns: Columns = {
            "step": list(range(begin, begin + len(steps))),
            "value": self._values(steps),
            "nll_nats": [None] * (len(steps) - known.shape[1]) + _sums(nll[0], scored[0]),
        }
        if steps.is_floating_point():
            columns["next"] = self._values(task.output.mean(raw, scale)[0])
        return columns

    @torch.inference_mode()
    def _predictions(self, steps: Tensor) -> tuple[Tensor, Tensor, Scale | None]:
        """Steps as the model has them, what the head gives for each, (1, n, P), and their scale."""
        if len(steps) > 1:
            steps, outputs, scale = self._outputs(steps)
            return steps, self.model.task(outputs, torch.tensor([len(steps)])), scale
        # One step alone needs no fused kernel, which would prepare its weights anew at each call.
        steps = steps.to(self.model.device, self.dtype if steps.is_floating_point() else None)
        self._stepper = self._stepper or Stepper(self.model)
        self._stepper.begin(self.model.init_state(1) if self.state is None else self.state)
        raw, scale = self._stepper.step(steps)
        self.state = self._stepper.state
        return steps, raw[:, None], None if scale is None else Scale(scale.mean[:, None], scale.deviation[:, None])


@final
class TagReader(Reader):
    """The answer for each step, of a model that does not look ahead."""

    def __init__(self, model: SequenceModel, data: SequenceDataModule) -> None:
        super().__init__(model, data)
        self._values = Values(data.codec)
        self._answers = Answers(model, data)

    @torch.inference_mode()
    def read(self, steps: Tensor, begin: int) -> Columns:
        """A line a step."""
        steps, outputs, _ = self._outputs(steps)
        raw = self.model.task(outputs, torch.tensor([len(steps)]))  # (1, n, P)
        numbers = list(range(begin, begin + len(steps)))
        return {"step": numbers, "value": self._values(steps)} | self._answers(raw[0])


@final
class AnswerReader(Reader):
    """The answer for a record, from all that was read of it so far."""

    def __init__(self, model: SequenceModel, data: SequenceDataModule) -> None:
        super().__init__(model, data)
        self._answers = Answers(model, data)
        self._pool = self._empty_pool()

    def begin_record(self) -> None:
        """Nothing is read yet."""
        super().begin_record()
        self._pool = self._empty_pool()

    @torch.inference_mode()
    def read(self, steps: Tensor, begin: int) -> Columns:
        """One line: the answer after the last of the steps."""
        steps, outputs, _ = self._outputs(steps)
        self._pool.add(outputs, torch.tensor([len(steps)], device=steps.device))
        raw = self.model.task.head(self._pool.value.to(self.dtype))  # (1, P)
        return {"step": [begin + len(steps) - 1]} | self._answers(raw)

    def _empty_pool(self) -> RunningPool:
        task, size = self.model.task, self.model.backbone.output_size
        assert isinstance(task, Classify)
        return RunningPool(task.pooling, 1, size, task.attention, device=self.model.device)


def _frame_before(before: Scale | None, scale: Scale | None) -> Scale | None:
    """The frames of predictions that fall due in a chunk: the last one before it, and all of its own but the last."""
    if scale is None:
        return None
    mean, deviation = scale.mean[:, :-1], scale.deviation[:, :-1]
    if before is None:
        return Scale(mean, deviation)
    return Scale(torch.cat([before.mean, mean], dim=1), torch.cat([before.deviation, deviation], dim=1))


def _sums(nll: Tensor, scored: Tensor) -> list[float | None]:
    """Nats of each step, (n,) or summed over the features (n, F); None where nothing was observed."""
    if nll.ndim == 2:
        nll, scored = nll.sum(1), scored.any(1)
    return [value if known else None for value, known in zip(nll.tolist(), scored.tolist(), strict=True)]
