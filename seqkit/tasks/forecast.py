"""forecast: the next steps of numbers all at once, from the steps before them."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from seqkit.backbone.scaling import Scale
from seqkit.errors import ConfigError
from seqkit.steps import Batch, Continuous
from seqkit.tasks.base import Outcome, Task
from seqkit.tasks.classify import last_outputs
from seqkit.tasks.distributions import Output
from seqkit.wording import plural


@final
class Forecast(Task):
    """Decodes the whole horizon in parallel, one recurrent step a segment.

    Every segment of the horizon begins from the last output of the backbone and differs by a learned position, and by
    what is known ahead of it; no prediction is fed back, so errors do not add up along the horizon.

    Source: parallel multi-step forecasting, Lin et al. 2023, section 3.3 [lin2023].

    Args:
        hidden_size: Size of the backbone's output.
        target_spec: What a step is, as the backbone sees it.
        output: How the values of a step are predicted.
        horizon: Steps to forecast.
        segment: Steps decoded at once.
        dropout: Share of decoded features dropped before the head, in training.
        directions: 2 if the second half of the features was read from the window's end.
        num_rows: Rows of a batch that one window takes: its features, where each is a window of its own.
    """

    causal = False
    whole_records = True

    def __init__(
        self,
        hidden_size: int,
        target_spec: Continuous,
        output: Output,
        horizon: int,
        segment: int,
        dropout: float = 0.0,
        directions: int = 1,
        num_rows: int = 1,
    ) -> None:
        self.num_parameters = output.num_parameters // num_rows
        super().__init__(hidden_size, target_spec, output, segment * self.num_parameters)
        self.horizon, self.segment, self.directions = horizon, segment, directions
        num_segments = -(-horizon // segment)
        self.position = nn.Parameter(torch.randn(num_segments, hidden_size) / hidden_size**0.5)
        self.ahead = nn.Linear(segment * target_spec.num_known, hidden_size) if target_spec.num_known else None
        self.decoder = nn.GRUCell(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor, lengths: Tensor, known: Tensor | None = None) -> Tensor:
        """(B, T', H) and what is known ahead (B, U, G) -> (B, horizon, P).

        Raises:
            ConfigError: If more is known ahead than the model forecasts.
        """
        last = last_outputs(features, lengths, self.directions)  # (B, H)
        queries = self.position.expand(len(last), -1, -1)  # (B, segments, H)
        if self.ahead is not None:
            queries = queries + self.ahead(self._segments(known, last))
        begun = last[:, None].expand_as(queries)
        decoded = self.decoder(queries.flatten(0, 1), begun.flatten(0, 1)).view_as(queries)
        raw = self.head(self.dropout(decoded))  # (B, segments, segment P)
        return raw.reshape(len(last), -1, self.num_parameters)[:, : self.horizon]

    def targets(self, batch: Batch) -> Tensor:
        """(B, horizon, F), NaN where nothing is scored."""
        return batch.targets

    def outcome(self, raw: Tensor, batch: Batch, scale: Scale | None = None) -> Outcome:
        """Loss and guess for one batch; a shorter horizon than the model's is its beginning.

        Raises:
            ConfigError: If the data ask for a longer horizon.
        """
        wanted = batch.targets.shape[1]
        self._require(wanted)
        return super().outcome(raw[:, :wanted], batch, scale)

    def _require(self, wanted: int) -> None:
        if wanted > self.horizon:
            raise ConfigError(
                f"the model forecasts {plural(self.horizon, 'step')}, not {wanted}",
                at="--data.horizon",
                fix="train a model for the longer horizon, or leave the option out",
            )

    def _segments(self, known: Tensor | None, like: Tensor) -> Tensor:
        """What is known ahead, by segment: (B, U, G) -> (B, segments, segment G), 0 where it is not known."""
        num_known = self.target_spec.num_known if isinstance(self.target_spec, Continuous) else 0
        whole = like.new_zeros(len(like), len(self.position) * self.segment, num_known)
        if known is not None:
            self._require(known.shape[1])
            whole[:, : known.shape[1]] = known.nan_to_num()
        return whole.reshape(len(like), len(self.position), -1)
