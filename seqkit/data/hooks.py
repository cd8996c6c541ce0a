"""DataHooks: what a domain may say about its data beside its records. Everything here has a default."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqkit.checking.inspector import Inspector
from seqkit.errors import ConfigError
from seqkit.steps import Generation, Record, Split

if TYPE_CHECKING:
    from seqkit.data.module import SequenceDataModule


class DataHooks(ABC):
    """Members of a data module that a plugin overrides where its field expects more than the default.

    Attributes:
        season: Steps of a season, for seasonal baselines and MASE; 1 where there is none.
        horizon: Steps that `forecast` predicts, and that `generate` adds when not told how many; None leaves it to
            the core.
        look_back: Steps that `forecast` is given.
        stride: Steps from one window of `forecast` to the next, in training and in evaluation.
        output_suffixes: Endings that `write` understands; the first is taken when none is asked for.
        version: Raised by a plugin when its records change for the same files, so that caches are made anew.
        steps_per_second: Steps of a second of real time, as of sound; None where steps have no rate.
        shows_steps: True: a sequence is a list of its steps, such as words, and `predict` gives it beside the tags.
    """

    season: int = 1
    horizon: int | None = None
    look_back: int = 96
    stride: int = 1
    output_suffixes: tuple[str, ...] = (".jsonl",)
    version: int = 1
    steps_per_second: float | None = None
    shows_steps: bool = False

    @abstractmethod
    def records(self, split: Split) -> Iterable[Record]:
        """The records of one split, anew and in the same order at each call; `predict` means all of `path`."""

    def write(self, path: Path, generations: Iterable[Generation]) -> list[Path]:
        """Save what `generate` made; one JSON object a line unless the domain has a format of its own.

        Args:
            path: Where to; its ending is one of `output_suffixes`.
            generations: What was made.

        Returns:
            The files written.
        """
        with path.open("w", encoding="utf-8") as file:
            for generation in generations:
                for number, value in enumerate(generation.values):
                    plain = value.tolist() if hasattr(value, "tolist") else value
                    line = {"origin": generation.prompt.origin, "sample": number, "value": plain}
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return [path]

    def row_writers(self) -> dict[str, Callable[[Iterator[dict[str, Any]], Path], None]]:
        """Writers of what `predict` says, by ending, beside those of CSV, JSON lines and parquet.

        A writer is given the rows as they come, in the order of the source, and where to write them.
        """
        return {}

    def prompt(self, value: str) -> Record:
        """The record to continue for `--prompt`; most domains take the words as they are."""
        return Record(sequence=value, origin="--prompt")

    def prompts(self) -> Iterable[Record]:
        """Records to continue, from the file that `path` names; those of `predict` unless overridden.

        A domain whose records end with a mark leaves it off here.
        """
        return self.records("predict")

    def parts(self, blocks: Iterator[bytes]) -> Iterator[Record]:
        """Bytes as they come, as records in parts; what `seqkit stream` reads. A domain with a byte form overrides it.

        Each part is handed on as soon as its steps can no longer change: encoding the parts of a record one after
        another equals encoding the whole of it, however the bytes are cut into blocks.

        Args:
            blocks: Consecutive bytes of any size, ending with the stream.

        Raises:
            ConfigError: If the domain has no such form.
        """
        raise ConfigError(
            f"{type(self).__name__} does not say how bytes become records: it cannot read a stream",
            at="seqkit stream",
            fix="use seqkit predict --data.path FILE, or override `parts` in the data module",
        )

    def baselines(self, split: Split, trained_on: SequenceDataModule) -> dict[str, dict[str, float]]:
        """What the field would compare a model with, beside the core's own baselines; figures named as the model's.

        Args:
            split: What is scored.
            trained_on: What a baseline learns from is the training split of this module; mostly it is this one.
        """
        return {}

    def feature_names(self, record: Record) -> Sequence[str]:
        """Names of the numbers of a step, such as columns; () where they have none."""
        return ()

    def notes(self) -> list[str]:
        """What a user should know about how these data are read; printed before training and evaluation."""
        return []

    def figures(self, truth: list[Any], guess: list[Any]) -> dict[str, float]:
        """Figures of `tag` and `ctc` that the field asks for beyond the core's own, such as F1 of whole names.

        Args:
            truth: Target of each record, decoded.
            guess: The model's answer to it.
        """
        return {}

    def units(self, split: Split) -> dict[str, float] | None:
        """What the predicted steps of a split amount to in units that do not depend on how it is cut into steps.

        `{"character": 11000}` adds the figure `bits_per_character` to those of next_step over symbols. Of each record
        the first step counts for nothing: it is not predicted.
        """
        return None

    def describe_span(self, num_steps: float) -> str:
        """A number of steps in the units that the field measures memory in, such as `4.8 ms` or `120 bp`."""
        if self.steps_per_second is None:
            return f"{num_steps:,.0f} {'step' if round(num_steps) == 1 else 'steps'}"
        seconds = num_steps / self.steps_per_second
        return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"

    def inspector(self) -> Inspector:
        """What `seqkit check` tells in the domain's own terms; a fresh one at each call."""
        return Inspector()
