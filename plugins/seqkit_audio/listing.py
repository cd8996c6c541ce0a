"""Which recordings there are below the paths given, and what each is called."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from seqkit import (
    TABLE_SUFFIXES,
    DataError,
    PathOption,
    SourceFile,
    StructureError,
    each_file,
    is_hub,
    is_table,
    reporting,
)
from seqkit_audio.clips import Clip, LabelRules
from seqkit_audio.manifest import manifest_clips
from seqkit_audio.other_formats import OTHER_SUFFIXES
from seqkit_audio.reading import SUFFIXES, open_sound
from seqkit_audio.transcripts import texts_beside


def list_clips(path: str | list[str], rules: LabelRules) -> Iterator[Clip]:
    """All recordings below the given paths, in a fixed order, each as soon as it is found.

    Args:
        path: Files, folders, zip archives or manifests, each with an optional `LABEL=`.
        rules: Names the columns of manifests.

    Raises:
        DataError: If a path or a file that a manifest names does not exist.
    """
    entries = [path] if isinstance(path, str) else path
    for entry in entries:
        if is_hub(entry):
            fix = "download the files and name their folder"
            raise StructureError("sound is not read from the hub", at=entry, fix=fix)
    found = [(entry, each_file(entry, SUFFIXES + OTHER_SUFFIXES)) for entry in entries]
    listed = [(_base(entry, first), first, rest) for entry, rest in found if (first := next(rest, None)) is not None]
    names = [base.name if base.name.strip(".") else base.resolve().name for base, _, _ in listed]
    for (base, first, rest), name in zip(listed, names, strict=True):
        # Folders of one name are told apart by their paths: splits count within what stands before the colon.
        prefix = name if names.count(name) == 1 else str(base)
        if is_manifest(first):
            with reporting():
                yield from manifest_clips(first, prefix, rules)
        elif first.path == base and first.member is None:
            yield Clip(first, prefix, name)
        else:
            for source, way in _with_ways(first, rest):
                yield Clip(source, f"{prefix}:{way}", way)


def is_manifest(source: SourceFile) -> bool:
    """Whether a file is a table of recordings rather than a recording."""
    return source.member is None and is_table(source)


def rate_of_first(clips: Iterable[Clip], tolerant: bool) -> int | None:
    """The sample rate of the first recording in Hz; None if there is none.

    Args:
        clips: The recordings.
        tolerant: Whether to pass over those that cannot be opened: whoever reads them will report them.

    Raises:
        DataError: If the first recording cannot be opened, or none can.
    """
    first: DataError | None = None
    for clip in clips:
        try:
            with open_sound(clip.source, clip.origin) as sound:
                return sound.sample_rate_hz
        except DataError as error:
            first = first or error
            if not tolerant:
                break
    if first is not None:
        raise first
    return None


def tables_of(path: PathOption) -> PathOption:
    """The manifests among the given paths; None for none."""
    entries = [path] if isinstance(path, str) else path or []
    return [e for e in entries if not is_hub(e) and e.lower().removesuffix(".gz").endswith(TABLE_SUFFIXES)] or None


def texts_of(recordings: list[Path]) -> list[Path]:
    """The transcripts that lie beside recordings."""
    texts = (text.path for file in recordings for text in texts_beside(SourceFile(file)))
    return [text for text in texts if text.is_file()]


def _base(entry: str, first: SourceFile) -> Path:
    """The path that was given, without its label."""
    return Path(entry if first.label is None else entry.removeprefix(f"{first.label}=")).expanduser()


def _with_ways(first: SourceFile, rest: Iterable[SourceFile]) -> Iterator[tuple[SourceFile, str]]:
    """Each file and the way to it from the given path, without the single folder that an archive often holds."""
    sources = chain([first], rest)
    if first.member is None:
        yield from ((source, source.origin.replace(os.sep, "/")) for source in sources)
        return
    members = [(source, source.member or "") for source in sources]
    tops = {member.partition("/")[0] if "/" in member else "" for _, member in members}
    within = len(tops) == 1 and tops != {""}
    yield from ((source, member.partition("/")[2] if within else member) for source, member in members)
