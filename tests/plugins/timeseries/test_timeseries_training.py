"""From a file to a forecast and to a class, through the core."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import seqkit
from seqkit.cli.main import main
from seqkit_timeseries import DOMAIN

WriteFile = Callable[[str, str], str]
SMALL = ["--model.hidden_size", "8", "--trainer.max_epochs", "1", "--trainer.accelerator", "cpu"]


def test_a_forecast_goes_on_after_its_series(
    tmp_path: Path, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    times = np.datetime64("2024-01-01") + np.arange(96) * np.timedelta64(1, "h")
    rows = [f"{time},{level + np.sin(hour / 4)}" for level in (3, 800) for hour, time in enumerate(times)]
    text = "unique_id,ds,y\n" + "".join(f"{'ab'[i // 96]},{row}\n" for i, row in enumerate(rows))
    path = write_file("t.csv", text)
    assert (
        main(["fit", "--domain", "timeseries", "--run", "r", "--data.path", path, "--data.horizon", "6", *SMALL]) == 0
    )
    assert main(["generate", "r", "--samples", "7", "--out", "out.csv"]) == 0
    table = pd.read_csv("out.csv")
    assert table["unique_id"].tolist() == ["a"] * 6 + ["b"] * 6
    assert table["ds"].tolist()[:2] == ["2024-01-05 00:00:00", "2024-01-05 01:00:00"]
    assert np.isfinite(table["mean"]).all() and (table["q0.1"] <= table["q0.9"]).all()
    assert main(["test", "r"]) == 0
    assert seqkit.load("r").result["task"] == "next_step"


def test_classes_of_new_records_are_predicted(
    tmp_path: Path, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    cases = "".join(
        ",".join(map(str, random.normal(5 * (i % 2), 1, 3 + i % 4).round(2))) + f":{'lh'[i % 2]}\n" for i in range(40)
    )
    path = write_file("train.ts", "@classLabel true l h\n@data\n" + cases)
    new = write_file("new.ts", "@classLabel false\n@data\n5,5,5\n0,0\n")
    options = ["--data.path", path, "--data.task", "classify", "--data.batch_size", "4"]
    assert main(["fit", "--domain", "timeseries", "--run", "r", *options, *SMALL, "--trainer.max_epochs", "8"]) == 0
    rows = seqkit.load("r").predict(new)
    assert [(row["origin"], row["prediction"]) for row in rows] == [("new.ts:1", "h"), ("new.ts:2", "l")]


def test_defaults_name_existing_options() -> None:
    from seqkit.settings import build_parser

    for task in DOMAIN.tasks:
        build_parser(DOMAIN, task)
