"""Each law is proven by mutants that it must catch; their sound twin, the same toy domain unharmed, passes it."""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqkit import (
    Codec,
    Domain,
    Encoder,
    LabelCodec,
    Record,
    SequenceDataModule,
    Spec,
    Split,
    SymbolCodec,
    step_encoder,
)
from seqkit.backbone.prepared import PreparedStack
from seqkit.model import SequenceModel
from seqkit.testing import CHECKS, Bench, Check
from seqkit.testing import laws_batch as batch_laws
from seqkit.testing import laws_codec as codec_laws
from seqkit.testing import laws_stream as stream_laws
from seqkit.testing import laws_training as training_laws
from seqkit.testing.laws_resume import check_resume


class ToyCodec(Codec):
    """Letters a to e with a learned order; reading backwards is an equally valid reading."""

    def __init__(self) -> None:
        self.inner = SymbolCodec()

    @property
    def spec(self) -> Spec:
        return self.inner.spec

    def fit(self, values: Iterable[str]) -> None:
        self.inner.fit(values)

    def encode(self, value: str) -> Tensor:
        return self.inner.encode(value)

    def decode(self, steps: Tensor) -> str:
        return self.inner.decode(steps)

    def state(self) -> dict[str, Any]:
        return self.inner.state()

    def restore(self, state: dict[str, Any]) -> None:
        self.inner.restore(state)

    def mirror(self, steps: Tensor, lengths: Tensor) -> Tensor | None:
        places = lengths[:, None] - 1 - torch.arange(steps.shape[1])
        return steps.gather(1, places.where(places >= 0, torch.arange(steps.shape[1])))


class ToyData(SequenceDataModule):
    """Runs up or down the letters a to e.

    Args:
        task: The task.
    """

    make_codec: Callable[[], Any] = ToyCodec

    def __init__(self, task: str = "next_step") -> None:
        super().__init__(task=task)
        self.codec = type(self).make_codec()
        self.target_codec = self.codec if task == "next_step" else LabelCodec()

    @property
    def holds_out_whole(self) -> bool:
        return True

    def records(self, split: Split) -> Iterator[Record]:
        return self.divide(lambda path: toy_records(), split)


def toy_records() -> Iterator[Record]:
    for number in range(60):
        length = 12 + number % 13
        steps = np.arange(length) * (1 if number % 2 else -1) + number
        yield Record("".join("abcde"[i % 5] for i in steps), "up" if number % 2 else "down", f"toy:{number}")


def toy(encoder: Any = step_encoder, codec: Callable[[], Any] = ToyCodec, data: type[ToyData] = ToyData) -> Domain:
    """The sound domain, or one with a part exchanged."""

    class Data(data):  # type: ignore[misc,valid-type]
        make_codec = codec

    return Domain("toy", Data, encoder, tasks=("next_step", "classify"))


class Wrapped(Encoder):
    """An embedding, and something wrong after it."""

    def __init__(self, spec: Spec, d_model: int, task: str) -> None:
        super().__init__()
        self.d_model = d_model
        self.inner = step_encoder(spec, d_model, task)
        self.unused = nn.Linear(2, 2)
        self.unused.requires_grad_(False)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return self.spoil(self.inner(x, lengths)[0]), lengths

    def spoil(self, features: Tensor) -> Tensor:
        return features


class LooksAtPadding(Wrapped):
    def spoil(self, features: Tensor) -> Tensor:
        return features + features.mean(1, keepdim=True) if features.shape[1] else features


class LooksAtOtherRows(Wrapped):
    def spoil(self, features: Tensor) -> Tensor:
        return features - features.mean(0, keepdim=True)


class SeesTheFuture(Wrapped):
    """Says that it is pointwise, which is not true."""

    def spoil(self, features: Tensor) -> Tensor:
        return features + features.roll(-1, dims=1)


class SeesThePast(Wrapped):
    """Causal, but without a state: at the beginning of a chunk it has forgotten."""

    def spoil(self, features: Tensor) -> Tensor:
        return features + nn.functional.pad(features, (0, 0, 1, 0))[:, : features.shape[1]]


class Blind(Wrapped):
    def spoil(self, features: Tensor) -> Tensor:
        return torch.ones_like(features)


class Frozen(Wrapped):
    """Part of it is trained, but never used."""

    def __init__(self, spec: Spec, d_model: int, task: str) -> None:
        super().__init__(spec, d_model, task)
        self.unused.requires_grad_(True)


class OffByOne(ToyCodec):
    def decode(self, steps: Tensor) -> str:
        return super().decode((steps + 1) % self.inner.spec.num_classes)


class TooManyIds(ToyCodec):
    def encode(self, value: str) -> Tensor:
        return super().encode(value) + 1

    def decode(self, steps: Tensor) -> str:
        return super().decode(steps - 1)


class Unstable(ToyCodec):
    """Says that it gives something up, but does not come to rest."""

    lossless = False

    def decode(self, steps: Tensor) -> str:
        return super().decode(steps)[::-1] + "a"


class StoresOthers(ToyCodec):
    def encode_array(self, value: str) -> np.ndarray:
        return super().encode_array(value)[::-1]


class ForgetsItsState(ToyCodec):
    """Restores the alphabet in an order of its own."""

    def restore(self, state: dict[str, Any]) -> None:
        super().restore({"alphabet": state["alphabet"][::-1]})


class NotJson(ToyCodec):
    def state(self) -> dict[str, Any]:
        return {"alphabet": tuple(super().state()["alphabet"])}


class LearnsByChance(ToyCodec):
    seeds = iter(range(1000))

    def fit(self, values: Iterable[str]) -> None:
        letters = sorted(set("".join(values)))
        np.random.default_rng(next(self.seeds)).shuffle(letters)
        self.inner = SymbolCodec("".join(letters))


class NoMirror(ToyCodec):
    """Undone by nothing but itself, five times over."""

    def mirror(self, steps: Tensor, lengths: Tensor) -> Tensor | None:
        return (steps + 1) % 5


class MirrorsPadding(ToyCodec):
    """Turns the padding round with the record."""

    def mirror(self, steps: Tensor, lengths: Tensor) -> Tensor | None:
        return steps.flip(1)


class FitsOnValidation(ToyData):
    def fit_codecs(self) -> None:
        self.codec.fit(record.sequence for split in ("train", "valid") for record in self.records(split))
        super().fit_codecs()


class OtherOrderEachTime(ToyData):
    calls = 0

    def records(self, split: Split) -> Iterator[Record]:
        self.calls += 1
        yield from sorted(super().records(split), key=lambda r: r.origin, reverse=bool(self.calls % 2))


class SameRecordsEverywhere(ToyData):
    def records(self, split: Split) -> Iterator[Record]:
        yield from toy_records()


Change = Callable[[SequenceModel, pytest.MonkeyPatch], None]


def drop_state_between_chunks(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    forward = model.backbone.forward
    patch.setattr(model.backbone, "forward", lambda x, state=None, **rest: forward(x, None, **rest))


def ignore_reset(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    forward = model.forward
    patch.setattr(model, "forward", lambda x, lengths, state=None, reset=None: forward(x, lengths, state, None))


def reset_every_row(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    forward = model.forward
    patch.setattr(
        model, "forward", lambda x, n, state=None, reset=None: forward(x, n, None if reset is not None else state)
    )


def wrong_step(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    stack: Any = model.backbone
    step = stack.step
    patch.setattr(stack, "step", lambda x, state: (torch.tanh(step(x, state)[0]), step(x, state)[1]))


def wrong_preparation(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    whole = PreparedStack.advance
    patch.setattr(PreparedStack, "advance", lambda self, entry, states: whole(self, (entry[0] * 0.999,), states))


def one_reading_only(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(model, "codec", SymbolCodec("abcde"))


def prejudiced(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    with torch.no_grad():
        model.task.head.bias[0] += 5.0


def detached(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    kind: Any = type(model.task)  # The law makes a copy, so the class is patched.
    forward = kind.forward
    patch.setattr(kind, "forward", lambda self, features, n, known=None: forward(self, features, n).detach())


def cannot_learn(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    model.requires_grad_(False)
    model.task.head.bias.requires_grad_(True)
    with torch.no_grad():
        model.task.head.weight.zero_()


def remembers_training(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    """Validation goes on where training stopped; patched on the class, since the law makes copies."""
    carry = SequenceModel._carry
    patch.setattr(SequenceModel, "_carry", lambda self, stage, batch: carry(self, "both", batch))


def saves_other_weights(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    def spoiled(self: SequenceModel, checkpoint: dict[str, Any]) -> None:
        checkpoint["seqkit"] = self.blueprint
        checkpoint["state_dict"] = {name: value * 0.99 for name, value in checkpoint["state_dict"].items()}

    patch.setattr(SequenceModel, "on_save_checkpoint", spoiled)


def loses_the_codec(model: SequenceModel, patch: pytest.MonkeyPatch) -> None:
    def spoiled(self: SequenceModel, checkpoint: dict[str, Any]) -> None:
        checkpoint["seqkit"] = self.blueprint | {"codec": {"alphabet": "edcba"}}

    patch.setattr(SequenceModel, "on_save_checkpoint", spoiled)


DOMAIN_MUTANTS: list[tuple[Check, str, Domain, str]] = [
    (batch_laws.check_batch, "classify", toy(LooksAtPadding), "alone"),
    (batch_laws.check_batch, "next_step", toy(LooksAtOtherRows), "alone"),
    (batch_laws.check_batch, "classify", toy(codec=MirrorsPadding), "alone"),
    (batch_laws.check_symmetry, "classify", toy(codec=NoMirror), "twice"),
    (stream_laws.check_causality, "next_step", toy(SeesTheFuture), "steps after"),
    (stream_laws.check_causality, "next_step", toy(Blind), "does not reach"),
    (stream_laws.check_stream, "next_step", toy(SeesThePast), "chunk"),
    (codec_laws.check_codec, "next_step", toy(codec=OffByOne), "is not x"),
    (codec_laws.check_codec, "next_step", toy(codec=TooManyIds), "of 5 classes"),
    (codec_laws.check_codec, "next_step", toy(codec=Unstable), "is not s"),
    (codec_laws.check_codec, "next_step", toy(codec=StoresOthers), "encode_array"),
    (codec_laws.check_codec_state, "next_step", toy(codec=ForgetsItsState), "loses its state"),
    (codec_laws.check_codec_state, "next_step", toy(codec=NotJson), "plain JSON"),
    (codec_laws.check_codec_state, "next_step", toy(codec=LearnsByChance), "learns something else"),
    (codec_laws.check_codec_state, "next_step", toy(data=FitsOnValidation), "not on train alone"),
    (codec_laws.check_records, "next_step", toy(data=OtherOrderEachTime), "order"),
    (codec_laws.check_records, "classify", toy(data=SameRecordsEverywhere), "both train and valid"),
    (training_laws.check_gradients, "next_step", toy(Frozen), "encoder.unused"),
]

MODEL_MUTANTS: list[tuple[Check, str, Change, str]] = [
    (stream_laws.check_stream, "next_step", drop_state_between_chunks, "chunks"),
    (stream_laws.check_stream, "next_step", wrong_step, "one `step` at a time"),
    (stream_laws.check_stream, "next_step", wrong_preparation, "a prepared `Stepper`"),
    (stream_laws.check_reset, "next_step", drop_state_between_chunks, "nothing is carried"),
    (stream_laws.check_reset, "next_step", ignore_reset, "rows that were reset"),
    (stream_laws.check_reset, "next_step", reset_every_row, "rows not reset"),
    (stream_laws.check_reset, "next_step", remembers_training, "validation sees"),
    (batch_laws.check_symmetry, "classify", one_reading_only, "mirror image"),
    (training_laws.check_first_loss, "classify", prejudiced, "first loss"),
    (training_laws.check_overfit, "classify", detached, "steps on one batch"),
    (training_laws.check_overfit, "next_step", cannot_learn, "steps on one batch"),
    (training_laws.check_checkpoint, "classify", saves_other_weights, "answers after loading"),
    (training_laws.check_checkpoint, "classify", loses_the_codec, "the codec reads its steps in another way"),
]


class Sound:
    """Benches of the sound domain, one a task."""

    def __init__(self) -> None:
        self.benches = {task: Bench(toy(Wrapped), task) for task in ("next_step", "classify")}

    def bench(self, task: str) -> Bench:
        """A bench whose model may be spoiled."""
        bench = copy.copy(self.benches[task])
        bench.model = copy.deepcopy(self.benches[task].model)
        return bench


@pytest.fixture(scope="module")
def sound() -> Sound:
    return Sound()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_the_sound_twin_passes(sound: Sound, task: str, check: Check) -> None:
    check(sound.bench(task))


@pytest.mark.parametrize(("check", "task", "domain", "complaint"), DOMAIN_MUTANTS)
def test_a_spoiled_domain_is_caught(check: Check, task: str, domain: Domain, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check(Bench(domain, task))


@pytest.mark.parametrize(("check", "task", "change", "complaint"), MODEL_MUTANTS)
def test_a_spoiled_model_is_caught(
    sound: Sound, monkeypatch: pytest.MonkeyPatch, check: Check, task: str, change: Change, complaint: str
) -> None:
    bench = sound.bench(task)
    change(bench.model, monkeypatch)
    with pytest.raises(AssertionError, match=complaint):
        check(bench)


def test_every_law_has_a_mutant() -> None:
    own_file = {check_resume}  # test_resume_mutants.py: its mutants are parts of the loop
    assert {check for check, *_ in [*DOMAIN_MUTANTS, *MODEL_MUTANTS]} == set(CHECKS) - own_file
