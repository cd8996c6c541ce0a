"""Labelled clips joined to longer recordings, whose transcript is the row of their labels."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqkit import ConfigError, DataError, Record

_DEMO_JOIN = "1-3"


@dataclass(frozen=True)
class Joined:
    """Sounds one after another.

    Attributes:
        parts: The sounds, not decoded yet.
        gaps_s: Silence before each of them but the first.
    """

    parts: tuple[Any, ...]
    gaps_s: tuple[float, ...]


@dataclass(frozen=True)
class JoinRules:
    """How clips are joined; the result depends on these and on the clips alone, on every machine.

    Attributes:
        fewest: Clips of a record at least.
        most: At most.
        match: Regular expression on the origin; only clips of which its first group (or all it finds) is the same
            are joined. None joins any.
        gap_s: Longest silence between two clips; its length is drawn.
        seed: Of what is drawn.
        per_clip: In how many joined records each training clip is.
    """

    fewest: int
    most: int
    match: str | None = None
    gap_s: float = 0.2
    seed: int = 0
    per_clip: int = 4

    def __post_init__(self) -> None:
        if self.per_clip < 1:
            raise ConfigError(f"joins_per_clip is {self.per_clip}", at="--data.joins_per_clip", fix="give 1 or more")
        if self.gap_s < 0:
            raise ConfigError(f"join_gap_s is {self.gap_s}", at="--data.join_gap_s", fix="give seconds, 0 for none")
        try:
            re.compile(self.match or "")
        except re.error as error:
            raise ConfigError(
                f"not a regular expression: {error}", at="--data.join_match", fix="see Python's re module"
            ) from None

    def group(self, origin: str) -> str:
        """What a clip's origin shares with those it may be joined to.

        Raises:
            DataError: If the expression finds nothing.
        """
        if self.match is None:
            return ""
        found = re.search(self.match, origin)
        if found is None:
            raise DataError(
                f"join_match {self.match!r} finds nothing",
                at=origin,
                fix="change --data.join_match: it is searched in the whole origin, and its first group is the name",
            )
        return found[1] if found.re.groups else found[0]


def join_rules(
    task: str, demo: bool, join: str | None, match: str | None, gap_s: float, seed: int, per_clip: int
) -> JoinRules | None:
    """The rules that the options state; None if clips are not joined. The demo data of ctc always are.

    Raises:
        ConfigError: If one is out of its range, or the task joins no clips.
    """
    rules = JoinRules(*parse_lengths(_DEMO_JOIN if join is None else join), match, gap_s, seed, per_clip)
    if join is not None and task != "ctc":
        raise ConfigError(f"task {task!r} joins no clips", at="--data.join", fix="leave it out, or choose ctc")
    return rules if join is not None or (demo and task == "ctc") else None


def parse_lengths(text: str) -> tuple[int, int]:
    """`3-6`, or `4`, as the fewest and the most clips of a record.

    Raises:
        ConfigError: If it has another form.

    Example:
        >>> parse_lengths("3-6"), parse_lengths("4")
        ((3, 6), (4, 4))
    """
    found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", text)
    fewest = int(found[1]) if found else 0
    most = int(found[2] or fewest) if found else 0
    if not 1 <= fewest <= most:
        raise ConfigError(f"join is {text!r}", at="--data.join", fix="write FEWEST-MOST clips of a record, such as 3-6")
    return fewest, most


def join_clips(clips: Iterable[Record], rules: JoinRules, passes: int) -> Iterator[Record]:
    """Joined records: in each pass every clip is in one, and a few are in two where the last one would be too short.

    Args:
        clips: Labelled clips of one split.
        rules: How to join them.
        passes: How often.
    """
    groups: dict[str, list[Record]] = {}
    for clip in clips:
        groups.setdefault(rules.group(clip.origin), []).append(clip)
    for number in range(passes):
        for name, members in groups.items():
            key = hashlib.blake2b(name.encode(), digest_size=8).digest()
            random = np.random.default_rng([rules.seed, number, int.from_bytes(key, "big")])
            yield from (_joined(chosen, rules, random) for chosen in _runs(members, rules, random))


def _runs(members: list[Record], rules: JoinRules, random: np.random.Generator) -> Iterator[list[Record]]:
    """The members in random order, cut into runs of random length; all of them if they are too few for one."""
    order = [members[place] for place in random.permutation(len(members))]
    begin = 0
    while begin < len(order):
        size = int(random.integers(rules.fewest, rules.most + 1))
        run = order[begin : begin + size]
        missing = min(rules.fewest, len(order)) - len(run)
        yield run + order[: max(missing, 0)]
        begin += size


def _joined(clips: list[Record], rules: JoinRules, random: np.random.Generator) -> Record:
    gaps = random.uniform(0.0, rules.gap_s, len(clips) - 1)
    return Record(
        sequence=Joined(tuple(clip.sequence for clip in clips), tuple(gaps.tolist())),
        target=[str(clip.target) for clip in clips],
        origin=_origin([clip.origin for clip in clips]),
    )


def _origin(origins: list[str]) -> str:
    """All origins, what stands before the first colon only once: `r.zip:7_theo_3.wav+0_theo_9.wav`."""
    files = {origin.partition(":")[0] for origin in origins}
    if len(files) == 1 and all(":" in origin for origin in origins):
        return f"{files.pop()}:" + "+".join(origin.partition(":")[2] for origin in origins)
    return "+".join(origins)
