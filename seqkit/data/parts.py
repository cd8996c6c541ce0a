"""Records that were read in parts, whole again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from seqkit.steps import Record


def join_parts(records: Iterable[Record]) -> Iterator[Record]:
    """Records with their parts (`Record.continues`) joined; sequences are texts or arrays along their first axis.

    Example:
        >>> parts = [Record("AC", origin="x"), Record("GT", origin="x", continues=True), Record("A", origin="y")]
        >>> [record.sequence for record in join_parts(parts)]
        ['ACGT', 'A']
    """
    parts: list[Record] = []
    for record in records:
        if not record.continues and parts:
            yield _joined(parts)
            parts = []
        parts.append(record)
    if parts:
        yield _joined(parts)


def _joined(parts: list[Record]) -> Record:
    if len(parts) == 1:
        return parts[0]
    pieces = [part.sequence for part in parts]
    return replace(parts[0], sequence="".join(pieces) if isinstance(pieces[0], str) else np.concatenate(pieces))
