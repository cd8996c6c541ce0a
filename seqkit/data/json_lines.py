"""JSON lines: one object a line, each value as it is written there, each line that is none named."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from seqkit.data.delimited import numbered_from
from seqkit.data.signs import foreign_format
from seqkit.data.sources import SourceFile
from seqkit.errors import DataError
from seqkit.problems import report
from seqkit.wording import quoted

if TYPE_CHECKING:
    import pyarrow as pa

MOST_LINE_BYTES = 1 << 28
"""A longer line is no row but a file without line ends."""

ROWS_PER_BATCH = 2048

_KINDS: Mapping[type, str] = {list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}

Row = tuple[int, dict[str, Any]]
"""A row's 1-based number, and its values by name."""


def read_json_lines(source: SourceFile) -> Iterator[Row]:
    """The objects of a file; blank lines are passed over and do not count.

    Values are what JSON says: text stays text, whatever it looks like. `NaN` and infinities are read, as Python and
    others write them.

    Args:
        source: The file, UTF-8; `.gz` is unpacked on the way.

    Raises:
        DataError: Names the line that is no JSON, holds something else than an object, or a name twice.
    """
    row = 0
    decoder = json.JSONDecoder(object_pairs_hook=_each_once)
    with source.open() as stream:
        for number, line in enumerate(_lines(stream, source.origin), start=1):
            if not line.strip():
                continue
            row += 1
            if row == 1:
                _require_plain(line, f"{source.origin}, line {number}")
            try:
                yield row, _object(decoder, line)
            except ValueError as error:
                at, fix = f"{source.origin}, line {number}", "give one JSON object a line, UTF-8"
                report(DataError(str(error), at=at, fix=fix), record=line)
    if not row:
        raise DataError("holds no rows", at=source.origin, fix="check the file")


def _require_plain(beginning: bytes, at: str) -> None:
    if found := foreign_format(beginning):
        raise DataError(f"is {found[0]}, not JSON lines", at=at, fix=found[1])


def json_batches(rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """Rows of JSON as Arrow batches with the columns of the first one; each batch has the number of its first row.

    A column whose values are of several kinds within a batch is text, each value as JSON writes it.

    Args:
        rows: As `read_json_lines` gives them.
    """
    import pyarrow as pa

    names: list[str] = []
    following = iter(rows)
    while numbered := list(islice(following, ROWS_PER_BATCH)):
        names = names or list(dict.fromkeys(name for _, row in numbered for name in row))
        batch = pa.RecordBatch.from_arrays([_column([row.get(name) for _, row in numbered]) for name in names], names)
        begin = 0
        for end in range(1, len(numbered) + 1):
            if end == len(numbered) or numbered[end][0] > numbered[end - 1][0] + 1:  # Rows before it were left out.
                yield numbered_from(batch.slice(begin, end - begin), numbered[begin][0])
                begin = end


def _lines(stream: IO[bytes], origin: str) -> Iterator[bytes]:
    """Lines of bytes, a mark before the first one left out.

    Raises:
        DataError: If the file is damaged, or a line has no end.
    """
    number = 0
    try:
        while line := stream.readline(MOST_LINE_BYTES):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if len(line) == MOST_LINE_BYTES:
                what = f"the line is longer than {MOST_LINE_BYTES:,} bytes"
                raise DataError(what, at=f"{origin}, line {number}", fix="give one JSON object a line")
            yield line
    except (OSError, EOFError, zlib.error) as error:
        at = f"{origin}, after line {number}"
        raise DataError(f"cannot be read to its end: {error}", at=at, fix="get the file again") from error


def _object(decoder: json.JSONDecoder, line: bytes) -> dict[str, Any]:
    """The object of a line.

    Raises:
        ValueError: Says what else it is.
    """
    try:
        value = decoder.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"is not valid UTF-8: {error.reason}") from None
    except RecursionError:
        raise ValueError("cannot be read as JSON: nested too deeply") from None
    except ValueError as error:
        raise ValueError(_reason(error)) from None
    if not isinstance(value, dict):
        raise ValueError(f"holds {_KINDS.get(type(value), 'null')}, not an object with names")
    return value


def _reason(error: ValueError) -> str:
    """What the decoder says, without its count of lines: it is given one."""
    if isinstance(error, _Twice):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return f"cannot be read as JSON: {error.msg}, character {error.colno}"
    return f"cannot be read as JSON: {str(error).partition(':')[0]}"  # an integer of too many digits


class _Twice(ValueError):
    """A name that occurs twice: one of its values would be lost."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise _Twice(f"{quoted(name, 60)} occurs twice")
    return values


def _column(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
        texts = [value if isinstance(value, str) or value is None else json.dumps(value) for value in values]
        return pa.array([text and text.encode("utf-8", "replace").decode() for text in texts], pa.string())
