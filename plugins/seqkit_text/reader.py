"""TextReader: what `--data.path` names becomes records, one block or one line or one row at a time."""

from __future__ import annotations

import codecs
import json
import zlib
from collections import Counter
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
    collecting,
    find_files,
    is_hub,
    is_table,
    read_hub,
    read_rows,
    report,
    reporting,
)
from seqkit_text.blocks import no_text, read_blocks, read_lines
from seqkit_text.cells import label_cell, text_cell

TEXT_SUFFIXES = (".txt", ".text", ".md")

Documents = Literal["files", "lines"]

_KEPT_BYTES = 1 << 16


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
        whole_words: Parts of a file begin and end where a word ends.
    """

    classify: bool = False
    labelled: bool = False
    documents: Documents | None = None
    text_column: str = "text"
    label_column: str = "label"
    encoding: str = "utf-8"
    whole_words: bool = True

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
        """One record, in parts; of a stream, bad lines can be left out, of a document to classify nothing can."""
        label = self._label_of_file(found)
        if self.classify and collecting():
            try:
                for _ in self._blocks(found):
                    pass
            except DataError as error:
                report(error, record=_beginning(found.source))
                return
        for part, block in enumerate(self._blocks(found)):
            yield Record(block, label, found.origin, continues=part > 0)

    def _blocks(self, found: Found) -> Iterator[str]:
        return read_blocks(found.source, self.encoding, found.origin, not self.classify, self.whole_words)

    def _lines(self, found: Found) -> Iterator[Record]:
        """One record a line that is not blank."""
        label = self._label_of_file(found)
        for number, line in read_lines(found.source, self.encoding, found.origin):
            if line.strip():
                yield Record(line if self.classify else line + "\n", label, f"{found.origin}:{number}")

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
            place, target = f"{origin}:{number}", label or None
            try:
                text = text_cell(row[self.text_column], self.text_column, place)
                if self.labelled and not label:
                    target = label_cell(row[self.label_column], self.label_column, place)
            except DataError as error:
                report(error, record=json.dumps(row, ensure_ascii=False, default=str))
                continue
            text = text if self.classify or text.endswith("\n") else text + "\n"
            yield Record(text, target if self.labelled else None, place)
        if not number:
            raise no_text(origin)

    def _label_of_file(self, found: Found) -> str | None:
        """The label of a file's text, if there are labels.

        Raises:
            DataError: If it has none.
        """
        if not self.labelled:
            return None
        if not found.label:
            raise DataError(
                "the text has no label",
                at=found.origin,
                fix="give --data.path once for each class as LABEL=PATH, put the files into folders named by their "
                f"label, or give a table with a column {self.label_column!r}",
            )
        return found.label


def find(path: str | list[str], more_suffixes: tuple[str, ...] = ()) -> Iterator[Found]:
    """The text files and tables that a path names, in sorted order.

    Args:
        path: One or several, each with an optional `LABEL=`.
        more_suffixes: Further endings that are looked for in folders and archives.

    Raises:
        DataError: If a path does not exist or holds no such file.
    """
    entries = [path] if isinstance(path, str) else path
    sources = find_files(entries, TEXT_SUFFIXES + TABLE_SUFFIXES + more_suffixes)
    names = _names([source.top for source in sources])
    for source in sources:
        name = names[source.top]
        if source.member is not None:
            yield Found(source, f"{name}:{source.member}", named=False)
        elif source.path == source.top:
            yield Found(source, name, named=True)
        else:
            yield Found(source, f"{name}:{source.path.relative_to(source.top).as_posix()}", named=False)


def _names(tops: list[Path]) -> dict[Path, str]:
    """Names of the given paths: their own, and of two that share it as much of their folders as tells them apart."""
    parts = {top: (top.resolve() if top.is_dir() else top.absolute()).parts for top in dict.fromkeys(tops)}
    length = dict.fromkeys(parts, 1)
    while True:
        names = {top: "/".join(parts[top][-length[top] :]) for top in parts}
        same = Counter(names.values())
        shared = [top for top, name in names.items() if same[name] > 1 and length[top] < len(parts[top])]
        if not shared:
            return names
        for top in shared:
            length[top] += 1


def _beginning(source: SourceFile) -> bytes:
    """As much of a file as is kept of a bad record; what cannot be read is not kept."""
    try:
        with source.open() as stream:
            return stream.read(_KEPT_BYTES)
    except (DataError, OSError, EOFError, zlib.error):
        return b""
