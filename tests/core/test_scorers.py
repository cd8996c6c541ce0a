"""Scorers of a domain: asked from Python and from the command line, their rows and pictures."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import seqkit
from seqkit import (
    ConfigError,
    Domain,
    Judge,
    Scorer,
)
from seqkit.cli import score as score_verb
from seqkit.cli.main import main
from seqkit.inference.scorers import choose_question, option_owners


def score_rivals(judge: Judge, value: str, against: str = "aaaa", times: int = 1) -> Iterator[dict[str, Any]]:
    """Each melody of a file against a rival.

    Args:
        judge: The model.
        value: The file.
        against: The rival.
        times: How often it is repeated.
    """
    for line in Path(value).read_text().split():
        (own, (other,)) = next(judge.alternatives([(line, [against * times])]))
        yield {"melody": line, "ratio": round(float(own.sum() - other.sum()), 6)}
    judge.notes.append("rivals are dull")


def plot_rivals(rows: list[dict[str, Any]], path: Path) -> list[Path]:
    path.with_suffix(".txt").write_text(" ".join(row["melody"] for row in rows))
    return [path.with_suffix(".txt")]


@pytest.fixture(scope="module")
def rivals(melody: Domain) -> Domain:
    return replace(melody, scorers={"rivals": Scorer(score_rivals, plot_rivals), "silence": Scorer(score_silence)})


def score_silence(judge: Judge, value: str, against: str = "aaaa") -> Iterator[dict[str, Any]]:
    """Nothing."""
    yield from ()


def test_an_outsiders_scorer_is_asked_from_python_and_from_the_command_line(
    rivals: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = seqkit.fit(rivals, run=tmp_path / "run", quiet=True, hidden_size=5, max_epochs=1, accelerator="cpu")
    (tmp_path / "m.txt").write_text("abcd\nhg\n")
    judge = Judge(run.loaded.model, run.loaded.data)
    nats = {word: own.sum() for word, own in zip(W, judge.log_likelihoods(W), strict=True)}
    expected = [{"melody": m, "ratio": pytest.approx(nats[m] - nats["bbbb"], abs=1e-4)} for m in ("abcd", "hg")]
    assert list(run.score(rivals=tmp_path / "m.txt", against="bb", times=2)) == expected
    assert len(list(run.score())) == 60

    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": None})
    monkeypatch.setattr("seqkit.plugins.load", lambda name: rivals)
    words = ["score", str(run.path), "--rivals", str(tmp_path / "m.txt"), "--against", "bb", "--times", "2"]
    assert main([*words, "--out", str(tmp_path / "o.csv")]) == 0
    with (tmp_path / "o.csv").open() as file:
        rows = [{"melody": row["melody"], "ratio": float(row["ratio"])} for row in csv.DictReader(file)]
    assert rows == expected
    assert (tmp_path / "o.txt").read_text() == "abcd hg"
    assert re.search(r"2 rows: .*o\.csv\nrivals are dull\nplot: .*o\.txt\n$", capsys.readouterr().out)
    assert main(["score", str(run.path), "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--per_step" in shown and re.search(r"  --rivals VALUE +Each melody of a file against a rival\.\n", shown)
    assert re.search(r"    --times +How often it is repeated\. \(1\)\n", shown)
    for rest, message in (
        (["--times", "2"], "--times says nothing without --rivals"),
        (["--rivals", "x", "--silence", "y"], "--rivals and --silence at once"),
        (["--rivlas", "x"], "did you mean 'rivals'"),
        (["--rivals", "x", "--per_step"], "--per_step says nothing beside --rivals"),
        (["--rivals", "x", "--data.transpose", "3"], "--data.transpose says nothing beside --rivals"),
        (["--out", "o.tsv"], r"cannot write .tsv"),
    ):
        assert main(["score", str(run.path), *rest]) == 2
        assert message in capsys.readouterr().err


W = ["abcd", "hg", "bbbb"]


def test_the_verb_ends_with_what_stands_out(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, hidden_size=5, max_epochs=1, accelerator="cpu")
    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": None})
    monkeypatch.setattr("seqkit.plugins.load", lambda name: melody)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["score", str(run.path)]) == 0
    shown = capsys.readouterr().out
    rows = sorted(run.score(), key=lambda row: row["nll_nats"])
    assert f"60 records · {sum(row['num_steps'] for row in rows)} steps" in shown
    for label, chosen in (("likeliest", rows[:3]), ("least likely", rows[-3:])):
        for row in chosen:
            line = rf"{label}: {row['origin']} +│ +{row['num_steps']} │ +{row['nll_nats']:.4f}"
            assert re.search(line, shown), line
    with (tmp_path / "run" / "scores.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 60


def test_a_scorer_may_not_take_the_name_of_an_option_of_the_verb(melody: Domain) -> None:
    def greedy(judge: Judge, value: str, out: str = "x") -> Iterator[dict[str, Any]]:
        yield from ()

    with pytest.raises(ConfigError, match="takes --out twice"):
        option_owners(replace(melody, scorers={"greedy": Scorer(greedy)}))


def test_an_option_without_default_must_be_given(melody: Domain) -> None:
    def strict(judge: Judge, value: str, key: str) -> Iterator[dict[str, Any]]:
        yield {"key": key}

    domain = replace(melody, scorers={"strict": Scorer(strict)})
    with pytest.raises(ConfigError, match="--strict needs --key"):
        choose_question(domain, {"strict": "x"})
    question = choose_question(domain, {"strict": "x", "key": "y"})
    assert question is not None and question.options == {"key": "y"}
    assert choose_question(domain, {}) is None


def test_rows_beyond_what_is_kept_are_not_plotted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_verb, "_MOST_PLOTTED", 3)
    kept: list[dict[str, Any]] = []
    assert len(list(score_verb._keeping(iter([{"a": n} for n in range(5)]), kept))) == 5
    assert len(kept) == 3
