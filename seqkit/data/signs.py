"""Signs that a file is not what its name says: what it begins with."""

from __future__ import annotations

import codecs
import re

_SIGNS = {
    b"\x1f\x8b\x08": ("gzip", ".gz"),
    b"PK\x03\x04": ("a zip archive or a workbook", ".zip"),
    b"PK\x05\x06": ("an empty zip archive", ".zip"),
    b"PAR1\x15": ("parquet", ".parquet"),
    b"BZh91AY&SY": ("bzip2", ""),
    b"\xfd7zXZ\x00": ("xz", ""),
    b"\x28\xb5\x2f\xfd": ("zstd", ""),
    b"\x89PNG\r\n": ("a picture", ""),
    b"\xff\xd8\xff": ("a picture", ""),
    b"%PDF-": ("a PDF", ""),
    b"ARROW1\x00": ("Arrow", ""),
    b"\xd0\xcf\x11\xe0\xa1\xb1": ("an old Office document", ""),
}

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WEB_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype\s+html|<html)\b", re.IGNORECASE)


def binary_format(beginning: bytes) -> tuple[str, str] | None:
    r"""What a file is that begins like this, and how to have it read; None if it may be text.

    Args:
        beginning: Its first bytes, some 16 of them.

    Example:
        >>> binary_format(b"PAR1\x15\x04"), binary_format(b"text")
        (('parquet', 'give it the ending .parquet'), None)
    """
    for sign, (kind, suffix) in _SIGNS.items():
        if beginning.startswith(sign):
            return kind, f"give it the ending {suffix}" if suffix else "unpack or convert it, or leave it out"
    return None


def foreign_format(beginning: bytes) -> tuple[str, str] | None:
    r"""The same where UTF-16 and web pages are no data either: tables, sequences, sound.

    Args:
        beginning: The first bytes, some hundred of them: a web page may begin with blank lines.

    Example:
        >>> foreign_format(b"\n<!DOCTYPE html>"), foreign_format(b">chr1\nACGT")
        (('a web page (HTML)', 'the download failed, and this is what came instead: get the file again'), None)
    """
    if found := binary_format(beginning):
        return found
    if beginning.startswith(_WIDE):
        return "UTF-16", "save it as UTF-8"
    if _WEB_PAGE.match(beginning.removeprefix(codecs.BOM_UTF8)):
        return "a web page (HTML)", "the download failed, and this is what came instead: get the file again"
    return None
