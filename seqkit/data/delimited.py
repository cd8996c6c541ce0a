"""Delimited text (CSV, TSV) as Arrow batches whose cells are all text: an id keeps its zeros, a wrong cell its place.

pyarrow reads it, because it notices a ragged row that other readers shift silently.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

from seqkit.data.ahead import ahead
from seqkit.data.checked_lines import MARK, CheckedLines, not_utf8
from seqkit.data.delimited_problems import (
    MOST_ROW_BYTES,
    RowLines,
    end_of,
    explain,
    require_different,
    wrong_width,
)
from seqkit.data.sources import SourceFile
from seqkit.errors import DataError
from seqkit.problems import collecting, report

if TYPE_CHECKING:
    import pyarrow as pa

_TYPED_BYTES = 1 << 20
"""Of a block of numbers: small enough for a core's cache. Longer rows are read as text."""

_FIRST_ROW = b"first_row"


def read_delimited(
    source: SourceFile,
    delimiter: str = ",",
    names: list[str] | None = None,
    skip_rows: int = 0,
    types: Mapping[str, pa.DataType] | None = None,
    missing: Sequence[str] = (),
) -> Iterator[pa.RecordBatch]:
    """Rows of a delimited text file in batches; every cell is a string, an empty one "".

    Args:
        source: The file, UTF-8; `.gz` is unpacked on the way.
        delimiter: What separates cells.
        names: The columns' names; None takes them from the first line.
        skip_rows: Lines before the first row; the header counts if `names` are given.
        types: Columns to be read as these types, as long as each of their cells is one or is missing. From the first
            batch on that has another, these columns are text, too.
        missing: What stands for a missing cell in the columns of `types`; of a time, none may be missing.

    Raises:
        DataError: Names the line with too few or too many cells, or that is not UTF-8; or the column that occurs twice.
    """
    import pyarrow as pa

    num_done = 0
    if types and names is not None and not collecting():
        require_different(names, source.origin)
        try:
            for batch in _typed(source, delimiter, names, skip_rows, types, missing):
                yield batch
                num_done += batch.num_rows
            return
        except (pa.ArrowInvalid, EOFError, OSError):
            pass  # Read as text: what is no number or date by Arrow may still be one, and if not, its place is known.
    for batch in _as_text(source, delimiter, names, skip_rows):
        skipped = min(num_done, batch.num_rows)
        num_done -= skipped
        if skipped < batch.num_rows:
            yield batch.slice(skipped) if skipped else batch


def _typed(
    source: SourceFile,
    delimiter: str,
    names: list[str],
    skip_rows: int,
    types: Mapping[str, pa.DataType],
    missing: Sequence[str],
) -> Iterator[pa.RecordBatch]:
    """The rows with numbers and times parsed on the way, the next batch by a second thread."""
    import pyarrow as pa
    from pyarrow import csv

    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()) | dict(types),
        null_values=[*missing],
        strings_can_be_null=False,
    )
    # pyarrow's own threads only read ahead, and cost a small file twice the time of reading it.
    read = csv.ReadOptions(block_size=_TYPED_BYTES, use_threads=False, column_names=names, skip_rows=skip_rows)
    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=len(names) > 1)
    times = [names.index(name) for name, kind in types.items() if pa.types.is_timestamp(kind)]
    with source.open() as stream:
        parsed = csv.open_csv(stream, read, parse, convert)
        large = source.member is not None or source.path.stat().st_size > _TYPED_BYTES
        with closing(_parsed_ahead(parsed) if large else _each(parsed)) as batches:  # closed before what it reads
            for batch in batches:
                if any(batch.column(place).null_count for place in times):
                    raise pa.ArrowInvalid("a time is missing")
                yield batch


def _each(batches: Iterator[pa.RecordBatch]) -> Generator[pa.RecordBatch, None, None]:
    yield from batches


def _parsed_ahead(batches: Iterator[pa.RecordBatch]) -> Generator[pa.RecordBatch, None, None]:
    """The same batches, parsed while those before them are worked on: pyarrow lets go of the interpreter."""
    with closing(ahead(lambda _: next(batches, None), count(), 1)) as made:
        yield from takewhile(lambda batch: batch is not None, made)


def _as_text(source: SourceFile, delimiter: str, names: list[str] | None, skip_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows with every cell a string; the errors are those of `read_delimited`."""
    import pyarrow as pa
    from pyarrow import csv

    ragged: list[Any] = []
    on_ragged = "skip" if collecting() else "error"

    def note(row: Any) -> str:  # Called from a thread of pyarrow's: it can neither raise nor report.
        ragged.append(row)
        return on_ragged

    read = csv.ReadOptions(block_size=MOST_ROW_BYTES, use_threads=False, column_names=names, skip_rows=skip_rows)
    blank_rows = names is not None and len(names) == 1  # In a single column an empty line is an empty cell.
    lines = RowLines(source, delimiter, skip_rows, blank_rows)
    parse = csv.ParseOptions(
        delimiter=delimiter,
        newlines_in_values=True,
        ignore_empty_lines=not blank_rows,
        invalid_row_handler=note,
    )
    checked: CheckedLines | None = None
    try:
        if names is None:
            with source.open() as stream:
                checked = CheckedLines(stream, source.origin, collecting(), header=True)
                names = csv.open_csv(checked, read, parse).schema.names
        require_different(names, source.origin)
        ragged.clear()
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        )
        with source.open() as stream:
            checked = CheckedLines(stream, source.origin, collecting(), header=skip_rows == 0)
            batches: Iterable[pa.RecordBatch] = csv.open_csv(checked, read, parse, convert)
            if on_ragged == "skip":
                batches = _unmarked(source, _numbered(lines, batches, ragged, skip_rows or 1), checked)
            yield from _closed(source, batches, checked)
        if checked.damage is not None:
            raise checked.damage
    except (pa.ArrowInvalid, EOFError, OSError, zlib.error) as error:
        raise (checked and checked.damage) or explain(source, ragged, error, lines) from error
    finally:
        lines.close()


def first_row(batch: pa.RecordBatch, expected: int) -> int:
    """1-based number of a batch's first row in its file; differs from the expected one where rows were left out."""
    return int((batch.schema.metadata or {}).get(_FIRST_ROW, expected))


def numbered_from(batch: pa.RecordBatch, number: int) -> pa.RecordBatch:
    """The same batch, of which `first_row` says this number."""
    return batch.replace_schema_metadata({_FIRST_ROW: str(number)})


def _numbered(
    lines: RowLines, batches: Iterable[pa.RecordBatch], ragged: list[Any], header_lines: int
) -> Iterator[pa.RecordBatch]:
    """The batches cut where rows of wrong width were left out, each with the number of its first row."""
    row = 1
    for batch in batches:
        begin = 0
        while begin < batch.num_rows:
            while ragged and ragged[0].number - header_lines <= row:
                report(wrong_width(lines.place(ragged[0].number), ragged[0]), record=ragged.pop(0).text)
                row += 1
            end = min(batch.num_rows, begin + ragged[0].number - header_lines - row) if ragged else batch.num_rows
            yield numbered_from(batch.slice(begin, end - begin), row)
            row, begin = row + end - begin, end
    for wrong in ragged:
        report(wrong_width(lines.place(wrong.number), wrong), record=wrong.text)


def _unmarked(source: SourceFile, batches: Iterable[pa.RecordBatch], checked: CheckedLines) -> Iterator[pa.RecordBatch]:
    """The numbered batches cut where rows had bytes that are no UTF-8; each such row is reported."""
    import pyarrow.compute as pc

    for batch in batches:
        wrong: set[int] = set()
        for column in batch.columns if checked.bad else ():
            wrong |= set(pc.indices_nonzero(pc.match_substring(column, MARK)).to_pylist())
        first, begin = first_row(batch, 1), 0
        for row in [*sorted(wrong), batch.num_rows]:
            if row > begin:
                yield numbered_from(batch.slice(begin, row - begin), first + begin)
            if row < batch.num_rows:
                line, content = checked.place([column[row].as_py() for column in batch.columns]) or (0, b"")
                report(not_utf8(f"{source.origin}, line {line}"), record=content)
            begin = row + 1


def _closed(source: SourceFile, batches: Iterable[pa.RecordBatch], checked: CheckedLines) -> Iterator[pa.RecordBatch]:
    """The batches, without the last row if it begins with a quote that is never closed and so has taken in the rest."""
    latest = None
    for batch in batches:
        if latest is not None:
            yield latest
        latest = batch
    if latest is None:
        return
    cell = latest.columns[-1][latest.num_rows - 1].as_py() if latest.num_rows else ""
    if "\n" in cell and checked.damage is None:
        num_lines, last = end_of(source)
        # Rows that were left out may have come after it: open is what goes on to the file's last word.
        if not last.endswith('"') and cell.rstrip().endswith(last.replace('""', '"')):
            if latest.num_rows > 1:
                yield latest.slice(0, latest.num_rows - 1)
            line = num_lines - cell.rstrip().count("\n")
            at = f"{source.origin}, line {line}"
            fix = "close the quote, or write it twice where it is part of the text"
            report(DataError("a quote is never closed", at=at, fix=fix), record=cell)
            return
    yield latest
