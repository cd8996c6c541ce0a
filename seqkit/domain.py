"""Domain: the value that a plugin's entry point names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seqkit.encoder import EncoderBuilder, step_encoder

if TYPE_CHECKING:
    from seqkit.data.module import SequenceDataModule


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
    """

    name: str
    datamodule: type[SequenceDataModule]
    encoder: EncoderBuilder = step_encoder
    tasks: tuple[str, ...] = ("next_step",)
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
