"""Direct forecasts: the whole horizon of each series at once, by a model trained on `forecast`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqkit.codec import Codec
from seqkit.data.windows import divide_known
from seqkit.errors import ConfigError, DataError
from seqkit.model import SequenceModel
from seqkit.steps import Batch, Continuous
from seqkit.tasks.forecast import Forecast
from seqkit.tasks.sampling import Sampling
from seqkit.wording import plural

_TOGETHER = 256
"""Windows that are read at once."""


@dataclass(frozen=True)
class Past:
    """What is given of a series.

    Attributes:
        steps: (T, F + G), those after `given` being known ahead only.
        given: Steps that were observed.
        origin: For errors.
    """

    steps: Tensor
    given: int
    origin: str = ""


@torch.no_grad()
def forecast_series(
    model: SequenceModel,
    pasts: list[Past],
    look_back: int,
    num_steps: int | None = None,
    num_samples: int = 1,
    sampling: Sampling | None = None,
    seed: int = 0,
) -> list[Tensor]:
    """Forecast series from the end of what was observed.

    Args:
        model: A model trained on `forecast`.
        pasts: What is given of each.
        look_back: Steps that the model reads at most.
        num_steps: Steps to forecast, at most the model's horizon; None takes all of it.
        num_samples: Values for each step, drawn step by step: they are no paths.
        sampling: How to draw.
        seed: Of the draws.

    Returns:
        For each series (num_samples, num_steps, F).

    Raises:
        ConfigError: If more steps are asked for than the model forecasts.
        DataError: If a series has no past, or lacks what is known ahead.
    """
    task = model.task
    assert isinstance(task, Forecast)
    wanted = task.horizon if num_steps is None else num_steps
    if wanted > task.horizon:
        raise ConfigError(
            f"the model forecasts {plural(task.horizon, 'step')}, not {wanted}",
            at="--steps",
            fix="ask for fewer, or train one with a longer --data.horizon",
        )
    spec = model.codec.spec
    assert isinstance(spec, Continuous)
    generator = torch.Generator(device=model.device).manual_seed(seed)
    results: list[Tensor] = []
    model.eval()
    for begin in range(0, len(pasts), _TOGETHER):
        batch = _as_batch(pasts[begin : begin + _TOGETHER], spec, look_back, wanted)
        raw, scale, _ = model.answer(batch.to(model.device))
        drawn = task.output.draw(raw[:, :wanted], num_samples, sampling or Sampling(), generator, scale)
        results += list(drawn.transpose(0, 1).cpu())  # (B, S, H, F)
    return results


def decode_predicted(codec: Codec, steps: Tensor) -> np.ndarray:
    """Values of predicted steps, (..., F): of what is known ahead nothing is predicted, nor decoded."""
    spec = codec.spec
    assert isinstance(spec, Continuous)
    flat = steps.reshape(-1, spec.num_predicted)
    padded = torch.cat([flat, flat.new_zeros(len(flat), spec.num_known)], dim=-1)
    values = np.asarray(codec.decode(padded))[:, : spec.num_predicted]
    return values.reshape(steps.shape)


def _as_batch(pasts: list[Past], spec: Continuous, look_back: int, num_steps: int) -> Batch:
    inputs = [past.steps[max(past.given - look_back, 0) : past.given] for past in pasts]
    for past, given in zip(pasts, inputs, strict=True):
        if not len(given):
            raise DataError("there is nothing to forecast from", at=past.origin, fix="give at least one observed step")
    known = None
    if spec.num_known:
        ahead = [_known(past, spec, num_steps) for past in pasts]
        known = torch.stack(ahead)
    lengths = torch.tensor([len(given) for given in inputs])
    rows = torch.nn.utils.rnn.pad_sequence(inputs, batch_first=True)
    targets = rows.new_full((len(rows), num_steps, spec.num_predicted), torch.nan)
    return Batch(rows, lengths, targets, torch.ones(len(rows), dtype=torch.bool), torch.arange(len(rows)), known)


def _known(past: Past, spec: Continuous, num_steps: int) -> Tensor:
    future = past.steps[past.given : past.given + num_steps]
    if len(future) < num_steps:
        raise DataError(
            f"what is known ahead is given for {len(future)} of the {plural(num_steps, 'step')} to forecast",
            at=past.origin,
            fix="add rows after the last observed one, with the known columns filled and the values empty",
        )
    known = divide_known(future[None], spec)[1]
    assert known is not None
    return known[0]
