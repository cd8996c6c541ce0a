"""Domain: the value that a plugin's entry point names, and Scorer: a question that only one domain asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqkit.encoder import EncoderBuilder, step_encoder

if TYPE_CHECKING:
    from seqkit.data.module import SequenceDataModule

API_LEVEL = 1
"""Of the contract between core and plugins; goes up when a plugin written for the level before would not work."""


@dataclass(frozen=True)
class Scorer:
    """A way of asking a trained model that only one domain knows: `seqkit score RUN --NAME VALUE`.

    Attributes:
        run: `(judge, value, **options) -> rows`, a generator. `judge` is a `Judge`, `value` the word after `--NAME`;
            the other parameters become options of the verb, their help text comes from the docstring. All rows have
            the same keys.
        plot: `(rows, path) -> files`: draws all rows beside the table at `path`; None draws nothing. Offer it only
            where the rows fit into memory.
    """

    run: Callable[..., Iterator[dict[str, Any]]]
    plot: Callable[[list[dict[str, Any]], Path], list[Path]] | None = None


@dataclass(frozen=True)
class Domain:
    """A data module, an encoder and the tasks they can serve.

    Attributes:
        name: The word after `--domain`.
        datamodule: Its signature becomes `--data.*` and the help text.
        encoder: `(spec, d_model, task, **options) -> Encoder`; the options become `--encoder.*`.
        tasks: Tasks that the domain's records allow; the first one is the default.
        defaults: For a task, options that suit the domain better than the general ones, by dotted name:
            `{"classify": {"model.hidden_size": 64, "trainer.max_epochs": 20}}`.
        scorers: Questions of this domain to a trained model, by the name of their option in `seqkit score`.
        api_level: Level of the contract that the plugin is written for; a checkpoint of another level is refused.
    """

    name: str
    datamodule: type[SequenceDataModule]
    encoder: EncoderBuilder = step_encoder
    tasks: tuple[str, ...] = ("next_step",)
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    scorers: dict[str, Scorer] = field(default_factory=dict)
    api_level: int = 1
