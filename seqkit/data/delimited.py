"""Delimited text (CSV, TSV) as Arrow batches whose cells are all text: an id keeps its zeros, a wrong cell its place.

pyarrow reads it, because it notices a ragged row that other readers shift silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seqkit.data.sources import SourceFile
from seqkit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK_BYTES = 1 << 22


def read_delimited(
    source: SourceFile, delimiter: str = ",", names: list[str] | None = None, skip_rows: int = 0
) -> Iterator[pa.RecordBatch]:
    """Rows of a delimited text file in batches; every cell is a string, an empty one "".

    Args:
        source: The file, UTF-8; `.gz` is unpacked on the way.
        delimiter: What separates cells.
        names: The columns' names; None takes them from the first line.
        skip_rows: Lines before the first row; the header counts if `names` are given.

    Raises:
        DataError: Names the line with too few or too many cells, or that is not UTF-8; or the column that occurs twice.
    """
    import pyarrow as pa
    from pyarrow import csv

    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "error"

    read = csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False, column_names=names, skip_rows=skip_rows)
    parse = csv.ParseOptions(
        delimiter=delimiter,
        newlines_in_values=True,
        ignore_empty_lines=names is None or len(names) > 1,  # In a single column an empty line is an empty cell.
        invalid_row_handler=note,
    )
    try:
        if names is None:
            with source.open() as stream:
                names = csv.open_csv(stream, read, parse).schema.names
        _require_different(names, source.origin)
        convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        with source.open() as stream:
            yield from csv.open_csv(stream, read, parse, convert)
    except (pa.ArrowInvalid, EOFError, OSError) as error:
        raise _explain(source, ragged, error) from error


def _require_different(names: list[str], origin: str) -> None:
    """Refuse a table with two columns of one name: one of them would be lost.

    Raises:
        DataError: Names the column.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"column {twice[0]!r} occurs twice", at=origin, fix="give each column a name of its own")


def _explain(source: SourceFile, ragged: list[Any], error: Exception) -> DataError:
    """The library's complaint with the line it is about."""
    if ragged:
        wrong = ragged[0]
        other = next((sign for sign in ";\t|" if wrong.expected_columns == 1 and sign in wrong.text), None)
        return DataError(
            f"{wrong.actual_columns} cells where {wrong.expected_columns} are expected: {wrong.text[:60]!r}",
            at=f"{source.origin}, line {wrong.number}",
            fix=f"is {other!r} the delimiter? save it with commas" if other else "give every row the header's cells",
        )
    if "UTF8" in str(error):
        return DataError("is not valid UTF-8", at=_undecodable_line(source), fix="save the table as UTF-8")
    if "Empty CSV" in str(error):
        return DataError("holds no rows", at=source.origin, fix="check the file")
    return DataError(f"cannot be read: {error}", at=source.origin, fix="check the file")


def _undecodable_line(source: SourceFile) -> str:
    with source.open() as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return f"{source.origin}, line {number}"
    return source.origin
