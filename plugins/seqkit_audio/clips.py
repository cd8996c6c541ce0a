"""A recording that is not opened yet, and its label: by folder, by name, by path, or by manifest."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from seqkit import ConfigError, DataError, SourceFile


@dataclass(frozen=True)
class LabelRules:
    """Where labels come from; the first that applies: LABEL=PATH, the pattern, a manifest's column, the folder.

    Attributes:
        pattern: Regular expression whose first group is the label.
        file_column: Column of a manifest with the files' paths, relative to the manifest.
        label_column: Column of a manifest with the labels.
        transcript_column: Column of a manifest with the transcripts.
        start_column: Column of a manifest with the second at which a part begins; None reads from the beginning.
        end_column: Column of a manifest with the second at which a part ends; None reads to the end.
    """

    pattern: str | None = None
    file_column: str = "file"
    label_column: str = "label"
    transcript_column: str = "transcript"
    start_column: str | None = None
    end_column: str | None = None

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern or "()").groups
        except re.error as error:
            raise ConfigError(
                f"not a regular expression: {error}", at="--data.label_pattern", fix="see Python's re module"
            ) from None
        if groups < 1:
            raise ConfigError(
                f"the pattern {self.pattern!r} has no group",
                at="--data.label_pattern",
                fix=r"put the label in brackets: '^(\d)_' finds 7 in 7_theo_3.wav",
            )


@dataclass(frozen=True)
class Clip:
    """One recording, not opened yet.

    Attributes:
        source: The file.
        origin: The path given and the way from there, `recordings.zip:7_theo_3.wav`.
        name: The way from the path given to the file, with slashes.
        given_label: From LABEL=PATH or a manifest; None otherwise.
        given_transcript: From a manifest; None otherwise.
        begin_s: Where the part that is read begins.
        end_s: Where it ends; None is the end of the file.
    """

    source: SourceFile
    origin: str
    name: str
    given_label: str | None = None
    given_transcript: str | None = None
    begin_s: float = 0.0
    end_s: float | None = None

    def label(self, rules: LabelRules) -> str:
        """The label by the first rule that applies.

        Raises:
            DataError: If the pattern does not find one, or no rule applies.
        """
        if self.source.label is not None:
            return self.source.label
        if rules.pattern is not None:
            text = self.name if "/" in rules.pattern else PurePosixPath(self.name).name
            found = re.search(rules.pattern, text)
            if found is None or not found[1]:
                raise DataError(
                    f"label_pattern {rules.pattern!r} finds no label in {text!r}",
                    at=self.origin,
                    fix="change --data.label_pattern, or move the file away",
                )
            return found[1]
        if self.given_label == "":
            raise DataError("the label is empty", at=self.origin, fix="fill in the label, or remove the row")
        label = self.given_label or os.path.basename(self.source.folder)
        if not label:
            raise DataError(
                "the recording has no label: it lies in no folder of its class",
                at=self.origin,
                fix="make a folder for each class, or give --data.label_pattern, LABEL=PATH, "
                "or a manifest with --data.label_column",
            )
        return label
