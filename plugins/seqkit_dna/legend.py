"""Legend: which kinds of features are asked for, and the letter that stands for each."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Literal

from seqkit import ConfigError

Strandedness = Literal["both", "separate", "frame"]

NOTHING = "."
"""The tag of a base that no feature covers."""

CODING = "CDS"

_BASES_OF_A_CODON = 3


@dataclass(frozen=True)
class Legend:
    """A tag a base. Where features overlap, the one asked for first counts, and `+` before `-`.

    Attributes:
        features: Kinds of features, each a regular expression for the whole of a kind, or `NAME=EXPRESSION`.
        strand: `both`: one tag for either strand; `separate`: two; `frame`: one for each base of a codon on each.

    Example:
        >>> Legend(("CDS", "RNA=.*RNA"), "separate").names
        {'.': 'none', 'C': 'CDS+', 'c': 'CDS-', 'R': 'RNA+', 'r': 'RNA-'}
        >>> Legend(("CDS",), "frame").names
        {'.': 'none', 'C': 'CDS+1', 'D': 'CDS+2', 'S': 'CDS+3', 'c': 'CDS-1', 'd': 'CDS-2', 's': 'CDS-3'}
    """

    features: tuple[str, ...]
    strand: Strandedness = "both"

    @property
    def letters(self) -> str:
        """All tags, that of nothing first; then in the order in which they count."""
        return NOTHING + "".join(self.kinds)

    @property
    def positions(self) -> int:
        """Tags of a feature on one strand."""
        return _BASES_OF_A_CODON if self.strand == "frame" else 1

    @property
    def kinds(self) -> dict[str, tuple[str, str]]:
        """Feature and strand (`+`, `-`, or `.` for either) of each letter but that of nothing."""
        kinds: dict[str, tuple[str, str]] = {}
        for feature in self.features:
            name = _name(feature)
            wanted = dict.fromkeys(c for c in name.upper() + string.ascii_uppercase if c in string.ascii_uppercase)
            own = [c for c in wanted if c not in kinds][: self.positions]
            kinds |= {c: (name, "." if self.strand == "both" else "+") for c in own}
            if self.strand != "both":
                kinds |= {c.lower(): (name, "-") for c in own}
        return kinds

    @property
    def names(self) -> dict[str, str]:
        """What each letter stands for."""
        names = {NOTHING: "none"}
        for number, (letter, (name, strand)) in enumerate(self.kinds.items()):
            place = str(number % self.positions + 1) if self.positions > 1 else ""
            names[letter] = name + strand.strip(".") + place
        return names

    def tags_of(self, kind: str) -> tuple[int, int] | None:
        """Places in `letters` of a kind on the forward and on the reverse strand; None for what is not asked for.

        Of several `positions` the first; the others follow it.
        """
        for number, feature in enumerate(self.features):
            if re.fullmatch(_expression(feature), kind):
                if self.strand == "both":
                    return number + 1, number + 1
                return 2 * number * self.positions + 1, (2 * number + 1) * self.positions + 1
        return None

    def opposite(self) -> dict[int, str]:
        """For `str.translate`: each letter to that of the same feature on the other strand."""
        return str.maketrans({} if self.strand == "both" else {c: c.swapcase() for c in self.kinds})

    def check(self) -> None:
        """Refuse what cannot be asked for.

        Raises:
            ConfigError: Names the option.
        """
        names = [_name(feature) for feature in self.features]
        most = len(string.ascii_uppercase) // self.positions
        if not 1 <= len(names) <= most or len(set(names)) < len(names) or not all(names):
            what = f"features {', '.join(names) or 'none'}"
            raise ConfigError(what, at="--data.feature", fix=f"name 1 to {most} kinds, each once")
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
