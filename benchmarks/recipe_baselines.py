"""The best counted baseline of each shipped recipe, on the split that README's table names.

    python benchmarks/recipe_baselines.py DATA [RECIPE ...]

Files of the commands on top of the recipes are looked for anywhere below DATA; recipes whose files are not there are
left out. Nothing is trained. `lecture/` is made data and needs no files.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import torch
from harness import require_folder

from seqkit import plugins
from seqkit.lecture.rungs.baselines import cheap_rungs
from seqkit.lecture.rungs.unbeaten import is_better
from seqkit.recipes import peek
from seqkit.settings import Settings, parse_arguments
from seqkit.steps import Split

CONFIGS = Path(__file__).parents[1] / "configs"
ON_VALIDATION = ("text/tiny-shakespeare", "lecture/")


def command_of(recipe: Path) -> list[str]:
    """The words after `seqkit fit` in the comment on top; none for another verb."""
    lines = [line[1:].strip() for line in recipe.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    words = shlex.split("\n".join(lines).replace("\\\n", " ").splitlines()[0])
    return words[2:] if words[:2] == ["seqkit", "fit"] else []


def with_files(words: list[str], data: Path) -> list[str] | None:
    """Names of files as paths below a folder; None if one is not there."""
    found = []
    for before, word in zip(["", *words], words, strict=False):
        if before.startswith("--data.") and "." in word:
            label, sign, name = word.rpartition("=")
            path = next(data.rglob(name), None)
            if path is None:
                return None
            word = f"{label}{sign}{path}"
        found.append(word)
    return found


def settings_of(words: list[str]) -> Settings:
    """As `seqkit fit` would have them."""
    words[words.index("--config") + 1] = str(CONFIGS / f"{words[words.index('--config') + 1]}.yaml")
    domain = peek(words, "domain")
    assert domain is not None
    return parse_arguments(plugins.load(domain), words, peek(words, "data.task"))


def main() -> None:
    """Print a line a recipe: the best rung in each figure."""
    own = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own.add_argument("data", type=Path, help="folder with all data")
    own.add_argument("recipes", nargs="*", help="such as text/tiny-shakespeare; all without")
    options = own.parse_args()
    require_folder(options.data)
    data, wanted = options.data, options.recipes
    torch.set_num_threads(1)
    for recipe in sorted(CONFIGS.rglob("*.yaml")):
        name = str(recipe.relative_to(CONFIGS).with_suffix(""))
        words = with_files(command_of(recipe), data)
        if not words or (wanted and name not in wanted):
            continue
        settings = settings_of(words)
        module = settings.domain.datamodule(**settings.data)
        module.setup("fit")
        split: Split = "valid" if name.startswith(ON_VALIDATION) else "test"
        best: dict[str, tuple[float, str]] = {}
        for rung in cheap_rungs(module, split):
            for figure, value in rung.figures.items():
                if figure not in best or is_better(figure, value, best[figure][0]):
                    best[figure] = (value, rung.name)
        print(f"{name} ({split}): " + ", ".join(f"{figure} {v:.4f} {rung}" for figure, (v, rung) in best.items()))


if __name__ == "__main__":
    main()
