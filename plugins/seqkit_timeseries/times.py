"""Times: the time column of a table as timestamps or as whole numbers, read batch by batch in one way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seqkit_timeseries.cells import MISSING, from_numbers, from_text, is_number, is_text, plain
from seqkit_timeseries.refused import Rows

_OFFSET = r"\d[T ]\d.*([Zz]|[+-]\d\d(:?\d\d)?)\s*$"
"""What ends a timestamp that says its offset from UTC."""

_FIX = "write it like 2016-07-31 19:00:00 or as a whole number, or give --data.time_format such as %d/%m/%Y"


class Times:
    """A time column. The first cell says whether it holds dates or numbers, and whether these have time zones.

    Args:
        name: Of the column.
        time_format: strptime format of text; None reads ISO 8601.
    """

    def __init__(self, name: str, time_format: str | None = None) -> None:
        self._name, self._format = name, time_format
        self._numbered: bool | None = None
        self._zoned: bool | None = None

    def read(self, column: pa.Array, rows: Rows) -> np.ndarray:
        """Times as datetime64[us] (in UTC where an offset is given) or, for whole numbers, int64; any if refused.

        Args:
            column: Text, timestamps, dates or whole numbers.
            rows: Where its cells are; those without a time are refused.

        Raises:
            DataError: Names the first cell that is no time, its row and its column.
        """
        column = plain(column)
        kind = column.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            for row in np.flatnonzero(np.asarray(column.is_null())):
                self._refuse(int(row), None, rows)
            self._numbered, self._zoned = False, getattr(kind, "tz", None) is not None
            stamps = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
            return np.asarray(stamps.to_numpy(zero_copy_only=False), dtype="M8[us]")
        if not is_text(kind) and self._format is None:
            self._numbered = True
            return self._whole(from_numbers(column, self._name, rows.file), rows)
        return self._from_text(column.cast(pa.string()), rows)

    def _from_text(self, column: pa.Array, rows: Rows) -> np.ndarray:
        if self._numbered is None:
            cells = (cell.as_py() or "" for cell in column)
            first = next((cell for cell in cells if cell.strip().lower() not in MISSING), "")
            self._numbered = None if not first else self._format is None and is_number(first)
        if self._numbered:
            return self._whole(from_text(column, lambda row, cell: self._refuse(row, cell, rows)), rows)
        texts = column.to_pandas()
        parsed = pd.to_datetime(texts, format=self._format or "ISO8601", utc=True, errors="coerce")
        lacking = parsed.isna().to_numpy()
        for row in np.flatnonzero(lacking):
            self._refuse(int(row), texts.iloc[row], rows)
        if self._format is None:
            self._require_one_clock(column, lacking, rows)
        return np.asarray(parsed.dt.tz_localize(None), dtype="M8[us]")

    def _require_one_clock(self, column: pa.Array, lacking: np.ndarray, rows: Rows) -> None:
        """Refuse what has an offset from UTC where the first time has none, and the other way about."""
        zoned = np.asarray(pc.match_substring_regex(pc.fill_null(column, ""), _OFFSET))
        if self._zoned is None and not lacking.all():
            self._zoned = bool(zoned[~lacking][0])
        for row in np.flatnonzero((zoned != self._zoned) & ~lacking):
            has, others = ("a", "none") if zoned[row] else ("no", "one")
            rows.refuse(
                int(row),
                self._name,
                f"{column[row].as_py()!r} has {has} time zone, and the times before it have {others}",
                "write all times with their offset from UTC, as +02:00, or all without",
                lost=True,
            )

    def _whole(self, values: np.ndarray, rows: Rows) -> np.ndarray:
        """Times that are counted 0, 1, 2 ...; nothing else is accepted from a numeric column."""
        bad = ~(np.abs(values) < 2**53) | (values != np.floor(values))  # NaN is not less, either.
        for row in np.flatnonzero(bad):
            self._refuse(int(row), "" if np.isnan(values[row]) else f"{values[row]:g}", rows)
        return np.where(bad, 0, values).astype(np.int64)

    def _refuse(self, row: int, cell: object, rows: Rows) -> None:
        missing = not isinstance(cell, str) or cell.strip().lower() in MISSING
        what = "the timestamp is missing" if missing else f"{cell!r} is not a timestamp"
        rows.refuse(row, self._name, what, _FIX, lost=True)
