"""Labels and transcripts in the form of their codec, and the codec that they call for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from seqkit import Codec, DataError, LabelCodec, StructureError, SymbolCodec, TagCodec
from seqkit_audio.clips import Clip

Target = str | list[str] | None


def target_of(clip: Clip, find: Callable[[Clip], str], needed: bool) -> str | None:
    """A clip's target; None where there is none and none is needed."""
    try:
        return find(clip)
    except DataError:
        if needed:
            raise
        return None


def learn_classes(labels: Iterable[Target], task: str, path: object) -> Codec:
    """Classes of recordings, or symbols of joined ones: characters where each label is one, else whole labels.

    Raises:
        StructureError: If there are fewer than two.
    """
    names = sorted({str(label) for label in labels})
    if len(names) < 2:
        raise StructureError(
            f"{task} needs at least two labels, the training data holds {names}",
            at=f"path {path!r}",
            fix="make a folder for each class, or give --data.label_pattern, LABEL=PATH, or a manifest",
        )
    if task == "classify":
        return LabelCodec(names)
    return SymbolCodec("".join(names)) if all(len(name) == 1 for name in names) else TagCodec(names)


def learn_characters(transcripts: Iterable[Target], alphabet: str | None, path: object) -> Codec:
    """The characters of transcripts, unless they are given.

    Raises:
        StructureError: If there are no transcripts.
    """
    codec = SymbolCodec(alphabet)
    codec.fit(text for text in transcripts if isinstance(text, str))
    if not codec.alphabet:
        raise StructureError("no transcript is left to train on", at=f"path {path!r}", fix="hold out less")
    return codec
