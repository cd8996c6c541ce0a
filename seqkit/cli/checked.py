"""How the report of `seqkit check` looks on a terminal: counts first, problems last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqkit.cli.console import plain_console
from seqkit.wording import plural

_MOST_LISTED = 20
_MOST_CLASSES = 20
_MOST_CASES = 10


def print_checked(report: dict[str, Any], out: Path | None = None) -> None:
    """Print a report.

    Args:
        report: Of `check`.
        out: Where all problems were written, if anywhere.
    """
    console = plain_console()
    files = plural(report["num_files"], "file")
    size = f", {_bytes(report['num_bytes'])}" if report["num_bytes"] else ""
    source = "demo data" if report["path"] is None else f"{files}{size}"
    console.print(f"{report['domain']} · {report['task']} · {source} · {report['seconds']:.1f} s")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in [*_counts(report), *_facts(report["facts"])]:
        table.add_row(name, Text(value))
    console.print(table)
    if classes := report["targets"].get("classes"):
        console.print(_classes(classes, report["targets"]["unit"]))
    for note in report["notes"]:
        console.print(note)
    for warning in report["warnings"]:
        console.print(f"warning: {warning}")
    _print_problems(console, report, out)


def _counts(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What every domain has."""
    rows = [("records", f"{report['num_records']:,}"), ("steps", f"{report['num_steps']:,}{_lengths(report)}")]
    if report["num_symbols"]:
        rows.append(("classes of a step", f"{report['num_symbols']:,}"))
    parts = [f"{name} {_split(size)}" for name, size in report["splits"].items()]
    rows += [("split", " · ".join(parts)), ("", report["split_rule"])]
    for name, figures in report["baselines"].items():
        figure = ", ".join(f"{metric.replace('_', ' ')} {value:.4f}" for metric, value in figures.items())
        rows.append((f"to beat: {name}", figure))
    if lengths := report["targets"].get("transcript_lengths"):
        rows.append(("transcripts", _quartiles(lengths)))
    if numbers := report["targets"].get("numbers"):
        rows.append(("targets", ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())))
    return rows


def _facts(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _shown(name, value)) for name, value in facts.items()]


def _shown(name: str, value: Any) -> str:
    """A fact: a share, a number, counts by case, or words."""
    if isinstance(value, dict):
        cases = [f"{case} {_shown('', count)}" for case, count in list(value.items())[:_MOST_CASES]]
        more = f" and {len(value) - _MOST_CASES} more" if len(value) > _MOST_CASES else ""
        return " · ".join(cases) + more
    if isinstance(value, float):
        return f"{100 * value:.3g}%" if name.endswith("_share") else f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else ", ".join(map(str, value)) if isinstance(value, list) else value


def _split(size: dict[str, int]) -> str:
    return f"{size['records']:,} ({plural(size['steps'], 'step')})"


def _lengths(report: dict[str, Any]) -> str:
    return f" · a record: {_quartiles(report['lengths'])}" if report["num_records"] > 1 else ""


def _quartiles(sizes: dict[str, int]) -> str:
    if sizes["min"] == sizes["max"]:
        return f"{sizes['min']:,}"
    middle = f"{sizes['quartile_1']:,} – {sizes['median']:,} – {sizes['quartile_3']:,}"
    return f"{sizes['min']:,} to {sizes['max']:,}, quartiles {middle}"


def _classes(classes: dict[str, dict[str, float]], unit: str) -> Table:
    table = Table("class", box=None, padding=(0, 2, 0, 0))
    splits = [name for name in ("train", "valid", "test") if name in next(iter(classes.values()))]
    for name in (unit, "share", *splits):
        table.add_column(name, justify="right")
    for name, row in list(classes.items())[:_MOST_CLASSES]:
        counts = [f"{row[split]:,}" for split in splits]
        table.add_row(Text(name[:40]), f"{row['count']:,}", f"{row['share']:.1%}", *counts)
    if len(classes) > _MOST_CLASSES:
        table.add_row(Text(f"and {len(classes) - _MOST_CLASSES} more"))
    return table


def _print_problems(console: Console, report: dict[str, Any], out: Path | None) -> None:
    """Problems by kind, the first of each one by one."""
    kinds: dict[str, list[dict[str, str]]] = {}
    for problem in report["problems"]:
        kinds.setdefault(problem["kind"], []).append(problem)
    listed = 0
    for kind, problems in kinds.items():
        console.print(f"\n{plural(len(problems), 'problem')}: {kind}" if len(problems) > 1 else "")
        for problem in problems[:_MOST_LISTED]:
            console.print(f"  {problem['at']}: {problem['message']}", soft_wrap=True)
        if len(problems) > _MOST_LISTED:
            console.print(f"  and {len(problems) - _MOST_LISTED:,} more")
        console.print(f"  fix: {problems[0]['fix']}", soft_wrap=True)
        listed += min(len(problems), _MOST_LISTED)
    total, warnings = plural(report["num_problems"], "problem"), plural(len(report["warnings"]), "warning")
    where = f" · all of them: {out}" if out is not None else ""
    hint = " · --out FILE.csv lists all" if out is None and listed < report["num_problems"] else ""
    console.print(f"\n{total}, {warnings}{where}{hint}" if kinds else f"{total}, {warnings}{where}")


def _bytes(number: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000  # type: ignore[assignment]
    return f"{number:.3g} GB"
