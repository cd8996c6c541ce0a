"""The example of a full domain, installed as a user would: its own tests pass, and the commands of its README work."""

import inspect
import os
import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import mido  # type: ignore[import-untyped]
import pytest

from seqkit import SequenceDataModule

EXAMPLE = Path(__file__).parents[2] / "examples" / "seqkit_music"

FEW_STEPS = (
    "--trainer.max_steps", "8", "--model.hidden_size", "24", "--trainer.enable_progress_bar", "false",
    "--trainer.limit_val_batches", "1",
)  # fmt: skip


def run(site: Path, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    own = {"PYTHONPATH": str(site), "COLUMNS": "200", "SEQKIT_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 300, "check": False}
    return subprocess.run([sys.executable, *words], env=os.environ | own, cwd=folder, **options)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example installed by pip."""
    source, site = tmp_path_factory.mktemp("source") / "music", tmp_path_factory.mktemp("site")
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site))
    installed = run(site, *pip, str(source), folder=source)
    assert installed.returncode == 0, installed.stderr
    assert not (site / "tests").exists()
    return site


@pytest.fixture(scope="module")
def trained(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds `run`, trained for a few steps."""
    folder = tmp_path_factory.mktemp("runs")
    fitted = run(site, "-m", "seqkit", "fit", "--domain", "music", *FEW_STEPS, "--run", "run", folder=folder)
    assert fitted.returncode == 0, fitted.stderr
    return folder


def test_the_example_imports_public_names_only() -> None:
    files = [*EXAMPLE.rglob("*.py")]
    assert len(files) >= 18
    for file in files:
        lines = [
            line for line in file.read_text("utf-8").splitlines() if line.lstrip().startswith(("from ", "import "))
        ]
        used = {line.split()[1] for line in lines if line.split()[1].partition(".")[0] == "seqkit"}
        assert used <= {"seqkit", "seqkit.testing"}, file


def test_files_are_small_enough_to_read() -> None:
    sizes = {file.name: len(file.read_text("utf-8").splitlines()) for file in EXAMPLE.rglob("*.py")}
    assert max(sizes.values()) <= 250, sizes


def test_the_options_of_its_readme_exist() -> None:
    named = set(re.findall(r"--data\.(\w+)", (EXAMPLE / "README.md").read_text("utf-8")))
    own = set(re.findall(r"^        (\w+):", (EXAMPLE / "seqkit_music" / "data.py").read_text("utf-8"), re.MULTILINE))
    assert len(named) >= 5
    assert named - own - set(inspect.signature(SequenceDataModule.__init__).parameters) == set()


def test_chords_are_continued_as_midi_and_the_file_as_sound(site: Path, trained: Path) -> None:
    words = ("--prompt", "C5 G4 E4 C3 . . . . B4 G4 D4 G3", "--steps", "60", "--out", "theme.mid")
    made = run(site, "-m", "seqkit", "generate", "run", *words, folder=trained)
    assert made.returncode == 0, made.stderr
    assert "saved: theme.mid" in made.stdout
    file = mido.MidiFile(trained / "theme.mid")
    assert len(file.tracks) == 4
    assert next(message.note for message in file.tracks[0] if message.type == "note_on") == 72
    on = ("--prompt-file", "theme.mid", "--steps", "60", "--out", "on.wav")
    made = run(site, "-m", "seqkit", "generate", "run", *on, folder=trained)
    assert made.returncode == 0, made.stderr
    with wave.open(str(trained / "on.wav")) as sound:
        duration_s = sound.getnframes() / sound.getframerate()
    assert duration_s >= file.length


def test_the_examples_own_tests_pass(site: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    tested = run(site, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "tests", folder=tmp_path)
    assert tested.returncode == 0, tested.stdout
    assert "passed" in tested.stdout
