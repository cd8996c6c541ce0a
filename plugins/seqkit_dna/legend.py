"""Legend: which kinds of features are asked for, and the letter that stands for each."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Literal

from seqkit import ConfigError

Strandedness = Literal["both", "separate"]

NOTHING = "."
"""The tag of a base that no feature covers."""

CODING = "CDS"


@dataclass(frozen=True)
class Legend:
    """A tag a base. Where features overlap, the one asked for first counts, and `+` before `-`.

    Attributes:
        features: Kinds of features, each a regular expression for the whole of a kind, or `NAME=EXPRESSION`.
        strand: `both`: one tag for either strand; `separate`: two.

    Example:
        >>> Legend(("CDS", "RNA=.*RNA"), "separate").names
        {'.': 'none', 'C': 'CDS+', 'c': 'CDS-', 'R': 'RNA+', 'r': 'RNA-'}
    """

    features: tuple[str, ...]
    strand: Strandedness = "both"

    @property
    def letters(self) -> str:
        """All tags, that of nothing first; then in the order in which they count."""
        return "".join(self.names)

    @property
    def names(self) -> dict[str, str]:
        """What each letter stands for."""
        names = {NOTHING: "none"}
        for feature in self.features:
            name = _name(feature)
            free = [c for c in name.upper() + string.ascii_uppercase if c in string.ascii_uppercase and c not in names]
            if self.strand == "both":
                names[free[0]] = name
            else:
                names |= {free[0]: f"{name}+", free[0].lower(): f"{name}-"}
        return names

    def tags_of(self, kind: str) -> tuple[int, int] | None:
        """Places in `letters` of a kind on the forward and on the reverse strand; None for what is not asked for."""
        for number, feature in enumerate(self.features):
            if re.fullmatch(_expression(feature), kind):
                if self.strand == "both":
                    return number + 1, number + 1
                return 2 * number + 1, 2 * number + 2
        return None

    def opposite(self) -> dict[int, str]:
        """For `str.translate`: each letter to that of the same feature on the other strand."""
        return str.maketrans({c: c.swapcase() for c in self.letters[1:]} if self.strand == "separate" else {})

    def check(self) -> None:
        """Refuse what cannot be asked for.

        Raises:
            ConfigError: Names the option.
        """
        names = [_name(feature) for feature in self.features]
        if not 1 <= len(names) <= len(string.ascii_uppercase) or len(set(names)) < len(names) or not all(names):
            raise ConfigError(
                f"features {', '.join(names) or 'none'}", at="--data.feature", fix="name 1 to 26 kinds, each once"
            )
        for feature in self.features:
            try:
                re.compile(_expression(feature))
            except re.error as error:
                raise ConfigError(
                    f"{feature!r} is no regular expression: {error}", at="--data.feature", fix="see Python's re module"
                ) from None


def _name(feature: str) -> str:
    return feature.partition("=")[0]


def _expression(feature: str) -> str:
    name, sign, expression = feature.partition("=")
    return expression if sign else name
