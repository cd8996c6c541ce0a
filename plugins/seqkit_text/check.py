"""What `seqkit check` tells of text: characters, lines, words, and what hints at a wrong encoding."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

from seqkit import Inspector, Record

_NUM_SHOWN = 10
_MOST_WORDS = 1 << 21
"""Different words that are told apart; beyond, the number is a lower bound and memory stays flat."""

_REPLACEMENT = 0xFFFD
_ORDINARY = "\t\n\r"
_MOJIBAKE = ("Ã¤", "Ã¶", "Ã¼", "Ã©", "Ã¨", "Ã£", "Ã§", "â€™", "â€œ", "â€“", "Â ")
"""UTF-8 that was read as Windows-1252 and saved again."""


class TextInspector(Inspector):
    """Counts characters by code point, lines and words."""

    def __init__(self) -> None:
        self._counts = np.zeros(1 << 8, np.int64)
        self._lines = self._words = self._unfinished = self._mojibake = 0
        self._types: set[str] = set()
        self._in_word = ""

    def add(self, record: Record) -> None:
        """Count the characters, line ends and words of a text or of its next part."""
        text = str(record.sequence)
        if not record.continues:
            self._close()
        self._count(text)
        self._mojibake += sum(text.count(sign) for sign in _MOJIBAKE) if not text.isascii() else 0
        self._lines += text.count("\n")
        self._unfinished = int(not text.endswith("\n")) if text else self._unfinished
        words = (self._in_word + text).split()
        # A word at the end of a part may go on in the next one.
        self._in_word = words.pop() if words and not text[-1:].isspace() else ""
        self._take(words)

    def facts(self) -> dict[str, Any]:
        """Sizes, the most frequent characters, and shares of what is unusual."""
        self._close()
        total = int(self._counts.sum())
        seen = np.flatnonzero(self._counts)
        ranked = seen[np.argsort(-self._counts[seen], kind="stable")][:_NUM_SHOWN]
        shown: dict[str, Any] = {
            "characters": total,
            "alphabet_size": len(seen),
            "frequent_characters": {_name(int(point)): int(self._counts[point]) for point in ranked},
            "non_ascii_share": float(self._counts[128:].sum()) / max(total, 1),
            "lines": self._lines,
            "words": self._words,
            "different_words": len(self._types) if len(self._types) < _MOST_WORDS else f"at least {_MOST_WORDS:,}",
        }
        return shown | {name: count for name, count in self._unusual().items() if count}

    def warnings(self) -> list[str]:
        """What a wrong encoding or a binary file leaves behind."""
        unusual, said = self._unusual(), []
        if unusual["replacement_characters"]:
            said.append(
                f"{unusual['replacement_characters']:,} replacement characters (U+FFFD): the text was decoded wrongly "
                "before it was saved"
            )
        if unusual["control_characters"]:
            cp1252 = " (U+0080 to U+009F: is it cp1252, read as latin-1?)" if self._counts[128:160].any() else ""
            said.append(f"{unusual['control_characters']:,} control characters besides tab and line ends{cp1252}")
        if self._mojibake:
            said.append(f"{self._mojibake:,} places like 'Ã©': UTF-8 that was once read as another encoding")
        if unusual["carriage_returns"]:
            said.append(
                f"{unusual['carriage_returns']:,} carriage returns: the model has to learn them under characters, "
                "bytes and bpe"
            )
        return said

    def _unusual(self) -> dict[str, int]:
        points = np.flatnonzero(self._counts).tolist()
        control = [p for p in points if chr(p) not in _ORDINARY and unicodedata.category(chr(p)) == "Cc"]
        return {
            "carriage_returns": int(self._counts[13]),
            "control_characters": int(self._counts[control].sum()),
            "replacement_characters": int(self._counts[_REPLACEMENT]) if len(self._counts) > _REPLACEMENT else 0,
        }

    def _count(self, text: str) -> None:
        if text.isascii():
            counts = np.bincount(np.frombuffer(text.encode("ascii"), np.uint8))
        else:
            counts = np.bincount(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32))
        if len(counts) > len(self._counts):
            self._counts = np.pad(self._counts, (0, len(counts) - len(self._counts)))
        self._counts[: len(counts)] += counts

    def _take(self, words: list[str]) -> None:
        self._words += len(words)
        if len(self._types) < _MOST_WORDS:
            self._types.update(words)

    def _close(self) -> None:
        """The record before has ended: so has its last line, and its last word."""
        self._take([self._in_word] if self._in_word else [])
        self._lines += self._unfinished
        self._in_word, self._unfinished = "", 0


def _name(point: int) -> str:
    """A character as it is shown: itself, or its name where it cannot be seen."""
    known = {9: "tab", 10: "line end", 13: "carriage return", 32: "space"}
    character = chr(point)
    return known.get(point) or (character if character.isprintable() else f"U+{point:04X}")
