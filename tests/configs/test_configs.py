"""Every shipped recipe: counted, commented, parsed, and run for one step."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from seqkit import plugins
from seqkit.settings import Settings, parse_arguments
from seqkit.training import workflow

CONFIGS = Path(__file__).parents[2] / "configs"
RECIPES = sorted(CONFIGS.rglob("*.yaml"))
NAMES = [str(recipe.relative_to(CONFIGS).with_suffix("")) for recipe in RECIPES]
NUM_RECIPES = {"audio": 3, "dna": 3, "lecture": 6, "text": 3, "timeseries": 5}
OF_THE_FILES = ("path", "valid_path", "test_path", "test_match", "test_every", "join_match")


def read(recipe: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    return content


def settings_of(recipe: Path, folder: Path) -> Settings:
    """Of a single run: what `seqkit compare` varies is left out."""
    content = read(recipe)
    single = folder / recipe.name
    single.write_text(yaml.safe_dump({name: value for name, value in content.items() if name != "compare"}))
    return parse_arguments(plugins.load(content["domain"]), ["--config", str(single)], content["data"]["task"])


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
    settings, content = settings_of(recipe, tmp_path), read(recipe)
    for group in ("data", "trainer"):
        for option, value in content.get(group, {}).items():
            assert getattr(settings, group)[option] == value
    # Options about files or columns that demo data does not have are left out; every other one is the recipe's.
    dropped = [name for name in content["data"] if name in OF_THE_FILES or name.startswith("label")]
    data = {name: value for name, value in settings.data.items() if name not in dropped}
    if content["domain"] != "timeseries":  # which has few demo records
        data["valid_fraction"] = 0.02  # the whole validation split is scored at the end
    own = {"max_steps": 1, "limit_val_batches": 1, "val_check_interval": 1.0, "accelerator": "cpu"}
    small = replace(
        settings,
        data=data,
        model=replace(settings.model, hidden_size=16, d_model=None),
        trainer=settings.trainer | own | {"limit_train_batches": 1, "enable_progress_bar": False},
        run=str(tmp_path / "run"),
    )
    folder, result = workflow.fit(small, say=lambda line: None)
    assert result["steps"] == 1
    assert result["domain"] == content["domain"]
    assert (folder.checkpoints / "best.ckpt").exists()
