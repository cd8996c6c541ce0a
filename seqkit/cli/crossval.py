"""seqkit crossval: train and test once for each fold, or for each group left out."""

from __future__ import annotations

from typing import Any

from seqkit import plugins
from seqkit.cli.report import print_folds
from seqkit.errors import NOTHING_YET, ConfigError, ended_means
from seqkit.recipes import peek, require_single, resolve_recipes
from seqkit.settings import Settings, parse_arguments
from seqkit.training.crossval import cross_validate


def run(verb: str, words: list[str]) -> int:
    """Parse, train and test the rounds, report."""
    with ended_means(NOTHING_YET):
        words, own = take_options(resolve_recipes(words))
        settings = _settings(words)
    result = cross_validate(settings, **own)
    with ended_means(f"the cross-validation in {result['run']} is finished"):
        print_folds(result)
    return 0


def _settings(words: list[str]) -> Settings:
    require_single(words)
    name = peek(words, "domain")
    if name is None:
        raise ConfigError(
            "no domain given", at="seqkit crossval", fix="add --domain NAME, or a --config that names one"
        )
    return parse_arguments(plugins.load(name), words, peek(words, "data.task"))


def take_options(words: list[str]) -> tuple[list[str], dict[str, Any]]:
    """The words that `fit` understands, and the options of this verb.

    Raises:
        ConfigError: If the number of folds is no number.

    Example:
        >>> take_options(["--domain", "text", "--folds", "5"])
        (['--domain', 'text'], {'folds': 5})
    """
    rest: list[str] = []
    own: dict[str, Any] = {}
    given = iter(words)
    for word in given:
        name, sign, value = word.partition("=")
        if name.replace("-", "_") == "__leave_one_group_out":
            own["leave_one_group_out"] = value.lower() != "false"
        elif name == "--folds":
            text = value if sign else next(given, "")
            if not text.isdigit():
                raise ConfigError(f"{text!r} is not a whole number", at="--folds", fix="give 2 or more")
            own["folds"] = int(text)
        else:
            rest.append(word)
    return rest, own
