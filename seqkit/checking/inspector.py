"""Inspector: what a domain tells about its data in its own terms."""

from __future__ import annotations

from typing import Any

from seqkit.steps import Record


class Inspector:
    """Sees each usable record of a data set once, in the order and in the parts in which it is read.

    A domain overrides what it has something to say about. It holds counts, never the records: data sets are larger
    than memory.
    """

    def add(self, record: Record) -> None:
        """Take in a record, or the next part of one (`Record.continues`)."""

    def facts(self) -> dict[str, Any]:
        """What was counted, as plain JSON: numbers, words, and counts by name.

        A name that ends in `_share` is shown as a percentage. `{"gc_share": 0.508, "letters": {"A": 114, "C": 118}}`.
        """
        return {}

    def warnings(self) -> list[str]:
        """What training accepts and a user should still know, a sentence each."""
        return []
