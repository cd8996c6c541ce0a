"""Scoring a forecaster against what followed and against naive methods, from every origin that the data give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from seqkit.data.module import SequenceDataModule
from seqkit.data.windows import WindowLoader
from seqkit.inference.direct import decode_predicted
from seqkit.inference.generate import continue_sequences
from seqkit.inference.naive import fill_forward, seasonal_naive
from seqkit.lecture.rungs.forecast_rungs import LinearWindow
from seqkit.model import SequenceModel
from seqkit.steps import Continuous, Split
from seqkit.tasks.forecast import Forecast
from seqkit.tasks.forecast_metrics import covered, crps, quantile, weighted_quantile_loss
from seqkit.tasks.metrics import mase_scale, naive2
from seqkit.tasks.points import Point
from seqkit.tasks.sampling import Sampling

NUM_SAMPLES = 100
"""Samples a step; their median is the point forecast."""

_TOGETHER = 512
"""Series whose paths are held together."""

_SCORED_TOGETHER = 64
"""Windows whose figures are reckoned together."""

_SEASONS = 4

COVERAGES = (0.5, 0.8, 0.9)

Figures = dict[str, float]


@dataclass(frozen=True)
class Window:
    """One forecast and what followed; all arrays in the units of the data.

    Attributes:
        record: Number of its record.
        history: What came before, (T, F).
        truth: (H, F), NaN where unknown.
        samples: (S, H, F); one sample is a point forecast.
        linear: What a linear map says, (1, H, F); None where there is none.
    """

    record: int
    history: np.ndarray
    truth: np.ndarray
    samples: np.ndarray
    linear: np.ndarray | None = None


def score_forecasts(
    model: SequenceModel, data: SequenceDataModule, split: Split, seed: int = 0, linear: LinearWindow | None = None
) -> tuple[Figures, dict[str, Figures]]:
    """Figures of the model's forecasts, and of naive methods, over all windows of a split.

    sMAPE, MASE: of the median, means over steps, then over features and windows. OWA: the mean of the two, each
    relative to Naive2 (Makridakis et al. 2020 [m4competition]), where each series is forecast once. Of samples also
    CRPS, weighted quantile loss and the share of truths in central intervals. Empty where nothing is forecast.

    Args:
        model: A forecaster.
        data: Its data; records with `context` say what is given and what follows.
        split: Which records.
        seed: Of the samples.
        linear: A baseline that is scored beside them.
    """
    if data.labelled or not isinstance(data.codec.spec, Continuous):
        return {}, {}
    if data.streams and not data.store(split).context.any():
        return {}, {}
    once = _once_a_record(data, split)
    sums = {name: _Sums() for name in ("model", "naive", "seasonal_naive", "naive2", "linear_window")}
    scales: dict[int, np.ndarray] = {}
    for windows in _alike(_windows(model, data, split, seed, linear)):
        for window in windows:
            if window.record not in scales:
                scales[window.record] = np.array([mase_scale(column, data.season) for column in window.history.T])
        truth, scale = np.stack([w.truth for w in windows]), np.stack([scales[w.record] for w in windows])
        sums["model"].add(truth, np.stack([w.samples for w in windows], axis=1), scale)
        for name, forecast in _naive_forecasts(windows, data.season, once).items():
            sums[name].add(truth, forecast[None], scale)
        straight = [window.linear for window in windows if window.linear is not None]
        if straight:
            sums["linear_window"].add(truth, np.stack(straight, axis=1), scale)
    figures = {name: of.figures() for name, of in sums.items() if of.rows["smape"]}
    if "naive2" in figures:
        reference = figures["naive2"]
        for name, of in figures.items():
            figures[name] = of | {"owa": _owa(of, reference)}
    return figures.pop("model", {}), figures


def _alike(windows: Iterator[Window]) -> Iterator[list[Window]]:
    """Windows that follow each other and are of one shape, some at once."""
    together: list[Window] = []
    for window in windows:
        if together and (len(together) == _SCORED_TOGETHER or together[0].truth.shape != window.truth.shape):
            yield together
            together = []
        together.append(window)
    if together:
        yield together


def _naive_forecasts(windows: list[Window], season: int, once: bool) -> dict[str, np.ndarray]:
    """What naive methods say, (W, H, F) each; Naive2 where each series is forecast once."""
    horizon = len(windows[0].truth)
    filled = [fill_forward(window.history) for window in windows]
    made = {
        "naive": np.stack([np.repeat(history[-1:], horizon, axis=0) for history in filled]),
        "seasonal_naive": np.stack([seasonal_naive(history, horizon, season) for history in filled]),
    }
    if once:
        columns = [[naive2(column, horizon, season) for column in history.T] for history in filled]
        made["naive2"] = np.stack([np.stack(own, axis=1) for own in columns])
    return made


def _windows(
    model: SequenceModel, data: SequenceDataModule, split: Split, seed: int, linear: LinearWindow | None = None
) -> Iterator[Window]:
    return _of_paths(model, data, split, seed) if data.streams else _of_windows(model, data, split, seed, linear)


def _of_paths(model: SequenceModel, data: SequenceDataModule, split: Split, seed: int) -> Iterator[Window]:
    """Sample paths from the context of each record that has one."""
    store = data.store(split)
    every = np.flatnonzero(store.context)
    for block, begin in enumerate(range(0, len(every), _TOGETHER)):
        numbers = every[begin : begin + _TOGETHER]
        contexts = [store.sequence(int(n))[: store.context[n]] for n in numbers]
        horizons = store.lengths[numbers] - store.context[numbers]
        paths = continue_sequences(model, contexts, int(horizons.max()), NUM_SAMPLES, seed=seed + block)
        for number, context, horizon, drawn in zip(numbers, contexts, horizons, paths, strict=True):
            truth = data.codec.decode(store.sequence(int(number))[len(context) :])
            samples = np.stack([data.codec.decode(path[:horizon]) for path in drawn])
            yield Window(int(number), data.codec.decode(context), truth, samples)


@torch.no_grad()
def _of_windows(
    model: SequenceModel, data: SequenceDataModule, split: Split, seed: int, linear: LinearWindow | None
) -> Iterator[Window]:
    """Direct forecasts from every window of the split."""
    loader, store = data.loader(split), data.store(split)
    assert isinstance(loader, WindowLoader) and isinstance(model.task, Forecast)
    output, spec = model.task.output, data.codec.spec
    assert isinstance(spec, Continuous)
    num_samples = 1 if isinstance(output, Point) else NUM_SAMPLES
    generator = torch.Generator(device=model.device).manual_seed(seed)
    model.eval()
    plan, last = loader.plan(0), -1
    for position in range(len(loader)):
        index = plan[position * loader.batch_size : (position + 1) * loader.batch_size]
        batch = loader.windows(index).to(model.device)
        raw, scale, _ = model.answer(batch)
        drawn = output.draw(raw[:, : loader.horizon], num_samples, Sampling(), generator, scale)  # (S, B, H, F)
        samples, truths = decode_predicted(data.codec, drawn.cpu()), decode_predicted(data.codec, batch.targets.cpu())
        straight = None if linear is None else decode_predicted(data.codec, linear.predict(batch.to("cpu")))
        for row, number in enumerate(index):
            record, place = int(loader.record[number]), int(loader.place[number])
            # The whole past decides the scale of errors, once a record; naive methods look back a few seasons.
            begin = int(store.offsets[record])
            begin = begin if record != last else max(begin, place - _SEASONS * data.season)
            last = record
            steps = store.stretch(begin, place)[:, : spec.num_predicted]
            history, other = decode_predicted(data.codec, steps), None if straight is None else straight[row][None]
            yield Window(record, history, truths[row], samples[:, row], other)


class _Sums:
    """Figures of one method, window by window."""

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = defaultdict(list)
        self.loss = self.size = 0.0
        self.is_point = True

    def add(self, truth: np.ndarray, samples: np.ndarray, scale: np.ndarray) -> None:
        """Add windows: truth (W, H, F), samples (S, W, H, F), the error of the naive forecast in each past (W, F)."""
        ordered = np.sort(samples, axis=0) if len(samples) > 1 else samples
        forecast = quantile(ordered, 0.5)
        error, size = np.abs(truth - forecast), np.abs(truth) + np.abs(forecast)
        relative = np.where(size > 0, 200 * error / np.where(size > 0, size, 1), 0.0 * size)  # sMAPE of each step
        self.rows["smape"] += _means(_means(relative, 1), 1).tolist()
        self.rows["mase"] += _means(_means(error, 1) / scale, 1).tolist()
        if len(samples) > 1:
            self.is_point = False
            self.rows["crps"] += _means(crps(truth, ordered).reshape(len(truth), -1), 1).tolist()
            loss, observed = weighted_quantile_loss(truth, ordered)
            self.loss, self.size = self.loss + loss, self.size + observed
            for share in COVERAGES:
                inside = np.where(np.isfinite(truth), covered(truth, ordered, share), np.nan)
                self.rows[f"coverage_{100 * share:.0f}"] += _means(inside.reshape(len(truth), -1), 1).tolist()

    def figures(self) -> Figures:
        """Means over windows."""
        found = {name: _mean(values) for name, values in self.rows.items()}
        if self.is_point:
            return found
        return found | {"weighted_quantile_loss": self.loss / self.size if self.size else float("nan")}


def _once_a_record(data: SequenceDataModule, split: Split) -> bool:
    """Whether each series is forecast from one origin only, as in the M4 competition."""
    if data.streams:
        return True
    loader = data.loader(split)
    return isinstance(loader, WindowLoader) and len(np.unique(loader.record)) == len(loader.record)


def _owa(figures: Figures, reference: Figures) -> float:
    ratios = [figures[name] / reference[name] if reference[name] > 0 else np.nan for name in ("smape", "mase")]
    return float(np.mean(ratios))


def _mean(values: list[float]) -> float:
    """The mean of what is known (MASE of a series that repeats itself is not); NaN where nothing is."""
    return float(_means(np.asarray(values, dtype=np.float64), 0))


def _means(values: np.ndarray, axis: int) -> np.ndarray:
    """Means of what is known along an axis; NaN where nothing is."""
    values = values.astype(np.float64)
    known = np.isfinite(values)
    count = known.sum(axis)
    total = np.where(known, values, 0.0).sum(axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
