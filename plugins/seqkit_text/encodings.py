"""What the first bytes of a file say of its encoding, where that is not the one it is read by."""

from __future__ import annotations

import codecs

from seqkit import ConfigError, DataError, binary_format

BYTE_ORDER_MARK = "\ufeff"
_SWAPPED_MARK = "\ufffe"

_MARKS = {  # utf-32 first: its mark begins with that of utf-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
_NEED_A_MARK = ("utf-16", "utf-32")
"""Without a mark Python takes the machine's own order of bytes, and plain text becomes Chinese."""

_LOOKED_AT = 64


def require_encoding(encoding: str) -> None:
    """Refuse a name that Python knows no encoding by.

    Raises:
        ConfigError: For an unknown name.
    """
    try:
        "x".encode(encoding)  # Python does not look the name up for an empty text.
        codecs.getincrementaldecoder(encoding)
    except (LookupError, UnicodeError):
        raise ConfigError(
            f"no text encoding is named {encoding!r}",
            at="--data.encoding",
            fix="such as utf-8, utf-16, latin-1, cp1252",
        ) from None


def require_text(beginning: bytes, encoding: str, origin: str) -> None:
    """Refuse a file whose first bytes say that it is no text, or text of another encoding.

    Args:
        beginning: The first bytes.
        encoding: That the file is read by.
        origin: Its name in errors.

    Raises:
        DataError: Says what it is, and how to have it read.
    """
    if found := binary_format(beginning):
        kind, fix = found
        raise DataError(f"is {kind}, no plain text", at=origin, fix=fix)
    name = codecs.lookup(encoding).name
    marked = _marked(beginning)
    if marked and not name.startswith(marked):
        raise DataError(
            f"begins with the mark of {marked}: is not valid {encoding}",
            at=f"{origin}, line 1",
            fix=f"give the file's encoding, --data.encoding {marked}",
        )
    if name in _NEED_A_MARK and beginning and not marked:
        raise DataError(
            f"has no byte order mark, so {name} may mean two things",
            at=f"{origin}, line 1",
            fix=f"give --data.encoding utf-8, {name}-le or {name}-be",
        )


def require_order(text: str, encoding: str, origin: str) -> None:
    """Refuse text whose bytes were read in the wrong order.

    Raises:
        DataError: If it begins with the swapped mark.
    """
    if text.startswith(_SWAPPED_MARK):
        at, fix = f"{origin}, line 1", "give --data.encoding utf-16, which reads the mark"
        raise DataError(f"is not valid {encoding}: its bytes are in the other order", at=at, fix=fix)


def likely_encoding(beginning: bytes) -> str | None:
    """The encoding of bytes with a NUL in each pair, as Western text in UTF-16 without a mark has it."""
    pairs = beginning[: len(beginning[:_LOOKED_AT]) // 2 * 2]
    first, second = pairs[0::2], pairs[1::2]
    if len(first) < 2:
        return None
    if second.count(0) * 5 >= len(second) * 4 and not first.count(0):
        return "utf-16-le"
    return "utf-16-be" if first.count(0) * 5 >= len(first) * 4 and not second.count(0) else None


def _marked(beginning: bytes) -> str | None:
    return next((name for mark, name in _MARKS.items() if beginning.startswith(mark)), None)
