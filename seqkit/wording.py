"""How counts and values are written in messages. Free of imports: every part of the program says something."""

from __future__ import annotations

from typing import Any


def plural(number: int, noun: str) -> str:
    """A number with its noun.

    Args:
        number: How many.
        noun: In the singular; its plural ends in `s`, `x` in `xes`, and `series` stays.

    Example:
        >>> plural(1, "record"), plural(1200, "bad record"), plural(0, "class"), plural(2, "series")
        ('1 record', '1,200 bad records', '0 classes', '2 series')
    """
    ending = "" if number == 1 or noun.endswith("series") else "es" if noun.endswith(("s", "x")) else "s"
    return f"{number:,} {noun}{ending}"


def quoted(value: Any, most: int = 40) -> str:
    """A value as it stands in the data, in quotes if it is text, and cut where it is long.

    Args:
        value: Any.
        most: Letters that are shown; dots behind the quote stand for the rest.

    Example:
        >>> quoted("12,5"), quoted("ACGTACGT", most=4), quoted([1, 2, 3], most=5)
        ("'12,5'", "'ACGT'...", '[1, 2...')
    """
    if isinstance(value, str):
        return repr(value) if len(value) <= most else f"{value[:most]!r}..."
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."
