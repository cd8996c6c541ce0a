"""A package from outside, installed as a user would, does all that ours do; a broken one breaks nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "seqkit_melody"

BROKEN = {
    "missing": "import a_module_that_nobody_has\n",
    "raising": "raise RuntimeError('no licence found')\n",
    "wrong": "DOMAIN = {'name': 'wrong'}\n",
    "text": "raise AssertionError('the built-in domain was replaced')\n",
}
"""A package for each way to be broken, by the name of its entry point."""


def run(site: Path, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    own = {"PYTHONPATH": str(site), "COLUMNS": "200", "SEQKIT_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    environment = os.environ | own
    return subprocess.run(
        [sys.executable, *words], env=environment, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example installed, and one broken package for each entry of `BROKEN`."""
    source, site = tmp_path_factory.mktemp("source") / "melody", tmp_path_factory.mktemp("site")
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site))
    installed = run(site, *pip, str(source), folder=source)
    assert installed.returncode == 0, installed.stderr
    for name, code in BROKEN.items():
        (site / f"broken_{name}.py").write_text(code)
        information = site / f"broken_{name}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: broken-{name}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[seqkit.domains]\n{name} = broken_{name}:DOMAIN\n")
    return site


def test_the_example_is_small_enough_to_read_at_once() -> None:
    files = [EXAMPLE / name for name in ("pyproject.toml", "seqkit_melody.py", "test_melody.py")]
    assert sum(len(file.read_text().splitlines()) for file in files) < 100


def test_domains_lists_the_package_and_what_is_wrong_with_the_broken_ones(site: Path, tmp_path: Path) -> None:
    listed = run(site, "-m", "seqkit", "domains", folder=tmp_path)
    assert listed.returncode == 0, listed.stderr
    rows = {line.split()[1]: line for line in listed.stdout.splitlines() if len(line.split()) > 3}
    assert "seqkit-melody 0.1.0" in rows["melody"] and "ready" in rows["melody"]
    assert "'a_module_that_nobody_has' is missing" in rows["missing"]
    assert "RuntimeError: no licence found" in rows["raising"]
    assert "not a seqkit.Domain" in rows["wrong"]


def test_a_built_in_domain_cannot_be_replaced_and_the_attempt_is_listed(site: Path, tmp_path: Path) -> None:
    shown = run(site, "-m", "seqkit", "domains", "text", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "seqkit_text:DOMAIN" in shown.stdout
    listed = run(site, "-m", "seqkit", "domains", folder=tmp_path)
    (row,) = (line for line in listed.stdout.splitlines() if "broken-text 1.0" in line)
    assert "the name belongs to package seqkit" in row


def test_a_broken_package_is_refused_in_one_message(site: Path, tmp_path: Path) -> None:
    refused = run(site, "-m", "seqkit", "fit", "--domain", "missing", folder=tmp_path)
    assert refused.returncode == 3
    assert "Traceback" not in refused.stderr
    assert "broken-missing 1.0" in refused.stderr


def test_the_package_trains_and_generates_from_the_command_line(site: Path, tmp_path: Path) -> None:
    fitted = run(
        site, "-m", "seqkit", "fit", "--domain", "melody", "--trainer.max_epochs", "1", "--model.hidden_size", "16",
        "--run", str(tmp_path / "run"), folder=tmp_path,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    assert (tmp_path / "run" / "result.json").is_file()
    made = run(
        site, "-m", "seqkit", "generate", str(tmp_path / "run"), "--prompt", "abc", "--steps", "9",
        "--out", str(tmp_path / "made.jsonl"), folder=tmp_path,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "made.jsonl").read_text().count("\n") == 1


def test_the_packages_own_tests_pass(site: Path, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "test_melody.py", tmp_path)
    tested = run(site, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_melody.py", folder=tmp_path)
    assert tested.returncode == 0, tested.stdout
    assert "failed" not in tested.stdout and "passed" in tested.stdout
