"""What a network must beat: every rung of the ladder that is counted or solved rather than trained, for every task."""

from __future__ import annotations

import time

from seqkit.data.module import SequenceDataModule
from seqkit.data.store import FlatStore
from seqkit.data.windows import WindowLoader
from seqkit.errors import SeqkitError
from seqkit.lecture.rungs.autoregression import NUM_LAGS, number_rungs
from seqkit.lecture.rungs.bags import bag_of_words_rung, gaussian_bayes_rung
from seqkit.lecture.rungs.class_chains import class_chain_rung
from seqkit.lecture.rungs.class_rungs import majority_rung, mean_rung, symbol_majority_rung, uniform_classes
from seqkit.lecture.rungs.forecast_rungs import LinearWindow, forecast_rungs
from seqkit.lecture.rungs.neighbour import nearest_neighbour_rung
from seqkit.lecture.rungs.ngram import markov_rung, uniform_rung, unigram_rung
from seqkit.lecture.rungs.reading import NumberReader
from seqkit.lecture.rungs.rung import Figures, Rung
from seqkit.lecture.rungs.tag_window import tag_window_rung
from seqkit.steps import Continuous, Discrete, Split


def cheap_rungs(data: SequenceDataModule, split: Split, trained_on: SequenceDataModule | None = None) -> list[Rung]:
    """Baselines of a split, scored on exactly the targets of the model; those of the domain last.

    Orders, widths and temperatures are chosen on the validation split of `trained_on`, as the model's best checkpoint
    is. Without its training data, which a checkpoint does not need, only what learns nothing is left.

    Args:
        data: With the records to score.
        split: Which of them.
        trained_on: The data that baselines learn from, where the scored ones are others; None: the same.
    """
    return counted_rungs(data, split, trained_on)[0]


def counted_rungs(
    data: SequenceDataModule, split: Split, trained_on: SequenceDataModule | None = None
) -> tuple[list[Rung], LinearWindow | None]:
    """The same, and the linear map of `forecast`, which has further figures in the units of the data."""
    origin = trained_on or data
    train, valid = _store(origin, "train"), _store(origin, "valid")
    linear = None
    if data.streams:
        found = _of_streams(data, train, valid, split)
    elif data.task == "forecast":
        found, linear = _of_forecasts(data, origin, split)
    elif data.task == "ctc":
        found = [_nothing(data)]
    elif isinstance(data.target_codec.spec, Discrete):
        found = _of_classes(data, train, valid, split)
    else:
        mean = None if train is None or train.targets is None else mean_rung(train, data.store(split))
        found = [] if mean is None else [mean]
    return found + ([] if train is None else _of_domain(data, split, origin)), linear


def _of_streams(data: SequenceDataModule, train: FlatStore | None, valid: FlatStore | None, split: Split) -> list[Rung]:
    spec, scored = data.codec.spec, data.store(split)
    if isinstance(spec, Continuous):
        if train is None:
            return []
        return number_rungs(train, valid, scored, NumberReader(spec, data.codec.running_scale, data.season, NUM_LAGS))
    found: list[Rung | None] = [uniform_rung(spec.num_classes)]
    if train is not None:
        found.append(unigram_rung(train, scored, spec.num_classes))
        found.append(markov_rung(train, valid, scored, spec.num_classes))
    return [rung for rung in found if rung is not None]


def _of_classes(data: SequenceDataModule, train: FlatStore | None, valid: FlatStore | None, split: Split) -> list[Rung]:
    scored, spec, target_spec = data.store(split), data.codec.spec, data.target_codec.spec
    assert isinstance(target_spec, Discrete)
    num_classes = target_spec.num_classes
    found: list[Rung | None] = [uniform_classes(num_classes)]
    if train is None or train.targets is None or scored.targets is None or not len(train.targets):
        return [rung for rung in found if rung is not None]
    found.append(majority_rung(train.targets, scored.targets, num_classes))
    if isinstance(spec, Discrete) and data.task == "tag":
        found.append(symbol_majority_rung(train, scored, spec.num_classes, num_classes))
        found.append(tag_window_rung(train, valid, scored, spec.num_classes, num_classes))
    elif isinstance(spec, Discrete):
        found.append(bag_of_words_rung(train, valid, scored, spec.num_classes, num_classes))
        found.append(class_chain_rung(train, valid, scored, spec.num_classes, num_classes))
    elif data.task == "classify":
        found.append(gaussian_bayes_rung(train, valid, scored, num_classes))
        found.append(nearest_neighbour_rung(train, scored, num_classes))
    return [rung for rung in found if rung is not None]


def _of_forecasts(
    data: SequenceDataModule, origin: SequenceDataModule, split: Split
) -> tuple[list[Rung], LinearWindow | None]:
    scored = _windows(data, split)
    if scored is None:
        return [], None
    return forecast_rungs(_windows(origin, "train"), _windows(origin, "valid"), scored, data.season)


def _nothing(data: SequenceDataModule) -> Rung:
    """An empty transcript for every record: all symbols are missing."""
    words = {} if data.target_codec.separator is None else {"word_error_rate": 1.0}
    return Rung("nothing", "blind", {"symbol_error_rate": 1.0} | words)


def _of_domain(data: SequenceDataModule, split: Split, origin: SequenceDataModule) -> list[Rung]:
    begin = time.perf_counter()
    found: dict[str, Figures] = data.baselines(split, origin)
    seconds = time.perf_counter() - begin
    return [Rung(name, "domain", figures, seconds=seconds) for name, figures in found.items()]


def _store(data: SequenceDataModule, split: Split) -> FlatStore | None:
    """None if what the model was trained on cannot be read any more: a checkpoint must not need it."""
    try:
        return data.store(split)
    except (SeqkitError, OSError):
        return None


def _windows(data: SequenceDataModule, split: Split) -> WindowLoader | None:
    try:
        loader = data.loader(split)
    except (SeqkitError, OSError):
        return None
    return loader if isinstance(loader, WindowLoader) else None
