"""SplitLoaders: the batches of each split, as Lightning asks for them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from seqkit.data.loader import BatchLoader, RecordLoader, StreamLoader
from seqkit.data.store import FlatStore
from seqkit.data.windows import WindowLoader
from seqkit.errors import ConfigError, DataError
from seqkit.steps import Split
from seqkit.wording import plural


class SplitLoaders:
    """Loaders over the stores of a data module; how they read is decided by its task."""

    task: str
    batch_size: int
    window: int
    step_budget: int
    order_seed: int | None
    num_workers: int
    horizon: int | None
    look_back: int
    stride: int
    trainer: Any
    path: Any

    @property
    @abstractmethod
    def streams(self) -> bool:
        """Whether records are read as streams with carried state."""

    @abstractmethod
    def store(self, split: Split) -> FlatStore:
        """The encoded records of a split."""

    @abstractmethod
    def describe_split(self) -> str:
        """What is held out, in words."""

    def loader(self, split: Split) -> BatchLoader:
        """Batches of a split.

        Raises:
            DataError: If the split holds nothing to learn from or to score.
        """
        store, shuffle, seed = self.store(split), split == "train", self.order_seed or 0
        loader: BatchLoader
        if self.streams:
            loader = StreamLoader(store, self.batch_size, self.window, shuffle, seed)
        elif self.task == "forecast":
            loader = self._windows(store, shuffle, seed)
        else:
            loader = RecordLoader(store, self.batch_size, self.step_budget, shuffle, seed)
        loader.num_workers = self.num_workers
        if len(loader) == 0:
            raise DataError(
                f"the {split} split is empty ({plural(len(store), 'record')}, {plural(len(store.steps), 'step')})",
                at=f"path {self.path!r}; {self.describe_split()}",
                fix="hold out less or more (--data.valid_fraction, --data.test_fraction), or give --data.valid_path",
            )
        return loader

    def train_dataloader(self) -> BatchLoader:
        """Training batches, shuffled by (seed, epoch), as many an epoch as the Trainer takes."""
        return self.loader("train").under(self.trainer)

    def val_dataloader(self) -> BatchLoader:
        """Validation batches."""
        return self.loader("valid")

    def test_dataloader(self) -> BatchLoader:
        """Test batches."""
        return self.loader("test")

    def predict_dataloader(self) -> BatchLoader:
        """Batches of everything in `path`."""
        return self.loader("predict")

    def _windows(self, store: FlatStore, shuffle: bool, seed: int) -> WindowLoader:
        if self.horizon is None:
            raise ConfigError("forecast needs to know how far", at="--data.horizon", fix="give the steps to forecast")
        return WindowLoader(store, self.batch_size, self.look_back, self.horizon, self.stride, shuffle, seed)
