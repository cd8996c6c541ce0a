"""Which record, or which part of a stream, belongs to training, validation and test. No randomness, no state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from seqkit.data.groups import fold_of, group_of, parse_fold, require_groups, share_of
from seqkit.errors import ConfigError, did_you_mean
from seqkit.steps import Record, Split


@dataclass(frozen=True)
class HoldOut:
    """What the user asked to hold out.

    Attributes:
        valid_given: Validation records come from a path of their own.
        test_given: Test records come from a path of their own.
        test_match: Regular expression; records whose origin it finds are test records.
        test_every: Records whose 0-based index in their file is a multiple of this are test records.
        group_match: Regular expression; what its first group finds in an origin is the record's group.
        test_group: Records of this group are test records.
        fold: `3/10`: records of the third of ten folds are test records.
        valid_fraction: Share held out for validation, unless it has its own path.
        test_fraction: Share held out for test, unless a rule above says which.
    """

    valid_given: bool = False
    test_given: bool = False
    test_match: str | None = None
    test_every: int | None = None
    group_match: str | None = None
    test_group: str | None = None
    fold: str | None = None
    valid_fraction: float = 0.1
    test_fraction: float = 0.1

    def __post_init__(self) -> None:
        for name in ("valid_fraction", "test_fraction"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}", at=f"--data.{name}", fix="give a share from 0 to below 1"
                )
        if self.shares[1] >= 1:
            raise ConfigError(
                "validation and test together leave nothing to train on",
                at="--data.valid_fraction, --data.test_fraction",
                fix="make their sum less than 1",
            )
        if self.test_every is not None and self.test_every < 2:
            raise ConfigError(f"test_every is {self.test_every}", at="--data.test_every", fix="give 2 or more")
        for name in ("test_match", "group_match"):
            try:
                re.compile(getattr(self, name) or "")
            except re.error as error:
                raise ConfigError(
                    f"not a regular expression: {error}", at=f"--data.{name}", fix="see Python's re module"
                ) from None
        if len(self.rules) > 1:
            raise ConfigError(
                f"{' and '.join(self.rules)} both say which records are test records",
                at=", ".join(f"--data.{name}" for name in self.rules),
                fix="leave out all but one; `null` takes back one that a recipe or a run has set",
            )
        if self.fold is not None:
            parse_fold(self.fold)
        if self.test_group is not None and self.group_match is None:
            raise ConfigError(
                f"test_group is {self.test_group!r}, but nothing says what a group is",
                at="--data.test_group",
                fix="give --data.group_match, such as '_(\\w+)_\\d+\\.wav$'",
            )

    @property
    def rules(self) -> list[str]:
        """The options that say which records are test records."""
        names = ("test_match", "test_every", "test_group", "fold")
        return [name for name in names if getattr(self, name) is not None]

    @property
    def has_test_rule(self) -> bool:
        """Whether test records are chosen by something other than a fraction."""
        return self.test_given or bool(self.rules)

    @property
    def shares(self) -> tuple[float, float]:
        """Cumulative shares (test, test + validation) that the fractions hold out."""
        test = 0.0 if self.has_test_rule else self.test_fraction
        return test, test + (0.0 if self.valid_given else self.valid_fraction)

    def is_test(self, record: Record, index: int) -> bool:
        """Whether the rules (not the fraction) make this a test record.

        Args:
            record: The record.
            index: Its 0-based number in its file.
        """
        if self.test_match is not None:
            return re.search(self.test_match, record.origin) is not None
        if self.test_group is not None:
            return group_of(record.origin, self.group_match) == self.test_group
        if self.fold is not None:
            number, folds = parse_fold(self.fold)
            return fold_of(record.origin, index, folds) == number
        return self.test_every is not None and index % self.test_every == 0

    def describe(self, stream: bool) -> str:
        """The split in words, for the run's output."""
        test, both = self.shares
        where = "the end" if stream else "by a hash of file and number"
        rule = f"{test:.0%} ({where})"
        if self.test_match is not None:
            rule = f"origins matching {self.test_match!r}"
        elif self.test_every is not None:
            rule = f"records of each file whose 0-based number is a multiple of {self.test_every}"
        elif self.test_group is not None:
            rule = f"group {self.test_group!r}"
        elif self.fold is not None:
            rule = "fold {} of {} (by a hash of file and number)".format(*parse_fold(self.fold))
        if self.test_given:
            rule = f"its own path; in no split: {rule}" if self.rules else "its own path"
        before = " before the test part" if stream and test else ""
        valid = "its own path" if self.valid_given else f"{both - test:.0%} ({where}{before})"
        return f"validation: {valid} · test: {rule}"


def select_records(records: Iterable[Record], split: Split, hold_out: HoldOut) -> Iterator[Record]:
    """The whole records of one split: rules first, then a hash of (file, index), the same on every machine."""
    return (record for place, record in place_records(records, hold_out) if place == split)


def place_records(records: Iterable[Record], hold_out: HoldOut) -> Iterator[tuple[Split, Record]]:
    """All records, each with the split that it belongs to as a whole."""
    test, both = hold_out.shares
    for record, index, is_test in _judged(records, hold_out):
        share = 0.0 if is_test else share_of(record.origin, index)
        place: Split = "test" if is_test or share < test else "valid" if share < both else "train"
        yield place, record


def place_stream(records: Iterable[Record], hold_out: HoldOut) -> Iterator[tuple[Split | None, Record]]:
    """All records of a stream; those that a rule makes test records with that split, the rest with None."""
    return (("test" if is_test else None, record) for record, _, is_test in _judged(records, hold_out))


def stream_bounds(total: int, hold_out: HoldOut) -> tuple[int, int]:
    """Where validation and test begin in a stream of this length."""
    test, both = hold_out.shares
    return total - round(total * both), total - round(total * test)


def stream_length(records: Iterable[Record], hold_out: HoldOut) -> int:
    """Length of a stream, without the records that a rule makes test records; what `cut_stream` divides."""
    return sum(len(record.sequence) for record, _, is_test in _judged(records, hold_out) if not is_test)


def cut_stream(
    read: Callable[[], Iterable[Record]], split: Split, hold_out: HoldOut, total: int | None = None
) -> Iterator[Record]:
    """The part of a stream of records that belongs to one split: the end is held out, test last.

    The sequences are laid end to end and cut at two places; a record that lies across a cut is divided. Records
    that a rule makes test records are taken out first, whole. Reading ends where the split ends.

    Args:
        read: Gives the records anew at each call. Sequences must have a length and allow slicing.
        split: The wanted split.
        hold_out: The rules.
        total: The `stream_length`, if it is known; None reads the records once more to measure it.
    """
    if hold_out.shares[1] == 0 and split == "train":
        yield from (record for record, _, is_test in _judged(read(), hold_out) if not is_test and len(record.sequence))
        return
    total = stream_length(read(), hold_out) if total is None else total
    first_valid, first_test = stream_bounds(total, hold_out)
    begin, end = {"train": (0, first_valid), "valid": (first_valid, first_test), "test": (first_test, total)}[split]
    position = 0
    for record, _, is_test in _judged(read(), hold_out):
        if is_test:
            if split == "test":
                yield record
            continue
        if position >= end and split != "test":
            return  # What follows was looked at while the stream was measured.
        low, high = max(begin - position, 0), min(end - position, len(record.sequence))
        position += len(record.sequence)
        if low >= high:
            continue
        whole = low == 0 and high == len(record.sequence)
        yield (
            record
            if whole
            else replace(record, sequence=record.sequence[low:high], continues=record.continues and low == 0)
        )


def _judged(records: Iterable[Record], hold_out: HoldOut) -> Iterator[tuple[Record, int, bool]]:
    """Records with their number in their file, and whether a rule makes them test records.

    Raises:
        ConfigError: If a rule finds none of them: the test split would be empty, noticed after training.
    """
    first, found = None, not hold_out.rules
    examples: dict[str | None, str] = {}
    for record, index in _numbered(records):
        is_test = hold_out.is_test(record, index)
        first, found = first or record, found or is_test
        if hold_out.test_group is not None:
            examples.setdefault(group_of(record.origin, hold_out.group_match), record.origin)
        yield record, index, is_test
    if hold_out.test_group is not None and first is not None:
        names = require_groups(examples.values(), hold_out.group_match or "")
        if not found:
            raise ConfigError(
                f"no record is of group {hold_out.test_group!r}",
                at="--data.test_group",
                fix=did_you_mean(hold_out.test_group, names) or f"groups: {', '.join(names[:20])}",
            )
    if first is not None and not found:
        raise _finds_none(hold_out, first)


def _finds_none(hold_out: HoldOut, first: Record) -> ConfigError:
    if hold_out.fold is not None:
        return ConfigError(
            f"fold {hold_out.fold} holds none of the records",
            at="--data.fold",
            fix="make fewer folds: records are few, or they are parts of one (next_step over a single text)",
        )
    return ConfigError(
        f"{hold_out.test_match!r} finds none of the records",
        at="--data.test_match",
        fix=f"it is searched in the whole origin, such as {first.origin!r}",
    )


def _numbered(records: Iterable[Record]) -> Iterator[tuple[Record, int]]:
    """Records with their 0-based number in their file: the part of the origin before the first colon."""
    counts: dict[str, int] = {}
    for record in records:
        file = record.origin.partition(":")[0]
        index = counts.get(file, -1) + (0 if record.continues else 1)
        counts[file] = index
        yield record, index
