"""Continuing sequences: read the prompt once, then one step at a time with carried state, linear in length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor

from seqkit.backbone.cell import State
from seqkit.errors import ConfigError
from seqkit.model import SequenceModel
from seqkit.tasks.distributions import Sampling
from seqkit.tasks.forecast import Forecast

_CHUNK = 1024
"""Steps of a prompt that are read at once."""


@torch.no_grad()
def continue_sequences(
    model: SequenceModel,
    prompts: list[Tensor],
    num_steps: int,
    num_samples: int = 1,
    sampling: Sampling | None = None,
    seed: int = 0,
    on_step: Callable[[Tensor], None] | None = None,
) -> list[Tensor]:
    """Sample continuations of prompts.

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
        symbol for the end (`Codec.end`) and all rows that were drawn together have reached it.

    Raises:
        ConfigError: If the model was trained on another task, or a prompt is empty.
    """
    require_generator(model)
    if any(len(prompt) == 0 for prompt in prompts):
        raise ConfigError("a prompt is empty", at="--prompt", fix="give at least one step to continue")
    sampling = sampling or Sampling()
    end = model.codec.end
    generator = torch.Generator(device=model.device).manual_seed(seed)
    results: list[Tensor] = [torch.empty(0)] * len(prompts)
    model.eval()
    for members in _by_length(prompts):
        group = torch.stack([prompts[i] for i in members]).to(model.device)  # (B, T) or (B, T, F)
        if group.is_floating_point():
            group = group.to(model.task.head.weight.dtype)
        state = prime(model, group[:, :-1])
        state = tuple(s.repeat_interleave(num_samples, dim=1) for s in state)
        x_t = group[:, -1].repeat_interleave(num_samples, dim=0)
        drawn: list[Tensor] = []
        ended = torch.zeros(len(x_t), dtype=torch.bool, device=x_t.device)
        for _ in range(num_steps):
            raw, scale, state = model.step(x_t, state)
            x_t = model.task.output.sample(raw, sampling, generator, scale)
            drawn.append(x_t)
            if on_step is not None:
                on_step(x_t)
            if end is not None:
                ended |= x_t == end
                if ended.all():
                    break
        steps = torch.stack(drawn, dim=1) if drawn else group[:, :0].repeat_interleave(num_samples, dim=0)
        for place, rows in zip(members, torch.split(steps, num_samples), strict=True):
            results[place] = rows.cpu()
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


def prime(model: SequenceModel, steps: Tensor) -> State:
    """The state after reading steps (B, T) or (B, T, F), all rows of equal length."""
    state = model.init_state(len(steps))
    for chunk in torch.split(steps, _CHUNK, dim=1):
        if chunk.shape[1]:
            lengths = torch.full((len(chunk),), chunk.shape[1], device=chunk.device)
            _, _, _, state = model(chunk, lengths, state)
    return state


def _by_length(prompts: list[Tensor], most: int = 512) -> list[list[int]]:
    """Numbers of prompts in groups of equal length."""
    groups: dict[int, list[int]] = defaultdict(list)
    for number, prompt in enumerate(prompts):
        groups[len(prompt)].append(number)
    return [members[i : i + most] for members in groups.values() for i in range(0, len(members), most)]
