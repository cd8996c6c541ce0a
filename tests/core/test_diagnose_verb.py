"""seqkit diagnose on a tiny run of each domain: tables, JSON, pictures, and a report that needs nothing else."""

import base64
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqkit import StandardCodec, SymbolCodec
from seqkit.cli import diagnose as verb
from seqkit.cli.diagnose import parse_lengths
from seqkit.cli.main import main
from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.gradient_gap import Spread
from seqkit.lecture.instruments.measured import ClippingReport, GateReport, GradientFlow, Memory, Shown, TimeConstants
from seqkit.lecture.instruments.memory import judge_memory
from seqkit.lecture.instruments.truncation import TruncatedGradient, Truncation
from seqkit.lecture.reporting import diagnosis_pictures
from seqkit.lecture.reporting.advice import advise
from seqkit.lecture.reporting.diagnosis_tables import gate_table, layer_table, truncation_table
from seqkit.lecture.reporting.record_track import RecordTrack, record_track
from seqkit.lecture.reporting.report import Findings
from seqkit.lecture.reporting.report_texts import TITLES
from seqkit.plots.clipping import draw_clipping
from seqkit.plots.gates import draw_gates, shown_steps
from seqkit.plots.gradient_flow import draw_gradient_flow
from seqkit.plots.span_axis import name_steps, round_step, round_steps
from seqkit.plots.style import NO_PLOTS, save_figure

SHORT = ["--records", "2", "--steps", "40", "--truncation", "1,8"]
SMALL = ["--model.hidden_size", "5", "--trainer.max_steps", "2", "--trainer.enable_progress_bar", "false"]
VOID = ("meta", "img")


class Page(HTMLParser):
    """Notes what a page holds, and refuses tags that do not close in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.seen: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.sources += [value for name, value in attrs if name in ("src", "href") and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """The work of a step is too little for two."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs by name; each is trained when it is first asked for."""
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)

    def bases(count: int) -> str:
        return "".join(rng.choice(list("ACGT"), count))

    def text() -> list[str]:
        path = folder / "a<b>&c.txt"  # a name that would break a page if it were not escaped
        path.write_text("the rain in Spain stays mainly in the plain\n" * 60)
        return ["--domain", "text", "--data.path", str(path), "--model.cell", "rnn"]

    def dna() -> list[str]:
        options = ["--domain", "dna", "--data.task", "classify", "--model.bidirectional", "false"]
        for label in ("left", "right"):
            path = folder / f"{label}.fa"
            path.write_text("".join(f">{label}{n}\n{bases(30 + n)}\n" for n in range(24)))
            options += ["--data.path", f"{label}={path}"]
        return [*options, "--model.num_layers", "2", "--model.pooling", "mean"]

    def audio() -> list[str]:
        soundfile = pytest.importorskip("soundfile", reason="the extra audio is not installed")
        path = folder / "tone.wav"
        soundfile.write(path, 0.5 * np.sin(np.arange(4000) / 7), 8000)
        return ["--domain", "audio", "--data.task", "next_step", "--data.path", str(path), "--model.cell", "gru"]

    def timeseries() -> list[str]:
        path = folder / "series.csv"
        values = np.sin(np.arange(400) / 4) + rng.normal(0, 0.1, 400)
        path.write_text("value\n" + "".join(f"{value:.4f}\n" for value in values))
        options = ["--domain", "timeseries", "--data.task", "forecast", "--data.path", str(path)]
        return [*options, "--data.horizon", "8", "--data.look_back", "32", "--model.segment", "4"]

    def tags() -> list[str]:
        path = folder / "tags.conll"
        path.write_text("the D\ndog N\nruns V\n\na D\ncat N\nsleeps V\n\n" * 20)
        options = ["--domain", "text", "--data.task", "tag", "--data.path", str(path)]
        return [*options, "--model.bidirectional", "true"]

    made = {"text": text, "dna": dna, "audio": audio, "timeseries": timeseries, "tags": tags}

    def trained(name: str) -> Path:
        run = folder / name
        if not run.exists():
            assert main(["fit", *made[name](), "--data.batch_size", "4", *SMALL, "--run", str(run)]) == 0
        return run

    return trained


SPANS = {"text": "character", "dna": "bp", "audio": "ms", "timeseries": "step"}


@pytest.mark.parametrize("name", ["text", "dna", "audio", "timeseries"])
def test_each_domain_gets_tables_figures_pictures_and_a_report(
    name: str, runs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs(name)
    capsys.readouterr()
    assert main(["diagnose", str(run), *SHORT]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines()[:-1])) <= 80
    folder = run / "diagnosis"
    figures = json.loads((folder / "diagnosis.json").read_text())
    lines = [memory["line"] for memory in figures["memories"]]
    assert len(lines) == (2 if name == "dna" else 1)
    said = " ".join(printed.split())  # long lines are wrapped
    assert all(line in said and SPANS[name] in line for line in lines)
    assert [point["num_steps"] for point in figures["truncation"]["lengths"]] == [1, 8]

    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert page.ids == list(TITLES)
    assert "script" not in page.seen
    assert all(line in page.text for line in lines)
    tries = said.partition("What to try: - ")[2].partition(" - ")[0].partition(" report: ")[0]
    assert len(tries) > 20
    assert tries in " ".join(page.text.split())
    pictures = sorted((folder / "plots").glob("*.png"))
    assert {"gradient-flow.png", "jacobian.png", "gates-layer-1.png", "truncation.png"} <= {p.name for p in pictures}
    inside = [base64.b64decode(src.partition(",")[2]) for src in page.sources if src.startswith("data:image/png")]
    assert sorted(inside) == sorted(picture.read_bytes() for picture in pictures)
    # Nothing else is fetched: the other references lead to sections.
    assert {src for src in page.sources if not src.startswith("data:")} == {f"#{name}" for name in TITLES}


def test_what_users_named_is_escaped_and_files_lie_beside_the_report(runs: Any) -> None:
    report = runs("text").parent / "other.html"
    assert main(["diagnose", str(runs("text")), "--steps", "20", "--no_truncation", "--out", str(report)]) == 0
    text = report.read_text(encoding="utf-8")
    assert "a<b>&c.txt" not in text
    assert "a&lt;b&gt;&amp;c.txt" in text
    assert "a<b>&c.txt" in Page(text).text
    assert {path.name for path in report.parent.glob("other*")} == {"other.html", "other.json", "other-plots"}


def test_json_is_all_that_is_printed_when_asked_for(runs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs("dna")
    capsys.readouterr()
    assert main(["diagnose", str(run), "--records", "2", "--steps", "9", "--no_truncation", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures == json.loads((run / "diagnosis" / "diagnosis.json").read_text())
    assert figures["truncation"] is None
    assert 0 < figures["num_outputs"] <= 9
    assert "left out by --no_truncation" in Page((run / "diagnosis" / "report.html").read_text()).text


def test_without_matplotlib_there_are_tables_and_a_line(
    runs: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis_pictures, "can_plot", lambda: False)
    report = runs("text").parent / "plain.html"
    assert main(["diagnose", str(runs("text")), "--steps", "20", "--no-truncation", "--out", str(report)]) == 0
    page = Page(report.read_text(encoding="utf-8"))
    assert page.ids == list(TITLES)
    assert "img" not in page.seen
    assert page.seen.count("table") == 3
    assert NO_PLOTS in page.text
    assert NO_PLOTS in capsys.readouterr().out


def test_both_directions_are_shown_and_not_truncated(runs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs("tags")
    assert main(["diagnose", str(run), "--records", "2"]) == 0
    printed = capsys.readouterr().out
    assert "no truncated gradients: a bidirectional model needs each record whole" in printed
    assert (run / "diagnosis" / "plots" / "gates-layer-1-backward.png").exists()
    assert main(["diagnose", str(run), "--truncation", "2"]) == 2
    assert "bidirectional model is not truncated" in capsys.readouterr().err


@pytest.fixture
def found() -> Diagnosis:
    """A diagnosis of a tanh layer and a relu layer, of which the first vanishes."""
    memories = [
        Memory("layer 1", "vanishes", 12.0, 99.0, 0.01, 0.7, 2.0, "12 characters", "layer 1: vanishes after 12"),
        Memory("layer 2", "holds", 99.0, 99.0, 0.01, 1.0, math.inf, "99 characters", "layer 2: holds over all 99"),
    ]
    empty, nothing = (
        np.zeros(0),
        ClippingReport(np.zeros(0), 1.0, math.nan, math.nan, np.zeros(0), np.zeros(0), math.nan),
    )
    shown = Shown(0, "demo:0", 0, empty, empty)
    return Diagnosis(
        "text", "next_step", "rnn (tanh)", 5, 2, False, "valid", 2, 8, 100, 1.0, "a loss",
        (), (), (), (), nothing, tuple(memories), shown,
    )  # fmt: skip


def test_advice_follows_from_what_was_found(found: Diagnosis) -> None:
    def advice(truncation: Truncation | None = None, **changes: Any) -> str:
        return "\n".join(advise(replace(found, **changes), truncation, lambda steps: f"{steps:g} characters"))

    assert "tanh cell's gradient vanishes after 12 characters (layer 1)" in advice()
    assert "`--model.initialisation identity`" in advice()
    assert "identity" not in advice(cell="rnn (relu, identity)")
    assert "The relu cell's" in advice(cell="rnn (relu, identity)")
    assert "--model.initialisation chrono" in advice(cell="gru")
    assert "chrono" not in advice(cell="lstm (chrono)")
    assert "--model.width" in advice(cell="window (8 steps)")
    assert advice(memories=found.memories[1:]) == ""
    exploded = replace(found.memories[1], verdict="explodes")
    assert "gradient of layer 2 grows" in advice(memories=(exploded,))
    assert "80 % of the updates were clipped" in advice(clipping=replace(found.clipping, trained_share=0.8))
    assert "infinite or no number" in advice(clipping=replace(found.clipping, share_non_finite=0.1))
    stuck = gate("forget", 0.0, 1.0, stuck_low=0.5)
    assert "50 % of the units of layer 1 have their forget gate at one end" in advice(cell="lstm", gates=(stuck,))
    dead = gate("activation", 0.0, math.inf, stuck_low=0.5)
    assert "50 % of the units of layer 1 are 0 at almost every step" in advice(gates=(dead,))
    assert "--model.nonlinearity" in advice(gates=(dead,))
    assert "--model.nonlinearity" not in advice(gates=(dead,), cell="bag")  # it has none


def test_what_was_measured_too_short_is_not_called_lost(found: Diagnosis) -> None:
    nearly = replace(found.memories[0], num_steps=95.0, limited=True)
    assert advise(replace(found, memories=(nearly,)), None, str) == []
    table = layer_table(replace(found, memories=(nearly, found.memories[0])), lambda n: f"{n:g} characters")
    assert [row[2] for row in table.rows] == ["≥ 95 characters", "12 characters"]


def test_figures_have_their_unit_where_an_output_stands_for_many_steps(found: Diagnosis) -> None:
    daily = replace(found, steps_per_output=24.0, memories=(replace(found.memories[0], num_steps=144.0),))
    table = layer_table(daily, lambda hours: f"{hours:g} hours")
    assert [row[2] for row in table.rows] == ["6 outputs of 24 hours"]
    assert table.note == "growth, radius, norm: factors a step of the recurrent layer (24 hours)"
    even = Spread(1.0, 1.0, 1.0)
    cut = Truncation((TruncatedGradient(2, even, even, 0.0, None, None),), 1, 7, 24.0, None)
    one = truncation_table(cut, lambda hours: f"{hours:g} hours")
    assert one.title == "truncated gradients against the exact one over 7 outputs of 24 hours"
    assert (one.heads[0], one.rows[0][0]) == ("cut after", "2 outputs of 24 hours")


def test_ends_of_a_gate_are_named_after_its_range(found: Diagnosis) -> None:
    forget, update = gate("forget", 0.0, 1.0, 0.1), gate("update", -1.0, 1.0, 0.1)
    held = TimeConstants("layer 1", "forget", np.ones(5), np.ones(5), ("9 words",) * 5)
    mixed = gate_table(replace(found, gates=(forget, update), time_constants=(held,)))
    assert mixed.heads[3:] == ("shut", "open", "stuck units", "time constant")
    assert mixed.note == "update (-1 to 1): near -1, near 1 in place of shut, open"
    assert gate_table(replace(found, gates=(forget,))).note == ""
    tanh = gate_table(replace(found, gates=(gate("activation", -1.0, 1.0, 0.1),)))
    assert tanh.heads[3:5] == ("near -1", "near 1") and "near -1, near 1" in tanh.title and not tanh.note


def test_the_terminal_shows_the_three_most_pressing_pieces_of_advice(
    found: Diagnosis, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(advice: list[str]) -> str:
        monkeypatch.setattr(verb, "advise", lambda *given: advice)
        verb._advise(Findings("run", found, None, "", [], str))
        return capsys.readouterr().out

    assert (
        shown(["Try `--a 1`.", "b", "c", "d", "e"]) == "What to try:\n- Try --a 1.\n- b\n- c\n- 2 more in the report\n"
    )
    assert "Nothing stands out" in shown([])


def test_advice_on_truncation_looks_at_the_window_of_training(found: Diagnosis) -> None:
    def cut(num_steps: int, cosine: float) -> TruncatedGradient:
        even = Spread(cosine, cosine, cosine)
        return TruncatedGradient(num_steps, even, even, 0.1, None, None)

    points = (cut(4, 0.5), cut(16, 0.8), cut(64, 0.97), cut(128, 1.0))
    span = "{:g} characters".format
    short = Truncation(points, 4, 128, 1.0, window=16)
    assert short.faithful == 64
    told = "\n".join(advise(found, short, span))
    assert "cut the gradient after 16 characters" in told
    assert "cosine 0.80" in told
    assert "`--data.window 64` or more" in told
    assert "layer 2 reaches further than training's window of 16 characters" in told
    assert "window" not in "\n".join(advise(found, replace(short, window=128), span))
    assert "window" not in "\n".join(advise(found, replace(short, window=None), span))


def gate(name: str, low: float, high: float, stuck_low: float) -> GateReport:
    none = np.zeros(0)
    return GateReport("layer 1", name, low, high, 0.5, 0.5, 0.1, stuck_low, 0.0, none, none, none, none, none)


def test_a_record_stands_above_its_gates_as_letters_words_or_values() -> None:
    letters = record_track(SymbolCodec("ab \n"), np.array([0, 2, 1, 3]))
    assert letters.labels == ("a", "␣", "b", "↵")
    assert (len(letters), letters.width, letters.first(2).labels) == (4, 1, ("a", "␣"))
    values = record_track(StandardCodec(2, standardise=False), np.array([[1.0, 2.0], [3.0, np.nan]], np.float32))
    assert values.labels == ()
    np.testing.assert_array_equal(values.values, [[1, 2], [3, np.nan]])


def test_a_state_that_no_gradient_reaches_has_no_picture(found: Diagnosis, tmp_path: Path) -> None:
    read = GradientFlow("layer 1", "input", np.arange(1), np.ones(1), np.ones(1), np.ones(1), np.ones((5, 1)), 1.0)
    carried = replace(read, part="state", lags=np.arange(0), quantiles=np.ones((5, 0)))
    one_step = replace(found, cell="lru", flows=(read, carried))
    drawn = diagnosis_pictures.draw_pictures(
        one_step, None, SymbolCodec("ab"), lambda steps: f"{steps:g} steps", tmp_path
    )
    assert [picture.section for picture in drawn] == []


def painted(tmp_path: Path, draw: Any) -> Any:
    """The figure after it was drawn."""
    kept: list[Any] = []
    save_figure(tmp_path / "drawn.png", lambda figure: kept.append(figure) or draw(figure))  # type: ignore[func-returns-value]
    return kept[0]


def test_a_stretch_below_the_threshold_is_a_bar_and_the_end_a_ring(tmp_path: Path) -> None:
    line = np.array([1.0, 0.5, 0.005, 0.005, 0.05, 0.05, 0.002, 0.001, 0.001, 0.001])
    flow = GradientFlow("layer 1", "state", np.arange(10), np.ones(10), line, line, np.stack([line] * 5), 1.0)
    memory = judge_memory(flow, 1.0, lambda n: f"{n:g} words")
    figure = painted(tmp_path, lambda f: draw_gradient_flow(f, [flow], [memory], lambda n: f"{n:g} words"))
    (axis,) = figure.axes
    drawn = [mark.get_xydata().tolist() for mark in axis.lines]
    assert [[1.5, 0.01], [3.5, 0.01]] in drawn and [[5.0, 0.01]] in drawn
    assert {text.get_text() for text in axis.texts} >= {"below: 2 to 3 words", "5 words"}


@pytest.mark.parametrize("high", [1.1, 3.0, 8.0, 500.0, 1e9])
def test_norms_stand_on_an_axis_with_numbers_and_batches_are_whole(high: float, tmp_path: Path) -> None:
    norms = np.array([high / 3, high / 2, high])
    report = ClippingReport(norms, 1.0, 0.5, 0.0, np.array([49]), np.array([0.25]), 0.25)
    figure = painted(tmp_path, lambda f: draw_clipping(f, report))
    (axis,) = figure.axes
    assert 3 <= len(axis.get_xticks()) <= 9
    assert all(tick == round(tick) for tick in axis.get_yticks())
    assert figure.get_supxlabel() == "training logged its clipping once: 25 % of the updates up to update 50"


@pytest.mark.parametrize(("layer", "told"), [("layer 1 backward", True), ("layer 1 forward", False)])
def test_the_gates_of_a_backward_layer_say_in_which_order_it_reads(layer: str, told: bool, tmp_path: Path) -> None:
    values = np.linspace(0, 1, 8, dtype=np.float32).reshape(4, 2)
    forget = replace(gate("forget", 0.0, 1.0, 0.1), layer=layer, mean_by_unit=values.mean(0), values=values)
    track = RecordTrack(tuple("abcd"), np.zeros((4, 0)))
    figure = painted(tmp_path, lambda f: draw_gates(f, [forget], track, lambda n: f"{n:g} letters"))
    names = "".join(axis.get_xlabel() for axis in figure.axes)
    assert names.startswith("time in the record (letters)") and ("from right to left" in names) == told


def test_long_records_are_drawn_as_far_as_they_can_be_read() -> None:
    one, word = RecordTrack(("a",) * 500, np.zeros((500, 0))), RecordTrack(("word",) * 500, np.zeros((500, 0)))
    wave = RecordTrack((), np.zeros((100_000, 1)))
    assert (shown_steps(one), shown_steps(word), shown_steps(one.first(7))) == (80, 50, 7)
    assert (shown_steps(wave), shown_steps(wave, 160.0)) == (300, 48_000)


def test_ticks_are_round_in_steps_and_in_the_unit_of_the_data() -> None:
    def days(hours: float) -> str:
        return f"{hours / 24:.3g} days" if hours >= 48 else f"{hours:g} hours"

    assert round_step(300, days) == 48
    assert round_step(73, days) == 10
    assert round_step(300, lambda samples: f"{samples / 8:.3g} ms") == 40
    assert round_step(300, lambda steps: f"{steps:g} characters") == 50
    assert round_step(1, days) == 1


@pytest.mark.parametrize(("per_second", "name"), [(None, "back (letters)"), (8.0, "back (steps)")])
def test_a_second_axis_is_drawn_where_the_unit_is_not_a_step(
    per_second: float | None, name: str, tmp_path: Path
) -> None:
    seen: list[str] = []

    def draw(figure: Any) -> None:
        axis = figure.subplots()
        span = "{:g} letters".format if per_second is None else lambda steps: f"{steps / per_second:g} s"
        round_steps(axis, 0, 24, span)
        name_steps(axis, "back", span)
        seen.append(axis.get_xlabel())
        seen.extend(label.get_text() for twin in axis.child_axes for label in twin.get_xticklabels())

    save_figure(tmp_path / "axis.png", draw)
    assert seen == [name, *([] if per_second is None else ["0.5 s", "1 s", "1.5 s", "2 s", "2.5 s", "3 s"])]


def test_lengths_are_read_as_they_are_written() -> None:
    assert parse_lengths("1,4, 16") == [1, 4, 16]
    assert parse_lengths(None) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--trunkation", "4"], "did you mean 'truncation'"),
        (["--truncation", "4,x"], "'4,x' is no list of steps"),
        (["--truncation", "0"], "a truncation length is 0"),
        (["--truncation", "4", "--no_truncation"], "contradict"),
        (["--threshold", "2"], "threshold is 2"),
        (["--truncation", "4,99999999999999999999"], "give 1 to 1,000,000,000 steps"),
        (["--records", "0"], "num_records is 0\n  at: --records\n"),
        (["--steps", "-1"], "num_steps is -1\n  at: --steps\n"),
        (["--out", "report.pdf"], "written as HTML, not as '.pdf'"),
        (["--data.path", "nowhere.fa"], "nowhere.fa"),
        (["--split", "predict"], "records without their targets"),
    ],
)
def test_what_cannot_be_is_refused(words: list[str], message: str, runs: Any, capsys: Any) -> None:
    assert main(["diagnose", str(runs("dna")), *words]) == 2
    assert message in capsys.readouterr().err


def test_a_run_whose_data_are_gone_is_refused(runs: Any, capsys: Any) -> None:
    run = runs("tags")
    path = run.parent / "tags.conll"
    content = path.read_bytes()
    path.unlink()
    try:
        assert main(["diagnose", str(run)]) == 2
        assert "tags.conll" in capsys.readouterr().err
    finally:
        path.write_bytes(content)
