"""Sound that is not read, by its first bytes: a name says more than 'format not recognised'."""

from __future__ import annotations

ACCEPTED = "accepted formats: WAV, FLAC, Ogg (Vorbis, Opus), MP3"
CONVERT = "convert it, as with ffmpeg -i FILE FILE.wav"

OTHER_SUFFIXES = (".m4a", ".aac", ".wma", ".aif", ".aiff", ".amr", ".caf", ".au", ".wv", ".ape")
"""Endings of recordings that are found and refused: passed over, they would be missing without a word."""

_BEGINNINGS = (
    (0, b"FORM", "AIFF"),
    (0, b"caff", "Core Audio (.caf)"),
    (0, b".snd", "Sun audio (.au)"),
    (0, b"#!AMR", "AMR"),
    (0, b"wvpk", "WavPack"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"riff", "Sony Wave64"),
    (0, b"BW64", "BW64"),
    (0, b"MThd", "MIDI, notes without sound,"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media Audio"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (4, b"ftyp", "MPEG-4 audio (.m4a, .mp4)"),
)


def name_of(begin: bytes) -> str | None:
    """The name of a format that is not read; None for one that may be.

    Args:
        begin: The file's first 16 bytes.

    Example:
        >>> name_of(b"FORM....AIFF"), name_of(b"fLaC")
        ('AIFF', None)
    """
    for place, mark, name in _BEGINNINGS:
        if begin[place : place + len(mark)] == mark:
            return name
    # ADTS: twelve set bits like MP3, but layer 0.
    adts = len(begin) > 1 and begin[0] == 0xFF and begin[1] & 0xF6 == 0xF0
    return "AAC" if adts else None
