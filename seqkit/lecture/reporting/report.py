"""The report of a diagnosis: one HTML file that needs nothing else, for the screen, in the dark, and on paper."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from string import Template

from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.truncation import Truncation
from seqkit.lecture.reporting.advice import advise
from seqkit.lecture.reporting.diagnosis_pictures import Picture
from seqkit.lecture.reporting.diagnosis_tables import Table, clipping_table, gate_table, layer_table, truncation_table
from seqkit.lecture.reporting.report_page import PAGE
from seqkit.lecture.reporting.report_texts import GATES_OF_CELL, NOTHING_TO_TRY, OTHER_GATES, READINGS, TITLES
from seqkit.plots.span_axis import Span
from seqkit.plots.style import NO_PLOTS
from seqkit.wording import plural


@dataclass(frozen=True)
class Findings:
    """All that the report shows.

    Attributes:
        run: Name of the run, as the user knows it.
        diagnosis: What was measured.
        truncation: Truncated gradients; None if they were not measured.
        untruncated: Why they were not; empty if they were.
        pictures: Drawn; none without matplotlib.
        span: Steps of the data in the domain's unit.
    """

    run: str
    diagnosis: Diagnosis
    truncation: Truncation | None
    untruncated: str
    pictures: Sequence[Picture]
    span: Span


def render_report(findings: Findings) -> str:
    """The whole page: no scripts, no network, pictures inside."""
    parts = {
        "verdict": _verdict(findings),
        "flow": _part(findings, "flow", layer_table(findings.diagnosis, findings.span)),
        "jacobian": _part(findings, "jacobian", None),
        "gates": _gates(findings),
        "clipping": _part(findings, "clipping", clipping_table(findings.diagnosis)),
        "truncation": _truncation(findings),
        "about": _about(findings.diagnosis),
    }
    sections = (
        f'<section id="{name}"><h2>{escape(TITLES[name])}</h2>\n{content}\n</section>'
        for name, content in parts.items()
    )
    links = (f'<a href="#{name}">{escape(TITLES[name])}</a>' for name in parts)
    return Template(PAGE).substitute(
        title=escape(f"Diagnosis of {findings.run}"),
        facts=escape(" · ".join(describe_model(findings.diagnosis))),
        links="\n".join(links),
        sections="\n".join(sections),
    )


def describe_model(diagnosis: Diagnosis) -> list[str]:
    """What was diagnosed, in a few words each."""
    layers = plural(diagnosis.num_layers, "layer")
    both = ", both directions" if diagnosis.bidirectional else ""
    records = plural(diagnosis.num_records, "record")
    return [
        diagnosis.domain,
        diagnosis.task,
        f"{diagnosis.cell}, {layers} of {diagnosis.hidden_size}{both}",
        f"{records} of {diagnosis.split}",
    ]


def _verdict(findings: Findings) -> str:
    diagnosis = findings.diagnosis
    lines = "\n".join(f'<li class="{memory.verdict}">{escape(memory.line)}</li>' for memory in diagnosis.memories)
    advice = advise(diagnosis, findings.truncation, findings.span)
    tries = "\n".join(f"<li>{_with_code(line)}</li>" for line in advice)
    tries = f"<ul>\n{tries}\n</ul>" if advice else f"<p>{escape(NOTHING_TO_TRY)}</p>"
    plots = "" if findings.pictures else f'\n<p class="note">{escape(NO_PLOTS)}</p>'
    return f'<ul class="lines">\n{lines}\n</ul>\n<h3>What to try</h3>\n{tries}{plots}'


def _part(findings: Findings, name: str, table: Table | None) -> str:
    return _paragraph(READINGS[name]) + _figures(findings.pictures, name) + ("" if table is None else _table(table))


def _gates(findings: Findings) -> str:
    """The maps first, then the figures behind them, then who is stuck where."""
    saturation = _figures(findings.pictures, "saturation")
    text = _paragraph(READINGS["saturation"]) if saturation else ""
    cell = _paragraph(GATES_OF_CELL.get(findings.diagnosis.cell.partition(" ")[0], OTHER_GATES))
    return cell + _part(findings, "gates", gate_table(findings.diagnosis)) + text + saturation


def _truncation(findings: Findings) -> str:
    if findings.truncation is None:
        return f'<p class="note">Not measured: {escape(findings.untruncated)}.</p>'
    return _part(findings, "truncation", truncation_table(findings.truncation, findings.span))


def _about(diagnosis: Diagnosis) -> str:
    facts = [
        f"What was followed: {diagnosis.measured}.",
        f"{diagnosis.num_samples:,} such losses over {diagnosis.num_records:,} records of the {diagnosis.split} split, "
        f"up to {diagnosis.num_outputs:,} outputs of the recurrent layers each.",
    ]
    if diagnosis.steps_per_output != 1:
        facts.append(
            f"One output of the recurrent layers stands for {diagnosis.steps_per_output:g} steps of the record."
        )
    facts.append(f"Gates are drawn over {diagnosis.shown.origin}, from step {diagnosis.shown.begin:,} on.")
    facts += [f"{note[0].upper()}{note[1:]}." for note in diagnosis.notes]
    return "".join(_paragraph(fact) for fact in facts)


def _figures(pictures: Iterable[Picture], section: str) -> str:
    return "".join(_figure(picture) for picture in pictures if picture.section == section)


def _figure(picture: Picture) -> str:
    data = base64.b64encode(picture.path.read_bytes()).decode("ascii")
    title = escape(picture.title)
    return f'<figure><img alt="{title}" src="data:image/png;base64,{data}"/><figcaption>{title}</figcaption></figure>\n'


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    heads = f"<thead><tr>{heads}</tr></thead>" if any(table.heads) else ""
    rows = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in table.rows
    )
    caption = f"<caption>{escape(table.title)}</caption>"
    note = f'<p class="note">{escape(table.note)}</p>\n' if table.note else ""
    return f'<div class="wide"><table>{caption}{heads}<tbody>\n{rows}\n</tbody></table></div>\n{note}'


def _paragraph(text: str) -> str:
    return f"<p>{_with_code(text)}</p>\n"


def _with_code(text: str) -> str:
    """Escaped, with what stands in backquotes set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
