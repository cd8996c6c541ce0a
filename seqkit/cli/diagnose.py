"""seqkit diagnose: what the lecture's instruments show of a trained model; tables, pictures and a report."""

from __future__ import annotations

import textwrap
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import rich.table

from seqkit.cli.console import plain_console
from seqkit.cli.verbs import output_path, parse_verb, require_writable
from seqkit.errors import ConfigError
from seqkit.lecture.instruments.diagnose import DiagnoseOptions, diagnose
from seqkit.lecture.instruments.truncation import Truncation, measure_truncation, require_truncatable
from seqkit.lecture.reporting.advice import advise
from seqkit.lecture.reporting.diagnosis_pictures import draw_pictures
from seqkit.lecture.reporting.diagnosis_tables import Table, clipping_table, gate_table, layer_table, truncation_table
from seqkit.lecture.reporting.report import Findings, describe_model, render_report
from seqkit.lecture.reporting.report_texts import NOTHING_TO_TRY
from seqkit.plots.style import NO_PLOTS
from seqkit.steps import Split
from seqkit.training import workflow
from seqkit.training.checkpoint import Loaded
from seqkit.training.durable import atomic_write
from seqkit.training.folder import as_json

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "split": (Literal["predict", "train", "valid", "test"] | None, None),
    "records": (int, 8),
    "steps": (int, 1024),
    "truncation": (str | None, None),
    "no_truncation": (bool, False),
    "threshold": (float, 0.01),
    "out": (str | None, None),
    "json": (bool, False),
}
_MOST_CUT = 256
"""Outputs in a chunk whose gradient is cut in different ways: each length reads all of them anew."""

_MOST_ADVICE = 3
"""Pieces of advice on the terminal; the report has all of them."""

_WIDTH = 80


def run(verb: str, words: list[str]) -> int:
    """Measure, draw, report."""
    options, changes = parse_verb(verb, words, _OPTIONS)
    lengths = parse_lengths(options.truncation)
    path = output_path(options.run, options.out, "diagnosis/report.html")
    if options.out is None:
        path.parent.mkdir(exist_ok=True)
    _require_html(path)
    require_writable(path)
    loaded = workflow.reload(options.run, changes)
    measured = DiagnoseOptions(
        _split(loaded, options, changes), options.records, options.steps, threshold=options.threshold
    )
    span = loaded.data.describe_span
    untruncated = _untruncated(loaded, options, lengths)
    diagnosis = diagnose(loaded, measured, options.run)
    truncation = None if untruncated else _truncate(loaded, measured, lengths)
    beside = _Beside.of(path, options.out is None)
    pictures = draw_pictures(diagnosis, truncation, loaded.data.codec, span, beside.plots)
    findings = Findings(Path(options.run).resolve().name, diagnosis, truncation, untruncated, pictures, span)
    atomic_write(path, render_report(findings))
    content = as_json(diagnosis.to_json() | {"truncation": None if truncation is None else truncation.to_dict()})
    atomic_write(beside.figures, content + "\n")
    if options.json:
        print(content)
        return 0
    _show(findings)
    print(f"report: {path} · figures: {beside.figures.name} · {NO_PLOTS if not pictures else beside.plots.name + '/'}")
    return 0


@dataclass(frozen=True)
class _Beside:
    """What is written beside the report: its figures as JSON, and the folder of its pictures."""

    figures: Path
    plots: Path

    @classmethod
    def of(cls, report: Path, usual: bool) -> _Beside:
        if usual:
            return cls(report.with_name("diagnosis.json"), report.with_name("plots"))
        return cls(report.with_suffix(".json"), report.with_name(f"{report.stem}-plots"))


def parse_lengths(words: str | None) -> list[int] | None:
    """Truncation lengths as they are given; None if they are not.

    Raises:
        ConfigError: If one of them is no number.

    Example:
        >>> parse_lengths("1,4,16")
        [1, 4, 16]
    """
    if words is None:
        return None
    try:
        return [int(word) for word in words.split(",")]
    except ValueError:
        raise ConfigError(
            f"{words!r} is no list of steps", at="--truncation", fix="give whole numbers with commas: 1,4,16,64"
        ) from None


def _require_html(path: Path) -> None:
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(
            f"the report is written as HTML, not as {path.suffix or path.name!r}",
            at="--out",
            fix="name a file that ends in .html",
        )


def _split(loaded: Loaded, options: Namespace, changes: dict[str, Any]) -> Split:
    """The records that are read: those asked for; all of a path that is given for a stream, else the validation's."""
    if options.split == "predict" and loaded.data.labelled:
        raise ConfigError(
            "records without their targets have no loss whose gradient could be followed",
            at="--split predict",
            fix="choose train, valid or test",
        )
    if options.split is None:
        return "predict" if "path" in changes and loaded.data.streams else "valid"
    return cast(Split, options.split)


def _untruncated(loaded: Loaded, options: Namespace, lengths: list[int] | None) -> str:
    """Why truncated gradients are not measured; empty if they are. What was asked for and cannot be is refused."""
    if options.no_truncation and lengths is not None:
        raise ConfigError("--truncation and --no_truncation contradict each other", fix="leave one of them out")
    if options.no_truncation:
        return "left out by --no_truncation"
    if lengths is None and loaded.model.backbone.bidirectional:
        return "a bidirectional model needs each record whole"
    require_truncatable(loaded.model, lengths)
    return ""


def _truncate(loaded: Loaded, options: DiagnoseOptions, lengths: list[int] | None) -> Truncation:
    num_steps = min(options.num_steps, max(_MOST_CUT, 2 * max(lengths or [0])))
    return measure_truncation(loaded.model, loaded.data, options.split, lengths, options.num_records, num_steps)


def _show(findings: Findings) -> None:
    """Tables of at most 80 columns, then what they come to, and what to try."""
    diagnosis, truncation = findings.diagnosis, findings.truncation
    print(" · ".join(describe_model(diagnosis)))
    tables = [layer_table(diagnosis, findings.span), gate_table(diagnosis)]
    tables += [] if truncation is None else [truncation_table(truncation, findings.span)]
    for table in [*tables, clipping_table(diagnosis)]:
        _print(table)
    for note in diagnosis.notes:
        print(note)
    if truncation is None:
        print(f"no truncated gradients: {findings.untruncated}")
    for line in diagnosis.lines:
        print(_wrapped(line))
    _advise(findings)


def _advise(findings: Findings) -> None:
    """The most pressing of what the report says under the same head."""
    advice = advise(findings.diagnosis, findings.truncation, findings.span)
    print("What to try:")
    for line in advice[:_MOST_ADVICE] or [NOTHING_TO_TRY]:
        print(_wrapped(f"- {line.replace('`', '')}"))
    if len(advice) > _MOST_ADVICE:
        print(f"- {len(advice) - _MOST_ADVICE} more in the report")


def _wrapped(line: str) -> str:
    """In lines of at most 80 columns, options whole."""
    return textwrap.fill(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def _print(table: Table) -> None:
    """Columns of words to the left, of figures to the right."""
    shown = rich.table.Table(title=table.title, title_justify="left", show_header=any(table.heads))
    shown.caption, shown.caption_justify = table.note or None, "left"
    for number, head in enumerate(table.heads):
        figures = number > 0 and any(character.isdigit() for row in table.rows for character in row[number])
        shown.add_column(head, justify="right" if figures else "left")
    for row in table.rows:
        shown.add_row(*row)
    plain_console(_WIDTH).print(shown)
