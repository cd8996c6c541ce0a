"""What is compared in tests: melodies of which the first note is the label, and the least that trains on them."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from seqkit import Known, Made, MadeSource, Split
from tests.core.small_domains import MelodyData

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
TINY: dict[str, Any] = {"task": "classify", "hidden_size": 8, "max_steps": 8, "accelerator": "cpu", "quiet": True}


def write_first_note(folder: Path, seed: int, lag: int = 4) -> Made:
    """The label is the first note, the rest are drawn.

    Args:
        folder: Where to.
        seed: Of the draws.
        lag: Notes after the first.
    """
    rng = np.random.default_rng(seed)
    for split in SPLITS:
        notes = rng.integers(0, 2, (60, lag + 1))
        lines = ("up" * int(row[0]) + "down" * int(1 - row[0]) + ":" + "".join("ab"[n] for n in row) for row in notes)
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n")
    known = Known({"accuracy": 1.0, "loss": 0.0}, {"accuracy": 0.5})
    return Made({split: f"{split}.txt" for split in SPLITS}, dict.fromkeys(SPLITS, known))


class NotesData(MelodyData):
    """Melodies, with a source of them."""

    made: ClassVar[dict[str, MadeSource]] = {"first": MadeSource(write_first_note, ("classify",))}
