"""Rehearsal: a few real training steps on a copy of the model, timed before the training begins."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Iterable, Mapping

import torch
from pytorch_lightning.plugins.precision import Precision
from torch import nn

from seqkit.model import SequenceModel
from seqkit.speed.timing import interleaved
from seqkit.steps import Batch

BUDGET_S = 1.5
"""Seconds that a rehearsal may take, if its steps are not longer."""

_MOST_ROUNDS = 20


class Rehearsal:
    """Steps of a training that leave the run as it is: its weights, and where its loader stands, are not touched.

    The caller keeps the state of the random numbers (`torch.random.fork_rng`): dropout draws from it.

    Args:
        model: Fresh, and not given to a Trainer yet; it is copied.
        batches: Of the training, from a loader that is not used for anything else.
    """

    def __init__(self, model: SequenceModel, batches: Iterable[Batch]) -> None:
        self.model = copy.deepcopy(model).train()
        self.batches = list(batches)
        self.optimizer = self.model.configure_optimizers()["optimizer"]

    def steps(self, precision: Precision) -> Callable[[], None]:
        """One training step a call: forward, backward, clipping and optimiser, over the batches in turn.

        Args:
            precision: Lightning's plugin, by which a Trainer would compute.
        """
        batches = itertools.cycle(self.batches)

        def step() -> None:
            with precision.forward_context():
                loss = self.model.training_loss(self.model.outcome(next(batches))[0])
            self.optimizer.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()

        return step


def rehearse(
    variants: Mapping[str, Callable[[], object]],
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of each variant in each round, as `interleaved` has them, for about as long as the budget.

    The first round also allocates and plans: it counts only where there is no time for a second one.

    Args:
        variants: What to call, by name.
        budget_s: Seconds in all.
        clock: Seconds that only grow.
    """
    names, begin = list(variants), clock()
    rounds: list[dict[str, list[float]]] = []
    while len(rounds) <= _MOST_ROUNDS:
        first = len(rounds) % len(names)  # another one begins each round
        order = {name: variants[name] for name in names[first:] + names[:first]}
        rounds.append(interleaved(order, repeats=1, warmups=0, clock=clock))
        last = sum(seconds for (seconds,) in rounds[-1].values())
        if clock() - begin + last > budget_s:
            break
    return {name: [one[name][0] for one in rounds[1:] or rounds] for name in names}
