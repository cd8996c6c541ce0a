"""Every shipped recipe trained again: are its figures still those of its comment, and how long does it take?

    python benchmarks/recipes.py DATA [RECIPE ...] [--threads N]

Files that the commands on top of the recipes name are looked for anywhere below DATA; recipes whose files are not there
are left out, and so are those of `seqkit compare`. Each is trained by the command of its comment, in a process and a
folder of its own, and scored on the split that README's table names. Nothing is judged here: the last column is the
comment, to be read beside the figures. With recipes named on the command line only these are trained.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness import Report, parser, refuse, require_folder, start
from recipe_baselines import CONFIGS, ON_VALIDATION, command_of, with_files

from seqkit.speed.table import Table

_LEFT_OUT = ("bits_per_step", "perplexity", "ece", "brier")
_MOST_FIGURES = 4


def train(words: list[str], folder: Path, threads: int | None, on_validation: bool) -> dict[str, Any]:
    """`result.json` of a training, or of the test after it; seconds are those of the training."""
    limits = {"OMP_NUM_THREADS": str(threads)} if threads else {}
    command = [sys.executable, "-m", "seqkit"]
    environment = os.environ | limits
    subprocess.run([*command, "fit", *words, "--run", str(folder)], env=environment, check=True, capture_output=True)
    result = json.loads((folder / "result.json").read_text())
    if not on_validation:
        subprocess.run([*command, "test", str(folder)], env=environment, check=True, capture_output=True)
        result["metrics"] = json.loads((folder / "result-test.json").read_text())["metrics"]
    return result


def figures(result: dict[str, Any]) -> str:
    """The first few figures of a result."""
    plain = {name: value for name, value in result["metrics"].items() if isinstance(value, int | float)}
    shown = [f"{name} {value:.4g}" for name, value in plain.items() if name not in _LEFT_OUT]
    return ", ".join(shown[:_MOST_FIGURES])


def claim(recipe: Path) -> str:
    """What the comment says of the result, its first sentence's beginning."""
    found = re.search(r"^# Result: (.{1,60})", recipe.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1).replace("|", "/") if found else "-"


def main() -> None:
    """Print the table, a row as soon as it is known."""
    own = parser(__doc__, repeats=1)
    own.add_argument("data", type=Path, nargs="?", default=Path("data"), help="folder with all data")
    own.add_argument("recipes", nargs="*", help="such as text/tiny-shakespeare; all without")
    options = start(own)
    require_folder(options.data)
    known = [str(recipe.relative_to(CONFIGS).with_suffix("")) for recipe in CONFIGS.rglob("*.yaml")]
    for recipe in options.recipes:
        if recipe not in known:
            refuse(f"{recipe}: no such recipe in configs/")
    report = Report("recipes", options)
    table = Table("Recipes trained again", ["recipe", "figures", "seconds", "comment of the recipe"])
    wanted = ["timeseries/italy-power-demand"] if options.quick else options.recipes
    for recipe in sorted(CONFIGS.rglob("*.yaml")):
        name = str(recipe.relative_to(CONFIGS).with_suffix(""))
        words = with_files(command_of(recipe), options.data)
        if not words or (wanted and name not in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                result = train(words, Path(folder) / "run", options.threads, name.startswith(ON_VALIDATION))
                table.add(name, figures(result), f"{result['seconds']:.0f}", claim(recipe))
            except subprocess.CalledProcessError as error:
                table.add(name, f"failed: {error.stderr.decode().strip().splitlines()[-1:]}", "-", claim(recipe))
        print(" · ".join(table.rows[-1]), flush=True)
    if not table.rows:
        refuse(f"{options.data}: the files of these recipes are not there")
    report.table(table)
    report.close()


if __name__ == "__main__":
    main()
