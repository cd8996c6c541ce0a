"""TextReader: what `--data.path` names becomes records, one block or one line or one row at a time."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from seqkit import (
    TABLE_SUFFIXES,
    ConfigError,
    DataError,
    PathOption,
    Record,
    SourceFile,
    find_files,
    is_hub,
    is_table,
    read_hub,
    read_rows,
    report,
    reporting,
)
from seqkit_text.blocks import nul_character, read_blocks, read_lines

TEXT_SUFFIXES = (".txt", ".text", ".md")

Documents = Literal["files", "lines"]


@dataclass(frozen=True)
class Found:
    """A file to read.

    Attributes:
        source: The file.
        origin: Its name in origins: `corpus.txt`, or `corpus:news/monday.txt` below a folder or in an archive.
        named: The user named this very file, not a folder or an archive that holds it.
    """

    source: SourceFile
    origin: str
    named: bool

    @property
    def label(self) -> str:
        """From `LABEL=PATH`, else the folder that the file lies in below the given path; "" if there is none."""
        return self.source.label or PurePosixPath(self.source.folder).name


@dataclass(frozen=True)
class TextReader:
    """Reads text files, tables and hub data sets as records.

    Attributes:
        classify: Records are read one by one, for a label each; otherwise as a stream.
        labelled: The labels are wanted and must be there.
        documents: Whether a text file is one record or one a line; None: see `TextData`.
        text_column: Column of a table's texts.
        label_column: Column of its labels.
        encoding: Of text files.
    """

    classify: bool = False
    labelled: bool = False
    documents: Documents | None = None
    text_column: str = "text"
    label_column: str = "label"
    encoding: str = "utf-8"

    def read(self, path: PathOption) -> Iterator[Record]:
        """All records of a path, in the order of its files.

        Raises:
            DataError: Names the file and the line or row that cannot be used.
        """
        if is_hub(path):
            assert isinstance(path, str)
            origin = path.removeprefix("hf://")
            yield from self._records_of_rows(read_hub(path, "train", self._columns("")), origin, "")
            return
        for found in find(path or []):
            with reporting():
                if is_table(found.source):
                    yield from self._table(found)
                elif self._by_lines(found):
                    yield from self._lines(found)
                else:
                    yield from self._file(found)

    def _by_lines(self, found: Found) -> bool:
        if self.documents is not None:
            return self.documents == "lines"
        return self.classify and found.named

    def _file(self, found: Found) -> Iterator[Record]:
        """One record, in parts."""
        usable, label = self._label_of_file(found)
        part = 0
        for part, block in enumerate(read_blocks(found.source, self.encoding, found.origin), start=1):
            if usable:
                yield Record(block, label, found.origin, continues=part > 1)
        if not part:
            raise _nothing_in(found.origin)

    def _lines(self, found: Found) -> Iterator[Record]:
        """One record a line that is not blank."""
        (usable, label), seen = self._label_of_file(found), False
        for number, line in read_lines(found.source, self.encoding, found.origin):
            seen = seen or bool(line.strip())
            if usable and line.strip():
                yield Record(line if self.classify else line + "\n", label, f"{found.origin}:{number}")
        if not seen:
            raise _nothing_in(found.origin)

    def _table(self, found: Found) -> Iterator[Record]:
        """One record a row."""
        if codecs.lookup(self.encoding).name not in ("utf-8", "utf-8-sig"):
            raise ConfigError(
                f"tables are read as UTF-8, not {self.encoding}",
                at=f"{found.origin}, --data.encoding",
                fix="save the table as UTF-8",
            )
        rows = read_rows(found.source, self._columns(found.source.label or ""))
        yield from self._records_of_rows(rows, found.origin, found.source.label or "")

    def _columns(self, label: str) -> dict[str, str]:
        """The columns that are needed, with their options; labels come from the path where it gives one."""
        wanted = {self.text_column: "--data.text_column"}
        return wanted | {self.label_column: "--data.label_column"} if self.labelled and not label else wanted

    def _records_of_rows(self, rows: Iterator[tuple[int, dict[str, Any]]], origin: str, label: str) -> Iterator[Record]:
        number = 0
        for number, row in rows:
            place = f"{origin}:{number}"
            text, target = None, label or None
            with reporting():
                text = _text(row[self.text_column], self.text_column, place)
            with reporting():
                if self.labelled and not label:
                    target = _label(row[self.label_column], self.label_column, place)
            if text is not None and (target is not None or not self.labelled):
                text = text if self.classify or text.endswith("\n") else text + "\n"
                yield Record(text, target if self.labelled else None, place)
        if not number:
            raise _nothing_in(origin)

    def _label_of_file(self, found: Found) -> tuple[bool, str | None]:
        """Whether the file has the label it needs, and the label."""
        if not self.labelled:
            return True, None
        if not found.label:
            report(
                DataError(
                    "the text has no label",
                    at=found.origin,
                    fix="give --data.path once for each class as LABEL=PATH, put the files into folders named by their "
                    f"label, or give a table with a column {self.label_column!r}",
                )
            )
        return bool(found.label), found.label


def find(path: str | list[str], more_suffixes: tuple[str, ...] = ()) -> Iterator[Found]:
    """The text files and tables that a path names, in sorted order.

    Args:
        path: One or several, each with an optional `LABEL=`.
        more_suffixes: Further endings that are looked for in folders and archives.

    Raises:
        DataError: If a path does not exist or holds no such file.
    """
    for entry in [path] if isinstance(path, str) else path:
        for source in find_files(entry, TEXT_SUFFIXES + TABLE_SUFFIXES + more_suffixes):
            top = Path(entry if source.label is None else entry.partition("=")[2]).expanduser()
            if source.member is not None:
                yield Found(source, f"{top.name}:{source.member}", named=False)
            elif source.path == top:
                yield Found(source, top.name, named=True)
            else:
                inside = source.path.relative_to(top).as_posix()
                yield Found(source, f"{top.resolve().name}:{inside}", named=False)


def _text(value: Any, column: str, at: str) -> str:
    """A table's cell as text."""
    if not isinstance(value, str):
        what = "is missing" if value is None else f"is {value!r}, a {type(value).__name__}"
        raise DataError(
            f"the text in column {column!r} {what}",
            at=at,
            fix="remove the row, or name the column that holds text with --data.text_column",
        )
    if "\0" in value:
        raise nul_character(at)
    return value


def _label(value: Any, column: str, at: str) -> str:
    if isinstance(value, str | bool | int) and value != "":
        return str(value)
    what = "is missing" if value in (None, "") else f"is {value!r}, a {type(value).__name__}"
    raise DataError(
        f"the label in column {column!r} {what}",
        at=at,
        fix="remove the row, or name the column that holds labels with --data.label_column",
    )


def _nothing_in(origin: str) -> DataError:
    return DataError("holds no text", at=origin, fix="leave the file out")
