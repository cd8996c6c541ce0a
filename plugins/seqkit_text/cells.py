"""Cells of tables: a text, a label, a list of words."""

from __future__ import annotations

from typing import Any

from seqkit import DataError, quoted


def text_cell(value: Any, column: str, at: str) -> str:
    """A table's cell as text."""
    if not isinstance(value, str):
        what = "is missing" if value is None else f"is {quoted(value, 60)}, a {type(value).__name__}"
        raise DataError(
            f"the text in column {column!r} {what}",
            at=at,
            fix="remove the row, or name the column that holds text with --data.text_column",
        )
    if "\0" in value:
        raise DataError(f"the text in column {column!r} holds a NUL character", at=at, fix="remove it, or the row")
    if not value.strip():
        raise DataError(f"the text in column {column!r} is empty", at=at, fix="remove the row")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        what = f"the text in column {column!r} has half of a surrogate pair, {value[error.start]!r}"
        raise DataError(what, at=at, fix="write the character whole") from error
    return value


def label_cell(value: Any, column: str, at: str) -> str:
    """A table's cell as a label: text, a whole number, true or false."""
    if isinstance(value, bool | int) or (isinstance(value, str) and value.strip()):
        return str(value)
    what = (
        "is missing" if value is None or isinstance(value, str) else f"is {quoted(value, 60)}, a {type(value).__name__}"
    )
    raise DataError(
        f"the label in column {column!r} {what}",
        at=at,
        fix="remove the row, or name the column that holds labels with --data.label_column",
    )


def list_cell(value: Any, column: str, at: str) -> list[str]:
    """A row's list of tokens or tags."""
    if not isinstance(value, list):
        raise DataError(
            f"column {column!r} holds {quoted(value)}, no list", at=at, fix='write {"tokens": [...], "tags": [...]}'
        )
    for place, cell in enumerate(value, start=1):
        if not isinstance(cell, str | int) or not str(cell).strip() or not _is_whole(str(cell)):
            what = f"entry {place} of column {column!r} is {quoted(cell)}"
            raise DataError(what, at=at, fix="give words, none empty, none with half a character")
    return [str(cell) for cell in value]


def _is_whole(text: str) -> bool:
    """Whether a text has no NUL and no half of a surrogate pair."""
    try:
        return b"\0" not in text.encode("utf-8")
    except UnicodeEncodeError:
        return False
