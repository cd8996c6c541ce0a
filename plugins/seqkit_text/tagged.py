"""TaggedReader: sentences of tokens with a tag each, from CoNLL columns, JSON lines, parquet and hub data sets."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from seqkit import (
    DataError,
    PathOption,
    Record,
    did_you_mean,
    is_hub,
    is_table,
    plural,
    read_hub,
    read_rows,
    report,
    reporting,
)
from seqkit_text.blocks import read_lines
from seqkit_text.cells import list_cell
from seqkit_text.conll import Columns, read_sentences
from seqkit_text.reader import Found, find

CONLL_SUFFIXES = (".conll", ".conllu", ".conllup", ".iob", ".iob2", ".bio", ".tsv")


@dataclass(frozen=True)
class TaggedReader:
    """Reads sentences as records: a list of tokens, and a list of as many tags.

    Attributes:
        token_column: Of the tokens: a number, counted from 0 or with a sign from the end, or a name.
        tag_column: Of the tags.
        tagged: The tags are wanted and must be there.
        plain: Files hold no columns but a sentence a line, tokens between white space; then there are no tags.
        known: The tags that training has; others are refused. Empty: any.
        encoding: Of text files.
    """

    token_column: str | None = None
    tag_column: str | None = None
    tagged: bool = True
    plain: bool = False
    known: Collection[str] = ()
    encoding: str = "utf-8"

    def read(self, path: PathOption) -> Iterator[Record]:
        """All sentences of a path, named `FILE:NUMBER` with the sentence's number from 1.

        Raises:
            DataError: Names the file, the sentence and the line that cannot be used.
        """
        if is_hub(path):
            assert isinstance(path, str)
            yield from self._rows(read_hub(path, "train", self._names()), path.removeprefix("hf://"))
            return
        for found in find(path or [], CONLL_SUFFIXES):
            with reporting():
                if is_table(found.source) and not found.source.name.lower().removesuffix(".gz").endswith(".tsv"):
                    yield from self._rows(read_rows(found.source, self._names()), found.origin)
                elif self.plain:
                    yield from self._plain(found)
                else:
                    yield from self._sentences(found)

    def _sentences(self, found: Found) -> Iterator[Record]:
        columns = Columns(self.token_column, self.tag_column, self.tagged)
        seen = False
        for sentence in read_sentences(found.source, columns, self.encoding, found.origin):
            seen = True
            origin = f"{found.origin}:{sentence.number}"
            try:
                self._require_known(sentence.tags or [], origin, sentence.lines)
            except DataError as error:
                report(error, record="\n".join(sentence.text))
                continue
            yield Record(sentence.tokens, sentence.tags, origin)
        if not seen:
            raise DataError("holds no sentence", at=found.origin, fix="leave the file out")

    def _plain(self, found: Found) -> Iterator[Record]:
        for number, line in read_lines(found.source, self.encoding, found.origin):
            if line.strip():
                yield Record(line.split(), None, f"{found.origin}:{number}")

    def _names(self) -> dict[str, str]:
        """Columns of rows, with their options."""
        wanted = {self.token_column or "tokens": "--data.token_column"}
        return wanted | ({self.tag_column or "tags": "--data.tag_column"} if self.tagged else {})

    def _rows(self, rows: Iterator[tuple[int, dict[str, Any]]], origin: str) -> Iterator[Record]:
        number = 0
        for number, row in rows:
            try:
                record = self._record(row, f"{origin}:{number}")
            except DataError as error:
                report(error, record=json.dumps(row, ensure_ascii=False, default=str))
                continue
            yield record
        if not number:
            raise DataError("holds no sentence", at=origin, fix="leave the file out")

    def _record(self, row: dict[str, Any], place: str) -> Record:
        tokens, *rest = (list_cell(row[name], name, place) for name in self._names())
        tags = rest[0] if rest else None
        if not tokens:
            raise DataError("the row has no token", at=place, fix="remove it")
        if tags is not None and len(tags) != len(tokens):
            raise DataError(
                f"{plural(len(tags), 'tag')} for {plural(len(tokens), 'token')}",
                at=place,
                fix="give each token one tag",
            )
        self._require_known(tags or [], place)
        return Record(tokens, tags, place)

    def _require_known(self, tags: list[str], origin: str, lines: list[int] | None = None) -> None:
        if not self.known:
            return
        for place, tag in enumerate(tags):
            if tag not in self.known:
                where = f"line {lines[place]}" if lines else f"token {place + 1}"
                raise DataError(
                    f"tag {tag!r} does not occur in the training data",
                    at=f"{origin}, {where}",
                    fix=did_you_mean(tag, list(self.known)) or f"known tags: {', '.join(sorted(self.known)[:20])}",
                )
