"""Which recordings there are, what each is called, and its label: by folder, by name, by path, or by manifest."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from seqkit import (
    TABLE_SUFFIXES,
    ConfigError,
    DataError,
    SourceFile,
    find_files,
    is_hub,
    is_table,
    read_rows,
    report,
    reporting,
    require_column,
)
from seqkit_audio.reading import SUFFIXES


@dataclass(frozen=True)
class LabelRules:
    """Where labels come from; the first that applies: LABEL=PATH, the pattern, a manifest's column, the folder.

    Attributes:
        pattern: Regular expression whose first group is the label.
        file_column: Column of a manifest with the files' paths, relative to the manifest.
        label_column: Column of a manifest with the labels.
        transcript_column: Column of a manifest with the transcripts.
    """

    pattern: str | None = None
    file_column: str = "file"
    label_column: str = "label"
    transcript_column: str = "transcript"

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
    """

    source: SourceFile
    origin: str
    name: str
    given_label: str | None = None
    given_transcript: str | None = None

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
        label = self.given_label or Path(self.source.folder).name
        if not label:
            raise DataError(
                "the recording has no label: it lies in no folder of its class",
                at=self.origin,
                fix="make a folder for each class, or give --data.label_pattern, LABEL=PATH, "
                "or a manifest with --data.label_column",
            )
        return label


def list_clips(path: str | list[str], rules: LabelRules) -> Iterator[Clip]:
    """All recordings below the given paths, in a fixed order.

    Args:
        path: Files, folders, zip archives or manifests, each with an optional `LABEL=`.
        rules: Names the columns of manifests.

    Raises:
        DataError: If a path or a file that a manifest names does not exist.
    """
    entries = [path] if isinstance(path, str) else path
    for entry in entries:
        if is_hub(entry):
            raise DataError("sound is not read from the hub", at=entry, fix="download the files and name their folder")
    found = ((entry, find_files(entry, SUFFIXES)) for entry in entries)
    listed = [(_base(entry, sources[0]), sources) for entry, sources in found if sources]
    names = [base.name if base.name.strip(".") else base.resolve().name for base, _ in listed]
    for (base, sources), name in zip(listed, names, strict=True):
        # Folders of one name are told apart by their paths: splits count within what stands before the colon.
        prefix = name if names.count(name) == 1 else str(base)
        if is_manifest(sources[0]):
            with reporting():
                yield from _manifest_clips(sources[0], prefix, rules)
        elif sources[0].path == base and sources[0].member is None:
            yield Clip(sources[0], prefix, name)
        else:
            for source, way in zip(sources, _ways(sources), strict=True):
                yield Clip(source, f"{prefix}:{way}", way)


def is_manifest(source: SourceFile) -> bool:
    """Whether a file is a table of recordings rather than a recording."""
    return source.member is None and is_table(source)


def manifest_files(path: str | list[str], rules: LabelRules) -> list[Path]:
    """The files that manifests among the given paths name."""
    entries = [path] if isinstance(path, str) else path
    tables = [e for e in entries if not is_hub(e) and e.lower().removesuffix(".gz").endswith(TABLE_SUFFIXES)]
    return [clip.source.path for clip in (list_clips(tables, rules) if tables else ())]


def _base(entry: str, first: SourceFile) -> Path:
    """The path that was given, without its label."""
    return Path(entry if first.label is None else entry.removeprefix(f"{first.label}=")).expanduser()


def _ways(sources: list[SourceFile]) -> list[str]:
    """The way from the given path to each file; the single folder that an archive often holds is left out."""
    if sources[0].member is None:
        return [source.origin.replace(os.sep, "/") for source in sources]
    members = [source.member or "" for source in sources]
    tops = {member.partition("/")[0] if "/" in member else "" for member in members}
    return [member.partition("/")[2] for member in members] if len(tops) == 1 and tops != {""} else members


def _manifest_clips(table: SourceFile, prefix: str, rules: LabelRules) -> Iterator[Clip]:
    """The recordings of a manifest; relative paths start at its folder."""
    number, seen = 0, set[str]()
    for number, row in read_rows(table):
        place = f"{table.name}, row {number}"
        require_column(rules.file_column, list(row), table.name, "--data.file_column")
        name = str(row[rules.file_column] or "")
        file = table.path.parent / name
        if not name or not os.path.isfile(file):  # Path.is_file raises for a text too long for a name.
            fix = "paths are relative to the manifest; remove the row or add the file"
            report(DataError(f"no such file: {name!r}", at=place, fix=fix))
            continue
        if name in seen:
            fix = "remove one row: splits would share the recording"
            report(DataError(f"{name!r} is listed twice", at=place, fix=fix))
            continue
        seen.add(name)
        for option in ("label_column", "transcript_column"):
            if getattr(rules, option) != getattr(LabelRules, option):
                require_column(getattr(rules, option), list(row), table.name, f"--data.{option}")
        label, transcript = _cell(row, rules.label_column), _cell(row, rules.transcript_column)
        yield Clip(SourceFile(file, label=table.label), f"{prefix}:{name}", name, label, transcript)
    if not number:
        raise DataError("holds no rows", at=table.name, fix="check the manifest")


def _cell(row: dict[str, Any], column: str) -> str | None:
    return None if row.get(column) is None else str(row[column])
