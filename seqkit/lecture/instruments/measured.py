"""What each instrument measured, as plain numbers. No measuring and no drawing here.

Axes in comments: K lags, T recorded outputs of the backbone, H units, N samples, Q quantiles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Verdict = Literal["vanishes", "holds", "explodes"]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Levels of every distribution that is reported by its quantiles."""

_MEDIAN = QUANTILES.index(0.5)

NOT_IN_JSON = {"json": False}
"""Metadata of fields too large for a report in text."""


@dataclass(frozen=True)
class GradientFlow:
    """How much of a loss's gradient reaches a layer k steps back: |dL_t / ds_{t-k}| over |dL_t / ds_t|.

    A sample is one target step t of one record. Lags are counted in outputs of the backbone, in reading order.

    Attributes:
        layer: `layer 1`, or `layer 1 forward` and `layer 1 backward`.
        part: `state` (all that is carried to the next step), one of its parts (`h`, `c`), or `input` (what the layer
            reads). `state` squared is the sum of its parts squared, and they are relative to it at lag 0, or at lag 1
            where the output is no part of the state; `input` is relative to itself at lag 0.
        lags: 0 to the largest lag, (K,) int64.
        counts: Samples that reach so far back, (K,) int64.
        rms: Root mean square over the samples, (K,).
        geometric: Geometric mean over the samples, (K,); 0 where one of them is 0.
        quantiles: Over the samples at the levels `QUANTILES`, (Q, K).
        initial: Root mean square of |dL_t / ds_t| itself, in nats for a unit of state.
    """

    layer: str
    part: str
    lags: np.ndarray
    counts: np.ndarray
    rms: np.ndarray
    geometric: np.ndarray
    quantiles: np.ndarray
    initial: float

    @property
    def median(self) -> np.ndarray:
        """The median over the samples, (K,); what verdicts are given by."""
        return self.quantiles[_MEDIAN]


@dataclass(frozen=True)
class JacobianReport:
    """The recurrent Jacobian d s_t / d s_{t-1} of a layer at sampled steps, and the growth of its product.

    Attributes:
        layer: Which.
        state_size: Numbers in the layer's state.
        steps: Sampled outputs, 0-based within what was recorded, (N,).
        radius: Spectral radius at each of them, (N,).
        norm: Largest singular value at each of them, (N,).
        exact: False: the state is large, and both were found by power iteration.
        exponents: Leading finite-time Lyapunov exponents, mean log growth a step, largest first.
    """

    layer: str
    state_size: int
    steps: np.ndarray
    radius: np.ndarray
    norm: np.ndarray
    exact: bool
    exponents: np.ndarray

    @property
    def growth(self) -> float:
        """Factor by which the fastest direction grows a step."""
        return math.exp(self.exponents[0]) if len(self.exponents) else math.nan


@dataclass(frozen=True)
class GateReport:
    """Where the values of a gate lie. Shares are over all recorded steps and records, `values` of the shown one.

    Attributes:
        layer: Which.
        gate: `forget`, `store`, `update`, `output`, `reset`, `candidate` or `activation`.
        low: Lower bound of its range.
        high: Upper bound; infinite for ReLU.
        mean: Over everything.
        share_low: Share of values in the lowest tenth of the range; of a ReLU, at 0.
        share_high: Share in the highest tenth; 0 for a ReLU, which has none.
        stuck_low: Share of units that are low in 99 % of all steps: a ReLU's dead units.
        stuck_high: Share of units that are high in 99 % of all steps.
        low_by_unit: Share of low values of each unit, (H,).
        high_by_unit: Share of high values of each unit, (H,).
        mean_by_unit: (H,).
        mean_by_step: Mean over the units at each output of the shown record, (T,).
        values: Of the shown record, (T, H) float32.
    """

    layer: str
    gate: str
    low: float
    high: float
    mean: float
    share_low: float
    share_high: float
    stuck_low: float
    stuck_high: float
    low_by_unit: np.ndarray
    high_by_unit: np.ndarray
    mean_by_unit: np.ndarray
    mean_by_step: np.ndarray
    values: np.ndarray = field(metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class TimeConstants:
    """How long the units of a gated layer hold what they store: 1 / (1 - f), f the mean share of a state that is kept.

    Attributes:
        layer: Which.
        gate: `forget`, or `update` of a GRU.
        by_unit: In steps of the records, (H,).
        quantiles: Over the units at the levels `QUANTILES`, (Q,).
        spans: The same in the domain's own unit.
    """

    layer: str
    gate: str
    by_unit: np.ndarray
    quantiles: np.ndarray
    spans: tuple[str, ...]


@dataclass(frozen=True)
class ClippingReport:
    """Norms of the whole gradient on training batches under the trained weights, and how often training clipped.

    Attributes:
        norms: One a batch, (N,); infinite or NaN where the gradient exploded. Empty if `note` says why.
        threshold: `--trainer.gradient_clip_val`; None: the run did not clip by norm.
        share_above: Share of the norms above the threshold; NaN without one.
        share_non_finite: Share of the norms that are no number.
        logged_steps: Updates at which training logged, counted from 0, (M,).
        logged_shares: Share of clipped updates since the log before, (M,).
        trained_share: Share of clipped updates over the whole training; NaN if it logged nothing.
        note: Why there are no norms; empty otherwise.
    """

    norms: np.ndarray
    threshold: float | None
    share_above: float
    share_non_finite: float
    logged_steps: np.ndarray
    logged_shares: np.ndarray
    trained_share: float
    note: str = ""


@dataclass(frozen=True)
class Stretch:
    """Lags one after the other.

    Attributes:
        first: In steps of the records.
        last: The same; equal to `first` for a single lag.
        span: Both in the domain's own unit: `10 to 35 words`, or `10 words` for a single lag.
    """

    first: float
    last: float
    span: str


@dataclass(frozen=True)
class Memory:
    """How far back a layer's gradient reaches.

    Attributes:
        layer: Which.
        verdict: `vanishes`, `holds` over all that was measured, or `explodes`.
        num_steps: The largest lag at which the median gradient is still at least `threshold` of that at lag 0, in
            steps of the records.
        most: The largest lag measured, in steps of the records.
        threshold: A share.
        growth: Factor a lag (a step of the recurrent layer) by which the gradient changes, fitted; below 1 it decays.
        half_life: Steps of the records in which the gradient halves; infinite if it does not decay.
        span: `num_steps` in the domain's own unit.
        line: The verdict in words.
        below: Where, nearer than `num_steps`, the median gradient is below the threshold, and comes back.
        limited: Whether what was measured ends before, or soon after, the gradient does: how much further it reaches
            cannot be told.
    """

    layer: str
    verdict: Verdict
    num_steps: float
    most: float
    threshold: float
    growth: float
    half_life: float
    span: str
    line: str
    below: tuple[Stretch, ...] = ()
    limited: bool = False


@dataclass(frozen=True)
class Shown:
    """The record that the gates are drawn over.

    Attributes:
        record: Its number in the split.
        origin: Where it came from.
        begin: Its first step here, 0-based within the record.
        steps: Encoded steps from there on, (T x steps_per_output,) int64 or (..., F) float32; `codec.decode` undoes it.
        nats: Loss at each output, (T,), where each has one (next_step, tag); empty otherwise.
    """

    record: int
    origin: str
    begin: int
    steps: np.ndarray = field(metadata=NOT_IN_JSON)
    nats: np.ndarray
