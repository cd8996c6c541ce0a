"""Whole records with their labels, as `classify` wants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seqkit import DataError, Record, join_parts, observe, plural, report
from seqkit_dna.reading import Reading


def with_label(records: Iterable[Record], reading: Reading, k: int, needed: bool) -> Iterator[Record]:
    """Whole records that hold a k-mer and have a label.

    Args:
        records: What was read, long records in parts.
        reading: How.
        k: Bases of a step.
        needed: Whether labels are: False for records to predict.

    Raises:
        DataError: Names the first record that is too short or has no label.
    """
    for record in join_parts(records):
        if reading.ambiguous == "skip" and "N" in record.sequence:
            observe("left_out", "letters for several bases")
        elif len(record.sequence) < k:
            what = f"{plural(len(record.sequence), 'base')} hold no {k}-mer"
            fix = f"leave such records out: --data.min_length {k}"
            report(DataError(what, at=record.origin, fix=fix), record.sequence)
        elif needed and record.target is None:
            report(no_label(record, reading.label_pattern), record.sequence)
        else:
            yield record


def no_label(record: Record, label_pattern: str | None) -> DataError:
    """The error for a record whose label is not known.

    Args:
        record: The record.
        label_pattern: Where it was looked for; None: in path, folder or column.
    """
    if label_pattern is not None:
        return DataError(
            f"label_pattern {label_pattern!r} does not match the record's header",
            at=record.origin,
            fix="change --data.label_pattern so that it matches each header",
        )
    return DataError(
        "the record has no label",
        at=record.origin,
        fix="give --data.path once for each class as LABEL=PATH, a folder for each class, --data.label_pattern, "
        "or a table with --data.label_column",
    )
