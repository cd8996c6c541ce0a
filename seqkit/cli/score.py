"""seqkit score: how likely records are, or each of their steps; and the questions that a domain adds."""

from __future__ import annotations

import textwrap
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import docstring_parser
import jsonargparse
import numpy as np
from rich.table import Table

from seqkit.cli.console import plain_console
from seqkit.cli.help import SCORE
from seqkit.cli.verbs import domain_of, output_path, parse_verb, require_writable, show_left_out
from seqkit.domain import Domain
from seqkit.errors import ConfigError
from seqkit.inference.judge import Judge
from seqkit.inference.rows import Row, require_row_suffix, write_rows
from seqkit.inference.score import Scoring, require_threshold, score_rows
from seqkit.inference.scorers import Question, choose_question, option_owners, scorer_parameters
from seqkit.plots.style import NO_PLOTS, can_plot
from seqkit.training import workflow
from seqkit.training.checkpoint import Loaded
from seqkit.wording import plural

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "split": (Literal["predict", "train", "valid", "test"] | None, None),
    "per_step": (bool, False),
    "threshold": (float | None, None),
    "out": (str | None, None),
}
_MOST_PLOTTED = 1_000_000
"""Rows that are kept for a plot."""

_EXTREMES = 3


def run(verb: str, words: list[str]) -> int:
    """Score, save, and show what stands out."""
    domain = domain_of(words[0])
    if "--help" in words or "-h" in words:
        print(SCORE + _questions(domain), end="")
        return 0
    names = [*domain.scorers, *option_owners(domain)]
    options, changes = parse_verb(verb, words, _OPTIONS, lambda parser: _add_scorers(parser, domain))
    given = {name: value for name in names if (value := getattr(options, name, None)) is not None}
    question = choose_question(domain, given)
    if question is not None:
        _refuse_beside(question, options, changes)
    path = output_path(options.run, options.out, f"{'scores' if question is None else question.name}.csv")
    require_row_suffix(path)
    require_writable(path)
    loaded = workflow.reload(options.run, changes)
    if question is not None:
        return _ask(loaded, question, path)
    require_threshold(loaded.data, options.threshold)
    scoring = Scoring(loaded.model, loaded.data, options.split or "predict", options.threshold)
    count = write_rows(score_rows(scoring, options.per_step), path)
    _summarise(scoring)
    show_left_out(loaded.data, path)
    print(f"{plural(count, 'row')}: {path}")
    return 0


def _add_scorers(parser: jsonargparse.ArgumentParser, domain: Domain) -> None:
    """The options of the domain's scorers, each once; none is required, for its scorer may not be asked."""
    added: set[str] = set()
    for name, scorer in domain.scorers.items():
        parser.add_argument(f"--{name}", type=str)
        for option, parameter in scorer_parameters(scorer).items():
            if option not in added:
                parser.add_argument(f"--{option}", type=parameter.annotation)
            added.add(option)


def _questions(domain: Domain) -> str:
    """What the domain adds to the help text: each scorer with its options, in the words of its docstring."""
    lines = [f"\nquestions of {domain.name} (they read their own files; default of --out: RUN/NAME.csv):"]
    for name, scorer in domain.scorers.items():
        doc = docstring_parser.parse(scorer.run.__doc__ or "")
        helps = {parameter.arg_name: parameter.description or "" for parameter in doc.params}
        lines += ["", *_entry(f"--{name} VALUE", doc.short_description or "", 2)]
        for option, parameter in scorer_parameters(scorer).items():
            given = "" if parameter.default in (None, parameter.empty) else f" ({parameter.default})"
            lines += _entry(f"--{option}", " ".join(helps.get(option, "").split()) + given, 4)
    return "\n".join(lines) + "\n" if domain.scorers else ""


def _entry(option: str, text: str, indent: int) -> list[str]:
    first = f"{'':{indent}}{option:{22 - indent}}"
    return textwrap.wrap(text, 110, initial_indent=f"{first} ", subsequent_indent=" " * 23) or [first]


def _refuse_beside(question: Question, options: Namespace, changes: dict[str, Any]) -> None:
    """Options that would say nothing are refused rather than passed over."""
    own = [f"--{name}" for name in ("split", "per_step", "threshold") if getattr(options, name)]
    for option in own + [f"--data.{name}" for name in changes]:
        raise ConfigError(
            f"{option} says nothing beside --{question.name}", at=option, fix=f"leave out {option} or --{question.name}"
        )


def _ask(loaded: Loaded, question: Question, path: Path) -> int:
    """Save a scorer's rows, and its plot beside them."""
    judge = Judge(loaded.model, loaded.data)
    kept: list[Row] = []
    rows = question.rows(judge)
    plot = question.scorer.plot
    count = write_rows(rows if plot is None else _keeping(rows, kept), path)
    print(f"{plural(count, 'row')}: {path}")
    if plot is not None and count > len(kept):
        judge.notes.append(f"more than {_MOST_PLOTTED:,} rows are not plotted")
    elif plot is not None and kept:
        judge.notes += [f"plot: {file}" for file in plot(kept, path)] if can_plot() else [NO_PLOTS]
    for note in judge.notes:
        print(note)
    return 0


def _keeping(rows: Iterator[Row], kept: list[Row]) -> Iterator[Row]:
    for row in islice(rows, _MOST_PLOTTED):
        kept.append(row)
        yield row
    yield from rows


def _summarise(scoring: Scoring) -> None:
    """A table of all, and of the records that stand out."""
    means, origins = scoring.mean_nats(), scoring.store.origins()
    records = plural(len(means), "record")
    table = Table(title=f"{records} · {plural(int(scoring.num_steps.sum()), 'step')}", title_justify="left")
    table.add_column("")
    for name in ("steps", "nats a step", *(("bits a step",) if scoring.symbols else ())):
        table.add_column(name, justify="right")

    def add(name: str, steps: int, mean: float) -> None:
        bits = (f"{mean / np.log(2):.4f}",) if scoring.symbols else ()
        table.add_row(name, f"{steps:,}", f"{mean:.4f}", *bits)

    if total := int(scoring.num_steps.sum()):
        add("all", total, scoring.nats.sum() / total)
    order = np.argsort(means)[: int(np.isfinite(means).sum())]
    likeliest = [int(n) for n in order[:_EXTREMES]]
    unlikeliest = [int(n) for n in order[::-1][:_EXTREMES] if n not in likeliest]
    for label, chosen in (("likeliest", likeliest), ("least likely", unlikeliest)):
        for number in chosen if len(means) > 1 else []:
            add(f"{label}: {origins[number]}", int(scoring.num_steps[number]), float(means[number]))
    plain_console().print(table)
    if scoring.threshold is not None:
        _name_steps(scoring, origins)


def _name_steps(scoring: Scoring, origins: list[str]) -> None:
    """The steps above the threshold, the least likely first."""
    total = int(scoring.num_above.sum())
    steps = plural(total, "step")
    print(f"{steps} with an anomaly of {scoring.threshold:g} or more")
    for anomaly, record, step in sorted(scoring.above, reverse=True):
        print(f"  {anomaly:8.2f}  {origins[record]}, step {step}")
    if total > len(scoring.above):
        print(f"  and {total - len(scoring.above):,} more: --per_step writes the anomaly of each step")
