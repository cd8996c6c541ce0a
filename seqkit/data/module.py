"""SequenceDataModule: what a plugin fills with `records`; splitting, encoding, caching and batching are done here."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl

from seqkit.codec import Codec
from seqkit.data.cache import store_folder
from seqkit.data.given_paths import GivenPaths
from seqkit.data.hooks import DataHooks
from seqkit.data.loaders import SplitLoaders
from seqkit.data.sources import PathOption
from seqkit.data.splits import HoldOut, cut_stream, place_records, place_stream, select_records, stream_length
from seqkit.data.store import FlatStore
from seqkit.data.store_building import build_store
from seqkit.data.tolerance import OnBadRecord, Tolerance, counted
from seqkit.errors import ConfigError, DataError
from seqkit.lecture.sources.made import is_made
from seqkit.problems import report
from seqkit.steps import Record, Split

_MOST_WORKERS = 64


class SequenceDataModule(GivenPaths, SplitLoaders, pl.LightningDataModule, DataHooks):
    """Base of each domain's data module. A plugin sets two codecs and yields records; `DataHooks` are at its choice.

    Args:
        path: Where the data lies; `made:NAME` makes data whose best possible result is known; None makes demo data.
        task: What is asked about the records.
        batch_size: Parallel streams for `next_step`, most records a batch for the other tasks.
        window: Steps of a chunk for `next_step`: gradients flow that far back, the state further.
        valid_path: Validation records; otherwise a share of `path`.
        test_path: Test records; otherwise a share of `path`.
        test_match: Regular expression on the origin; what it finds is test.
        test_every: Every N-th record of each file (0-based index mod N = 0) is test.
        group_match: Regular expression on the origin; its first group (or all it finds) names the record's group,
            such as a speaker. Figures are given for each group, too.
        test_group: Records of this group are test.
        fold: `3/10`: the third of ten folds is test; folds are made by a hash of file and number, so not stratified.
        valid_fraction: Share of `path` held out for validation.
        test_fraction: Share of `path` held out for test, unless another rule says which.
        step_budget: Most steps of a batch of whole records, padding counted.
        order_seed: Seed of the training order; None takes the run's seed.
        on_bad_record: A record that cannot be used is an `error`, or is left out and counted (`skip`), or is kept for
            mending in the run's `quarantine.jsonl`, too (`quarantine`).
        max_bad: Most records that may be left out: a count, or a share such as `1%`.
        num_workers: Threads that prepare batches ahead, which pays beside a fast device; the order stays.

    Attributes:
        codec: For `Record.sequence`.
        target_codec: For `Record.target`; the same one under `next_step`.
        arguments: What the module was made with; goes into the checkpoint.
        tolerance: What became of bad records.
    """

    codec: Codec
    target_codec: Codec
    arguments: dict[str, Any]

    # Wrapped, because a signature on `__new__` would hide that of `__init__` from whoever builds options from it.
    @functools.wraps(object.__new__)  # type: ignore[misc]
    def __new__(cls, *args: Any, **kwargs: Any) -> SequenceDataModule:
        """Note the arguments, whatever the subclass does with them."""
        module = super().__new__(cls)
        bound = inspect.signature(cls.__init__).bind_partial(module, *args, **kwargs)
        bound.apply_defaults()
        given = dict(list(bound.arguments.items())[1:])
        for name, parameter in inspect.signature(cls.__init__).parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                given |= given.pop(name, {})
        module.arguments = given
        return module

    def __init__(
        self,
        path: PathOption = None,
        task: str = "next_step",
        batch_size: int = 32,
        window: int = 128,
        valid_path: PathOption = None,
        test_path: PathOption = None,
        test_match: str | None = None,
        test_every: int | None = None,
        group_match: str | None = None,
        test_group: str | None = None,
        fold: str | None = None,
        valid_fraction: float = 0.1,
        test_fraction: float = 0.1,
        step_budget: int = 1 << 20,
        order_seed: int | None = None,
        on_bad_record: OnBadRecord = "error",
        max_bad: int | str = "1%",
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        for name, value in (("batch_size", batch_size), ("window", window), ("step_budget", step_budget)):
            if value < 1:
                raise ConfigError(f"{name} is {value}", at=f"--data.{name}", fix="give a positive number")
        if not 0 <= num_workers <= _MOST_WORKERS:
            raise ConfigError(f"num_workers is {num_workers}", at="--data.num_workers", fix=f"0 to {_MOST_WORKERS}")
        self.give_paths(path, valid_path, test_path)
        self.task, self.batch_size, self.window = task, batch_size, window
        self.step_budget, self.order_seed, self.num_workers = step_budget, order_seed, num_workers
        self.hold_out = HoldOut(
            valid_given=valid_path is not None or is_made(path),
            test_given=test_path is not None or is_made(path),
            test_match=test_match,
            test_every=test_every,
            group_match=group_match,
            test_group=test_group,
            fold=fold,
            valid_fraction=valid_fraction,
            test_fraction=test_fraction,
        )
        self.tolerance = Tolerance(on_bad_record, max_bad)
        self._stores: dict[Split, FlatStore] = {}
        self._stream_lengths: dict[Any, int] = {}
        self._fitted = False

    @property
    def holds_out_whole(self) -> bool:
        """Whether whole records are held out, rather than the end of the stream; by the task unless overridden."""
        return self.labelled

    def describe_split(self) -> str:
        """What is held out, in words, for the run's output; a domain that cuts in its own way says so here."""
        return self.hold_out.describe(stream=not self.holds_out_whole)

    @property
    def streams(self) -> bool:
        """Whether records are read as streams with carried state, rather than whole."""
        return self.task == "next_step"

    @property
    def labelled(self) -> bool:
        """Whether records have targets of their own, rather than being predicted themselves."""
        return self.task not in ("next_step", "forecast")

    def divide(self, read: Callable[[PathOption], Iterable[Record]], split: Split) -> Iterator[Record]:
        """Records of a split by the rules of `hold_out`; what most plugins' `records` come down to.

        Args:
            read: Yields all records of a path (of the demo data for None), the same at each call and for each split.
            split: The wanted split.
        """
        read = counted(read)
        own_path = {"valid": self.valid_path, "test": self.test_path}.get(split)
        if split == "predict" or own_path is not None:
            yield from read(self.path if own_path is None else own_path)
        elif self.holds_out_whole:
            yield from select_records(read(self.path), split, self.hold_out)
        else:
            yield from cut_stream(lambda: read(self.path), split, self.hold_out, self._stream_length(read))

    def accepted(self, split: Split) -> Iterator[Record]:
        """The `records` of a split, bad ones left out as `on_bad_record` allows.

        Raises:
            DataError: At a bad record that is not left out, or where too many were.
        """
        return self.tolerance.records(self.records(split))

    def placed(self) -> Iterator[tuple[Split | None, Record]]:
        """Every record once, with its target and the split it falls into; what `seqkit check` counts.

        None stands for a stream whose end is held out. A domain that cuts in its own way overrides this.
        """
        whole = copy.copy(self)
        # All of `path` is test: with targets, and without what a domain adds to training records.
        whole.valid_path, whole.test_path, whole.hold_out = None, None, HoldOut(valid_given=True, test_match="")
        records = whole.records("test" if self.labelled else "predict")
        yield from (place_records if self.holds_out_whole else place_stream)(records, self.hold_out)
        for split, path in (("valid", self.valid_path), ("test", self.test_path)):
            if path is not None:
                yield from ((cast(Split, split), record) for record in self.records(cast(Split, split)))

    def fit_codecs(self) -> None:
        """Let the codecs learn from the training split, once."""
        if self._fitted:
            return
        if type(self.codec).fit is not Codec.fit:
            with self.tolerance.reading():
                self.codec.fit(record.sequence for record in self.accepted("train"))
        if self.target_codec is not self.codec and type(self.target_codec).fit is not Codec.fit:
            with self.tolerance.reading():
                self.target_codec.fit(self._targets("train"))
        self._fitted = True

    def restore_codecs(self, codec: dict[str, Any], target_codec: dict[str, Any]) -> None:
        """Use codecs that a checkpoint holds instead of fitting them."""
        self.codec.restore(codec)
        if self.target_codec is not self.codec:
            self.target_codec.restore(target_codec)
        self._stream_lengths.clear()  # A codec may say how records are read: at which sample rate, for one.
        self._fitted = True

    def setup(self, stage: str | None = None) -> None:
        """Fit the codecs; stores are made when they are first asked for."""
        self.fit_codecs()

    def store(self, split: Split) -> FlatStore:
        """The encoded records of a split: built once, then read from the cache."""
        if split not in self._stores:
            self.fit_codecs()
            codec = self.target_codec if self.labelled and split != "predict" else None
            folder, cached = store_folder(self, split)
            if cached is None:
                cached = self._build(split, codec, folder)
            else:
                self.tolerance.restore(folder)
            self._stores[split] = cached
        return self._stores[split]

    def _stream_length(self, read: Callable[[PathOption], Iterable[Record]]) -> int | None:
        """Length of the stream in `path`, measured once: splits are read one after the other."""
        if self.hold_out.shares[1] == 0:
            return None  # Nothing is cut off, so the length does not matter; but for test, which is then empty.
        key = (str(self.path), self.hold_out)
        if key not in self._stream_lengths:
            self._stream_lengths[key] = stream_length(read(self.path), self.hold_out)
        return self._stream_lengths[key]

    def _build(self, split: Split, target_codec: Codec | None, folder: Path) -> FlatStore:
        whole, aligned = not self.streams, self.task == "tag"
        with self.tolerance.reading():
            records = self.accepted(split)
            return build_store(records, self.codec, target_codec, folder, whole, aligned, self.tolerance.save)

    def _targets(self, split: Split) -> Iterator[Any]:
        """Targets of a split, for the codec to learn from; a record without one is left out as a bad one."""
        for record in self.accepted(split):
            if record.target is None:
                fix = "give it a label, or use --data.task next_step"
                report(DataError("the record has no target", at=record.origin, fix=fix))
            else:
                yield record.target
