"""Figures of a classifier against scikit-learn and by hand, how they reach JSON and terminal, and bits a unit."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torchmetrics.functional.classification import multiclass_calibration_error

import seqkit
from seqkit import ConfigError, Discrete, Domain, Run
from seqkit.cli.report import print_result
from seqkit.cli.summary import Summary
from seqkit.tasks.class_metrics import Matthews
from seqkit.tasks.metrics import Scores
from seqkit.training import evaluation, workflow
from seqkit.training.class_figures import (
    areas,
    calibration,
    chance_areas,
    class_rows,
    confusion_counts,
    curves,
    log_odds,
    positive_class,
    ranks,
)

TINY: dict[str, Any] = {"hidden_size": 8, "max_epochs": 2, "batch_size": 8, "window": 8, "accelerator": "cpu"}


def answers(num_classes: int, count: int = 60, step: float = 0.5) -> tuple[torch.Tensor, torch.Tensor]:
    """Coarse logits, so that many are tied, and classes that depend on them a little."""
    rng = np.random.default_rng(num_classes)
    raw = np.round(rng.normal(0, 1, (count, num_classes)) / step) * step
    truth = np.where(rng.random(count) < 0.6, raw.argmax(1), rng.integers(0, num_classes, count))
    return torch.from_numpy(raw), torch.from_numpy(truth)


@pytest.fixture(scope="module")
def run(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run over two classes, up and down."""
    folder = tmp_path_factory.mktemp("evaluation") / "run"
    return seqkit.fit(melody, run=folder, quiet=True, task="classify", test_fraction=0.2, **TINY)


@pytest.mark.parametrize("positive", [0, 1])
def test_areas_of_two_classes_are_those_of_scikit_learn_ties_included(positive: int) -> None:
    raw, truth = answers(2)
    score, is_positive = raw[:, positive] - raw[:, 1 - positive], truth == positive
    assert len(set(score.tolist())) < 30
    ours = areas(raw, truth, positive)
    assert ours["auroc"] == pytest.approx(sk.roc_auc_score(is_positive, score), abs=1e-6)
    assert ours["auprc"] == pytest.approx(sk.average_precision_score(is_positive, score), abs=1e-6)


def test_areas_of_more_classes_are_means_of_each_against_the_rest() -> None:
    raw, truth = answers(4, step=1e-9)
    shares = raw.softmax(-1)
    ours = areas(raw, truth, None)
    assert ours["auroc"] == pytest.approx(sk.roc_auc_score(truth, shares, multi_class="ovr"), abs=1e-6)
    each = [sk.average_precision_score(truth == k, shares[:, k]) for k in range(4)]
    assert ours["auprc"] == pytest.approx(np.mean(each), abs=1e-6)


def test_a_sure_model_still_has_an_order() -> None:
    # Both probabilities round to 1; the logits do not.
    raw, truth = torch.tensor([[0.0, 50.0], [0.0, 60.0]], dtype=torch.float64), torch.tensor([0, 1])
    assert ranks(raw, 1).tolist() == [0.0, 1.0]
    assert areas(raw, truth, 1) == {"auroc": 1.0, "auprc": 1.0}


def test_classes_without_records_on_both_sides_have_no_area() -> None:
    raw, _ = answers(3)
    truth = torch.zeros(60, dtype=torch.int64)
    assert all(math.isnan(value) for value in areas(raw, truth, None).values())
    truth[:6] = 1
    found = areas(raw, truth, None)  # class 2 never occurs and is left out
    expected = [sk.roc_auc_score(truth == k, raw.softmax(-1)[:, k]) for k in (0, 1)]
    assert found["auroc"] == pytest.approx(np.mean(expected), abs=1e-6)
    assert chance_areas(truth, 3, None) == {"auroc": 0.5, "auprc": pytest.approx(0.5)}  # (0.9 + 0.1) / 2
    assert chance_areas(truth, 2, 1) == {"auroc": 0.5, "auprc": pytest.approx(0.1)}


def test_curves_end_at_their_corners_and_enclose_the_area() -> None:
    raw, truth = answers(2)
    (false_rate, true_rate), (precision, recall) = curves(raw, truth, 1)
    assert (false_rate[0], true_rate[0], false_rate[-1], true_rate[-1]) == (0, 0, 1, 1)
    area = float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2))
    assert area == pytest.approx(areas(raw, truth, 1)["auroc"], abs=1e-6)
    assert recall[0] == 1 and recall[-1] == 0 and precision[-1] == 1


def test_precision_recall_and_f1_of_each_class_by_hand_and_by_scikit_learn() -> None:
    raw = torch.eye(3)[[0, 0, 1, 1, 0]]
    truth = torch.tensor([0, 1, 1, 1, 2])
    counts = confusion_counts(raw, truth)
    assert counts.tolist() == [[1, 0, 0], [1, 2, 0], [1, 0, 0]]
    rows = class_rows(raw.argmax(1), truth, ["a", "b", "c"])
    # b: 2 of 2 claims right, 2 of 3 records found, F1 = 2 * 2 / (2 + 3)
    assert rows[1] == {"label": "b", "precision": 1.0, "recall": 2 / 3, "f1": 0.8, "support": 3}
    assert rows[2] == {"label": "c", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}
    raw, truth = answers(4)
    expected = sk.precision_recall_fscore_support(truth, raw.argmax(1), zero_division=0)
    found = class_rows(raw.argmax(1), truth, list("abcd"))
    for column, name in zip(expected, ("precision", "recall", "f1", "support"), strict=True):
        np.testing.assert_allclose([row[name] for row in found], column)


def test_calibration_is_that_of_torchmetrics_and_zero_for_a_model_that_knows_how_sure_it_is() -> None:
    raw, truth = answers(3, 500, 0.01)
    error, bins = calibration(raw, truth)
    assert error == pytest.approx(float(multiclass_calibration_error(raw.softmax(-1), truth, 3, n_bins=15)), abs=1e-6)
    assert sum(one["records"] for one in bins) == 500
    sure = torch.tensor([[math.log(3.0), 0.0]] * 4, dtype=torch.float64)  # 0.75 for the first class
    error, bins = calibration(sure, torch.tensor([0, 0, 1, 0]))
    assert error == pytest.approx(0) and bins[0]["accuracy"] == 0.75


@pytest.mark.parametrize("num_classes", [2, 4])
def test_matthews_correlation_is_that_of_scikit_learn_and_zero_for_one_answer_to_everything(num_classes: int) -> None:
    raw, truth = answers(num_classes)
    score = Matthews(num_classes)
    score.update(raw.argmax(1), truth)
    assert float(score.compute()) == pytest.approx(sk.matthews_corrcoef(truth, raw.argmax(1)), abs=1e-6)
    for always in range(num_classes):
        score.reset()
        score.update(torch.full_like(truth, always), truth)
        assert float(score.compute()) == 0


def test_odds_of_many_classes_keep_their_digits_where_a_model_is_sure() -> None:
    raw = torch.tensor([[0.0, 100.0, -300.0, 2.0]], dtype=torch.float64)
    others = [[100.0, -300, 2], [0, -300, 2], [0, 100, 2], [0, 100, -300]]
    expected = raw - torch.tensor(others, dtype=torch.float64).logsumexp(1)
    torch.testing.assert_close(log_odds(raw), expected, rtol=1e-14, atol=0)


def test_tens_of_thousands_of_classes_are_counted_without_a_matrix() -> None:
    num_classes = 50_000  # a matrix would have 20 GB
    truth = torch.arange(num_classes)
    guess = torch.where(truth % 4 == 0, 1, truth)
    scores = Scores(Discrete(num_classes), whole_records=True)
    for part in (slice(0, 20_000), slice(20_000, num_classes)):
        scores.update(torch.ones(num_classes)[part], truth[part] >= 0, guess[part], truth[part])
    found = scores.compute()
    # Class 1 is answered 12,501 times and is true once; a quarter is never answered, all others are always right.
    assert found["accuracy"] == pytest.approx(0.75)
    assert found["macro_f1"] == pytest.approx((37_499 + 2 / 12_502) / num_classes)
    n, spread = 50_000, (50_000**2 - 37_499 - 12_501**2) * (50_000**2 - 50_000)
    assert found["matthews"] == pytest.approx((37_500 * n - (37_499 + 12_501)) / math.sqrt(spread))
    rows = class_rows(guess, truth, [str(n) for n in range(num_classes)])
    assert rows[1] == {"label": "1", "precision": 1 / 12_501, "recall": 1.0, "f1": 2 / 12_502, "support": 1}


def test_of_very_many_classes_none_are_held_against_each_other(
    run: Run, melody: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = workflow.evaluate(run.path, "test", domain=melody)
    monkeypatch.setattr(evaluation, "MOST_COMPARED", 1)
    part = workflow.evaluate(run.path, "test", domain=melody)
    assert whole["metrics"].keys() - part["metrics"].keys() == {"auroc", "auprc"}
    assert whole["detail"].keys() - part["detail"].keys() == {"confusion"}
    assert part["detail"]["classes"] == whole["detail"]["classes"]


def test_the_positive_class_is_the_second_or_the_named_one() -> None:
    assert positive_class(["down", "up"], None) == 1 and positive_class(["down", "up"], "down") == 0
    assert positive_class(["a", "b", "c"], None) is None
    with pytest.raises(ConfigError, match=r"no class is named 'dwn'(.|\n)*did you mean 'down'"):
        positive_class(["down", "up"], "dwn")
    for labels, message in ((["a", "b", "c"], "but there are 3 classes"), ([], "but there are no classes")):
        with pytest.raises(ConfigError, match=message):
            positive_class(labels, "a")


def test_a_test_says_what_each_record_was_taken_for_without_a_second_pass(
    run: Run, melody: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = run.predict(test_fraction=0.2)
    loaded = workflow.reload(run.path, domain=melody)
    held_out = loaded.data.store("test").origins()
    targets = np.asarray(loaded.data.store("test").targets)
    truth = {origin: ["down", "up"][int(target)] for origin, target in zip(held_out, targets, strict=True)}
    by_origin = {row["origin"]: row for row in rows if row["origin"] in truth}
    calls: list[int] = []
    answer = seqkit.SequenceModel.answer

    def counted(self: Any, batch: Any, state: Any = None) -> Any:
        calls.append(len(batch.lengths))
        return answer(self, batch, state)

    monkeypatch.setattr(seqkit.SequenceModel, "answer", counted)
    result = workflow.evaluate(run.path, "test", domain=melody)
    assert sum(calls) == len(truth) == result["num_records"]
    labels, counts = result["detail"]["confusion"]["labels"], result["detail"]["confusion"]["counts"]
    assert labels == ["down", "up"]
    for i, true_label in enumerate(labels):
        for j, guess in enumerate(labels):
            expected = sum(truth[o] == true_label and row["prediction"] == guess for o, row in by_origin.items())
            assert counts[i][j] == expected
    scores = [by_origin[o]["probabilities"]["up"] for o in held_out]
    expected_area = sk.roc_auc_score([truth[o] == "up" for o in held_out], scores)
    assert result["metrics"]["auroc"] == pytest.approx(expected_area, abs=1e-3)
    assert result["baselines"]["majority"]["auroc"] == 0.5
    saved = json.loads((run.path / "result-test.json").read_text())
    assert saved["detail"]["confusion"]["counts"] == counts and saved["detail"]["positive"] == "up"
    assert saved["metrics"]["auprc"] == result["metrics"]["auprc"]


def test_another_positive_class_can_be_named(run: Run, melody: Domain) -> None:
    up = workflow.evaluate(run.path, "test", domain=melody)
    down = workflow.evaluate(run.path, "test", domain=melody, positive="down")
    assert down["detail"]["positive"] == "down"
    assert down["metrics"]["auroc"] == pytest.approx(up["metrics"]["auroc"], abs=1e-6)  # of two classes, the same
    assert down["metrics"]["auprc"] != up["metrics"]["auprc"] or up["metrics"]["auprc"] == 1


def test_the_table_has_units_classes_and_confusion(
    run: Run, melody: Domain, capsys: pytest.CaptureFixture[str]
) -> None:
    print_result(workflow.evaluate(run.path, "test", domain=melody))
    shown = capsys.readouterr().out
    assert all(len(line) <= 80 for line in shown.splitlines() if line[:1] in "┏┃┡│└")
    for words in ("nats", "precision", "confusion", "positive class up", "calibration_error"):
        assert words in shown


def test_many_classes_are_not_printed_as_a_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    labels = [f"[red]class {n}" for n in range(30)]  # no markup of the terminal's
    counts = np.diag(np.arange(30))
    truth = torch.arange(30).repeat_interleave(torch.arange(30))
    result = {
        "domain": "d", "task": "classify", "split": "test", "metrics": {"loss": 1.0}, "baselines": {},
        "detail": {
            "classes": class_rows(truth, truth, labels), "confusion": {"labels": labels, "counts": counts.tolist()}
        },
        "num_parameters": 1, "num_records": 435, "loss_unit": "nats",
    }  # fmt: skip
    print_result(result)
    shown = capsys.readouterr().out
    assert "confusion (rows: truth)" not in shown and "25 of 30 classes" in shown and "[red]class 0" in shown


def test_predictions_are_summed_up_as_they_pass(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"origin": f"r:{n}", "prediction": "ab"[n % 2], "probability": 0.5 + n / 100, "probabilities": {}}
        for n in range(10)
    ]
    summary = Summary()
    assert list(summary.watch(rows)) == rows
    summary.show()
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    assert ["a", "5", "0.500", "0.540"] in lines and ["b", "5", "0.500", "0.550"] in lines
    assert [line for line in lines if line and line[0].startswith("r:")] == [
        ["r:0", "a", "0.500"], ["r:1", "b", "0.510"], ["r:2", "a", "0.520"],
    ]  # fmt: skip


def test_of_transcripts_the_least_certain_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary()
    texts: list[str | list[str]] = ["7302", ["yes", "no"], "1"]
    list(summary.watch({"origin": f"r:{n}", "prediction": t, "probability": n / 4} for n, t in enumerate(texts)))
    summary.show()
    shown = capsys.readouterr().out
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines()]
    assert [line for line in lines if line and line[0].startswith("r:")] == [
        ["r:0", "7302", "0.000"], ["r:1", "yes no", "0.250"], ["r:2", "1", "0.500"],
    ]  # fmt: skip
    assert "share" not in shown


def test_numbers_and_likelihoods_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    numbers, likelihoods, nothing = Summary(), Summary(), Summary()
    list(numbers.watch({"origin": f"r:{n}", "prediction": float(n)} for n in (3, -1, 4)))
    numbers.show()
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    assert cells[4:7] == [["lowest", "-1", "r:-1"], ["mean", "2", ""], ["highest", "4", "r:4"]]
    list(likelihoods.watch({"origin": f"r:{n}", "nll_nats": n / 2, "bits_per_step": float(n)} for n in range(5)))
    likelihoods.show()
    shown = capsys.readouterr().out
    assert "bits a step" in shown and "2.0000" in shown and shown.index("r:0") < shown.index("r:4")
    list(nothing.watch([{"origin": "r:0", "num_steps": 0, "nll_nats": None}]))
    nothing.show()
    assert capsys.readouterr().out == ""


def test_bits_a_unit_follow_from_the_units_that_the_data_count(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, **TINY)
    plain = run.validate()
    assert "bits_per_pair" not in plain
    store = workflow.reload(run.path, domain=melody).data.store("valid")
    num_steps = int((store.lengths - 1).sum())  # all but the first of each record
    monkeypatch.setattr(melody.datamodule, "units", lambda self, split: {"pair": num_steps / 2})
    figures = run.validate()
    assert figures["bits_per_pair"] == pytest.approx(2 * figures["bits_per_step"])
