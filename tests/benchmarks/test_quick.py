"""Every benchmark runs: with `--quick` each one ends well and prints a table with a row in it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
DATA = ROOT.parent / "shared/data"

WITHOUT_QUICK = {"baselines", "recipe_baselines"}
"""They need data, have no options of the harness, and print lines."""

SCRIPTS = sorted(
    path.stem
    for path in BENCHMARKS.glob("*.py")
    if "\ndef main(" in path.read_text(encoding="utf-8") and path.stem not in WITHOUT_QUICK
)


def test_no_script_is_left_out_and_all_are_listed() -> None:
    listed = re.findall(r"^\| `(\w+)\.py` \|", (BENCHMARKS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    benchmarks = [name for name in listed if (BENCHMARKS / f"{name}.py").exists()]  # the peers have a list, too
    assert sorted(benchmarks) == sorted([*SCRIPTS, *WITHOUT_QUICK])
    assert len(SCRIPTS) == 22


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_benchmark_prints_a_table(script: str, tmp_path: Path) -> None:
    words = [sys.executable, str(BENCHMARKS / f"{script}.py"), "--quick", "--threads", "1"]
    if script == "recipes":
        if not DATA.is_dir():
            pytest.skip("trains on files that are not here")
        words.append(str(DATA))
    paths = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    header, rule, *rows = [line for line in done.stdout.splitlines() if line.startswith("|")][:3]
    assert re.fullmatch(r"[|:\- ]+", rule) and header.count("|") == rule.count("|")
    assert rows and rows[0].count("|") == header.count("|")
