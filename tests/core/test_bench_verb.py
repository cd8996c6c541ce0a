"""`seqkit bench`: figures of the machine, and the advice that follows from them."""

from __future__ import annotations

import json

import pytest
import torch

from seqkit.cli.main import main
from seqkit.speed import report
from seqkit.speed.figures import CellFigure, Shape, lstm_operations
from seqkit.speed.report import advice, disturbance
from seqkit.speed.timing import Ratio

SHAPE = Shape(2, 3, 4)


def figure(seconds: float, seconds_bf16: float) -> CellFigure:
    return CellFigure("lstm", SHAPE, seconds, seconds_bf16, 1e-5)


def test_operations_of_an_lstm_are_those_of_its_matrix_products() -> None:
    # One step forward: four gates of 4 units, each a product with 5 inputs and 4 states: 4 * 4 * 9 = 144 products and
    # as many sums. Two records of three steps, and three times as much with the backward pass.
    assert lstm_operations(2, 3, 5, 4) == 3 * 2 * 3 * 2 * 144


def test_bfloat16_is_advised_where_it_is_faster_only() -> None:
    faster, slower, *_ = advice([figure(2.0, 1.0), figure(1.0, 2.0)], None)
    assert "2.00 times" in faster and "--trainer.precision bf16-mixed" in faster
    assert "0.50 times" in slower and "float32" in slower


def test_one_thread_is_advised_where_more_do_not_help() -> None:
    assert "OMP_NUM_THREADS=1" in advice([], Ratio(0.1, 0.1, 0.1))[0]
    assert "all threads help" in advice([], Ratio(1.8, 1.7, 1.9))[0]


def test_one_thread_is_told_how_many_cores_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "usable_cores", lambda: 8)
    assert advice([], None) == ["one of 8 cores was used: --threads 8 measures what more threads are worth"]
    monkeypatch.setattr(report, "usable_cores", lambda: 1)
    assert advice([], None) == []


def test_busy_neighbours_are_named_and_a_calm_machine_is_not() -> None:
    assert disturbance(1.04, 2).startswith("other processes kept 1.0 of 2 cores busy")
    assert disturbance(0.5, 1).startswith("other processes kept 50% of the core busy")
    assert disturbance(2.0, 64) == disturbance(0.2, 2) == disturbance(None, 2) == ""


def test_json_holds_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    assert main(["bench", "--quick", "--repeats", "1", "--threads", "1", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert torch.get_num_threads() == threads
    assert {cell["cell"] for cell in figures["cells"]} >= {"rnn", "gru", "lstm", "mingru", "minlstm", "rglru", "lru"}
    assert all(cell["milliseconds"] > 0 and cell["microseconds_one_step"] > 0 for cell in figures["cells"])
    assert figures["peak_gflops"]["float32"] > 0 and figures["threads"]["speedup"] is None
    machine = figures["machine"]
    assert machine["threads"] == 1 and machine["cores"] == figures["threads"]["cores"] and machine["processor"]
    assert machine["versions"]["torch"] == torch.__version__
    measured = [
        tuple(cell[key] for key in ("cell", "batch_size", "num_steps", "hidden_size")) for cell in figures["cells"]
    ]
    assert len(measured) == len(set(measured))


@pytest.mark.parametrize("words", [["--threads", "0"], ["--repeats", "0"], ["--thread", "1"], ["audio"]])
def test_wrong_options_are_refused_in_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *words]) == 2
    assert "seqkit: error:" in capsys.readouterr().err
