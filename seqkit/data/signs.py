"""Signs that a file is no text: what it begins with."""

from __future__ import annotations

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
