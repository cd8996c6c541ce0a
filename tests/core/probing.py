"""Rehearsals whose outcome is known, and the settings of a short training."""

from collections.abc import Callable, Mapping

import torch

from seqkit import Domain
from seqkit.settings import Settings, parse_arguments
from seqkit.training.precision import FULL, MIXED

TINY = ["--model.hidden_size", "8", "--data.batch_size", "8", "--data.window", "8", "--trainer.accelerator", "cpu"]
SHORT = [*TINY, "--trainer.max_steps", "3", "--trainer.enable_progress_bar", "false"]


def timings(ratio: float) -> Callable[..., dict[str, list[float]]]:
    """In place of `rehearse`: really takes steps, and says that bf16 took so many times less."""

    def rehearse(variants: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
        for _ in range(2):
            for step in variants.values():
                step()
        return {FULL: [ratio, ratio], MIXED: [1.0, 1.0]}

    return rehearse


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


def settings(melody: Domain, *words: str) -> Settings:
    return parse_arguments(melody, [*TINY, *words])
