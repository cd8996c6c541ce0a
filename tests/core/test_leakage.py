"""Records of a split that training has seen: found by their steps, told once, kept in the result."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
import torch

import seqkit
from seqkit import Domain, Record, SymbolCodec
from seqkit.cli.report import print_result
from seqkit.codec import Codec
from seqkit.data.store import FlatStore
from seqkit.data.store_building import build_store
from seqkit.training import workflow
from seqkit.training.leakage import describe_leaks, find_leaks

TINY: dict[str, Any] = {"task": "classify", "hidden_size": 8, "max_epochs": 1, "accelerator": "cpu"}
CODEC = SymbolCodec("ACGT")


class BackwardCodec(Codec):
    """The same letters, of which a record may be read backward too."""

    spec = CODEC.spec
    encode, decode = CODEC.encode, CODEC.decode

    def mirror(self, steps: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(steps, lengths, strict=True)])


def store(tmp_path: Path, name: str, *sequences: str) -> FlatStore:
    return build_store((Record(s, origin=f"{name}:{n}") for n, s in enumerate(sequences)), CODEC, None, tmp_path / name)


def test_equal_records_are_found_and_similar_ones_are_not(tmp_path: Path) -> None:
    train = store(tmp_path, "train", "ACGT", "AACC", "GG", "AACC", "TTTT")
    scored = store(tmp_path, "test", "ACG", "AACC", "ACGTA", "GG", "AACCG", "GG")
    found = find_leaks(train, scored, CODEC)
    assert found == {"records": 3, "example": ["test:1", "train:1"]}
    line = describe_leaks(found, 6, "test")
    assert line is not None
    assert line.startswith("3 of 6 test records are to the model the same as one of training (test:1 as train:1)")


def test_mirror_images_count_where_the_codec_has_them(tmp_path: Path) -> None:
    train, scored = store(tmp_path, "train", "ACCG", "TT"), store(tmp_path, "test", "GCCA", "CGGC", "AA")
    assert find_leaks(train, scored, CODEC) == {"records": 0}
    assert find_leaks(train, scored, BackwardCodec()) == {"records": 1, "example": ["test:0", "train:0"]}


def test_nothing_is_said_where_nothing_leaks() -> None:
    assert describe_leaks({"records": 0}, 5, "test") is None and describe_leaks({}, 5, "test") is None


def melodies(path: Path, lines: list[str]) -> str:
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def test_a_run_is_warned_at_its_beginning_and_at_each_test(
    melody: Domain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = [f"{'abcdefgh'[n % 8]}{'abcdefgh'[n // 8]}a" for n in range(40)]
    train = melodies(tmp_path / "train.txt", [f"{'up' if n % 2 else 'down'}:{m}" for n, m in enumerate(notes)])
    valid = melodies(tmp_path / "valid.txt", ["up:hhhh", "down:aaa", "up:hhh"])  # the second one is melody 0
    test = melodies(tmp_path / "test.txt", ["up:gggg", "down:hgfe"])
    run = seqkit.fit(melody, run=tmp_path / "run", path=train, valid_path=valid, test_path=test, **TINY)
    line = "1 of 3 validation records are to the model the same as one of training (valid.txt:1 as train.txt:0)"
    assert capsys.readouterr().out.count(line) == 1
    assert run.result["detail"]["leaked"] == {"records": 1, "example": ["valid.txt:1", "train.txt:0"]}
    run.test()
    assert json.loads((tmp_path / "run" / "result-test.json").read_text())["detail"]["leaked"] == {"records": 0}
    result = workflow.evaluate(run.path, "valid", domain=melody)
    print_result(result)
    assert line in capsys.readouterr().out


def test_other_records_are_held_against_those_of_the_training(melody: Domain, tmp_path: Path) -> None:
    lines = [f"{'up' if n % 2 else 'down'}:{'abcdefgh'[n % 8]}{'abcdefgh'[n // 8]}c" for n in range(50)]
    train = melodies(tmp_path / "train.txt", lines)
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, path=train, **TINY)
    seen = set(workflow.reload(run.path, domain=melody).data.store("train").origins())
    other = melodies(tmp_path / "other.txt", ["up:ggggg", *lines])
    result = workflow.evaluate(run.path, "test", {"path": other, "test_match": "."}, melody)
    assert result["num_records"] == 51
    assert result["detail"]["leaked"]["records"] == len(seen)  # those that training read, not all that it was given


def test_training_data_that_are_gone_are_no_error(melody: Domain, tmp_path: Path) -> None:
    lines = [f"{'up' if n % 2 else 'down'}:{'abcdefgh'[n % 8]}{'abcdefgh'[n // 8]}d" for n in range(50)]
    train, test = melodies(tmp_path / "train.txt", lines), melodies(tmp_path / "test.txt", ["up:abc", "down:cba"])
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, path=train, test_path=test, **TINY)
    Path(train).unlink()
    detail = cast(dict[str, Any], workflow.evaluate(run.path, "test", domain=melody)["detail"])
    assert "leaked" not in detail and "confusion" in detail
