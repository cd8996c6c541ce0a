"""seqkit compare: the ladder of baselines, or a grid of variants, in one table."""

from __future__ import annotations

from typing import Any

from seqkit.cli.compare_tables import print_comparison
from seqkit.errors import NOTHING_YET, ConfigError, ended_means
from seqkit.lecture.comparison.compare import compare
from seqkit.lecture.comparison.panel import panels_of_words
from seqkit.lecture.comparison.study import build_study
from seqkit.recipes import peek
from seqkit.training.folder import as_json

_OWN = ("rungs", "across", "seeds", "split")


def run(verb: str, words: list[str]) -> int:
    """Parse, train what is to be trained, report."""
    with ended_means(NOTHING_YET):
        words, own = take_options(words)
        as_lines = not own.pop("json", False)
        panels, described = panels_of_words(words)
        study = build_study(panels, described | own, peek(words, "run"))
    result = compare(study, print if as_lines else lambda line: None)
    with ended_means(f"the comparison in {result['run']} is finished"):
        if as_lines:
            print_comparison(result)
        else:
            print(as_json(result))
    return 0


def take_options(words: list[str]) -> tuple[list[str], dict[str, Any]]:
    """The words that `fit` understands, and the options of this verb.

    Example:
        >>> take_options(["--domain", "text", "--rungs", "bag,lstm", "--across=lag=4,16"])
        (['--domain', 'text'], {'rungs': 'bag,lstm', 'across': 'lag=4,16'})
    """
    rest: list[str] = []
    own: dict[str, Any] = {}
    given = iter(words)
    for word in given:
        name, sign, value = word.partition("=")
        if name == "--json":
            own["json"] = value.lower() != "false"
        elif name == "--across" and "across" in own:
            raise ConfigError("--across is given twice", at="seqkit compare", fix="one name only: NAME=V1,V2")
        elif name.removeprefix("--") in _OWN and name.startswith("--"):
            own[name.removeprefix("--")] = value if sign else next(given, "")
        else:
            rest.append(word)
    return rest, own
