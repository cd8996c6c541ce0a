"""Comparisons described in a file, and words that win over it."""

from pathlib import Path

import pytest

from seqkit.cli.compare import take_options
from seqkit.cli.main import main
from seqkit.lecture.comparison.panel import panels_of_words
from seqkit.lecture.comparison.study import Study, build_study


def write_recipe(folder: Path, text: str) -> str:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return str(path)


def study_of(words: list[str]) -> Study:
    words, own = take_options(words)
    panels, described = panels_of_words(words)
    return build_study(panels, described | own, None)


def test_a_recipe_describes_panels_and_variants(tmp_path: Path) -> None:
    recipe = write_recipe(
        tmp_path,
        "model: {hidden_size: 16}\ndata: {task: classify}\n"
        "compare:\n"
        "  domains:\n    text: {model: {hidden_size: 24}}\n    dna: {data: {batch_size: 3}}\n"
        "  variants:\n    free: {model.cell: rnn, trainer.gradient_clip_val: null}\n    lstm: {}\n"
        "  across: {data.window: [8, 16]}\n  seeds: 3\n",
    )
    study = study_of(["--config", recipe, "--seeds", "1", "--model.num_layers", "2"])
    assert [panel.name for panel in study.panels] == ["text", "dna"] and study.seeds == 1
    text, dna = (panel.settings({}) for panel in study.panels)
    assert (text.model.hidden_size, dna.model.hidden_size, dna.data["batch_size"]) == (24, 16, 3)
    assert text.model.num_layers == dna.model.num_layers == 2 and text.data["task"] == "classify"
    free = study.panels[0].settings(study.trained()["free"])
    assert free.trainer["gradient_clip_val"] is None and text.trainer["gradient_clip_val"] == 1.0
    assert study.across is not None and study.across.overrides(text, 8) == {"data.window": 8}
    assert [panel.name for panel in study_of(["--config", recipe, "--domain", "dna"]).panels] == ["dna"]


def test_words_win_over_a_panel_and_a_column_over_words(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "compare:\n  domains: {text: {model: {hidden_size: 24}}}\n")
    words = ["--config", recipe, "--model.hidden_size=48", "--data.path", "made:memory,lag=9"]
    (panel,) = study_of(words).panels
    assert panel.settings({}).model.hidden_size == 48
    assert panel.settings({"data.path": "made:memory,lag=2"}).data["path"] == "made:memory,lag=2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("domain: text\ncompare: {rung: [bag]}\n", "unknown option 'rung'"),
        ("compare: {domains: {text: {modle: {}}}}\n", "unknown group 'modle'"),
        ("compare: {domains: {txt: {}}}\n", "txt"),
        ("compare: {domains: {text: {}}}\nmodel: {hiden_size: 3}\n", "hiden_size"),
        ("compare: [bag]\n", "no group of options"),
        ("model: {hidden_size: 3}\n", "no domain given"),
    ],
)
def test_mistakes_of_a_recipe_are_named(
    tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "--config", write_recipe(tmp_path, text), "--run", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err


def test_a_recipe_of_variants_is_asked_for_some_of_them_and_for_its_own_domain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, "domain: text\ncompare: {variants: {a: {}, b: {}, c: {}}}\n")
    study = study_of(["--config", recipe, "--rungs", "c,a"])
    assert list(study.trained()) == ["a", "c"] and study.rungs is None
    words = ["compare", "--config", recipe, "--run", str(tmp_path / "run")]
    assert main([*words, "--domain", "dna"]) == 2
    assert "the recipe is for text only, and not for dna" in capsys.readouterr().err
    assert main([*words, "--across", "lag=4", "--across=lag=8"]) == 2
    assert "--across is given twice" in capsys.readouterr().err


def test_a_recipe_of_a_comparison_is_no_single_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path, "domain: text\ncompare: {rungs: [bag]}\n")
    for verb in ("fit", "crossval"):
        assert main([verb, "--config", recipe]) == 2
        assert "use seqkit compare" in capsys.readouterr().err


def test_the_command_line_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--help"]) == 0 and "--across NAME=V1,V2" in capsys.readouterr().out
    assert main(["compare"]) == 2 and "no domain given" in capsys.readouterr().err
    assert main(["compare", "--domain", "text", "--rung", "bag"]) == 2 and "'rungs'" in capsys.readouterr().err
    assert take_options(["--seeds=2", "--json", "--seed", "4"]) == (["--seed", "4"], {"seeds": "2", "json": True})
