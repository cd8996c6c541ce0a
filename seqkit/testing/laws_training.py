"""Laws of training: it starts unprejudiced, reaches every parameter, can learn, and a checkpoint holds all of it."""

from __future__ import annotations

import copy
import math
import tempfile
from pathlib import Path

import pytest
import torch

from seqkit.build import describe
from seqkit.errors import CheckpointError
from seqkit.export.writing import export_run
from seqkit.model import SequenceModel
from seqkit.steps import Batch, Discrete
from seqkit.tasks.ctc import IMPOSSIBLE, Transcript
from seqkit.testing.bench import Bench
from seqkit.testing.laws_codec import same_value
from seqkit.training.checkpoint import load_model
from seqkit.training.folder import RunFolder
from seqkit.training.manifest import identify
from seqkit.training.plain import require_plain_json
from seqkit.training.trainer import build_trainer, train

FIRST_LOSS_NATS = 0.4
"""How far the first loss may lie from that of guessing."""

OVERFIT_STEPS = 100


@torch.no_grad()
def check_first_loss(bench: Bench) -> None:
    """Before training, the loss is near that of guessing: ln K nats for K symbols.

    A transcript's is summed over alignments; there the symbols and the blank are alike at each step of a record.

    Raises:
        AssertionError: Gives both.
    """
    spec = bench.data.target_codec.spec
    if not isinstance(spec, Discrete):
        pytest.skip("numbers have no uniform guess")
    outcome = bench.model.outcome(bench.batch)[0]
    first, uniform, most = float(outcome.loss), math.log(spec.num_classes), FIRST_LOSS_NATS
    if isinstance(outcome.output, Transcript):
        ended = outcome.raw <= IMPOSSIBLE / 2
        alike = outcome.raw.masked_fill(~ended, 0.0)
        uniform = float(outcome.output.nll(alike, outcome.targets)[0].mean())
        most *= float((~ended[..., 0]).sum(1).double().mean())  # a step, as for the other tasks
    assert abs(first - uniform) < most, f"the first loss is {first:.3f} nats, guessing gives {uniform:.3f}"


def check_gradients(bench: Bench) -> None:
    """Every parameter that is trained gets a gradient, finite and not zero.

    Raises:
        AssertionError: Names the parameters.
    """
    model = copy.deepcopy(bench.model)
    torch.autograd.backward(model.outcome(bench.batch)[0].loss)
    gradients = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    assert gradients, "no parameter is trained"
    missing = [name for name, g in gradients.items() if g is None or not (g.abs() > 1e-15).any()]
    assert not missing, f"no gradient reaches {', '.join(missing)}"
    broken = [name for name, g in gradients.items() if g is not None and not g.isfinite().all()]
    assert not broken, f"the gradient is not finite in {', '.join(broken)}"


def check_overfit(bench: Bench) -> None:
    """One small batch can be learnt by heart: symbols to half the first loss, numbers to a quarter of a nat below it.

    Raises:
        AssertionError: Gives the loss before and after.
    """
    model, batch = copy.deepcopy(bench.model).float(), _single_precision(bench.batch)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.015)
    discrete = isinstance(bench.data.target_codec.spec, Discrete)
    losses: list[float] = []
    for _ in range(OVERFIT_STEPS):
        loss = model.outcome(batch)[0].loss
        losses.append(float(loss.detach()))
        if losses[-1] < (0.5 * losses[0] if discrete else losses[0] - 0.25):
            return
        if loss.requires_grad:
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    raise AssertionError(f"{OVERFIT_STEPS} steps on one batch bring the loss from {losses[0]:.3f} to {losses[-1]:.3f}")


def check_checkpoint(bench: Bench) -> None:
    """A checkpoint of the real training, loaded alone, gives the same answers and the same codecs; exported, too.

    Raises:
        AssertionError: Says what is lost.
    """
    model = copy.deepcopy(bench.model).float()
    model.blueprint = describe(bench.domain, bench.data, model, bench.encoder_options)
    model.blueprint |= identify(bench.domain, bench.data) | {"versions": {}}
    require_plain_json(model.blueprint, "options and codec states")
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        run.checkpoints.mkdir()
        _train_briefly(model, bench, run)
        try:
            loaded = load_model(folder, domain=bench.domain)
            exported = load_model(export_run(folder, run.path / "export", bench.domain), domain=bench.domain)
        except CheckpointError as error:
            raise AssertionError(f"what was saved does not load again: {error.what}") from error
    batch = _single_precision(bench.batch)
    expected = _answer(model, batch)
    for what, found in (("loading", loaded), ("exporting", exported)):
        answers = _answer(found.model, batch)
        assert torch.allclose(answers, expected, rtol=0, atol=0, equal_nan=True), f"answers after {what} differ"
    for name in ("codec", "target_codec"):
        ours, theirs = getattr(bench.data, name), getattr(loaded.data, name)
        assert theirs.state() == ours.state(), f"the checkpoint loses the state of {name}"
        assert theirs.spec == ours.spec, f"the checkpoint loses the spec of {name}"
    steps = bench.data.store("train").sequence(0)
    assert same_value(loaded.data.codec.decode(steps), bench.data.codec.decode(steps)), (
        "the loaded codec decodes the same steps differently"
    )


def _train_briefly(model: SequenceModel, bench: Bench, run: RunFolder) -> None:
    """Two steps and a validation of one batch, by the Trainer that `seqkit fit` uses."""
    settings = {
        "max_epochs": 1, "limit_train_batches": 2, "limit_val_batches": 1, "accelerator": "cpu", "logger": False,
    }  # fmt: skip
    trainer = build_trainer(settings, run, num_batches=2, quiet=True)
    model.total_steps = 2
    train(model.train(), bench.data, trainer)


def _single_precision(batch: Batch) -> Batch:
    return batch.map(lambda tensor: tensor.float() if tensor.is_floating_point() else tensor)


@torch.no_grad()
def _answer(model: SequenceModel, batch: Batch) -> torch.Tensor:
    return model.eval().answer(batch)[0]
