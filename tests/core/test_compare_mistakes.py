"""Mistakes in a comparison are found before anything is trained."""

from pathlib import Path
from typing import Any

import pytest

import seqkit
from seqkit import ConfigError, DataError, Domain
from seqkit.lecture.comparison.study import build_study, with_made_option
from tests.core.comparing import TINY


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rung": ["bag"]}, "unknown option 'rung'"),
        ({"rungs": [""]}, "no rung is named"),
        ({"rungs": ["bag"], "variants": {"a": {"model.cell": "rnn"}}}, "no variant 'bag'(.|\n)*variants: a"),
        ({"variants": {"a": {"cell": "rnn"}}}, "'cell' is no dotted option"),
        ({"variants": ["rnn"]}, "no group of options"),
        ({"across": {"lag": 4}}, "'4' is no list of columns\n  at: compare.across.lag"),
        ({"across": {"lag": [4], "size": [3]}}, "lag and size cannot both"),
        ({"across": "lag="}, "'lag=' is no list of columns"),
        ({"across": "=4"}, "'=4' is no list of columns"),
        ({"seeds": 0}, "0 is no number of seeds"),
        ({"split": "train"}, "no split 'train'"),
        ({"across": "lag=[1,2"}, "no list of columns"),
        ({"across": "model.cell=rnn,gru"}, "set by the rows themselves"),
        ({"across": {"model.cell": ["rnn"]}, "variants": {"a": {"model.cell": "gru"}, "b": {}}}, "rows themselves: a"),
    ],
)
def test_options_of_a_study_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_study([], options, None)


def test_across_of_the_command_line_is_read_as_values() -> None:
    study = build_study([], {"across": "lag=4,16,0.5,word", "rungs": "lstm,bag,lstm"}, None)
    assert study.across is not None and study.across.values == (4, 16, 0.5, "word")
    assert study.rungs == ("lstm", "bag")
    assert with_made_option("made:memory,lag=4,language=pt", "lag", 64) == "made:memory,language=pt,lag=64"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rungs": ["lsm"]}, "no rung 'lsm'"),
        ({"across": {"lagg": [3]}, "path": "made:first"}, "no option 'lagg'\n  at: --across lagg=3"),
        ({"across": {"lag": ["x"]}, "path": "made:first"}, "'x' is not a whole number\n  at: --across lag=x"),
        ({"across": {"lag": [3]}}, "is an option of made data"),
        ({"across": {"model.hiden_size": [3]}}, "hiden_size"),
        ({"variants": {"a": {"model.cel": "rnn"}}}, "cel"),
    ],
)
def test_mistakes_are_found_before_training(
    notes: Domain, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        seqkit.compare(notes, run=tmp_path / "run", **options, **TINY)
    assert not (tmp_path / "run").exists()


def test_a_split_without_records_is_found_before_training(notes: Domain, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("up:abab\ndown:baba\n" * 30)
    options = TINY | {"path": str(tmp_path / "notes.txt"), "run": tmp_path / "run", "test_fraction": 0.0}
    with pytest.raises(DataError, match="the test split is empty"):
        seqkit.compare(notes, rungs=["bag"], split="test", **options)
    assert not (tmp_path / "run").exists()
