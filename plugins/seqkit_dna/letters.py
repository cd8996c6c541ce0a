"""Letters of nucleotide files: which are accepted, and what they become."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from seqkit import DataError, collecting, observe

Ambiguous = Literal["n", "error", "skip"]
"""What to do with the letters that stand for more than one base."""

BASES = "ACGT"
_MORE_THAN_ONE = "NRYSWKMBDHV"  # IUPAC, Cornish-Bowden 1985
_WHITE_SPACE = b" \t\r\n\v\f"


def _both_cases(letters: str) -> bytes:
    return (letters + letters.lower()).encode()


_PLAIN = _both_cases(BASES + "U")
_ACCEPTED: dict[Ambiguous, bytes] = {
    "n": _PLAIN + _both_cases(_MORE_THAN_ONE),
    "error": _PLAIN,
    "skip": _PLAIN + _both_cases(_MORE_THAN_ONE),
}
_CANONICAL = bytes.maketrans(
    _both_cases(BASES + "U" + _MORE_THAN_ONE), (BASES + "T" + "N" * len(_MORE_THAN_ONE)).encode() * 2
)

_REFUSED = b"!"
_CLEAN = {
    policy: bytes(_CANONICAL[byte] if byte in letters else _REFUSED[0] for byte in range(256))
    for policy, letters in _ACCEPTED.items()
}
"""`_CANONICAL` for accepted letters alone: one walk over the letters translates them and tells whether all were."""


def canonical(letters: bytes) -> str:
    """Accepted letters as upper-case A, C, G, T and N; white space is left out, U becomes T.

    Example:
        >>> canonical(b"acgu RN")
        'ACGTNN'
    """
    if collecting():
        for letter, count in Counter(letters.translate(None, _PLAIN + b"Nn" + _WHITE_SPACE)).items():
            observe("iupac_letters", chr(letter).upper(), count)
    return letters.translate(_CANONICAL, _WHITE_SPACE).decode("ascii", "replace")


def clean_lines(piece: bytes, ambiguous: Ambiguous) -> str | None:
    """`canonical(piece)` if nothing but accepted letters and line feeds is in it; None if there is more to look at.

    A file of many lines is nearly always like that, and this takes less time.
    """
    letters = piece.replace(b"\n", b"").translate(_CLEAN[ambiguous])
    # What became an N may have been a letter that is to be observed.
    strange = _REFUSED in letters or (collecting() and b"N" in letters)
    return None if strange else letters.decode("ascii")


def first_refused(letters: bytes, ambiguous: Ambiguous) -> int:
    """Place of the first letter that is neither accepted nor white space, -1 if there is none."""
    refused = letters.translate(None, _ACCEPTED[ambiguous] + _WHITE_SPACE)
    return letters.index(refused[:1]) if refused else -1


def count_letters(letters: bytes) -> int:
    """Number of letters that are not white space."""
    return len(letters.translate(None, _WHITE_SPACE))


def refused_letter(letter: int, at: str | None = None) -> DataError:
    """The error for a letter that cannot be read.

    Args:
        letter: Its byte.
        at: Where it stands.
    """
    name = repr(chr(letter)) if 32 <= letter < 127 else f"byte 0x{letter:02x}"
    if letter in _both_cases(_MORE_THAN_ONE):
        return DataError(
            f"letter {name} stands for more than one base",
            at=at,
            fix="choose --data.ambiguous n (a symbol of its own) or skip, or replace the letter",
        )
    if letter in b"-.~":
        fix = "this is an alignment: remove its gaps"
    elif letter in _both_cases("EFILPQZJOX") + b"*":
        fix = "is it a protein? This domain reads nucleotides (A C G T U and the IUPAC codes)"
    else:
        fix = "remove it: nucleotides are A C G T U and the IUPAC codes R Y S W K M B D H V N"
    return DataError(f"{name} is no nucleotide", at=at, fix=fix)
