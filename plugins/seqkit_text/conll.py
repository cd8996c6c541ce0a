"""Sentences of a CoNLL file: one token a line, its columns, and a blank line after each sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from seqkit import DataError, SourceFile, StructureError, collecting, did_you_mean, plural, report
from seqkit_text.blocks import read_lines

_CONLLU = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
"""Columns of CoNLL-U. Source: Nivre et al. 2020 [nivre2020]."""

_NAMED_COLUMNS = "# global.columns ="
_DOCUMENT = "-DOCSTART-"
_NO_WORD = re.compile(r"\d+[-.]\d+")
"""IDs of CoNLL-U that are no word of their own: a range of words written as one, and an empty node."""

MOST_TOKENS = 1 << 20
"""A longer sentence is a file without blank lines."""


@dataclass
class Sentence:
    """A sentence.

    Attributes:
        tokens: Its tokens.
        tags: One each; None if they are not wanted and not there.
        lines: The line of each.
        number: Of the sentence in its file, from 1.
        text: Its lines as they stand there; only while problems are collected.
    """

    tokens: list[str] = field(default_factory=list)
    tags: list[str] | None = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    number: int = 0
    text: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Columns:
    """Which columns are read.

    Attributes:
        token: A number, counted from 0 or with a sign from the end, or a name; None: `FORM` if columns have names,
            else the first.
        tag: None: `UPOS` if columns have names, else the last.
        tagged: Tags must be there.
    """

    token: str | None = None
    tag: str | None = None
    tagged: bool = True


def read_sentences(source: SourceFile, columns: Columns, encoding: str, origin: str) -> Iterator[Sentence]:
    """The sentences of a file, one in memory at a time.

    Columns are divided by tabs if the first token's line has one, else by white space. `-DOCSTART-` lines are left
    out, and comments: lines that begin with `#` and are no token.

    Args:
        source: The file.
        columns: Which to read.
        encoding: Of its bytes.
        origin: Its name in errors.

    Raises:
        DataError: Names the line whose columns are not those of the lines before it, or hold nothing. While problems
            are collected, its sentence is reported once and left out.
        StructureError: If there are no such columns.
    """
    reader = _LineReader(columns, source.name.lower().removesuffix(".gz"), origin)
    draft = _Draft()
    for number, line in read_lines(source, encoding, origin, draft.refuse):
        if not line.strip():
            yield from draft.finished(reader.tag is not None)
        else:
            draft.add(reader, number, line)
    yield from draft.finished(reader.tag is not None)


class _Draft:
    """The sentence that is being read."""

    def __init__(self) -> None:
        self._sentence, self._number = Sentence(), 0
        self._error: DataError | None = None

    def add(self, reader: _LineReader, number: int, line: str) -> None:
        """Take a line that is not blank."""
        sentence = self._sentence
        if collecting():
            sentence.text.append(line)
        try:
            found = reader.read(line, number, begins=not sentence.tokens)
        except StructureError:
            raise
        except DataError as error:
            self.refuse(error, b"")
            return
        if found is None:
            return
        sentence.tokens.append(found[0])
        sentence.lines.append(number)
        if sentence.tags is not None and found[1] is not None:
            sentence.tags.append(found[1])
        if len(sentence.tokens) > MOST_TOKENS:
            what = f"a sentence of more than {MOST_TOKENS:,} tokens"
            at = f"{reader.origin}, line {number}"
            raise DataError(what, at=at, fix="put a blank line after each sentence")

    def refuse(self, error: DataError, line: bytes) -> None:
        """Note what is wrong with a line, unless another of its sentence was wrong before; raise it in training."""
        if not collecting():
            raise error
        self._error = self._error or error
        if line:
            self._sentence.text.append(line.decode("utf-8", "backslashreplace"))

    def finished(self, tagged: bool) -> Iterator[Sentence]:
        """The sentence, if there is one and all of its lines are right; the next one begins."""
        sentence, error = self._sentence, self._error
        self._sentence, self._error = Sentence(), None
        if error is None and not sentence.tokens:
            return
        self._number += 1
        sentence.number = self._number
        if error is not None:
            report(error, record="\n".join(sentence.text))
            return
        if not tagged:
            sentence.tags = None
        yield sentence


def write_conll(rows: Iterator[dict[str, Any]], path: Path) -> None:
    """Rows of `predict` as CoNLL columns: a token, a tab and its tag a line, and a blank line after each sentence."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.writelines(f"{token}\t{tag}\n" for token, tag in zip(row["steps"], row["prediction"], strict=True))
            file.write("\n")


class _LineReader:
    """Lines to tokens and tags; learns the form of the file from its first token."""

    def __init__(self, columns: Columns, name: str, origin: str) -> None:
        self.columns, self.origin = columns, origin
        self.strict_comments = name.endswith((".conllu", ".conllup"))
        self.names: tuple[str, ...] = _CONLLU if name.endswith(".conllu") else ()
        self.tabs = False
        self.count = self.token = 0
        self.tag: int | None = None

    def read(self, line: str, number: int, begins: bool) -> tuple[str, str | None] | None:
        """Token and tag of a line; None if it holds no token.

        Raises:
            DataError: If it has other columns than the first line, or empty ones.
        """
        if line.startswith(_NAMED_COLUMNS):
            self.names = tuple(line.removeprefix(_NAMED_COLUMNS).split())
            return None
        cells = line.split("\t") if "\t" in line and (self.tabs or not self.count) else line.split()
        if line.startswith("#") and (self.strict_comments or (begins and self._is_comment(line, cells))):
            return None
        if cells[0] == _DOCUMENT:
            return None
        if not self.count:
            self._learn(cells, "\t" in line, number)
        if len(cells) != self.count:
            what = f"{plural(len(cells), 'column')}, the lines before have {self.count}"
            plain = "" if self.columns.tagged else ", or read plain text, a sentence a line: --data.documents lines"
            raise DataError(what, at=f"{self.origin}, line {number}", fix=f"correct the line{plain}")
        if self.names[:1] == ("ID",) and _NO_WORD.fullmatch(cells[0]):
            return None
        token, tag = cells[self.token].strip(), None if self.tag is None else cells[self.tag].strip()
        if not token or tag == "":
            what = f"the {'tag' if token else 'token'} is empty"
            raise DataError(what, at=f"{self.origin}, line {number}", fix="correct the line")
        return token, tag

    def _is_comment(self, line: str, cells: list[str]) -> bool:
        """Whether a line that begins with # is no token: `# id = 7`, and not `#hashtag O`."""
        return len(cells) != self.count if self.count else "\t" not in line and line.startswith("# ")

    def _learn(self, cells: list[str], tabs: bool, number: int) -> None:
        self.tabs, self.count = tabs, len(cells)
        if self.names and len(self.names) != self.count:
            self._refuse(f"{plural(self.count, 'column')}, not {len(self.names)}", number, "divide columns by tabs")
        default = ("FORM", "UPOS") if self.names else ("0", "-1")
        self.token = self._place(self.columns.token or default[0], "token_column", number)
        if self.columns.tagged:
            self.tag = self._place(self.columns.tag or default[1], "tag_column", number)
            if self.tag == self.token:
                fix = "one column a token and one a tag, or choose others by --data.token_column, --data.tag_column"
                self._refuse("token and tag are in the same column", number, fix)

    def _place(self, column: str, option: str, number: int) -> int:
        """A column's number."""
        if column in self.names:
            return self.names.index(column)
        if re.fullmatch(r"-?\d+", column) and -self.count <= int(column) < self.count:
            return int(column) % self.count
        near = did_you_mean(column, list(self.names)) if self.names else None
        fix = near or f"give --data.{option} as a number from 0 to {self.count - 1}"
        self._refuse(f"no column {column}: the line has {self.count}", number, fix)

    def _refuse(self, what: str, number: int, fix: str) -> NoReturn:
        raise StructureError(what, at=f"{self.origin}, line {number}", fix=fix)
