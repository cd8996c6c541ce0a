"""Continuing sequences: read the prompts once, then one step at a time with carried state, linear in length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import torch
from torch import Tensor

from seqkit.backbone.cell import State
from seqkit.errors import ConfigError
from seqkit.inference.draws import Draws
from seqkit.inference.stepper import Stepper
from seqkit.model import SequenceModel
from seqkit.tasks.distributions import Categorical
from seqkit.tasks.forecast import Forecast
from seqkit.tasks.sampling import Sampling

_CHUNK = 1024
"""Steps of a prompt that are read at once."""

_MOST_ROWS = 1024
"""Continuations of symbols that go on together: more make no step cheaper."""

_MOST_ALIKE = 512
"""Prompts of numbers that go on together."""

_ALONE = 8
"""Rows below which a step is too small to share between threads: they would wait for each other."""

_BLOCK = 256
"""Steps that are put together to one tensor as they come."""


def continue_sequences(
    model: SequenceModel,
    prompts: list[Tensor],
    num_steps: int,
    num_samples: int = 1,
    sampling: Sampling | None = None,
    seed: int = 0,
    on_step: Callable[[Tensor], None] | None = None,
) -> list[Tensor]:
    """Sample continuations of prompts, many at once whatever their lengths.

    Symbols are drawn by numbers that depend on the seed, the prompt's and the sample's place in the lists alone
    (`Draws`): what else is continued with a prompt changes nothing in its continuation. Numbers are drawn for all
    prompts of a length together.

    Args:
        model: A model trained on `next_step`.
        prompts: Steps of each prompt, (T,) or (T, F), at least one step each; lengths may differ.
        num_steps: Steps to add.
        num_samples: Independent continuations of each prompt.
        sampling: How to draw.
        seed: Of the draws; equal seeds give equal continuations.
        on_step: Receives the samples of each new step, (rows,) or (rows, F), as they come.

    Returns:
        For each prompt (num_samples, num_steps) or (num_samples, num_steps, F); fewer steps where the codec has a
        symbol for the end (`Codec.end`) and all samples of the prompt have reached it.

    Raises:
        ConfigError: If the model was trained on another task, a prompt is empty, or no sample is wanted.
    """
    require_generator(model)
    if num_samples < 1:
        raise ConfigError(f"{num_samples} samples", at="--samples", fix="give 1 or more")
    if any(len(prompt) == 0 for prompt in prompts):
        raise ConfigError("a prompt is empty", at="--prompt", fix="give at least one step to continue")
    stepper, sampling = Stepper(model), sampling or Sampling()
    generator = torch.Generator(device=model.device).manual_seed(seed)
    results: list[Tensor] = [torch.empty(0)] * len(prompts)
    symbols = isinstance(model.task.output, Categorical)
    for members in _together(len(prompts), num_samples) if symbols else _by_length(prompts):
        rows = [(number, sample) for number in members for sample in range(num_samples)]
        group = [_as_inputs(model, prompts[number]) for number in members]
        draws = iter(Draws(seed, rows, model.device)) if symbols else generator
        with _few_threads(len(rows)), torch.inference_mode():
            state = prime(model, [prompt[:-1] for prompt in group])
            stepper.begin(tuple(kind.repeat_interleave(num_samples, dim=1) for kind in state))
            x_t = torch.stack([prompt[-1] for prompt in group]).repeat_interleave(num_samples, dim=0)
            made = _continue(model, stepper, x_t, num_steps, sampling, draws, on_step).cpu()
        for number, own in zip(members, torch.split(made, num_samples), strict=True):
            # A copy, outside of inference mode: a tensor like any other.
            results[number] = own[:, : _until_ended(own, model.codec.end)].clone()
    return results


def require_generator(model: SequenceModel) -> None:
    """Refuse a model that predicts nothing that follows.

    Raises:
        ConfigError: Says what to train.
    """
    if not model.task.causal and not isinstance(model.task, Forecast):
        raise ConfigError(
            "only models trained on next_step can generate, or on forecast for series",
            at="RUN",
            fix="train one with --data.task next_step",
        )


@torch.no_grad()
def prime(model: SequenceModel, prompts: list[Tensor]) -> State:
    """The state after reading prompts, (T,) or (T, F) each; a row's is that of its own last step.

    The longest come first, and a chunk ends wherever a prompt ends: no row reads a step of padding.
    """
    sizes = torch.tensor([len(prompt) for prompt in prompts])
    order = torch.argsort(sizes, descending=True, stable=True)
    padded = torch.nn.utils.rnn.pad_sequence([prompts[n] for n in order.tolist()], batch_first=True)
    ordered = sizes[order]
    state = model.init_state(len(prompts))
    bounds = sorted({0, *sizes.tolist(), *range(0, int(ordered[0]), _CHUNK)})
    for begin, end in pairwise(bounds):
        active = int((ordered >= end).sum())
        lengths = torch.full((active,), end - begin, device=padded.device)
        _, _, _, own = model(padded[:active, begin:end], lengths, tuple(kind[:, :active] for kind in state))
        state = own if active == len(prompts) else _replace_rows(state, own, active)
    place = torch.argsort(order).to(padded.device)
    return tuple(kind[:, place] for kind in state)


def _continue(
    model: SequenceModel,
    stepper: Stepper,
    x_t: Tensor,
    num_steps: int,
    sampling: Sampling,
    draws: Iterator[Tensor] | torch.Generator,
    on_step: Callable[[Tensor], None] | None,
) -> Tensor:
    """Steps drawn one after another, (rows, num_steps, ...); fewer where all rows have ended."""
    output, end = model.task.output, model.codec.end
    blocks, recent = [x_t[:, None][:, :0]], []
    ended = torch.zeros(len(x_t), dtype=torch.bool, device=x_t.device)
    for _ in range(num_steps):
        raw, scale = stepper.step(x_t)
        if isinstance(draws, torch.Generator):
            x_t = output.sample(raw, sampling, draws, scale)
        else:
            assert isinstance(output, Categorical)
            x_t = output.pick(raw, sampling, next(draws))
        recent.append(x_t)
        if len(recent) == _BLOCK:
            blocks.append(torch.stack(recent, dim=1))
            recent = []
        if on_step is not None:
            on_step(x_t)
        if end is not None:
            ended |= x_t == end
            if ended.all():
                break
    return torch.cat([*blocks, torch.stack(recent, dim=1)] if recent else blocks, dim=1)


def _until_ended(rows: Tensor, end: int | None) -> int:
    """Steps until all rows have reached the end."""
    if end is None or rows.shape[1] == 0:
        return rows.shape[1]
    reached = rows == end
    first = torch.where(reached.any(1), reached.int().argmax(1) + 1, rows.shape[1])
    return int(first.max())


def _replace_rows(state: State, own: State, active: int) -> State:
    """The first rows of a state by newer ones; those after them have been read to their end."""
    return tuple(torch.cat([new, kind[:, active:]], dim=1) for new, kind in zip(own, state, strict=True))


def _as_inputs(model: SequenceModel, prompt: Tensor) -> Tensor:
    return prompt.to(model.device, next(model.parameters()).dtype if prompt.is_floating_point() else None)


@contextmanager
def _few_threads(num_rows: int) -> Iterator[None]:
    """One thread for few rows, what was set before afterwards."""
    before = torch.get_num_threads()
    if num_rows < _ALONE:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _together(num_prompts: int, num_samples: int) -> list[list[int]]:
    """Numbers of prompts in groups of bounded size."""
    most = max(_MOST_ROWS // max(num_samples, 1), 1)
    return [list(range(begin, min(begin + most, num_prompts))) for begin in range(0, num_prompts, most)]


def _by_length(prompts: list[Tensor]) -> list[list[int]]:
    """Numbers of prompts in groups of equal length."""
    groups: dict[int, list[int]] = defaultdict(list)
    for number, prompt in enumerate(prompts):
        groups[len(prompt)].append(number)
    return [m[begin : begin + _MOST_ALIKE] for m in groups.values() for begin in range(0, len(m), _MOST_ALIKE)]
