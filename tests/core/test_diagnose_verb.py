"""seqkit diagnose on a tiny run of each domain: tables, JSON, pictures, and a report that needs nothing else."""

import base64
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit.cli.diagnose import parse_lengths
from seqkit.cli.main import main
from seqkit.lecture.reporting import diagnosis_pictures
from seqkit.lecture.reporting.report_texts import TITLES
from seqkit.plots.style import NO_PLOTS

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
