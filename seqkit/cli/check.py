"""seqkit check: what is in a data set, and every problem that training would meet."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from seqkit import plugins
from seqkit.checking.check import check_data
from seqkit.cli.checked import print_checked
from seqkit.cli.verbs import require_writable
from seqkit.data.tolerance import require_policy
from seqkit.errors import ConfigError
from seqkit.numbers import require_sane_numbers
from seqkit.outputs import staged
from seqkit.recipes import peek, resolve_recipes
from seqkit.settings import build_parser, fold_paths, parse_or_explain
from seqkit.training.folder import as_json

_FLAGS = ("--json", "--print_config")
_ENDINGS = (".csv", ".jsonl")
_COLUMNS = ("kind", "at", "message", "fix")


def run(verb: str, words: list[str]) -> int:
    """Look through the data; 2 if something would be refused."""
    given, rest = split_words(resolve_recipes(words))
    if given and peek(rest, "data.path") is not None:
        raise ConfigError("the data are named twice", at="DATA, --data.path", fix="give them once")
    name = peek(rest, "domain")
    if name is None:
        raise ConfigError("no domain given", at="seqkit check", fix="add --domain NAME")
    domain = plugins.load(name)
    parser = build_parser(domain, peek(rest, "data.task"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=str | None, default=None)
    paths = [word for path in given for word in ("--data.path", path)]
    values = parse_or_explain(parser, fold_paths([*rest, *paths])).as_dict()
    require_sane_numbers(values)
    require_policy(values["data"])
    out = Path(values["out"]) if values["out"] else None
    if out is not None:
        _require_ending(out)
        require_writable(out)
    report = check_data(domain, values["data"])
    if out is not None:
        write_problems(report["problems"], out)
    if values["json"]:
        print(as_json(report))
    else:
        print_checked(report, out)
    return 2 if report["num_problems"] else 0


def split_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is to be checked, and the options.

    Example:
        >>> split_words(["a.fa", "--domain", "dna", "other=b.fa", "--json"])
        (['a.fa', 'other=b.fa'], ['--domain', 'dna', '--json'])
    """
    given: list[str] = []
    options: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            given.append(word)
            continue
        options.append(word)
        if "=" not in word and word not in _FLAGS:
            options += [value for value in [next(rest, None)] if value is not None]
    return given, options


def write_problems(problems: list[dict[str, str]], path: Path) -> None:
    """One line a problem.

    Args:
        problems: Of a report.
        path: A name that ends in .csv or .jsonl.
    """
    with staged(path) as place, place.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writeheader()
            writer.writerows(problems)
        else:
            file.writelines(json.dumps(problem, ensure_ascii=False) + "\n" for problem in problems)


def _require_ending(path: Path) -> None:
    if path.suffix not in _ENDINGS:
        raise ConfigError(
            f"problems are not written as {path.suffix or path.name!r}",
            at="--out",
            fix="end the name in .csv or .jsonl",
        )
