"""Groups of records (a speaker, a chromosome, a sensor) and folds of a cross-validation, by their origins."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from seqkit.errors import ConfigError


def group_of(origin: str, pattern: str | None) -> str | None:
    r"""The group that a record's origin names: the first group of the expression, or all that it finds.

    None where it finds nothing, or there is no expression.

    Example:
        >>> group_of("recordings.zip:7_theo_3.wav", r"_(\w+)_\d+\.wav$"), group_of("genes.fa:b0001", "^[^.:]+")
        ('theo', 'genes')
    """
    found = None if pattern is None else re.search(pattern, origin)
    if found is None:
        return None
    return found.group(1) if found.re.groups else found.group()


def require_groups(origins: Iterable[str], pattern: str, least: int = 2) -> list[str]:
    """The names of all groups, sorted.

    Args:
        origins: Of the records.
        pattern: Its first group, or all it finds, is the name.
        least: Groups that there must be.

    Raises:
        ConfigError: If the expression finds fewer groups.
    """
    names: set[str] = set()
    example = ""
    for origin in origins:
        name = group_of(origin, pattern)
        example = example or origin
        names |= set() if name is None else {name}
    if len(names) < least:
        found = f"names one group only, {min(names)!r}" if names else "finds none of the records"
        raise ConfigError(
            f"{pattern!r} {found}",
            at="--data.group_match",
            fix=f"its first group is the name, searched in the whole origin, such as {example!r}",
        )
    return sorted(names)


def parse_fold(fold: str) -> tuple[int, int]:
    """`3/10` as (3, 10): the third of ten folds, counted from 1.

    Raises:
        ConfigError: If it has another form, or there is no such fold.
    """
    parts = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", fold)
    number, folds = (int(parts[1]), int(parts[2])) if parts else (0, 0)
    if folds < 2 or not 1 <= number <= folds:
        raise ConfigError(
            f"fold is {fold!r}", at="--data.fold", fix="write NUMBER/FOLDS with 1 <= NUMBER <= FOLDS, such as 3/10"
        )
    return number, folds


def fold_of(origin: str, index: int, folds: int) -> int:
    """The fold that a record falls to, 1 to `folds`: a hash of its file and its number there, not of its content.

    Args:
        origin: Of the record; its file is what stands before the first colon.
        index: The record's 0-based number in its file.
        folds: Number of folds.
    """
    return 1 + int(share_of(origin, index, salt=b"fold") * folds)


def share_of(origin: str, index: int, salt: bytes = b"") -> float:
    """A number in [0, 1) that depends on the record's file and number only, the same on every machine.

    Args:
        origin: Of the record.
        index: Its 0-based number in its file.
        salt: Another one gives independent numbers.
    """
    key = f"{origin.partition(':')[0]}\0{index}".encode()
    return (int.from_bytes(hashlib.blake2b(key, digest_size=8, salt=salt).digest(), "big") >> 11) / 2**53
