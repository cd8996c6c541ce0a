"""Manifests: tables that name recordings, or parts of them, with labels and transcripts."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqkit import DataError, SourceFile, StructureError, read_rows, report, require_column
from seqkit_audio.clips import Clip, LabelRules

_INSIDE = "a manifest names what lies in its own folder or below: copy the file there, or move the manifest up"


def manifest_clips(table: SourceFile, prefix: str, rules: LabelRules) -> Iterator[Clip]:
    """The recordings that a manifest names; paths start at its folder and stay in it.

    Args:
        table: The manifest.
        prefix: What the origins begin with.
        rules: Names the columns.

    Raises:
        DataError: For each row that cannot be used; it is left out while problems are collected.
        StructureError: If a column is missing, or there are no rows.
    """
    rows = _Rows(table, prefix, rules)
    number = 0
    for number, row in read_rows(table):
        rows.require_columns(list(row))
        try:
            clip = rows.clip(row, f"{table.name}, row {number}")
        except DataError as error:
            report(error, str(row))
            continue
        yield clip
    if not number:
        raise StructureError("holds no rows", at=table.name, fix="check the manifest")


class _Rows:
    """Turns rows into clips, and knows those that were there before."""

    def __init__(self, table: SourceFile, prefix: str, rules: LabelRules) -> None:
        self._table, self._prefix, self._rules = table, prefix, rules
        self._folder = table.path.parent
        self._root = os.path.realpath(self._folder)
        self._inside: dict[str, bool] = {}
        self._seen: set[int] = set()  # Hashes of 64 bits: names of a million rows would take hundreds of megabytes.

    def require_columns(self, known: list[str]) -> None:
        """The column of files, and whichever others were asked for by name."""
        require_column(self._rules.file_column, known, self._table.name, "--data.file_column")
        for option in ("label_column", "transcript_column", "start_column", "end_column"):
            if (name := getattr(self._rules, option)) != getattr(LabelRules, option):
                require_column(name, known, self._table.name, f"--data.{option}")

    def clip(self, row: dict[str, Any], at: str) -> Clip:
        """The recording of a row."""
        name = _text(row, self._rules.file_column, at) or ""
        file = self._file(name, at)
        begin_s, end_s = self._part(row, at)
        whole = begin_s == 0 and end_s is None
        if (key := hash((os.path.normpath(name), begin_s, end_s))) in self._seen:
            fix = "remove one row: splits would share the recording"
            if whole:
                fix += "; parts of one are told apart by --data.start_column and --data.end_column"
            raise DataError(f"{name!r} is listed twice", at=at, fix=fix)
        self._seen.add(key)
        part = "" if whole else f"@{begin_s:g}-{'' if end_s is None else format(end_s, 'g')}"
        return Clip(
            SourceFile(file, label=self._table.label),
            f"{self._prefix}:{name}{part}",
            name,
            _stripped(_text(row, self._rules.label_column, at)),
            _text(row, self._rules.transcript_column, at),
            begin_s,
            end_s,
        )

    def _file(self, name: str, at: str) -> Path:
        file = self._folder / name
        fix = "paths are relative to the manifest; remove the row or add the file"
        if not name or "\0" in name or not os.path.lexists(file):  # Path.exists raises for too long a name.
            raise DataError(f"no such file: {name!r}", at=at, fix=fix)
        if not self._is_inside(file):
            raise DataError(f"{name!r} leads outside the manifest's folder", at=at, fix=_INSIDE)
        if not os.path.isfile(file):
            raise DataError(f"{name!r} is no file, but a folder, a pipe or a link to nothing", at=at, fix=fix)
        return file

    def _is_inside(self, file: Path) -> bool:
        """Whether a file lies below the manifest's folder, links followed; each folder is looked up once."""
        folder, name = os.path.split(file)
        if name in ("", ".", "..") or os.path.islink(file):
            return self._leads_inside(str(file))
        if folder not in self._inside:
            self._inside[folder] = self._leads_inside(folder)
        return self._inside[folder]

    def _leads_inside(self, path: str) -> bool:
        return os.path.commonpath([self._root, os.path.realpath(path)]) == self._root

    def _part(self, row: dict[str, Any], at: str) -> tuple[float, float | None]:
        begin_s = _seconds(row, self._rules.start_column, at)
        end_s = _seconds(row, self._rules.end_column, at)
        if end_s is not None and end_s <= (begin_s or 0.0):
            raise DataError(f"the part ends at {end_s:g} s and begins at {begin_s or 0.0:g} s", at=at, fix="check both")
        return begin_s or 0.0, end_s


def _text(row: dict[str, Any], column: str, at: str) -> str | None:
    """A cell as text; None where the column is not there or the cell is null."""
    value = row.get(column)
    if value is None:
        return None
    if isinstance(value, dict | list | bytes) or (isinstance(value, float) and not math.isfinite(value)):
        what = f"{column!r} is {value!r:.40}, not a text or a number"
        raise DataError(what, at=f"{at}, column {column!r}", fix="write one word, text or number")
    return str(value)


def _stripped(label: str | None) -> str | None:
    """` dog` and `dog` are one label."""
    return None if label is None else label.strip()


def _seconds(row: dict[str, Any], column: str | None, at: str) -> float | None:
    """A time in a row; None where no column holds it, or the cell is empty."""
    value = None if column is None else row.get(column)
    if value is None or value == "":
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        what = f"{value!r:.40} is no time in seconds"
        raise DataError(what, at=f"{at}, column {column!r}", fix="give seconds from the beginning, such as 12.5")
    return seconds
