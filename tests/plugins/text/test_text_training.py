"""The domain through the whole toolkit: train on demo data, then answer and generate."""

from pathlib import Path
from typing import Any

import pytest

import seqkit
from seqkit.cli.main import main

# Lightning's CSV logger warns about the run folder that it is told to write to.
pytestmark = pytest.mark.filterwarnings("ignore:Experiment logs directory")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))


def trained(tmp_path: Path, **options: Any) -> seqkit.Run:
    return seqkit.fit("text", run=str(tmp_path / "run"), quiet=True, accelerator="cpu", **options)


def test_a_classifier_of_the_demo_data_reads_the_order_of_words(tmp_path: Path) -> None:
    run = trained(tmp_path, task="classify")
    assert run.test()["accuracy"] > 0.95
    (tmp_path / "new.txt").write_text("the dinner was lovely , not stale .\nthe dinner was stale , not lovely .\n")
    rows = run.predict(str(tmp_path / "new.txt"))
    assert [(row["origin"], row["prediction"]) for row in rows] == [
        ("new.txt:1", "positive"),
        ("new.txt:2", "negative"),
    ]


@pytest.mark.parametrize(("tokens", "epochs"), [("characters", 2), ("bytes", 2), ("words", 9), ("bpe", 9)])
def test_a_language_model_learns_more_than_frequencies(tmp_path: Path, tokens: str, epochs: int) -> None:
    run = trained(tmp_path, tokens=tokens, hidden_size=32, learning_rate=0.01, max_epochs=epochs, embedding_dropout=0.1)
    result = run.result
    assert result["metrics"]["bits_per_step"] < result["baselines"]["unigram"]["bits_per_step"] - 0.5
    once = run.generate("Marta was born in", steps=9, seed=3)
    assert isinstance(once, str)
    assert once == run.generate("Marta was born in", steps=9, seed=3)
    assert once != run.generate("Marta was born in", steps=9, seed=4)


def test_prompts_are_taken_as_they_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path, hidden_size=8, max_steps=1)
    options = ["--steps", "1", "--temperature", "0"]
    for prompt in ("null", "# one", "~"):
        assert main(["generate", str(run.path), "--prompt", prompt, *options]) == 0
        assert capsys.readouterr().out.startswith(prompt)
    (tmp_path / "prompts.txt").write_text("one\ntwo\nthree\n")
    out = ["--prompt-file", str(tmp_path / "prompts.txt"), "--out", str(tmp_path / "made.jsonl"), *options]
    for documents, count in (("files", 1), ("lines", 3)):
        assert main(["generate", str(run.path), "--data.documents", documents, *out]) == 0
        assert (tmp_path / "made.jsonl").read_text().count("\n") == count
