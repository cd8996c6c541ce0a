"""Names and places given by others: nothing is written outside its folder, nothing waits for a pipe."""

import os
from pathlib import Path

import pytest

from seqkit import ConfigError, recipes
from seqkit.cli.main import main
from seqkit.file_names import plain_name
from seqkit.lecture.comparison.ladder_pictures import plot_comparison

HOSTILE_NAMES = ("../../evil", "/etc/passwd", "..", ".", "", "a/../../b", "a\\b", "x" * 5_000, "a\0b", "~", "-rf", "\n")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_of_a_file_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    made = tmp_path / f"plot-{plain_name(name)}.png"
    made.touch()
    assert made.resolve().parent == tmp_path.resolve() and not plain_name(name).startswith((".", "-"))


@pytest.mark.parametrize("name", ["../secret", "text/../../secret", "text/../text/mine", "text/"])
def test_a_recipe_is_found_by_its_whole_name_only(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "recipes" / "text" / "mine.yaml"
    mine.parent.mkdir(parents=True)
    mine.touch()
    (tmp_path / "secret.yaml").touch()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(recipes, "_recipe_roots", lambda: [tmp_path / "recipes"])
    assert recipes.find_config("text/mine") == mine
    with pytest.raises(ConfigError, match="no configuration file or recipe"):
        recipes.find_config(name)


@pytest.mark.parametrize("what", ["pipe", "link to a pipe", "device", "link to itself"])
@pytest.mark.parametrize("verb", ["predict", "validate", "generate", "stream", "export", "diagnose"])
def test_a_run_that_is_no_folder_and_no_file_is_refused(
    verb: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("link").symlink_to("pipe" if what == "link to a pipe" else "link")
    run = {"pipe": "pipe", "device": "/dev/zero"}.get(what, "link")
    assert main([verb, run]) == 4
    special = "is neither a run folder nor a checkpoint, but a pipe, a socket or a device"
    is_not = "is a link to nothing" if what == "link to itself" else special
    assert capsys.readouterr().err.startswith(f"seqkit: error: {is_not}\n  at: {run}\n")


@pytest.mark.parametrize("name", ["best.ckpt", "last.ckpt"])
def test_a_pipe_in_the_place_of_a_checkpoint_is_not_waited_for(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    os.mkfifo(tmp_path / "run" / "checkpoints" / name)
    assert main(["validate", str(tmp_path / "run")]) == 4
    assert capsys.readouterr().err.count("seqkit: error:") == 1


@pytest.mark.parametrize(
    ("verb", "place", "code"),
    [("crossval", "pipe", 3), ("fit", "/dev/null", 3), ("compare", "file", 2), ("fit", "file/below", 3),
     ("fit", "/proc/run", 3)],
)  # fmt: skip
def test_a_folder_that_cannot_be_made_is_refused(
    verb: str,
    place: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("file").touch()
    assert main([verb, "--domain", "text", "--run", place]) == code
    said = capsys.readouterr().err
    assert said.count("seqkit: error:") == 1 and f"at: {'--run' if verb == 'compare' else place}" in said


@pytest.mark.parametrize(("name", "code"), [("../../evil", 0), ("..", 2)])
def test_variants_and_panels_are_named_inside_the_folder_of_the_comparison(
    name: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(
        "domain: text\ntrainer: {max_steps: 1, limit_val_batches: 1}\nmodel: {hidden_size: 4}\n"
        f"compare:\n  variants:\n    '{name}': {{model.num_layers: 1}}\n"
    )
    assert main(["compare", "--config", "c.yaml", "--run", "kept"]) == code
    assert ("cannot name a folder" in capsys.readouterr().err) == (code == 2)
    assert {path.name for path in tmp_path.iterdir()} <= {"kept", "c.yaml"}
    assert not (tmp_path.parent / "evil").exists()


def test_pictures_of_a_panel_stay_in_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []
    monkeypatch.setattr(
        "seqkit.lecture.comparison.ladder_pictures._ladder", lambda path, panel, result: seen.append(path)
    )
    plot_comparison(tmp_path / "plots", {"across": None, "panels": [{"name": name} for name in HOSTILE_NAMES]})
    assert len(seen) == len(HOSTILE_NAMES) and all(path.parent == tmp_path / "plots" for path in seen)
