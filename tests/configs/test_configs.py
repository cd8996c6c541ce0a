"""Every shipped recipe: counted, commented, parsed, and run for one step."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from seqkit.lecture.comparison.panel import panels_of_words
from seqkit.settings import Settings
from seqkit.training import workflow

CONFIGS = Path(__file__).parents[2] / "configs"
RECIPES = sorted(CONFIGS.rglob("*.yaml"))
NAMES = [str(recipe.relative_to(CONFIGS).with_suffix("")) for recipe in RECIPES]
NUM_RECIPES = {"audio": 3, "dna": 3, "lecture": 8, "text": 5, "timeseries": 5}
OF_THE_FILES = ("path", "valid_path", "test_path", "test_match", "test_every", "join_match")


def read(recipe: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    return content


def panels_of(recipe: Path) -> list[tuple[Settings, dict[str, Any]]]:
    """Of a single run, or of one a domain, with what the recipe says of it; what `compare` varies is left out."""
    content = read(recipe)
    domains = content.pop("compare", {}).get("domains", {"": {}})
    panels, _ = panels_of_words(["--config", str(recipe)])
    groups = ("data", "trainer")
    said = [{name: content.get(name, {}) | own.get(name, {}) for name in groups} for own in domains.values()]
    return [(panel.settings({}), own) for panel, own in zip(panels, said, strict=True)]


def test_all_recipes_are_seen() -> None:
    assert Counter(recipe.parent.name for recipe in RECIPES) == NUM_RECIPES
    assert not list(CONFIGS.rglob("*.yml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)
def test_a_recipe_begins_with_its_command_and_a_number(recipe: Path) -> None:
    lines = recipe.read_text(encoding="utf-8").splitlines()
    comment = "\n".join(line for line in lines[: next(n for n, line in enumerate(lines) if line[:1] != "#")])
    name = recipe.relative_to(CONFIGS).with_suffix("")
    verb = "compare" if "compare" in read(recipe) else "fit"
    assert f"seqkit {verb} --config {name}" in comment
    assert any(letter.isdigit() for letter in comment.replace(str(name), "")), "says no number to expect"


@pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)
def test_a_recipe_names_no_python_code(recipe: Path) -> None:
    text = recipe.read_text(encoding="utf-8")
    assert "class_path" not in text
    assert "init_args" not in text


@pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)
def test_a_recipe_trains_one_step_on_demo_data(recipe: Path, tmp_path: Path) -> None:
    for settings, content in panels_of(recipe):
        train_one_step(settings, content, tmp_path / settings.domain.name)


def train_one_step(settings: Settings, content: dict[str, Any], run: Path) -> None:
    for group, options in content.items():
        for option, value in options.items():
            assert getattr(settings, group)[option] == value
    # Options about files or columns that demo data does not have are left out; every other one is the recipe's.
    dropped = [name for name in content["data"] if name in OF_THE_FILES or name.startswith("label")]
    data = {name: value for name, value in settings.data.items() if name not in dropped}
    if settings.domain.name != "timeseries":  # which has few demo records
        data["valid_fraction"] = 0.02  # the whole validation split is scored at the end
    own = {"max_steps": 1, "limit_val_batches": 1, "val_check_interval": 1.0, "accelerator": "cpu"}
    small = replace(
        settings,
        data=data,
        model=replace(settings.model, hidden_size=16, d_model=None),
        trainer=settings.trainer | own | {"limit_train_batches": 1, "enable_progress_bar": False},
        run=str(run),
    )
    folder, result = workflow.fit(small, say=lambda line: None)
    assert result["steps"] == 1
    assert result["domain"] == settings.domain.name
    assert (folder.checkpoints / "best.ckpt").exists()
