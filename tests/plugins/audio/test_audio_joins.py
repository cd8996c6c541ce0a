"""Labelled clips joined to longer recordings: which, in what order, with what between them, and in which split."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import ConfigError, DataError, Record, Split
from seqkit_audio.data import AudioData
from seqkit_audio.joins import Joined, JoinRules, join_clips, parse_lengths

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
SPEAKER = r"_(\w+)_\d+\.wav$"


def clips(count: int, speakers: str = "ab") -> list[Record]:
    """Records whose sound is their number."""
    return [
        Record(np.full(1, n), str(n % 10), f"x.zip:{n % 10}_{speakers[n % len(speakers)]}_{n}.wav")
        for n in range(count)
    ]


def names_of(record: Record) -> list[str]:
    return record.origin.partition(":")[2].split("+")


def test_each_clip_is_joined_once_a_pass_but_for_those_that_fill_the_last() -> None:
    rules = JoinRules(3, 6, SPEAKER)
    joined = list(join_clips(clips(43), rules, passes=3))
    heard = Counter(name for record in joined for name in names_of(record))
    assert len(heard) == 43 and min(heard.values()) == 3
    # Two speakers, three passes: each time two clips at most are heard again.
    assert sum(heard.values()) <= 43 * 3 + 2 * 3 * 2
    assert {len(names_of(record)) for record in joined} == {3, 4, 5, 6}
    assert all(len(set(names_of(record))) == len(names_of(record)) for record in joined)


def test_the_transcript_is_the_row_of_the_labels_and_the_origin_that_of_the_clips() -> None:
    for record in join_clips(clips(20), JoinRules(2, 4), passes=1):
        numbers = [int(re.findall(r"_(\d+)\.", name)[0]) for name in names_of(record)]
        assert isinstance(record.sequence, Joined)
        assert [int(part[0]) for part in record.sequence.parts] == numbers
        assert record.target == [str(number % 10) for number in numbers]
        assert len(record.sequence.gaps_s) == len(numbers) - 1
        assert all(0 <= gap <= 0.2 for gap in record.sequence.gaps_s)


def test_only_clips_of_one_group_are_joined() -> None:
    joined = list(join_clips(clips(40, "abc"), JoinRules(3, 6, SPEAKER), passes=2))
    speakers = [{name.split("_")[1] for name in names_of(record)} for record in joined]
    assert all(len(group) == 1 for group in speakers) and set.union(*speakers) == set("abc")
    mixed = join_clips(clips(40, "abc"), JoinRules(3, 6), passes=2)
    assert any(len({name.split("_")[1] for name in names_of(record)}) > 1 for record in mixed)


def test_a_group_too_small_for_a_record_is_joined_as_it_is() -> None:
    (record,) = join_clips(clips(2, "a"), JoinRules(5, 6, SPEAKER), passes=1)
    assert sorted(names_of(record)) == ["0_a_0.wav", "1_a_1.wav"]


def test_what_is_joined_depends_on_the_seed_and_on_nothing_else() -> None:
    def drawn(seed: int, records: list[Record]) -> list[tuple[str, Any]]:
        rules = JoinRules(3, 6, SPEAKER, seed=seed)
        return [(record.origin, record.sequence.gaps_s) for record in join_clips(records, rules, passes=2)]

    assert drawn(0, clips(30)) == drawn(0, clips(30)) != drawn(1, clips(30))
    # Another speaker's clips change nothing for this one.
    alone = [record for record in clips(30) if "_a_" in record.origin]
    assert drawn(0, alone) == [made for made in drawn(0, clips(30)) if "_a_" in made[0]]
    first, second = drawn(0, alone)[: len(drawn(0, alone)) // 2], drawn(0, alone)[len(drawn(0, alone)) // 2 :]
    assert first != second


def test_clips_of_several_sources_keep_their_whole_origins() -> None:
    records = [Record(np.zeros(1), "1", "a/x:1.wav"), Record(np.zeros(1), "2", "b/x:1.wav")]
    (record,) = join_clips(records, JoinRules(2, 2), passes=1)
    assert set(record.origin.split("+")) == {"a/x:1.wav", "b/x:1.wav"}


@pytest.fixture
def digits(write_sound: Callable[..., Path], tmp_path: Path) -> str:
    """60 clips of two speakers, each filled with a value of its own."""
    for number in range(60):
        value = np.full(40 + number, (number + 1) / 128)
        write_sound(f"digits/{number % 10}_{'ab'[number // 30]}_{number % 30}.wav", value)
    return str(tmp_path / "digits")


def joining(path: str | None, **options: Any) -> AudioData:
    options = {
        "label_pattern": r"^(\d)_",
        "join": "2-4",
        "join_match": SPEAKER,
        "test_match": r"_[0-4]\.wav$",
    } | options
    data: AudioData = AudioData(path, task="ctc", **options)
    data.setup("fit")
    return data


def test_no_clip_is_heard_in_two_splits(digits: str) -> None:
    data = joining(digits)
    heard = [{name for record in data.records(split) for name in names_of(record)} for split in SPLITS]
    assert sum(map(len, heard)) == len(set.union(*heard)) == 60 and all(heard)
    assert heard[2] == {f"{take}_{speaker}_{take}.wav" for speaker in "ab" for take in range(5)}
    assert "before they are joined" in data.describe_split()
    placed = list(data.placed())
    assert [record.origin for split, record in placed if split == "test"] == [
        record.origin for record in data.records("test")
    ]
    assert len(placed) == sum(len(list(data.records(split))) for split in SPLITS)


def test_training_clips_are_joined_several_times_and_held_out_ones_once(digits: str) -> None:
    data = joining(digits, joins_per_clip=5)
    counts = [Counter(n for record in data.records(split) for n in names_of(record)) for split in SPLITS]
    assert [min(count.values()) for count in counts] == [5, 1, 1]


def test_a_joined_record_is_its_clips_with_silence_between_them(digits: str) -> None:
    data = joining(digits, join_gap_s=0.01)
    record = next(iter(data.records("test")))
    numbers = [int(n.split("_")[2][:-4]) + 30 * (n.split("_")[1] == "b") for n in names_of(record)]
    sounds = [np.full(40 + n, (n + 1) / 128, np.float32) for n in numbers]
    assert np.allclose(record.sequence[record.sequence != 0], np.concatenate(sounds), atol=1e-4)
    silent = len(record.sequence) - sum(map(len, sounds))
    assert 0 < silent <= 80 * (len(numbers) - 1) and record.sequence[0] != 0 and record.sequence[-1] != 0
    assert record.target == "".join(str(n % 10) for n in numbers)
    tight = next(iter(joining(digits, join_gap_s=0.0).records("test")))
    assert len(tight.sequence) == sum(map(len, sounds)) and (tight.sequence != 0).all()


def test_labels_of_one_character_are_characters_and_longer_ones_are_whole(
    digits: str, write_sound: Callable[..., Path], tmp_path: Path
) -> None:
    assert joining(digits).target_codec.state() == {"alphabet": "0123456789"}
    for number in range(20):
        write_sound(f"words/{('yes', 'no')[number % 2]}/{number}.wav")
    words = joining(str(tmp_path / "words"), label_pattern=None, join_match=None, test_match=None, valid_fraction=0.3)
    assert words.target_codec.state() == {"labels": ["no", "yes"]}
    record = next(iter(words.records("train")))
    assert set(record.target) <= {"yes", "no"}
    assert words.target_codec.decode(words.target_codec.encode(record.target)) == record.target
    # A run over joined words can be scored on recordings with transcripts of their own.
    (tmp_path / "real" / "x").mkdir(parents=True)
    write_sound("real/x/1.wav")
    (tmp_path / "real" / "x" / "1.txt").write_text("yes  yes no\n")
    later: AudioData = AudioData(str(tmp_path / "real"), task="ctc", valid_fraction=0.0, test_fraction=0.0)
    later.restore_codecs(words.codec.state(), words.target_codec.state())
    assert [r.target for r in later.records("train")] == [["yes", "yes", "no"]]


def test_prediction_joins_nothing(digits: str) -> None:
    assert [record.origin for record in joining(digits).records("predict")][:2] == [
        "digits:0_a_0.wav",
        "digits:0_a_10.wav",
    ]


@pytest.mark.parametrize("text", ["", "a", "6-3", "0-2", "3-6-9", "-3"])
def test_lengths_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"(?s)join is.*--data\.join.*FEWEST-MOST"):
        parse_lengths(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"join_match": "("}, "not a regular expression"),
        ({"join_gap_s": -1.0}, "join_gap_s is -1"),
        ({"joins_per_clip": 0}, "joins_per_clip is 0"),
        ({"task": "classify"}, "joins no clips"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AudioData("x", **({"task": "ctc", "join": "2"} | options))


def test_a_group_that_is_not_in_the_name_is_an_error(digits: str) -> None:
    with pytest.raises(DataError, match=r"(?s)join_match '_\(\\\\d\+\)_' finds nothing.*digits:0_a_10\.wav"):
        list(joining(digits, join_match=r"_(\d+)_").records("train"))
