"""The domain through the whole toolkit: train on demo data, then answer and generate."""

from pathlib import Path
from typing import Any

import pytest
import torch

import seqkit
from seqkit.cli.main import main
from seqkit.training.checkpoint import load_model

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


def test_bad_prompts_are_left_out_and_said_where_the_run_allows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, hidden_size=8, max_steps=1, documents="lines", on_bad_record="skip", max_bad=1)
    (tmp_path / "prompts.txt").write_bytes(b"one\nt\xffo\nthree\n")
    out = ["--prompt-file", str(tmp_path / "prompts.txt"), "--out", str(tmp_path / "made.jsonl"), "--steps", "1"]
    assert main(["generate", str(run.path), *out]) == 0
    assert (tmp_path / "made.jsonl").read_text().count("\n") == 2
    assert "1 of 3 records left out" in capsys.readouterr().err


def test_a_tagger_of_the_demo_data_tells_persons_from_places_by_what_comes_before(tmp_path: Path) -> None:
    run = trained(tmp_path, task="tag", hidden_size=48, max_epochs=5, learning_rate=0.01)
    figures = run.test()
    assert figures["accuracy"] > run.result["baselines"]["symbol_majority"]["accuracy"]
    assert figures["span_f1"] > 0.97
    (tmp_path / "new.txt").write_text("Florence flew to Florence .\nMrs Perlimson owes 5,000 euros to Jordan .\n")
    out = tmp_path / "new.conll"
    options = ["--data.path", str(tmp_path / "new.txt"), "--data.documents", "lines"]
    assert main(["predict", str(run.path), *options, "--out", str(out)]) == 0
    assert out.read_text() == (
        "Florence\tB-PER\nflew\tO\nto\tO\nFlorence\tB-LOC\n.\tO\n\n"
        "Mrs\tB-PER\nPerlimson\tI-PER\nowes\tO\n5,000\tB-AMT\neuros\tI-AMT\nto\tO\nJordan\tB-PER\n.\tO\n\n"
    )
    # Columns with tags are read too; the table has a sentence a row.
    assert main(["predict", str(run.path), "--data.path", str(out), "--out", str(tmp_path / "new.csv")]) == 0
    lines = (tmp_path / "new.csv").read_text().splitlines()
    assert lines[:2] == ["origin,steps,prediction", "new.conll:1,Florence flew to Florence .,B-PER O O B-LOC O"]
    assert main(["test", str(run.path), "--data.test_path", str(out)]) == 0


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_checkpoints_with_embedding_dropout_as_an_option_of_the_encoder_still_load(
    tmp_path: Path, share: float
) -> None:
    run = trained(tmp_path, hidden_size=8, max_steps=1)
    path = run.path / "checkpoints" / "last.ckpt"
    content = torch.load(path, weights_only=True)
    del content["manifest"], content["seqkit"]["plugin"]  # 0.1.0 wrote none
    content["seqkit"]["encoder"]["embedding_dropout"] = share
    content["seqkit"]["model"].pop("embedding_dropout")
    torch.save(content, tmp_path / "old.ckpt")
    old = load_model(tmp_path / "old.ckpt").model
    assert old.options.embedding_dropout == share
    weights = old.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in content["state_dict"].items())
