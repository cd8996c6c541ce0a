"""The terminal as tables and lines are printed to it: what names and values hold is never taken for instructions."""

from __future__ import annotations

from rich.console import Console


def plain_console(width: int | None = None) -> Console:
    """A console that prints brackets and colons as they stand: a series `a` of a file is `t.csv:a:`, no emoji.

    Args:
        width: Columns; None takes those of the terminal.
    """
    return Console(highlight=False, markup=False, emoji=False, width=width)
