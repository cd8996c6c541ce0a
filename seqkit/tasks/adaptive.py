"""Adaptive softmax: the exact likelihood of a symbol among tens of thousands, without a score for each of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqkit.steps import IGNORED

_LEAST_WIDTH = 32
"""Of projected features: a product over fewer takes as long."""

_ROWS = 16
"""In half precision a tail sees a multiple of so many rows: each new shape is planned anew, for up to 50 ms."""


@final
class AdaptiveSoftmax(nn.Module):
    """An output layer in clusters: a shortlist of frequent symbols, and tails that are opened when they are needed.

    log p(k) = log p(k | shortlist and one gate for each tail) for a frequent symbol, and
    log p(k) = log p(gate of its tail) + log p(k | tail) for a rare one. That is a distribution over all symbols:
    the likelihood is exact, and comparable with that of a full softmax.

    Source: Grave et al. 2017 [grave2017].

    Args:
        hidden_size: H, of the features.
        num_classes: K.
        cutoffs: First ranks of the tails, rising.
        shrink: Tail number n, from 1, sees features projected to H / shrink^n, 32 at least. At 1 nothing is projected:
            all rows make one matrix (K, H) in the order of the ids, which an embedding can share.

    Attributes:
        order: Symbols by rank, (K,): the shortlist, then tail by tail. A buffer, for a checkpoint must hold it.
        rank: The inverse: where each symbol lies in `order`, (K,).
    """

    order: Tensor
    rank: Tensor

    def __init__(self, hidden_size: int, num_classes: int, cutoffs: Sequence[int], shrink: float = 1.0) -> None:
        super().__init__()
        self.in_features, self.out_features, self.cutoffs, self.shrink = hidden_size, num_classes, list(cutoffs), shrink
        bounds = [0, *cutoffs, num_classes]
        self.sizes = [end - begin for begin, end in pairwise(bounds)]
        self.shared = shrink == 1.0
        self.weight = nn.Parameter(torch.empty(num_classes if self.shared else self.sizes[0], hidden_size))
        self.bias = nn.Parameter(torch.empty(num_classes))  # by rank
        self.gates = nn.Linear(hidden_size, len(self.cutoffs))
        least = min(_LEAST_WIDTH, hidden_size)
        widths = [] if self.shared else [max(int(hidden_size / shrink**n), least) for n in range(1, len(self.sizes))]
        self.projections = nn.ModuleList(nn.Linear(hidden_size, width, bias=False) for width in widths)
        shapes = zip(self.sizes[1:], widths, strict=not self.shared)
        self.tails = nn.ParameterList(torch.empty(shape) for shape in shapes)
        self.register_buffer("order", torch.arange(num_classes))
        self.register_buffer("rank", torch.arange(num_classes))
        self._is_sorted = True
        self.register_load_state_dict_post_hook(_note_order)  # type: ignore[no-untyped-call]
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights as those of `nn.Linear`; gates begin at the shares of their tails: the first guess is even."""
        bound = 1 / math.sqrt(self.in_features)
        for table in (self.weight, self.bias):
            nn.init.uniform_(table, -bound, bound)
        for tail in self.tails:
            nn.init.uniform_(tail, -1 / math.sqrt(tail.shape[1]), 1 / math.sqrt(tail.shape[1]))
        with torch.no_grad():
            self.gates.bias.copy_(torch.tensor(self.sizes[1:]).log())

    def set_order(self, order: Tensor) -> None:
        """Say which symbols are frequent, most frequent first, (K,); before training, as weights belong to places."""
        self.order.copy_(order)
        self.rank.copy_(order.argsort())
        _note_order(self)

    def forward(self, features: Tensor) -> Tensor:
        """Log-probabilities of all symbols, (..., H) -> (..., K), which are logits as well."""
        flat = self._rows(features)
        tables = self._tables()
        first = self._first(flat, tables[0])  # (N, shortlist + tails)
        parts = [first[:, : self.sizes[0]]]
        for number, logits in self._tail_logits(tables):
            parts.append(first[:, self.sizes[0] + number, None] + logits(flat).log_softmax(-1))
        whole = torch.cat(parts, dim=-1)
        whole = whole if self._is_sorted else whole.index_select(-1, self.rank)
        return whole.reshape(*features.shape[:-1], self.out_features)

    def nll(self, features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Negative log-likelihood of (..., H) against (...,), in nats; only the tails of the targets are opened.

        Returns:
            Nats, 0 where a target is not scored, and which are scored.
        """
        flat, goal = self._rows(features), targets.reshape(-1)
        rank = self.rank[goal.clamp(min=0)]
        cutoffs = torch.tensor(self.cutoffs, device=rank.device)
        tail = torch.bucketize(rank, cutoffs, right=True) - 1  # -1 for the shortlist
        place = torch.where(tail < 0, rank, self.sizes[0] + tail).masked_fill(goal == IGNORED, IGNORED)
        tables = self._tables()
        nll = functional.cross_entropy(
            self._first_logits(flat, tables[0]), place, ignore_index=IGNORED, reduction="none"
        )
        tail = tail.masked_fill(goal == IGNORED, -1)
        for number, logits in self._tail_logits(tables):
            rows = (tail == number).nonzero()[:, 0]  # none gives gradients of 0: no parameter is left without one
            own = rank[rows] - self.cutoffs[number]
            spare = -len(rows) % _ROWS if torch.is_autocast_enabled(flat.device.type) else 0
            rows, own = functional.pad(rows, (0, spare)), functional.pad(own, (0, spare), value=IGNORED)
            scores = logits(flat.index_select(0, rows))
            nats = functional.cross_entropy(scores, own, ignore_index=IGNORED, reduction="none")
            nll = nll.index_add(0, rows, nats)
        return nll.reshape(targets.shape), targets != IGNORED

    @torch.no_grad()
    def argmax(self, features: Tensor) -> Tensor:
        """The likeliest symbol, (..., H) -> (...,).

        A tail is opened for the rows where its gate alone is likelier than the best symbol so far.
        """
        flat = self._rows(features)
        tables = self._tables()
        first = self._first(flat, tables[0])
        best, found = first[:, : self.sizes[0]].max(-1)
        for number, logits in self._tail_logits(tables):
            gate = first[:, self.sizes[0] + number]
            rows = (gate > best).nonzero()[:, 0]
            own, place = (gate[rows, None] + logits(flat[rows]).log_softmax(-1)).max(-1)
            better = own > best[rows]
            best[rows[better]], found[rows[better]] = own[better], self.cutoffs[number] + place[better]
        return self.order[found].reshape(features.shape[:-1])

    def _rows(self, features: Tensor) -> Tensor:
        return features.reshape(-1, self.in_features).to(self.weight.dtype)

    def _tables(self) -> tuple[Tensor, ...]:
        """The rows of each cluster. One split, so that its gradient is put together once."""
        if not self.shared:
            return self.weight, *self.tails
        weight: Tensor = self.weight
        device = weight.device.type
        if torch.is_autocast_enabled(device):
            weight = weight.to(torch.get_autocast_dtype(device))  # whole: the gradient is put together at half its size
        return torch.split(weight if self._is_sorted else weight[self.order], self.sizes)

    def _first_logits(self, flat: Tensor, table: Tensor) -> Tensor:
        """Logits of the shortlist and the gates in one product, (N, H) -> (N, shortlist + tails)."""
        weight = torch.cat([table, self.gates.weight])
        return _scores(flat, weight, torch.cat([self.bias[: self.sizes[0]], self.gates.bias]))

    def _first(self, flat: Tensor, table: Tensor) -> Tensor:
        return self._first_logits(flat, table).log_softmax(-1)

    def _tail_logits(self, tables: Sequence[Tensor]) -> Iterator[tuple[int, Callable[[Tensor], Tensor]]]:
        """For each tail its number and what gives its logits, (n, H) -> (n, size)."""
        biases = torch.split(self.bias, self.sizes)
        for number, (table, bias) in enumerate(zip(tables[1:], biases[1:], strict=True)):
            project = nn.Identity() if self.shared else self.projections[number]
            yield number, partial(_tail_scores, project, table, bias)


def _note_order(head: AdaptiveSoftmax, *_: object) -> None:
    """Whether ids are ranks already, asked once an order: to ask at each step would be to wait for a GPU."""
    head._is_sorted = torch.equal(head.order, torch.arange(head.out_features, device=head.order.device))


def _tail_scores(project: nn.Module, table: Tensor, bias: Tensor, rows: Tensor) -> Tensor:
    return _scores(project(rows), table, bias)


def _scores(rows: Tensor, table: Tensor, bias: Tensor) -> Tensor:
    """Logits; half precision ends here, as sums of many exponentials follow."""
    scores = functional.linear(rows, table, bias)
    return scores.float() if scores.dtype in (torch.bfloat16, torch.float16) else scores
