"""Scores of untrained models: each figure against one that is worked out without the code under test."""

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from scipy import stats
from torch import Tensor

import seqkit
from seqkit import (
    ConfigError,
    Continuous,
    DataError,
    Discrete,
    Domain,
    Judge,
    ModelOptions,
    Record,
    Scorer,
    SequenceModel,
    StandardCodec,
)
from seqkit.backbone.scaling import Scale
from seqkit.build import build_model
from seqkit.cli import score as score_verb
from seqkit.cli.main import main
from seqkit.inference import score as score_module
from seqkit.inference.predict import predict_records
from seqkit.inference.rows import write_rows
from seqkit.inference.score import Scoring, require_threshold
from seqkit.inference.scorers import choose_question, option_owners
from seqkit.tasks.distributions import LocationScale, Normal, StudentT
from seqkit.tasks.tails import normal_log_tail, student_log_tail


def build(domain: Domain, task: str = "next_step", data: dict[str, Any] | None = None, **options: Any) -> Any:
    torch.manual_seed(0)
    module = domain.datamodule(task=task, **(data or {}))
    module.setup("fit")
    merged: dict[str, Any] = {"hidden_size": 7, "num_layers": 2, "cell": "gru"} | options
    model = build_model(domain, module, ModelOptions(**merged))
    if isinstance(module.codec.spec, Discrete):
        model = model.double()  # Numbers are stored as float32.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.7)
    return model.eval(), module


@torch.no_grad()
def offline(model: SequenceModel, steps: Tensor) -> np.ndarray:
    """Log-likelihood of each step but the first, by one reading of the whole: (T - 1,)."""
    raw, lengths, scale, _ = model(steps[None, :-1], torch.tensor([len(steps) - 1]))
    nll, _ = model.task.output.nll(model.task(raw, lengths), steps[None, 1:], scale)
    return -nll[0].reshape(len(steps) - 1, -1).sum(-1).numpy()


# Records


def test_a_record_is_scored_by_the_sum_over_its_steps(melody: Domain) -> None:
    model, data = build(melody, data={"batch_size": 3, "window": 4})
    rows = list(Scoring(model, data).record_rows())
    assert len(rows) == 60
    for number in (0, 17, 59):
        expected = offline(model, data.store("predict").sequence(number))
        row = rows[number]
        assert row["num_steps"] == len(expected)
        assert row["log_likelihood"] == pytest.approx(expected.sum(), abs=2e-6)
        assert row["nll_nats"] == pytest.approx(-expected.mean(), abs=2e-6)
        assert row["bits_per_step"] == pytest.approx(-expected.mean() / math.log(2), abs=2e-6)
        assert row["perplexity"] == pytest.approx(math.exp(-expected.mean()), abs=1e-5)


def test_steps_stand_in_order_with_an_empty_first_one(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melody, data={"batch_size": 3, "window": 4})
    words = ["abcdefgh" * 3, "b", "hg", "ccc", "abc"]
    monkeypatch.setattr(data, "records", lambda split: [Record(w, origin=f"m:{n}") for n, w in enumerate(words)])
    # 5 steps may wait: the first record is read alone, "b" and "hg" together, then the other two.
    monkeypatch.setattr(score_module, "_GROUP_STEPS", 5)
    rows = list(Scoring(model, data).step_rows())
    assert [(row["origin"], row["step"]) for row in rows] == [
        (f"m:{n}", step) for n, word in enumerate(words) for step in range(len(word))
    ]
    assert "".join(row["value"] for row in rows) == "".join(words)
    assert list(rows[0]) == ["origin", "step", "value", "nll_nats", "bits"]
    expected = [np.concatenate([[np.nan], offline(model, data.codec.encode(w))]) if len(w) > 1 else [np.nan]
                for w in words]  # fmt: skip
    for row, nats in zip(rows, np.concatenate(expected), strict=True):
        if np.isnan(nats):
            assert row["step"] == 0 and row["nll_nats"] is None and row["bits"] is None
        else:
            assert row["nll_nats"] == pytest.approx(-nats, abs=2e-6)
            assert row["bits"] == pytest.approx(-nats / math.log(2), abs=2e-6)


def test_both_kinds_of_rows_add_up_alike(melody: Domain, series: Domain) -> None:
    for domain in (melody, series):
        model, data = build(domain, data={"batch_size": 5, "window": 3})
        by_record, by_step = Scoring(model, data), Scoring(model, data)
        list(by_record.record_rows()), list(by_step.step_rows())
        assert by_record.num_steps.sum() > 0
        np.testing.assert_array_equal(by_record.num_steps, by_step.num_steps)
        np.testing.assert_allclose(by_record.nats, by_step.nats, rtol=1e-6)


def test_a_long_record_is_handed_on_while_it_is_read(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melody)
    monkeypatch.setattr(data, "records", lambda split: [Record("abcdefgh" * 1000, origin="m:0")])
    monkeypatch.setattr(score_module, "_GROUP_STEPS", 100)
    calls: list[int] = []
    forward = model.forward

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return forward(*arguments)

    monkeypatch.setattr(model, "forward", counted)
    rows = Scoring(model, data).step_rows()
    next(rows), next(rows)
    assert len(calls) == 1  # of 8
    assert sum(1 for _ in rows) == 7998 and len(calls) == 8


def test_the_known_past_is_not_scored(series: Domain) -> None:
    model, data = build(series, data={"batch_size": 4, "window": 3, "test_every": 4})
    rows = list(Scoring(model, data, "test").step_rows())
    assert rows
    lengths = data.store("test").lengths
    for row in rows:
        number = [origin for origin in dict.fromkeys(r["origin"] for r in rows)].index(row["origin"])
        assert (row["nll_nats"] is not None) == (row["step"] >= lengths[number] - 5)


def test_predict_says_the_same(melody: Domain) -> None:
    model, data = build(melody)
    rows, scores = list(predict_records(model, data)), list(Scoring(model, data).record_rows())
    assert rows == [{k: row[k] for k in ("origin", "num_steps", "nll_nats", "bits_per_step")} for row in scores]


def test_an_empty_split_is_refused(series: Domain) -> None:
    model, data = build(series)
    with pytest.raises(DataError, match="the test split holds no record"):
        Scoring(model, data, "test")


def test_other_tasks_are_refused_with_what_to_train(melody: Domain) -> None:
    model, data = build(melody, "classify")
    with pytest.raises(ConfigError, match=r"only models trained on next_step(.|\n)*--data\.task next_step"):
        Scoring(model, data)


# Anomalies


@pytest.mark.parametrize("nu", [2.0001, 2.5, 7.0, 40.0, 3000.0])
def test_tails_of_students_t_are_those_of_scipy(nu: float) -> None:
    z = torch.tensor([0.0, 1e-9, 1e-3, 0.2, 1.0, 1.7, -3.0, 9.0, -30.0], dtype=torch.float64)
    expected = math.log(2) + stats.t.logsf(z.abs().numpy(), nu)
    found = student_log_tail(z, torch.tensor(nu, dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-9)


def test_tails_of_the_normal_are_those_of_scipy_also_where_no_float_holds_them() -> None:
    z = torch.tensor([0.0, 0.3, -1.96, 6.0, -60.0], dtype=torch.float64)
    np.testing.assert_allclose(normal_log_tail(z).numpy(), math.log(2) + stats.norm.logsf(z.abs().numpy()), rtol=1e-12)
    assert float(normal_log_tail(torch.tensor(60.0)).exp()) == 0.0  # what the logarithm is for


def test_far_tails_of_students_t_follow_the_power_law() -> None:
    # P(|T| >= z) tends to c / z^nu: a thousandfold z costs nu * ln 1000.
    z = torch.tensor([1e6, 1e9], dtype=torch.float64)
    near, far = student_log_tail(z, torch.tensor(4.0, dtype=torch.float64)).tolist()
    assert near - far == pytest.approx(4 * math.log(1000), rel=1e-9)


@pytest.mark.parametrize(("output", "reference"), [(Normal(2), stats.norm), (StudentT(2), stats.t)])
def test_a_tail_is_two_sided_and_in_the_units_of_the_targets(output: LocationScale, reference: Any) -> None:
    generator = torch.Generator().manual_seed(5)
    raw = torch.randn(3, output.num_parameters, generator=generator, dtype=torch.float64)
    targets = 4 * torch.randn(3, 2, generator=generator, dtype=torch.float64)
    scale = Scale(torch.full((3, 2), 1.5), torch.full((3, 2), 2.5))
    for frame in (None, scale):
        location, spread, shape = output.parameters(raw, frame)
        z = ((targets - location) / spread).abs().numpy()
        free = () if shape is None else (2 + torch.nn.functional.softplus(shape).numpy(),)
        expected = 2 * reference.sf(z, *free)
        np.testing.assert_allclose(output.log_tail(raw, targets, frame).exp().numpy(), expected, rtol=1e-9)


class TwoFeatures(seqkit.SequenceDataModule):
    """Pairs of numbers, some missing."""

    def __init__(self, path: str | None = None, task: str = "next_step", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = StandardCodec(2)
        self.target_codec = self.codec

    def records(self, split: seqkit.Split) -> Iterator[Record]:
        values = np.random.default_rng(1).normal(size=(9, 2))
        values[3] = np.nan
        values[5, 1] = np.nan
        yield Record(values, origin="pairs:0")
        yield Record(values[:1], origin="pairs:1")


@pytest.fixture(scope="module")
def pairs() -> Domain:
    return Domain("pairs", TwoFeatures)


def test_the_anomaly_of_several_features_is_that_of_the_farthest_of_so_many(pairs: Domain) -> None:
    model, data = build(pairs, distribution="normal")
    assert data.codec.spec == Continuous(2)
    rows = list(Scoring(model, data).step_rows())
    assert list(rows[1]) == ["origin", "step", "value_0", "value_1", "nll_nats", "anomaly"]
    steps = data.store("predict").sequence(0)
    with torch.no_grad():
        raw, lengths, scale, _ = model(steps[None, :-1], torch.tensor([8]))
        location, spread, _ = model.task.output.parameters(model.task(raw, lengths), scale)
    z = ((steps[1:] - location[0]) / spread[0]).abs().double().numpy()
    for step in range(1, 9):
        tails = 2 * stats.norm.sf(z[step - 1])
        seen = tails[np.isfinite(tails)]
        row = rows[step]
        if not len(seen):
            assert row["anomaly"] is None and row["nll_nats"] is None and row["value_0"] is None
            continue
        # The least of k independent uniform numbers is below p with probability 1 - (1 - p)^k.
        assert row["anomaly"] == pytest.approx(
            -np.log10(-np.expm1(len(seen) * np.log1p(-seen.min()))), rel=1e-4, abs=1e-5
        )
    assert rows[5]["value_1"] is None and rows[5]["anomaly"] is not None


def test_a_record_names_its_worst_step_and_counts_those_above_the_threshold(pairs: Domain) -> None:
    model, data = build(pairs)
    steps = [row for row in Scoring(model, data).step_rows() if row["origin"] == "pairs:0"]
    anomalies = np.array([np.nan if row["anomaly"] is None else row["anomaly"] for row in steps])
    threshold = float(np.nanmedian(anomalies))
    scoring = Scoring(model, data, threshold=threshold)
    first, second = scoring.record_rows()
    assert first["max_anomaly"] == np.nanmax(anomalies) and first["max_anomaly_step"] == np.nanargmax(anomalies)
    assert first["num_steps"] == 7 and first["num_above"] == (anomalies >= threshold).sum() == 4
    assert second["max_anomaly"] is None and second["num_above"] == 0
    assert sorted(step for _, _, step in scoring.above) == np.flatnonzero(anomalies >= threshold).tolist()


def test_a_threshold_that_would_say_nothing_is_refused(melody: Domain, series: Domain) -> None:
    with pytest.raises(ConfigError, match="symbols have no anomaly score"):
        require_threshold(build(melody)[1], 3.0)
    with pytest.raises(ConfigError, match="threshold is 0"):
        require_threshold(build(series)[1], 0.0)


# Rows


def test_parquet_comes_in_row_groups_and_columns_may_begin_empty(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("seqkit.inference.rows._GROUP", 3)
    rows = [{"origin": f"é:{n}", "step": n, "bits": None if n < 3 else n / 4} for n in range(7)]
    assert write_rows(rows, tmp_path / "r.parquet") == 7
    file = pq.ParquetFile(tmp_path / "r.parquet")
    assert file.num_row_groups == 3
    assert file.read().to_pylist() == rows


def test_parquet_cuts_no_fraction_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit.inference.rows._GROUP", 2)
    rows: list[dict[str, Any]] = [{"value": 1}, {"value": 2}, {"value": 2.0}, {"value": 2.5}]
    with pytest.raises(DataError, match=r"2\.5 in column 'value', which began with whole numbers"):
        write_rows(rows, tmp_path / "r.parquet")
    write_rows(rows, tmp_path / "r.jsonl")
    write_rows(rows[:3], tmp_path / "r.parquet")
    assert pq.read_table(tmp_path / "r.parquet").to_pylist() == rows[:3]


def test_a_file_appears_only_when_all_its_rows_are_there(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"a": 1}
        raise ConfigError("no")

    for name in ("r.csv", "r.jsonl", "r.parquet"):
        with pytest.raises(ConfigError):
            write_rows(rows(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


# Judge


@pytest.mark.parametrize("chunk", [3, 1000])
def test_a_judge_says_how_likely_values_are(melody: Domain, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    model, data = build(melody)
    monkeypatch.setattr("seqkit.inference.likelihood._READ_TOGETHER", chunk)
    monkeypatch.setattr("seqkit.inference.judge._ROWS", 2)
    words = ["abcdefgh", "a", "hgfedcbaab", "cc", "abc"]
    for word, nats in zip(words, Judge(model, data).log_likelihoods(iter(words)), strict=True):
        assert nats.dtype == np.float64
        expected = offline(model, data.codec.encode(word)) if len(word) > 1 else np.zeros(0)
        np.testing.assert_allclose(nats, expected, atol=1e-12)


OTHERS = {
    "abcdefgh": ["abcdefgh", "abcdefga", "bbcdefgh", "abc", "abcdaefgh", "abcdefghh", "a", "hhhhhhh", "aacdefgh"],
    "cab": ["cabb", "dab"],
    "ef": [],
    "g": ["gg", "a"],
}


@pytest.mark.parametrize("rows", [2, 64])
def test_alternatives_are_what_reading_each_alone_gives(
    melody: Domain, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    model, data = build(melody, cell="lstm")
    monkeypatch.setattr("seqkit.inference.judge._ROWS", rows)
    judge = Judge(model, data)
    found = list(judge.alternatives(OTHERS.items()))
    for (value, others), (own, judged) in zip(OTHERS.items(), found, strict=True):
        (expected,) = judge.log_likelihoods([value])
        np.testing.assert_allclose(own, expected, atol=1e-12)
        assert len(judged) == len(others)
        for nats, alone in zip(judged, judge.log_likelihoods(others), strict=True):
            np.testing.assert_allclose(nats, alone, atol=1e-12)


def test_what_alternatives_share_is_read_once(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melody)
    steps: list[int] = []
    forward = model.forward

    def counted(inputs: Tensor, lengths: Tensor, *rest: Any) -> Any:
        steps.append(int(lengths.sum()))
        return forward(inputs, lengths, *rest)

    monkeypatch.setattr(model, "forward", counted)
    value = "abcdefgh" * 5
    list(Judge(model, data).alternatives([(value, [value[:30] + "aaa" + value[33:]])]))
    # 39 inputs of the value; of the alternative those from step 29 on, which predicts the first that differs.
    assert sum(steps) == 39 + 10


def test_alternatives_of_numbers_carry_the_running_scale(series: Domain) -> None:
    model, data = build(series)
    values = np.linspace(1.0, 9.0, 17) ** 2
    changed = values.copy()
    changed[11] = 500.0
    ((own, (other,)),) = Judge(model, data).alternatives([(values, [changed])])
    np.testing.assert_allclose(own, offline(model, data.codec.encode(values)), rtol=2e-4, atol=1e-4)
    np.testing.assert_allclose(other, offline(model, data.codec.encode(changed)), rtol=2e-4, atol=1e-4)


def test_a_judge_answers_what_whole_values_are(melody: Domain) -> None:
    model, data = build(melody, "classify")
    words = ["abc", "hgfedcba", "d"]
    for word, answer in zip(words, Judge(model, data).answers(words), strict=True):
        with torch.no_grad():
            raw, lengths, _, _ = model(data.codec.encode(word)[None], torch.tensor([len(word)]))
            expected = model.task(raw, lengths)[0].log_softmax(-1).numpy()
        np.testing.assert_allclose(answer, expected, atol=1e-12)
    with pytest.raises(ConfigError, match="trained on next_step, not on classify"):
        next(Judge(model, data).log_likelihoods(words))


# Scorers of a domain


def score_rivals(judge: Judge, value: str, against: str = "aaaa", times: int = 1) -> Iterator[dict[str, Any]]:
    """Each melody of a file against a rival.

    Args:
        judge: The model.
        value: The file.
        against: The rival.
        times: How often it is repeated.
    """
    for line in Path(value).read_text().split():
        (own, (other,)) = next(judge.alternatives([(line, [against * times])]))
        yield {"melody": line, "ratio": round(float(own.sum() - other.sum()), 6)}
    judge.notes.append("rivals are dull")


def plot_rivals(rows: list[dict[str, Any]], path: Path) -> list[Path]:
    path.with_suffix(".txt").write_text(" ".join(row["melody"] for row in rows))
    return [path.with_suffix(".txt")]


@pytest.fixture(scope="module")
def rivals(melody: Domain) -> Domain:
    return replace(melody, scorers={"rivals": Scorer(score_rivals, plot_rivals), "silence": Scorer(score_silence)})


def score_silence(judge: Judge, value: str, against: str = "aaaa") -> Iterator[dict[str, Any]]:
    """Nothing."""
    yield from ()


def test_an_outsiders_scorer_is_asked_from_python_and_from_the_command_line(
    rivals: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = seqkit.fit(rivals, run=tmp_path / "run", quiet=True, hidden_size=5, max_epochs=1, accelerator="cpu")
    (tmp_path / "m.txt").write_text("abcd\nhg\n")
    judge = Judge(run.loaded.model, run.loaded.data)
    nats = {word: own.sum() for word, own in zip(W, judge.log_likelihoods(W), strict=True)}
    expected = [{"melody": m, "ratio": pytest.approx(nats[m] - nats["bbbb"], abs=1e-4)} for m in ("abcd", "hg")]
    assert list(run.score(rivals=tmp_path / "m.txt", against="bb", times=2)) == expected
    assert len(list(run.score())) == 60

    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": None})
    monkeypatch.setattr("seqkit.plugins.load", lambda name: rivals)
    words = ["score", str(run.path), "--rivals", str(tmp_path / "m.txt"), "--against", "bb", "--times", "2"]
    assert main([*words, "--out", str(tmp_path / "o.csv")]) == 0
    with (tmp_path / "o.csv").open() as file:
        rows = [{"melody": row["melody"], "ratio": float(row["ratio"])} for row in csv.DictReader(file)]
    assert rows == expected
    assert (tmp_path / "o.txt").read_text() == "abcd hg"
    assert re.search(r"2 rows: .*o\.csv\nrivals are dull\nplot: .*o\.txt\n$", capsys.readouterr().out)
    assert main(["score", str(run.path), "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--per_step" in shown and re.search(r"  --rivals VALUE +Each melody of a file against a rival\.\n", shown)
    assert re.search(r"    --times +How often it is repeated\. \(1\)\n", shown)
    for rest, message in (
        (["--times", "2"], "--times says nothing without --rivals"),
        (["--rivals", "x", "--silence", "y"], "--rivals and --silence at once"),
        (["--rivlas", "x"], "did you mean 'rivals'"),
        (["--rivals", "x", "--per_step"], "--per_step says nothing beside --rivals"),
        (["--rivals", "x", "--data.transpose", "3"], "--data.transpose says nothing beside --rivals"),
        (["--out", "o.tsv"], r"cannot write .tsv"),
    ):
        assert main(["score", str(run.path), *rest]) == 2
        assert message in capsys.readouterr().err


W = ["abcd", "hg", "bbbb"]


def test_the_verb_ends_with_what_stands_out(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = seqkit.fit(melody, run=tmp_path / "run", quiet=True, hidden_size=5, max_epochs=1, accelerator="cpu")
    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": None})
    monkeypatch.setattr("seqkit.plugins.load", lambda name: melody)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["score", str(run.path)]) == 0
    shown = capsys.readouterr().out
    rows = sorted(run.score(), key=lambda row: row["nll_nats"])
    assert f"60 records · {sum(row['num_steps'] for row in rows)} steps" in shown
    for label, chosen in (("likeliest", rows[:3]), ("least likely", rows[-3:])):
        for row in chosen:
            line = rf"{label}: {row['origin']} +│ +{row['num_steps']} │ +{row['nll_nats']:.4f}"
            assert re.search(line, shown), line
    with (tmp_path / "run" / "scores.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 60


def test_a_scorer_may_not_take_the_name_of_an_option_of_the_verb(melody: Domain) -> None:
    def greedy(judge: Judge, value: str, out: str = "x") -> Iterator[dict[str, Any]]:
        yield from ()

    with pytest.raises(ConfigError, match="takes --out twice"):
        option_owners(replace(melody, scorers={"greedy": Scorer(greedy)}))


def test_an_option_without_default_must_be_given(melody: Domain) -> None:
    def strict(judge: Judge, value: str, key: str) -> Iterator[dict[str, Any]]:
        yield {"key": key}

    domain = replace(melody, scorers={"strict": Scorer(strict)})
    with pytest.raises(ConfigError, match="--strict needs --key"):
        choose_question(domain, {"strict": "x"})
    question = choose_question(domain, {"strict": "x", "key": "y"})
    assert question is not None and question.options == {"key": "y"}
    assert choose_question(domain, {}) is None


def test_rows_beyond_what_is_kept_are_not_plotted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_verb, "_MOST_PLOTTED", 3)
    kept: list[dict[str, Any]] = []
    assert len(list(score_verb._keeping(iter([{"a": n} for n in range(5)]), kept))) == 5
    assert len(kept) == 3
