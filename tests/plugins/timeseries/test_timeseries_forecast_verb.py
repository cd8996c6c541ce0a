"""seqkit forecast: a table, a summary and plots of what follows each series."""

import csv
from pathlib import Path

import numpy as np
import pytest

import seqkit
from seqkit import ConfigError, Run
from seqkit.cli.main import main

HOURS = np.arange(24 * 20)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two features of one series, by the hour."""
    path = tmp_path_factory.mktemp("data") / "power.csv"
    times = np.datetime64("2024-01-01T00", "h") + HOURS
    waves = [10 + 3 * np.sin(HOURS * np.pi / 12), 200 + 30 * np.cos(HOURS * np.pi / 12)]
    rows = [f"{str(time).replace('T', ' ')}:00,{a:.3f},{b:.3f}" for time, a, b in zip(times, *waves, strict=True)]
    path.write_text("date,load,price\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def run(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return seqkit.fit(
        "timeseries", run=tmp_path_factory.mktemp("run") / "r", quiet=True, path=table, task="forecast",
        multivariate=True, horizon=6, look_back=48, batch_size=64, hidden_size=16, max_epochs=3, accelerator="cpu",
    )  # fmt: skip


def test_each_feature_is_forecast_under_its_own_name(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "next.csv"
    assert main(["forecast", str(run.path), "--out", str(out), "--plots", "2"]) == 0
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 * 2 and {row["feature"] for row in rows} == {"load", "price"}
    assert rows[0]["ds"].startswith("2024-01-21 00:00") and rows[-1]["ds"].startswith("2024-01-21 05:00")
    prices = [float(row["mean"]) for row in rows if row["feature"] == "price"]
    assert prices == pytest.approx((200 + 30 * np.cos(np.arange(6) * np.pi / 12)).tolist(), abs=30)
    shown = capsys.readouterr().out
    assert "series load" in shown and "series price" in shown
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert pictures == ["next-series-load.png", "next-series-price.png"]
    assert all((tmp_path / name).stat().st_size > 5000 for name in pictures)


def test_python_gives_the_same_forecast(run: Run, table: Path) -> None:
    (generation,) = run.forecast(table, samples=5)
    assert len(generation.values) == 5 and generation.values[0].shape == (6, 2)
    (shorter,) = run.forecast(table, steps=2, samples=1)
    assert shorter.values[0].shape == (2, 2)
    with pytest.raises(ConfigError, match="the model forecasts 6 steps, not 7"):
        run.forecast(table, steps=7)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--samples", "0"], "samples is 0"),
        (["--samples", "100000000"], "1,200,000,000 numbers would be drawn"),
        (["--out", "x.png"], "timeseries is not written as '.png'"),
    ],
)
def test_what_cannot_be_done_is_refused(
    run: Run, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forecast", str(run.path), *words]) == 2
    assert message in capsys.readouterr().err


def test_a_model_of_symbols_forecasts_no_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.txt").write_text("abc" * 500)
    text = seqkit.fit(
        "text", run=tmp_path / "r", quiet=True, path=tmp_path / "t.txt", hidden_size=4, max_epochs=1, accelerator="cpu"
    )
    assert main(["forecast", str(text.path)]) == 2
    assert "a model of text for task 'next_step' forecasts no numbers" in capsys.readouterr().err
