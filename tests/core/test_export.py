"""Exported models answer as their runs do, bit for bit, hold no code, and no path of the machine they come from."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import seqkit
from seqkit import CheckpointError, ConfigError, Domain, Run
from seqkit.cli.main import main
from seqkit.data.given_paths import NOT_EXPORTED
from seqkit.errors import DependencyError
from seqkit.training.durable import atomic_write
from tests.core.damaged import DAMAGES, Damage

TINY: dict[str, Any] = {"max_epochs": 1, "hidden_size": 8, "batch_size": 4, "probe": False}
FILES = {"model.safetensors", "seqkit.json", "README.md"}


@pytest.fixture(scope="module")
def trained(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Of a file, with tied weights."""
    folder = tmp_path_factory.mktemp("secret-place")
    (folder / "melodies.txt").write_text("".join(f"up:{'abcdefgh'[n % 8 :]}abc\n" for n in range(60)))
    options = TINY | {"tie_weights": True, "d_model": 8, "path": str(folder / "melodies.txt")}
    run = seqkit.fit(melody, run=folder / "run", quiet=True, **options)
    run.test()
    return run


@pytest.fixture(scope="module")
def exported(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained.export(tmp_path_factory.mktemp("made") / "model")


@pytest.fixture
def known(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The domain is installed, as the command line sees it."""
    monkeypatch.setattr("seqkit.plugins.load", lambda name: melody)
    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": melody})


def test_an_exported_model_has_three_files_and_the_same_weights(trained: Run, exported: Run) -> None:
    assert {path.name for path in exported.path.iterdir()} == FILES
    ours, theirs = (run.loaded.model.state_dict() for run in (trained, exported))
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    stored = load_file(exported.path / "model.safetensors")
    aliases = json.loads((exported.path / "seqkit.json").read_text())["weights"]["aliases"]
    assert aliases == {"task.head.weight": "encoder.map.weight"} and stored.keys() == ours.keys() - aliases.keys()
    assert theirs["encoder.map.weight"].data_ptr() == theirs["task.head.weight"].data_ptr()


@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_answers_are_the_same_bit_for_bit(melody: Domain, trained: Run, tmp_path: Path, task: str) -> None:
    run = trained
    if task == "classify":
        run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, task=task, bidirectional=True, **TINY)
    (tmp_path / "new.txt").write_text("up:abcdef\ndown:gfedc\nup:bcd\n")
    model = run.export(tmp_path / "model")
    assert model.predict(tmp_path / "new.txt") == run.predict(tmp_path / "new.txt")
    for one, other in zip(model.embed(tmp_path / "new.txt"), run.embed(tmp_path / "new.txt"), strict=True):
        assert np.array_equal(one, other)
    if task == "next_step":
        assert model.generate("abc", steps=20, seed=3) == run.generate("abc", steps=20, seed=3)
        assert list(model.score(tmp_path / "new.txt")) == list(run.score(tmp_path / "new.txt"))
    else:
        assert model.test() == run.test()  # of demo data, which an export can make again


def test_an_export_can_be_exported_moved_and_loaded(melody: Domain, exported: Run, tmp_path: Path) -> None:
    again = exported.export(tmp_path / "again")
    moved = seqkit.load(shutil.move(again.path, tmp_path / "moved"), melody)
    assert moved.generate("abc", steps=9) == exported.generate("abc", steps=9)
    for name in ("model.safetensors",):
        assert (tmp_path / "moved" / name).read_bytes() == (exported.path / name).read_bytes()


def test_no_path_of_this_machine_is_exported(trained: Run, exported: Run) -> None:
    told = json.loads((exported.path / "seqkit.json").read_text())
    assert told["blueprint"]["data"]["path"] == NOT_EXPORTED
    for path in exported.path.iterdir():
        assert b"secret-place" not in path.read_bytes(), path.name
    assert trained.loaded.blueprint["data"]["path"].endswith("melodies.txt")  # the run keeps what it had
    for ask in (exported.predict, exported.validate, exported.test):
        with pytest.raises(ConfigError, match="the data of an exported model are not part of it"):
            ask()
    assert exported.generate(steps=3) == trained.generate(steps=3)  # needs none


def test_the_card_says_what_of_how_good_and_how_to_load(exported: Run) -> None:
    card = (exported.path / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: seqkit\ntags:\n- seqkit\n- melody\n- next_step\n- lstm\n---\n")
    for words in (
        'seqkit.load("FOLDER")', "`melodies.txt`", "| bits per step |", "Split `valid`", "Split `test`", "unigram",
        "## Limits", "## Licence", "SHA-256",
    ):  # fmt: skip
        assert words in card, words
    tables = [block.splitlines() for block in card.split("\n\n") if block.startswith("|")]
    assert len(tables) == 4 and all(len({line.count("|") for line in table}) == 1 for table in tables)


def test_a_model_without_a_test_says_so(melody: Domain, tmp_path: Path) -> None:
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, **TINY)
    card = (run.export(tmp_path / "model").path / "README.md").read_text()
    assert "not scored on a test split" in card and "demo data of seqkit" in card


def test_the_verbs_take_an_exported_folder(
    exported: Run, known: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(exported.path, tmp_path / "model")
    (tmp_path / "new.txt").write_text("".join(f"up:{'abcdefgh'[n % 8 :]}abc\n" for n in range(60)))
    data = ["--data.path", str(tmp_path / "new.txt")]
    for words in (
        ["test", str(folder), *data], ["validate", str(folder), *data], ["predict", str(folder), *data],
        ["generate", str(folder), "--prompt", "abc", "--steps", "5"], ["score", str(folder), *data],
        ["embed", str(folder), *data], ["export", str(folder), "--out", str(tmp_path / "other")],
        ["diagnose", str(folder), *data, "--no_truncation", "--split", "predict"],
    ):  # fmt: skip
        assert main(words) == 0, capsys.readouterr().err
    assert {path.name for path in (tmp_path / "other").iterdir()} == FILES


def test_output_of_an_exported_model_goes_to_the_current_folder(
    exported: Run, known: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    shutil.copytree(exported.path, tmp_path / "shared" / "model")
    (tmp_path / "new.txt").write_text("up:abcdefgh\n" * 60)
    data = ["--data.path", str(tmp_path / "new.txt")]
    for words, name in (
        (["predict"], "model-predictions.csv"), (["score"], "model-scores.csv"),
        (["embed"], "model-embeddings.parquet"), (["generate", "--samples", "2"], "model-generated.jsonl"),
        (["diagnose", "--no_truncation", "--split", "predict"], "model-diagnosis/report.html"),
    ):  # fmt: skip
        assert main([words[0], "../shared/model/", *data, *words[1:]]) == 0, capsys.readouterr().err
        assert (tmp_path / "here" / name).is_file() and name in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "shared" / "model").iterdir()} == FILES
    monkeypatch.chdir(tmp_path / "shared" / "model")
    assert main(["predict", ".", *data]) == 2
    assert "an exported model, into which nothing is written\n  at: --out" in capsys.readouterr().err
    assert {path.name for path in (tmp_path / "shared" / "model").iterdir()} == FILES


def test_an_export_that_is_ended_leaves_nothing_in_the_way(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, content: str | bytes) -> None:
        if path.name == "seqkit.json":
            raise DependencyError("no space", at=str(path))
        atomic_write(path, content)

    (tmp_path / "there").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("seqkit.export.writing.atomic_write", write)
        for folder in (tmp_path / "new", tmp_path / "there"):
            with pytest.raises(DependencyError, match="no space"):
                trained.export(folder)
    assert not (tmp_path / "new").exists() and list((tmp_path / "there").iterdir()) == []
    assert {path.name for path in trained.export(tmp_path / "there").path.iterdir()} == FILES


def test_scoring_an_export_leaves_it_and_the_card_of_the_next_as_they_were(
    exported: Run, known: None, tmp_path: Path
) -> None:
    folder = shutil.copytree(exported.path, tmp_path / "model")
    (tmp_path / "new.txt").write_text("up:abcdefgh\n" * 60)
    assert main(["test", str(folder), "--data.path", str(tmp_path / "new.txt")]) == 0
    assert {path.name for path in folder.iterdir()} == FILES
    assert main(["export", str(folder), "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "README.md").read_text() == (exported.path / "README.md").read_text()
    first, second = (json.loads((path / "seqkit.json").read_text()) for path in (exported.path, tmp_path / "again"))
    assert first["results"] == second["results"] and first["results"].keys() == {"valid", "test"}


def test_figures_of_other_data_are_named_in_the_card(melody: Domain, trained: Run, tmp_path: Path) -> None:
    run = seqkit.load(shutil.copytree(trained.path, tmp_path / "run"), melody)
    (tmp_path / "other.txt").write_text("up:abcdefgh\n" * 60)
    own = (run.export(tmp_path / "own").path / "README.md").read_text()
    run.test(path=str(tmp_path / "other.txt"))
    run.validate(path=str(tmp_path / "other.txt"))
    card = (run.export(tmp_path / "model").path / "README.md").read_text()
    assert "Split `test`, of other data than those of the training (path `other.txt`), " in card
    valid = own.split("Split `valid`")[1].split("Split `test`")[0]
    assert "of other data" not in own and valid in card  # of its own data where there are such figures
    assert str(tmp_path) not in card


def test_the_verb_exports_and_says_what_is_next(
    trained: Run, known: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(trained.path), "--out", str(tmp_path / "model")]) == 0
    shown = capsys.readouterr().out
    assert "model.safetensors (" in shown and f"next: seqkit test {tmp_path / 'model'}" in shown
    assert main(["export", str(trained.path), "--out", str(tmp_path / "model")]) == 2
    assert "is there already, and is not empty" in capsys.readouterr().err
    assert main(["export", str(trained.path)]) == 2
    assert main(["export", str(trained.path), "--out", "x", "--data.path", "y"]) == 2
    assert "data are not exported" in capsys.readouterr().err


def test_a_folder_that_holds_something_is_not_written_to(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        trained.export(tmp_path)
    with pytest.raises(ConfigError, match="not empty"):
        trained.export(tmp_path / "notes.txt")
    with pytest.raises(DependencyError, match="cannot be written"):
        trained.export(tmp_path / "notes.txt" / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", sorted(FILES - {"README.md"}))
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_found(melody: Domain, exported: Run, tmp_path: Path, damage: Damage, name: str) -> None:
    folder = shutil.copytree(exported.path, tmp_path / "model")
    rng, one = np.random.default_rng(len(damage.__name__)), (folder / name).read_bytes()
    other = bytes(byte ^ 1 for byte in one)
    for _ in range(2):
        (folder / name).write_bytes(damage(one, other, rng))
        with pytest.raises(CheckpointError) as caught:
            seqkit.load(folder, melody)
        assert caught.value.exit_code == 4 and caught.value.fix


def test_a_missing_file_is_named(melody: Domain, exported: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(exported.path, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing"):
        seqkit.load(folder, melody)
    (folder / "seqkit.json").unlink()
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        seqkit.load(folder, melody)
