"""What is said in a recording: a manifest's column, a text file of the same name, or LibriSpeech's lists."""

from __future__ import annotations

import unicodedata
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from seqkit import DataError, SourceFile, report
from seqkit_audio.clips import Clip

OtherCharacters = Literal["refuse", "drop"]

_BESIDE = (".txt", ".lab")
_LIST = ".trans.txt"
_NO_TRANSCRIPT = (
    f"put NAME.txt or NAME.lab beside NAME.wav, a list *{_LIST} into its folder, give a manifest with "
    "--data.transcript_column, or join labelled clips with --data.join"
)


@dataclass(frozen=True)
class TranscriptRules:
    """How transcripts are read.

    Attributes:
        lowercase: In lower case.
        alphabet: The characters that may occur; None takes all.
        other_characters: What becomes of all others, if the alphabet is given.
    """

    lowercase: bool = False
    alphabet: str | None = None
    other_characters: OtherCharacters = "refuse"

    def tidy(self, text: str, at: str) -> str:
        """A transcript with single spaces, composed letters (Unicode NFC), and what the rules ask for.

        Raises:
            DataError: If nothing is left of it.
        """
        text = unicodedata.normalize("NFC", text)
        text = text.lower() if self.lowercase else text
        if self.alphabet is not None and self.other_characters == "drop":
            text = "".join(c for c in text if c in self.alphabet or c.isspace())
        text = " ".join(text.split())
        if (strange := next((c for c in text if unicodedata.category(c) == "Cc"), None)) is not None:
            fix = "the file is no text, or remove the character"
            raise DataError(f"the transcript holds the control character {strange!r}", at=at, fix=fix)
        if not text:
            raise DataError("the transcript is empty", at=at, fix="remove the recording, or write down what is said")
        return text


@dataclass
class Transcripts:
    """Finds transcripts; holds those of one folder at a time, and the names in one archive."""

    rules: TranscriptRules
    _folder: tuple[Path, str] | None = None
    _listed: dict[str, str] = field(default_factory=dict)
    _archive: Path | None = None
    _members: dict[str, list[str]] = field(default_factory=dict)

    def of(self, clip: Clip) -> str:
        """The transcript of a recording, tidied.

        Raises:
            DataError: If there is none, or it is empty or no UTF-8.
        """
        text = clip.given_transcript
        if text is None:
            text = self._beside(clip.source)
        if text is None:
            text = self._from_list(clip.source)
        if text is None:
            raise DataError("the recording has no transcript", at=clip.origin, fix=_NO_TRANSCRIPT)
        return self.rules.tidy(text, clip.origin)

    def _beside(self, source: SourceFile) -> str | None:
        """The content of the text file of the same name."""
        for other in texts_beside(source):
            if other.path.is_file() and (other.member is None or other.member in self._names(other)):
                return _read(other)
        return None

    def _from_list(self, source: SourceFile) -> str | None:
        """From a LibriSpeech list in the same folder: lines of a file's name without its ending, and what is said."""
        inside = "" if source.member is None else str(PurePosixPath(source.member).parent)
        folder = source.path.parent if source.member is None else source.path
        if self._folder != (folder, inside):
            self._folder, self._listed = (folder, inside), {}
            for other in self._lists(source):
                self._take_in(other)
        return self._listed.get(PurePosixPath(source.name).stem)

    def _take_in(self, source: SourceFile) -> None:
        """The lines of a list; an empty one says nothing."""
        for number, line in enumerate(_read(source).splitlines(), start=1):
            name, _, text = line.strip().partition(" ")
            if name in self._listed and self._listed[name] != text:
                at = f"{source.origin}, line {number}"
                report(DataError(f"{name!r} is listed twice, with different words", at=at, fix="remove one line"))
            elif name:
                self._listed[name] = text

    def _lists(self, source: SourceFile) -> list[SourceFile]:
        if source.member is None:
            return [SourceFile(path) for path in sorted(source.path.parent.glob(f"*{_LIST}"))]
        return [SourceFile(source.path, name) for name in self._names(source) if name.endswith(_LIST)]

    def _names(self, source: SourceFile) -> list[str]:
        """Names in the folder of an archive's member."""
        if self._archive != source.path:
            self._archive, self._members = source.path, {}
            with zipfile.ZipFile(source.path) as archive:
                for name in archive.namelist():
                    self._members.setdefault(str(PurePosixPath(name).parent), []).append(name)
        return self._members.get(str(PurePosixPath(source.member or "").parent), [])


def texts_beside(source: SourceFile) -> list[SourceFile]:
    """The text files of the same name that a recording may have."""
    if source.member is None:
        return [SourceFile(source.path.with_suffix(ending)) for ending in _BESIDE]
    return [SourceFile(source.path, str(PurePosixPath(source.member).with_suffix(ending))) for ending in _BESIDE]


def _read(source: SourceFile) -> str:
    with source.open() as stream:
        data = stream.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte 0x{data[error.start]:02x} is not valid UTF-8", at=source.origin, fix="save the transcript as UTF-8"
        ) from None
