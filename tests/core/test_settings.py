"""Options: from words, from files, from Python; and what is said about wrong ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from seqkit import ConfigError, Domain, Encoder, StepEncoder
from seqkit.flat_options import settings_from
from seqkit.recipes import find_config, peek, read_config, resolve_recipes
from seqkit.settings import fold_paths, parse_arguments
from seqkit.training.trainer import build_trainer, require_trainable


def test_repeated_paths_are_all_kept(melody: Domain) -> None:
    words = ["--data.path", "up=a.txt", "--seed", "3", "--data.path=down=b.txt", "--data.test_path", "c.txt"]
    assert fold_paths(words) == [
        "--seed", "3", "--data.path", '["up=a.txt", "down=b.txt"]', "--data.test_path", "c.txt",
    ]  # fmt: skip
    settings = parse_arguments(melody, words)
    assert settings.data["path"] == ["up=a.txt", "down=b.txt"] and settings.data["test_path"] == "c.txt"
    assert settings.seed == 3


def test_options_reach_their_group(melody: Domain) -> None:
    words = ["--data.transpose", "2", "--data.batch_size=5", "--model.cell", "gru", "--trainer.max_epochs", "4"]
    settings = parse_arguments(melody, words)
    assert settings.data["transpose"] == 2 and settings.data["batch_size"] == 5
    assert settings.model.cell == "gru" and settings.trainer["max_epochs"] == 4
    assert settings.data["task"] == "next_step" and settings.run is None


def test_defaults_of_a_domain_hold_for_their_task_and_give_way(melody: Domain) -> None:
    defaults: dict[str, dict[str, Any]] = {"classify": {"model.hidden_size": 9, "data.batch_size": 4}}
    domain = Domain("m", melody.datamodule, tasks=("next_step", "classify"), defaults=defaults)
    assert parse_arguments(domain, []).model.hidden_size == 128
    settings = parse_arguments(domain, ["--data.task", "classify", "--data.batch_size", "6"], "classify")
    assert settings.model.hidden_size == 9 and settings.data["batch_size"] == 6


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["--model.hiden_size", "3"], "model.hidden_size"),
        (["--data.batchsize=3"], "data.batch_size"),
        (["--trainer.max_epoch", "3"], "trainer.max_epochs"),
    ],
)
def test_a_misspelt_option_names_the_nearest(words: list[str], near: str, melody: Domain) -> None:
    with pytest.raises(ConfigError, match=rf"did you mean '{near}'"):
        parse_arguments(melody, words)


def test_a_misspelt_key_in_a_file_names_the_nearest(melody: Domain, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("model:\n  hiden_size: 4\n")
    with pytest.raises(ConfigError, match=r"did you mean '(--)?model.hidden_size'"):
        parse_arguments(melody, ["--config", str(tmp_path / "c.yaml")])


def test_a_value_of_the_wrong_type_names_its_option(melody: Domain) -> None:
    with pytest.raises(ConfigError, match=r"'many' is not a whole number\n  at: --model.hidden_size"):
        parse_arguments(melody, ["--model.hidden_size", "many"])
    with pytest.raises(ConfigError, match=r"'lsmt' is none of rnn, gru, lstm, .*\n  at: --model.cell\n.*mean 'lstm'"):
        parse_arguments(melody, ["--model.cell", "lsmt"])
    with pytest.raises(ConfigError, match=r"'x' is not a number\n  at: --trainer.gradient_clip_val"):
        parse_arguments(melody, ["--trainer.gradient_clip_val", "x"])
    with pytest.raises(ConfigError, match=r"'foo' is none of (.*, )?32, .*bf16-mixed.*\n  at: --trainer.precision"):
        parse_arguments(melody, ["--trainer.precision", "foo"])
    with pytest.raises(ConfigError, match=r"'bf16-mixd' is none of (.|\n)*mean 'bf16-mixed'"):
        parse_arguments(melody, ["--trainer.precision", "bf16-mixd"])


def test_a_file_gives_options_and_later_words_win(melody: Domain, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("domain: melody\nseed: 5\nmodel:\n  hidden_size: 4\n  cell: gru\n")
    settings = parse_arguments(melody, ["--config", str(file), "--model.hidden_size", "8"])
    assert (settings.model.hidden_size, settings.model.cell, settings.seed) == (8, "gru", 5)


def test_an_option_is_seen_before_anything_is_parsed(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("domain: dna\ndata:\n  task: classify\n")
    words = ["--config", str(file)]
    assert peek(words, "domain") == "dna" and peek(words, "data.task") == "classify"
    assert peek([*words, "--domain", "text"], "domain") == "text" and peek(["--domain=audio"], "domain") == "audio"
    assert peek([], "domain") is None and peek(words, "data.task.deeper") is None


def test_recipes_are_found_by_name_and_files_by_path(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("seed: 1\n")
    assert resolve_recipes(["--config", str(file), "--config=" + str(file)]) == [
        "--config",
        str(file),
        f"--config={file}",
    ]
    recipe = Path(resolve_recipes(["--config", "text/tiny-shakespeare"])[1])
    assert recipe.is_file() and recipe.name == "tiny-shakespeare.yaml"
    assert find_config("text/tiny-shakespeare.yaml") == recipe
    with pytest.raises(ConfigError, match=r"did you mean 'text/tiny-shakespeare'"):
        resolve_recipes(["--config", "text/tiny-shakespear"])


@pytest.mark.parametrize("content", ["just words", "a: [", "- 1\n- 2"])
def test_a_file_that_holds_no_options_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(content)
    with pytest.raises(ConfigError, match=r"at: .*c\.yaml"):
        read_config(tmp_path / "c.yaml")


def test_flat_names_are_sent_to_the_group_that_knows_them(melody: Domain, tmp_path: Path) -> None:
    options = {"path": tmp_path, "transpose": 3, "hidden_size": 5, "max_epochs": 2, "trainer_accelerator": "cpu"}
    settings = settings_from(melody, options, seed=4, run="r")
    assert settings.data["path"] == str(tmp_path) and settings.data["transpose"] == 3
    assert settings.model.hidden_size == 5 and settings.trainer["max_epochs"] == 2
    assert settings.trainer["accelerator"] == "cpu" and (settings.seed, settings.run) == (4, "r")
    assert json.dumps(settings.data)


def noisy_encoder(spec: Any, d_model: int, task: str, dropout: float = 0.0) -> Encoder:
    """An encoder with an option that the model has too.

    Args:
        spec: What a step is.
        d_model: Size of the features.
        task: Not looked at.
        dropout: Of the features.
    """
    return StepEncoder(spec, d_model)


def test_a_flat_name_that_two_groups_know_must_name_its_group(melody: Domain) -> None:
    domain = Domain("m", melody.datamodule, noisy_encoder, ("next_step",))
    with pytest.raises(
        ConfigError,
        match=r"'dropout' is ambiguous(.|\n)*write (encoder_dropout or model|model_dropout or encoder)_dropout",
    ):
        settings_from(domain, {"dropout": 0.1})
    settings = settings_from(domain, {"encoder_dropout": 0.2, "model_dropout": 0.3})
    assert settings.encoder == {"dropout": 0.2} and settings.model.dropout == 0.3


def test_an_unknown_flat_name_names_the_nearest(melody: Domain) -> None:
    with pytest.raises(ConfigError, match=r"unknown option 'hiden_size'(.|\n)*did you mean 'hidden_size'"):
        settings_from(melody, {"hiden_size": 3})


def test_null_means_null_not_our_default(melody: Domain) -> None:
    settings = parse_arguments(melody, ["--trainer.gradient_clip_val", "null", "--trainer.max_epochs", "null"])
    trainer = build_trainer(settings.trainer | {"max_steps": 7}, None)
    assert (trainer.gradient_clip_val, trainer.max_epochs, trainer.max_steps) == (None, None, 7)


def test_the_task_is_found_under_both_of_its_names(melody: Domain) -> None:
    assert settings_from(melody, {"data_task": "classify"}).data["task"] == "classify"


def test_a_time_to_train_names_its_form(melody: Domain) -> None:
    with pytest.raises(ConfigError, match=r"'5' is no time(.|\n)*--trainer\.max_time(.|\n)*DD:HH:MM:SS"):
        parse_arguments(melody, ["--trainer.max_time", "5"])
    assert parse_arguments(melody, ["--trainer.max_time", "00:00:01:30"]).trainer["max_time"] == "00:00:01:30"


@pytest.mark.parametrize("precision", ["64-true", "bf16-true", "16-true", "transformer-engine", "64"])
def test_weights_in_another_precision_than_float32_are_refused(melody: Domain, precision: str) -> None:
    with pytest.raises(ConfigError, match=rf"in {precision}\n  at: --trainer\.precision\n.*32-true or bf16-mixed"):
        parse_arguments(melody, ["--trainer.precision", precision])


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed", "32", "bf16", "16"])
def test_every_precision_with_weights_in_float32_is_taken(melody: Domain, precision: str) -> None:
    assert str(parse_arguments(melody, ["--trainer.precision", precision]).trainer["precision"]) == precision


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [("accumulate_grad_batches", "0", "give 1 or more"), ("barebones", "true", "leave it out")],
)
def test_a_trainer_that_could_not_train_a_run_is_refused(melody: Domain, name: str, value: str, fix: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name}.*\n  at: --trainer\.{name}\n  fix: {fix}"):
        parse_arguments(melody, [f"--trainer.{name}", value])


@pytest.mark.parametrize(
    ("options", "at", "fix"),
    [
        ({"max_epochs": -3}, "--trainer.max_epochs", "1 or more, or -1"),
        ({"max_steps": -2}, "--trainer.max_steps", "1 or more, or -1"),
        ({"min_epochs": -1}, "--trainer.min_epochs", "1 or more"),
        ({"accelerator": "cpux"}, "--trainer.accelerator", "did you mean 'cpu'?"),
    ],
)
def test_what_lightning_cannot_train_with_is_refused_with_its_option(
    options: dict[str, Any], at: str, fix: str
) -> None:
    require_trainable({"max_epochs": -1, "max_steps": -1, "accelerator": "gpu"})
    with pytest.raises(ConfigError) as found:
        require_trainable(options)
    assert found.value.at == at and fix in str(found.value.fix)
