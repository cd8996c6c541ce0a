"""Plots: what is drawn, by reading it back from the figure, and that nothing fails without matplotlib."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqkit
from seqkit import Domain
from seqkit.plots.compare import PanelView, draw_across, draw_panels
from seqkit.plots.confusion import confusion_size, draw_confusion
from seqkit.plots.folds import draw_folds
from seqkit.plots.forecast import draw_forecast
from seqkit.plots.groups import draw_groups
from seqkit.plots.ladder import Line, Mark
from seqkit.plots.learning_curve import draw_learning_curve, read_losses
from seqkit.plots.ranking import draw_ranking
from seqkit.plots.reliability import draw_reliability
from seqkit.plots.spectrogram import draw_spectrogram
from seqkit.plots.style import NO_PLOTS, save_figure, short

pytest.importorskip("matplotlib", reason="the extra plot is not installed")


def drawn(tmp_path: Path, draw: Any, name: str = "plot.png") -> Any:
    """The figure after it was drawn and saved."""
    kept: list[Any] = []

    def keep(figure: Any) -> None:
        draw(figure)
        kept.append(figure)

    path = save_figure(tmp_path / "plots" / name, keep)
    assert path == tmp_path / "plots" / name and path.stat().st_size > 1000
    return kept[0]


def test_the_learning_curve_marks_the_lowest_validation_loss(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text(
        "epoch,step,train/loss,valid/loss\n0,9,2.5,\n0,19,,2.0\n1,29,1.5,\n1,39,,1.25\n2,59,,1.75\n2,61,nan,\n"
    )
    train, valid = read_losses(tmp_path / "metrics.csv")
    assert train == [(10, 2.5), (30, 1.5)] and valid == [(20, 2.0), (40, 1.25), (60, 1.75)]
    figure = drawn(tmp_path, lambda f: draw_learning_curve(f, train, valid))
    (axis,) = figure.axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in axis.lines}
    assert lines["best: 1.25 at step 40"] == [[40.0, 1.25]]
    assert axis.get_yscale() == "linear" and axis.get_ylabel() == "loss (nats a target)"


def test_losses_far_apart_are_drawn_on_a_logarithmic_axis(tmp_path: Path) -> None:
    figure = drawn(tmp_path, lambda f: draw_learning_curve(f, [(1, 50.0), (9, 0.5)], [(9, 0.75)], ""))
    assert figure.axes[0].get_yscale() == "log"
    assert figure.axes[0].get_ylabel() == "loss (mean over targets)"


def test_a_run_without_losses_has_no_curve(tmp_path: Path) -> None:
    assert read_losses(tmp_path / "metrics.csv") == ([], [])


@pytest.mark.parametrize(("num_classes", "texts"), [(2, 4), (11, 12), (30, 0)])
def test_a_confusion_matrix_shows_shares_of_rows_and_counts_while_they_fit(
    tmp_path: Path, num_classes: int, texts: int
) -> None:
    counts = 3 * np.eye(num_classes, dtype=int)
    counts[0, 1] = 9
    labels = [f"$class {n} \u8a9e with a name that is much too long" for n in range(num_classes)]
    figure = drawn(tmp_path, lambda f: draw_confusion(f, labels, counts))
    axis = figure.axes[0]
    assert axis.images[0].get_array()[0, :2].tolist() == [25.0, 75.0]  # percent of the row
    written = [text.get_text() for text in axis.texts]
    assert len(written) == texts
    if num_classes == 2:
        assert written == ["3\n25 %", "9\n75 %", "0\n0 %", "3\n100 %"]
    assert all(len(tick.get_text()) <= 24 for tick in axis.get_yticklabels())
    assert confusion_size(30)[0] > confusion_size(3)[0]


def test_curves_of_two_classes_stand_beside_chance(tmp_path: Path) -> None:
    roc, rates = (np.array([0.0, 0.2, 1.0]), np.array([0.0, 0.9, 1.0])), (np.array([0.4, 0.8]), np.array([1.0, 0.0]))
    left, right = drawn(tmp_path, lambda f: draw_ranking(f, roc, rates, (0.85, 0.75), "promoter", 0.4)).axes
    assert left.get_title() == "ROC · area 0.850" and right.get_title().endswith("area 0.750")
    assert right.lines[0].get_ydata()[0] == 0.4
    assert (left.get_xlabel(), left.get_ylabel()) == ("false positive rate", "true positive rate")


def test_a_forecast_has_a_band_for_each_pair_of_quantiles(tmp_path: Path) -> None:
    middle = np.array([5.0, 6.0, 7.0])
    quantiles = {q: middle + 10 * (q - 0.5) for q in (0.1, 0.25, 0.5, 0.75, 0.9)}
    figure = drawn(
        tmp_path, lambda f: draw_forecast(f, np.arange(40.0), quantiles, middle, unit="MW", time_unit="hour")
    )
    (axis,) = figure.axes
    assert [band.get_label() for band in axis.collections] == ["80 % of outcomes", "50 % of outcomes"]
    lines = {line.get_label(): line for line in axis.lines}
    assert lines["median"].get_xydata().tolist() == [[1, 5], [2, 6], [3, 7]]
    assert lines["history"].get_ydata().tolist() == list(range(28, 40))  # four horizons of a long past
    assert axis.get_ylabel() == "value (MW)" and "hours" in axis.get_xlabel()


def test_a_forecast_of_dated_series_has_dates(tmp_path: Path) -> None:
    days = np.datetime64("2024-01-30") + np.arange(6)
    quantiles = {0.5: np.array([1.0, np.nan])}
    figure = drawn(tmp_path, lambda f: draw_forecast(f, np.ones(4), quantiles, times=days))
    first = figure.axes[0].lines[1].get_xdata()[0]
    assert str(first).startswith("2024-02-03") and figure.axes[0].get_xlabel() == "time"


def test_a_spectrogram_peaks_at_the_tone(tmp_path: Path) -> None:
    rate_hz = 8000
    tone = 0.25 * np.sin(2 * np.pi * 1000 * np.arange(rate_hz) / rate_hz)
    figure = drawn(tmp_path, lambda f: draw_spectrogram(f, tone, rate_hz, begin_s=0.5))
    image = figure.axes[0].images[0]
    level, (_, seconds, low, high) = np.asarray(image.get_array()), image.get_extent()
    assert (seconds, low, high) == (1.0, 0.0, 4.0)
    assert level.max() == 0
    assert np.argmax(level.mean(axis=1)) / (len(level) - 1) * high == pytest.approx(1.0, abs=0.05)  # kHz
    assert figure.axes[0].get_title() == "generated from 0.50 s on"


@pytest.mark.parametrize("samples", [np.zeros(10), np.zeros(0), np.full(5000, 1e-9)])
def test_silence_is_dark_however_short(tmp_path: Path, samples: np.ndarray) -> None:
    figure = drawn(tmp_path, lambda f: draw_spectrogram(f, samples, 8000))
    assert np.asarray(figure.axes[0].images[0].get_array()).max() < -50


def test_groups_and_folds_and_bins_are_drawn_with_their_figures(tmp_path: Path) -> None:
    bars = drawn(tmp_path, lambda f: draw_groups(f, ["a", "b"], [0.5, 1.0], [30, 10], "accuracy"), "a.png").axes[0]
    assert [bar.get_width() for bar in bars.patches] == [0.5, 1.0]
    assert [text.get_text() for text in bars.texts] == ["0.500 of 30", "1.000 of 10"]
    assert "0.625" in bars.get_title()  # (0.5 * 30 + 10) / 40
    strips = drawn(tmp_path, lambda f: draw_folds(f, {"x": [1.0, 2.0, 3.0], "y": [4.0, np.nan, 4.0]}), "b.png").axes
    assert [strip.get_title() for strip in strips] == ["2 ± 1", "4 ± 0"]
    top, bottom = drawn(tmp_path, lambda f: draw_reliability(f, [0.4, 0.9], [0.5, 1.0], [1, 9], 0.1), "c.png").axes
    assert top.get_title() == "expected calibration error 0.100"
    assert [bar.get_height() for bar in bottom.patches] == [1, 9]


def test_labels_are_shortened_and_never_empty() -> None:
    assert short("a\nb") == "a b" and short("") == "(empty)" and short("x" * 40) == "x" * 23 + "…"


def test_without_matplotlib_runs_go_on_and_say_what_to_install(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from seqkit.cli.report import print_plots

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    options: dict[str, Any] = {"task": "classify", "hidden_size": 8, "max_epochs": 2, "accelerator": "cpu"}
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, **options)
    assert run.test()["accuracy"] >= 0
    assert not (tmp_path / "run" / "plots").exists() and run.result["plots"] == []
    print_plots(run.result, "run")
    assert capsys.readouterr().out == f"{NO_PLOTS}\n"
    assert save_figure(tmp_path / "x.png", lambda figure: None) is None


def test_a_fit_and_a_test_leave_their_plots(melody: Domain, tmp_path: Path) -> None:
    options: dict[str, Any] = {"task": "classify", "hidden_size": 8, "max_epochs": 2, "accelerator": "cpu"}
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, **options)
    plots = tmp_path / "run" / "plots"
    assert {p.name for p in plots.iterdir()} == {"learning-curve.png", "confusion-valid.png"}
    assert run.result["plots"] == ["plots/learning-curve.png", "plots/confusion-valid.png"]
    run.test()
    made = {p.name for p in plots.iterdir()} - {"learning-curve.png", "confusion-valid.png"}
    assert made == {"confusion-test.png", "ranking-test.png", "reliability-test.png"}


@pytest.mark.parametrize("known", [None, 1.0])
@pytest.mark.parametrize("num_panels", [1, 2])
def test_a_comparison_shows_every_mark_whatever_is_known_of_the_optimum(
    known: float | None, num_panels: int, tmp_path: Path
) -> None:
    lines = [Line(name, "recurrent", [Mark(value), Mark(value + 1)]) for name, value in (("rnn", 2.0), ("gru", 5.0))]
    panel = PanelView("text", (4, 16), lines, [None, None], [known, known], "bits")
    limits: list[tuple[float, float]] = []

    def draw(figure: Any) -> None:
        if num_panels == 1:
            draw_across(figure, panel, "lag")
        else:
            draw_panels(figure, [panel] * num_panels, "lag")
        limits.extend(axis.get_ylim() for axis in figure.axes)

    assert save_figure(tmp_path / "lines.png", draw)
    assert len(limits) == num_panels
    for low, high in limits:
        assert low <= (2 if known is None else 1) and high >= 6
