"""The laws hold for tag, ctc and forecast too, and catch what can go wrong in them; the sound twins pass."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from seqkit import (
    Batch,
    Domain,
    PathOption,
    Record,
    SequenceDataModule,
    Split,
    StandardCodec,
    SymbolCodec,
    TagCodec,
    step_encoder,
)
from seqkit.model import SequenceModel
from seqkit.testing import CHECKS, Bench, Check
from seqkit.testing import laws_batch as batch_laws
from seqkit.testing import laws_stream as stream_laws
from seqkit.testing import laws_training as training_laws

TASKS = ("tag", "ctc", "forecast")


class ToyData(SequenceDataModule):
    """Letters with a tag each, letters with the vowels among them as transcript, or two waves.

    Args:
        path: Not read.
        task: The task.
        options: Of the base class.
    """

    horizon = 6
    look_back = 12

    def __init__(self, path: PathOption = None, task: str = "tag", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = StandardCodec(2) if task == "forecast" else SymbolCodec("abcde")
        self.target_codec = {"tag": TagCodec(), "ctc": SymbolCodec("ae"), "forecast": self.codec}[task]

    @property
    def holds_out_whole(self) -> bool:
        return True

    def records(self, split: Split) -> Iterator[Record]:
        return self.divide(lambda path: self._waves() if self.task == "forecast" else self._words(), split)

    def _words(self) -> Iterator[Record]:
        rng = np.random.default_rng(0)
        for number in range(60):
            word = "".join("abcde"[k] for k in rng.integers(5, size=9 + number % 8))
            vowels = "".join(c for c in word if c in "ae")[:3] or "a"
            tags = ["vowel" if c in "ae" else "consonant" for c in word]
            yield Record(word, target=tags if self.task == "tag" else vowels, origin=f"toy:{number}")

    def _waves(self) -> Iterator[Record]:
        for number in range(40):
            steps = np.arange(30 + number)
            yield Record(np.stack([np.sin(steps + number), np.cos(steps / 2)], 1), origin=f"toy:{number}")


TOY = Domain(
    "toy", ToyData, step_encoder, TASKS, defaults={"forecast": {"model.segment": 4, "model.distribution": "absolute"}}
)


class Sound:
    """Benches of the sound domain, one a task."""

    def __init__(self) -> None:
        self.benches = {task: Bench(TOY, task) for task in TASKS}

    def bench(self, task: str) -> Bench:
        """A bench whose model may be spoiled."""
        bench = copy.copy(self.benches[task])
        bench.model = copy.deepcopy(self.benches[task].model)
        return bench


@pytest.fixture(scope="module")
def sound() -> Sound:
    return Sound()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("task", TASKS)
def test_the_sound_twin_passes(sound: Sound, task: str, check: Check) -> None:
    check(sound.bench(task))


Change = Callable[[SequenceModel, pytest.MonkeyPatch], None]


def scores_padding(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    """Tags past a record's end count."""
    patch.setattr(model.task, "targets", lambda batch: batch.targets)


def spells_padding(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    """A transcript may lie in the padding."""
    patch.setattr(model.task, "forward", lambda features, lengths, known=None: model.task.head(features))


def scale_of_the_batch(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    """All windows of a batch share a level."""
    window = model.window
    assert window is not None
    own = window._scale

    def shared(values: Tensor, lengths: Tensor) -> Any:
        scale = own(values, lengths)
        return replace(scale, mean=scale.mean.mean(0, keepdim=True).expand_as(scale.mean))

    patch.setattr(window, "_scale", shared)


def reads_the_answer(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    """The level of a window is that of what follows."""
    window = model.window
    assert window is not None
    own = window.forward

    def cheating(batch: Batch) -> Any:
        seen, scale = own(batch)
        return seen, replace(scale, mean=batch.targets.nan_to_num().mean(1, keepdim=True))

    patch.setattr(window, "forward", cheating)


def forgets_the_last_step(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    """What is given ends a step too early."""
    own = model.answer
    patch.setattr(model, "answer", lambda batch, state=None: own(_shorter(batch), state))


def _shorter(batch: Batch) -> Batch:
    return replace(batch, lengths=batch.lengths - 1)


def detached(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    """No gradient reaches the backbone."""
    own = model.task.forward
    patch.setattr(model.task, "forward", lambda features, lengths, known=None: own(features.detach(), lengths, known))


MUTANTS: list[tuple[Check, str, Change, str]] = [
    (batch_laws.check_batch, "tag", scores_padding, "padded"),
    (batch_laws.check_batch, "ctc", spells_padding, "padded"),
    (batch_laws.check_batch, "forecast", scale_of_the_batch, "alone"),
    (stream_laws.check_causality, "forecast", reads_the_answer, "what is to be forecast changed"),
    (stream_laws.check_causality, "forecast", forgets_the_last_step, "does not reach the forecast"),
    (training_laws.check_gradients, "tag", detached, "no gradient reaches"),
    (training_laws.check_gradients, "ctc", detached, "no gradient reaches"),
    (training_laws.check_gradients, "forecast", detached, "no gradient reaches"),
]


@pytest.mark.parametrize(("check", "task", "change", "complaint"), MUTANTS)
def test_a_spoiled_model_is_caught(
    sound: Sound, monkeypatch: pytest.MonkeyPatch, check: Check, task: str, change: Change, complaint: str
) -> None:
    assert torch.is_grad_enabled()
    bench = sound.bench(task)
    change(bench.model, monkeypatch)
    with pytest.raises(AssertionError, match=complaint):
        check(bench)
