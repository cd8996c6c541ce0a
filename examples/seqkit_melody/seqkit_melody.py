"""Melodies as letters, a domain for seqkit: continue them, or tell rising from falling ones."""

import io
import random
from collections.abc import Iterable, Iterator
from typing import Any

from seqkit import DataError, Domain, LabelCodec, PathOption, Record, SequenceDataModule, Split, SymbolCodec, find_files

NOTES = "abcdefgh"


class MelodyData(SequenceDataModule):
    """Melodies, one a line: `label: notes`, the notes being the letters a to h.

    Args:
        path: Text files, or folders of them; None makes melodies that rise or fall.
        task: `next_step` continues melodies, `classify` names their label.
        options: Those of every data module.
    """

    def __init__(self, path: PathOption = None, task: str = "next_step", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = SymbolCodec(NOTES)
        self.target_codec = self.codec if task == "next_step" else LabelCodec()

    @property
    def holds_out_whole(self) -> bool:
        """Melodies are short: whole ones are held out for both tasks."""
        return True

    def records(self, split: Split) -> Iterable[Record]:
        """Melodies of a split."""
        return self.divide(self.read, split)

    def read(self, path: PathOption) -> Iterator[Record]:
        """All melodies of a path, one at a time."""
        if path is None:
            yield from demo_melodies(300)
            return
        for file in find_files(path, [".txt"]):
            with io.TextIOWrapper(file.open(), encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    label, colon, notes = line.strip().partition(": ")
                    origin = f"{file.origin}:{number}"
                    if not colon:
                        raise DataError(f"the line {line[:40]!r} has no label", at=origin, fix="write `label: notes`")
                    yield Record(sequence=notes, target=label, origin=origin)


def demo_melodies(count: int) -> Iterator[Record]:
    """Melodies that go up or down the scale, a tenth of the notes wrong."""
    for number in range(count):
        chance = random.Random(number)
        label, interval = chance.choice([("rising", 1), ("falling", -1)])
        first = chance.randrange(8)
        scale = ((first + interval * t) % 8 for t in range(chance.randint(12, 40)))
        notes = (NOTES[chance.randrange(8) if chance.random() < 0.1 else note] for note in scale)
        yield Record(sequence="".join(notes), target=label, origin=f"demo:{number}")


DOMAIN = Domain("melody", MelodyData, tasks=("next_step", "classify"))
