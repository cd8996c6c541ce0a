"""The `.ts` text format of the UCR and UEA archives: cases of one or more dimensions, the class last.

Source: Bagnall et al. 2018 [bagnall2018]; the format as the archive's
files use it: `#` comments, an `@` header, then after `@data` one case a line, dimensions separated by `:`, values
by `,`.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from seqkit import DataError, SourceFile, StructureError, did_you_mean, foreign_format, plural, quoted, report
from seqkit_timeseries.cells import not_a_number, parse_number
from seqkit_timeseries.series import Series, feature_names, row_times

_FLAGS = ("timestamps", "missing", "univariate", "equallength", "targetlabel")
_COUNTS = ("dimensions", "serieslength")
_TEXTS = ("problemname",)


@dataclass
class _Header:
    """What the header promises; None where it says nothing."""

    flags: dict[str, bool] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    classes: list[str] | None = None

    @property
    def has_target(self) -> bool:
        return self.classes is not None or self.flags.get("targetlabel", False)

    def read(self, line: str) -> bool:
        """Take in one line; whether it ends the header.

        Raises:
            ValueError: Says what is wrong with it.
        """
        if line.lower() == "@data":
            return True
        if not line.startswith("@"):
            raise ValueError("a case before @data")
        key, *values = line[1:].split()
        name = "dimensions" if key.lower() == "dimension" else key.lower()  # Both spellings are in use.
        if name in _FLAGS:
            self.flags[name] = _flag(values, key)
        elif name in _COUNTS:
            self.counts[name] = _count(values, key)
        elif name == "classlabel":
            self.classes = values[1:] if _flag(values[:1], key) else None
        elif name not in _TEXTS:
            known = [*_FLAGS, *_COUNTS, *_TEXTS, "classlabel", "data"]
            raise ValueError(f"unknown header @{key}; {did_you_mean(name, known) or 'known: ' + ', '.join(known)}")
        if self.flags.get("timestamps"):
            raise ValueError("@timeStamps true: values with timestamps of their own are not read")
        return False


def read_ts(source: SourceFile) -> Iterator[Series]:
    """The cases of a `.ts` file, one in memory at a time; `?` is a missing value.

    Raises:
        DataError: Names the line that breaks the format or the header's promises.
    """
    header, in_data, number = _Header(), False, 0
    with source.open() as stream:
        try:
            for line_number, raw in enumerate(stream, start=1):
                at = f"{source.origin}, line {line_number}"
                bare = raw.removeprefix(codecs.BOM_UTF8).strip() if line_number == 1 else raw.strip()
                if not in_data:
                    _require_header_line(raw, bare, at)
                if not bare or bare.startswith(b"#"):  # The archive's comments come in any encoding.
                    continue
                try:
                    line = bare.decode("utf-8")
                    if not in_data:
                        in_data = header.read(line)
                        continue
                    number += 1
                    values, target = parse_case(line, header)
                except UnicodeDecodeError:
                    number += in_data
                    report(DataError("is not valid UTF-8", at=at, fix="save the file as UTF-8"), record=raw)
                except ValueError as error:
                    mistake = DataError if in_data else StructureError  # A header is no record.
                    report(mistake(str(error), at=at, fix="correct the line or the header"), record=raw)
                else:
                    names = feature_names(values.shape[1])
                    yield Series(source.origin, str(number), values, row_times(len(values)), names, label=target)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"cannot be read: {error}", at=source.origin, fix="get the file again") from error
    if not number:
        raise DataError("holds no cases" if in_data else "has no @data line", at=source.origin, fix="check the file")


def _require_header_line(raw: bytes, bare: bytes, at: str) -> None:
    """Refuse what is no line of a header, nor of any text with lines.

    Raises:
        StructureError: Says what it is.
    """
    if found := foreign_format(raw):
        raise StructureError(f"is {found[0]}, not the .ts format", at=at, fix=found[1])
    if b"\r" in bare:
        raise StructureError("lines end in CR alone (old Macintosh)", at=at, fix="end lines in \\n or \\r\\n")


def parse_case(line: str, header: _Header | None = None) -> tuple[np.ndarray, str | None]:
    """One case: values (T, F) float64, and its class or target.

    Args:
        line: Dimensions separated by `:`, values by `,`; the last field is the target if the header promises one.
        header: What the values must agree with; None checks nothing.

    Raises:
        ValueError: Says what is wrong with it.

    Example:
        >>> parse_case("1,2,3:4,?,6")[0].tolist()
        [[1.0, 4.0], [2.0, nan], [3.0, 6.0]]
    """
    header = header or _Header()
    fields = line.split(":")
    target = fields.pop().strip() if header.has_target else None
    if header.classes and target not in header.classes:
        near = did_you_mean(str(target), header.classes) or f"the header has {', '.join(header.classes)}"
        raise ValueError(f"class {quoted(str(target))} is not in @classLabel: {near}")
    if header.has_target and not target:
        raise ValueError("the class is missing: it is the last field, after a colon")
    dimensions = [_dimension(text, number) for number, text in enumerate(fields, start=1)]
    lengths = [len(dimension) for dimension in dimensions]
    wanted = 1 if header.flags.get("univariate") else header.counts.get("dimensions", len(dimensions))
    if len(dimensions) != wanted or not dimensions:
        raise ValueError(f"{len(dimensions)} dimensions where {wanted} are expected")
    if len(set(lengths)) > 1:
        raise ValueError(f"dimensions of unequal length {min(lengths)} and {max(lengths)} in one case")
    values = np.array(dimensions).T.reshape(-1, len(dimensions))
    _keep_promises(values, header)
    return values, target


def _keep_promises(values: np.ndarray, header: _Header) -> None:
    length = header.counts.get("serieslength", len(values))
    if header.flags.get("equallength") and len(values) != length:
        raise ValueError(f"{plural(len(values), 'step')} where @seriesLength is {length}")
    if header.flags.get("missing") is False and np.isnan(values).any():
        raise ValueError("a missing value where the header says @missing false")


def _dimension(text: str, number: int) -> list[float]:
    values = []
    if not text.strip():
        raise ValueError(f"dimension {number} has no values")
    for step, cell in enumerate(text.split(","), start=1):
        try:
            values.append(parse_number(cell))
        except ValueError:
            raise ValueError(f"{not_a_number(cell)} (dimension {number}, step {step})") from None
    return values


def _flag(values: list[str], key: str) -> bool:
    if len(values) != 1 or values[0].lower() not in ("true", "false"):
        raise ValueError(f"@{key} must be true or false, not {' '.join(values)!r}")
    return values[0].lower() == "true"


def _count(values: list[str], key: str) -> int:
    if len(values) != 1 or not values[0].isdigit() or int(values[0]) < 1:
        raise ValueError(f"@{key} must be a positive number, not {' '.join(values)!r}")
    return int(values[0])
