"""Options of the data module that are refused."""

from __future__ import annotations

import re
from typing import Any

from seqkit import ConfigError
from seqkit_dna.fragment import BLOCK_BASES
from seqkit_dna.legend import Legend


def check_tagging(legend: Legend, k: int, piece: int) -> None:
    """Refuse what `tag` cannot have.

    Raises:
        ConfigError: Names the option.
    """
    legend.check()
    if k != 1:
        raise ConfigError(
            f"task 'tag' answers each base, not each {k}-mer",
            at="--data.k",
            fix="leave it out: the encoder sees each base with its neighbours",
        )
    if piece < 2:
        raise ConfigError(f"piece is {piece}", at="--data.piece", fix="give 2 or more bases")


def check_options(streams: bool, k: int, stride: int, label_pattern: str | None, min_length: int) -> None:
    """Refuse options that contradict each other or the task.

    Raises:
        ConfigError: Names the option.
    """
    if streams and stride != k:
        raise ConfigError(
            f"next_step over {k}-mers that overlap (stride {stride}): the next one is already half known",
            at="--data.kmer_stride",
            fix="leave it out: next_step reads k-mers side by side",
        )
    if not 0 <= min_length <= BLOCK_BASES:
        raise ConfigError(f"min_length is {min_length}", at="--data.min_length", fix=f"give 0 to {BLOCK_BASES}")
    if label_pattern is not None:
        try:
            groups = re.compile(label_pattern).groups
        except re.error as error:
            raise ConfigError(
                f"not a regular expression: {error}", at="--data.label_pattern", fix="see Python's re module"
            ) from None
        if groups < 1:
            raise ConfigError(f"{label_pattern!r} has no group", at="--data.label_pattern", fix="put the label in ( )")


def check_steps(asked: dict[str, Any], trained: dict[str, Any]) -> None:
    """Refuse other steps than those that a model was trained on.

    Args:
        asked: State of the codec, as options make it.
        trained: The same in the checkpoint.

    Raises:
        ConfigError: Names what differs.
    """
    changed = [name for name, value in asked.items() if trained.get(name) != value]
    if changed:
        raise ConfigError(
            f"the model was trained with {', '.join(f'{name} {trained.get(name)}' for name in changed)}, "
            f"not {', '.join(f'{name} {asked[name]}' for name in changed)}",
            at="--data.k, --data.kmer_stride, --data.ambiguous, --data.reverse_complement",
            fix="leave out the options that decide what a step is: those of the run hold",
        )
