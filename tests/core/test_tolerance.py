"""Bad records: the first is an error, or all are left out and counted, as the user asks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqkit.cli.main import main
from seqkit.codecs import LabelCodec, SymbolCodec
from seqkit.data.module import SequenceDataModule
from seqkit.data.tolerance import Tolerance, require_policy
from seqkit.errors import ConfigError, DataError, StructureError, TooManyBadRecords
from seqkit.problems import collect_problems, report
from seqkit.steps import Record, Split

GOOD = ["abc", "cab", "bca", "acb"] * 25


class Words(SequenceDataModule):
    """Words, one a line; `!` is refused by the reader, a letter beyond `c` by the codec."""

    def __init__(self, path: str | None = None, task: str = "classify", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = SymbolCodec("abc")
        self.target_codec = LabelCodec() if task == "classify" else self.codec

    def records(self, split: Split) -> Iterator[Record]:
        return self.divide(self._read, split)

    def _read(self, path: Any) -> Iterator[Record]:
        for number, line in enumerate(Path(path).read_text().split(), 1):
            at = f"words.txt:{number}"
            if "!" in line:
                report(DataError(f"{line!r} holds '!'", at=at, fix="remove it"), line)
                continue
            yield Record(line, line[0], at)


def _data(tmp_path: Path, words: list[str], **options: Any) -> Words:
    path = tmp_path / "words.txt"
    text = "\n".join(words)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    data: Words = Words(str(path), **options)  # `__new__` of the base class hides the type
    return data


def _mixed() -> list[str]:
    return [*GOOD[:30], "a!b", *GOOD[30:60], "abx", *GOOD[60:]]


def test_the_first_bad_record_is_an_error_unless_the_user_allows_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds '!'"):
        _data(tmp_path, _mixed()).store("train")


def test_bad_records_are_left_out_counted_once_and_the_good_ones_stay(tmp_path: Path) -> None:
    data = _data(tmp_path, _mixed(), on_bad_record="skip", max_bad=2)
    kept = [data.codec.decode(store.sequence(i)) for store in _stores(data) for i in range(len(store))]
    assert sorted(kept) == sorted(GOOD)
    origins = [origin for store in _stores(data) for origin in store.origins()]
    assert len(set(origins)) == 100 and not {"words.txt:31", "words.txt:62"} & set(origins)
    summary = data.tolerance.summary()
    # The reader passed 101 records; one of them was taken back when the codec refused it.
    assert (summary["num_bad"], summary["num_good"]) == (2, 100)
    assert sum(summary["kinds"].values()) == 2
    said = "'a!b' holds '!' (words.txt:31), character 'x' at position 2 is not in the alphabet (words.txt:62)"
    assert data.tolerance.describe() == f"2 of 102 records left out (1.96%): {said}"


def test_a_second_start_from_the_cache_still_knows_what_was_left_out(tmp_path: Path) -> None:
    first = _data(tmp_path, _mixed(), on_bad_record="quarantine", max_bad="5%")
    second = _data(tmp_path, _mixed(), on_bad_record="quarantine", max_bad="5%")
    _stores(first)
    second.fit_codecs()
    second.tolerance = Tolerance("quarantine", "5%")  # as if the codecs had needed no reading
    _stores(second)
    assert first.tolerance.summary()["num_bad"] == 2
    assert second.tolerance.summary() == first.tolerance.summary()


def test_quarantine_keeps_place_reason_and_the_record_itself(tmp_path: Path) -> None:
    data = _data(tmp_path, _mixed(), on_bad_record="quarantine", max_bad="5%")
    _stores(data)
    path = data.tolerance.write_quarantine(tmp_path / "quarantine.jsonl")
    assert path is not None
    rows = sorted((json.loads(line) for line in path.read_text().splitlines()), key=lambda row: row["at"])
    assert [row["at"].partition(",")[0] for row in rows] == ["words.txt:31", "words.txt:62"]
    assert rows[0]["record"] == "a!b" and rows[0]["fix"] == "remove it"


@pytest.mark.parametrize(("most", "fits"), [(3, True), (2, False), ("2.92%", True), ("2.9%", False), (0, False)])
def test_more_than_allowed_are_an_error_and_leave_no_store(tmp_path: Path, most: int | str, fits: bool) -> None:
    words = [*GOOD, "!", "a!", "b!"]
    if fits:
        assert sum(map(len, _stores(_data(tmp_path, words, on_bad_record="skip", max_bad=most)))) == 100
        return
    for _ in range(2):  # the second start must not find a store in the cache
        with pytest.raises(TooManyBadRecords, match=r"^(\d bad records?|3 of 103 records are bad);") as caught:
            _stores(_data(tmp_path, words, on_bad_record="skip", max_bad=most))
        assert "--max-bad" in str(caught.value.fix)


def test_a_record_in_parts_is_taken_back_whole(tmp_path: Path) -> None:
    class Parts(Words):
        def records(self, split: Split) -> Iterator[Record]:
            for number, parts in enumerate((["ab", "ca"], ["bb", "bx", "cc"], ["c"])):
                for place, part in enumerate(parts):
                    yield Record(part, origin=f"f:{number}", continues=place > 0)

    path = tmp_path / "any.txt"
    path.touch()
    store = Parts(str(path), task="next_step", on_bad_record="skip", max_bad=1).store("predict")
    assert store.offsets.tolist() == [0, 4, 5] and store.origins() == ["f:0", "f:2"]
    assert store.steps.tolist() == [0, 1, 2, 0, 2]


def test_a_mistake_of_the_consumer_is_no_bad_record() -> None:
    tolerance = Tolerance("skip", 5)
    with pytest.raises(DataError, match="own"):
        for _ in tolerance.records([Record("a")]):
            report(DataError("own mistake"))
    assert tolerance.collected.num_problems == 0


def test_the_share_is_one_of_all_paths_together(tmp_path: Path) -> None:
    paths = {}
    for name, num_bad in (("path", 0), ("valid_path", 2), ("test_path", 1)):  # 2 of 102 alone would be too many
        paths[name] = str(tmp_path / name)
        Path(paths[name]).write_text("\n".join([*GOOD, *[f"!{name}"] * num_bad]))

    class Apart(Words):
        def __init__(self, path: str, **options: Any) -> None:
            super().__init__(path, "next_step", **options)

        def _read(self, path: Any) -> Iterator[Record]:
            return (Record(r.sequence, origin=f"{path}:{r.origin}") for r in super()._read(path))

    for _ in range(2):  # The second time from the cache.
        data = Apart(**paths, on_bad_record="skip", max_bad="1%")
        _stores(data)
        assert data.tolerance.describe().startswith("3 of 303 records left out (0.99%)")
    with pytest.raises(TooManyBadRecords, match=r"^2 of 202 records are bad;"):
        _stores(Apart(**paths, on_bad_record="skip", max_bad="0.9%"))


def test_what_utf8_cannot_hold_is_kept_as_an_escape(tmp_path: Path) -> None:
    tolerance = Tolerance("quarantine", 5)
    with collect_problems(tolerance.collected):
        report(DataError("half a pair", at="caf\udce9.txt:1"), "x\ud800y")
    path = tolerance.write_quarantine(tmp_path / "quarantine.jsonl")
    assert path is not None
    row = json.loads(path.read_text(encoding="utf-8"))
    assert (row["at"], row["record"]) == ("caf\udce9.txt:1", "x\ud800y")


def test_no_quarantine_of_an_earlier_time_stays(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.jsonl"
    path.touch()
    assert Tolerance("skip").write_quarantine(path) is None and path.exists()
    assert Tolerance("quarantine").write_quarantine(path) is None and not path.exists()


def test_bad_records_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit.collected.MOST_BYTES_IN_ALL", 1000)
    with collect_problems() as found:
        for number in range(5):
            report(DataError("bad", at=f"f:{number}"), "x" * 400)
    assert found.num_problems == 5 and [len(problem.record or "") for problem in found.problems] == [400, 400, 0, 0, 0]


def test_check_collects_beyond_the_limit(tmp_path: Path) -> None:
    data = _data(tmp_path, ["!", "a!", *GOOD], on_bad_record="skip", max_bad=0)
    with collect_problems() as found:
        assert len(list(data.accepted("predict"))) == 100
    assert found.num_problems == 2


@pytest.mark.parametrize("most", ["many", "-1", "101%", "1.5", ""])
def test_a_limit_that_is_no_number_is_refused(most: str) -> None:
    with pytest.raises(ConfigError, match="no number of records"):
        Tolerance("skip", most)


def _stores(data: Words) -> list[Any]:
    return [data.store(split) for split in ("train", "valid", "test")]


def test_too_many_bad_records_name_the_verb_that_lists_all_of_them(tmp_path: Path) -> None:
    for most, counted in ((0, "^1 bad record;"), ("0.5%", "^1 of 101 records is bad;")):
        with pytest.raises(TooManyBadRecords, match=counted) as found:
            _stores(_data(tmp_path, [*GOOD, "a!"], on_bad_record="quarantine", max_bad=most))
        assert "seqkit check DATA --domain NAME --out problems.csv" in str(found.value.fix)
        assert "--max-bad" in str(found.value.fix)


def test_a_limit_without_a_policy_is_refused() -> None:
    require_policy({"on_bad_record": "skip", "max_bad": 3})
    require_policy({"on_bad_record": "error", "max_bad": "1%"})
    with pytest.raises(ConfigError, match="--max-bad has no effect"):
        require_policy({"on_bad_record": "error", "max_bad": 3})


def test_the_command_line_says_that_a_bad_record_can_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hint = "or: --on-bad-record skip leaves such records out"
    for kind, words, shown in (
        (DataError, [], True), (DataError, ["--on-bad-record=skip"], False), (StructureError, [], False),
    ):  # fmt: skip

        def raising(given: list[str], kind: type[DataError] = kind) -> int:
            report(kind("'x' is bad", at="a.txt:1", fix="correct it"))
            return 0

        monkeypatch.setattr("seqkit.cli.main._run", raising)
        assert main(["fit", *words]) == 2
        assert (hint in capsys.readouterr().err) == shown
