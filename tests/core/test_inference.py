"""Generation, forecasts and predictions of untrained models: exact, so that every index counts."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from seqkit import Batch, Codec, ConfigError, Discrete, Domain, ModelOptions, Record, SequenceModel, SymbolCodec
from seqkit.build import build_model
from seqkit.data.loader import collate
from seqkit.data.store import FlatStore
from seqkit.inference import forecast as scoring
from seqkit.inference import generate as generating
from seqkit.inference import predict
from seqkit.inference.forecast import score_forecasts
from seqkit.inference.generate import continue_sequences, prime
from seqkit.inference.likelihood import chunk_length
from seqkit.inference.predict import predict_records
from seqkit.inference.rows import write_rows
from seqkit.inference.stepper import Stepper
from seqkit.tasks.metrics import mase, naive2, smape
from seqkit.tasks.sampling import Sampling

GREEDY = Sampling(temperature=0.0)


def build(domain: Domain, task: str = "next_step", data: dict[str, Any] | None = None) -> Any:
    torch.manual_seed(0)
    module = domain.datamodule(task=task, **(data or {}))
    module.setup("fit")
    model = build_model(domain, module, ModelOptions(hidden_size=7, num_layers=2, cell="gru"))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.7)
    return model.eval(), module


def naive(model: SequenceModel, prompt: Tensor, steps: int) -> Tensor:
    """The likeliest continuation, the whole prefix read anew for each step."""
    sequence = prompt[None]
    for _ in range(steps):
        outputs, lengths, scale, _ = model(sequence, torch.tensor([sequence.shape[1]]))
        guess = model.task.output.mean(model.task(outputs, lengths), scale)
        sequence = torch.cat([sequence, guess[:, -1:]], 1)
    return sequence[0, len(prompt) :]


@torch.no_grad()
def test_carried_state_gives_what_reading_the_whole_prefix_anew_gives(melody: Domain, series: Domain) -> None:
    for domain in (melody, series):
        model, data = build(domain)
        prompts = [data.store("train").sequence(n)[: 3 + 2 * (n % 3)] for n in range(5)]
        made = continue_sequences(model, prompts, 9, sampling=GREEDY)
        for prompt, rows in zip(prompts, made, strict=True):
            assert rows.shape[:2] == (1, 9)
            torch.testing.assert_close(rows[0], naive(model, prompt, 9), rtol=1e-3, atol=1e-4)


def test_a_step_costs_the_same_however_long_the_sequence_is(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = build(melody)
    calls: list[int] = []
    step = Stepper.step

    def counted(self: Stepper, x: Tensor) -> Any:
        calls.append(len(x))
        return step(self, x)

    monkeypatch.setattr(Stepper, "step", counted)
    continue_sequences(model, [torch.tensor([1, 2, 3])], 40, num_samples=2)
    assert calls == [2] * 40


def test_equal_seeds_give_equal_continuations(melody: Domain) -> None:
    model, _ = build(melody)
    prompts = [torch.tensor([1, 2]), torch.tensor([4, 5, 6])]
    one, same, other = (continue_sequences(model, prompts, 30, 3, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[0], other[0])
    assert not torch.equal(one[0][0], one[0][1])
    assert [rows.shape for rows in one] == [(3, 30), (3, 30)]


def test_samples_of_several_prompts_stay_with_their_prompt(melody: Domain) -> None:
    model, _ = build(melody)
    prompts = [torch.tensor(p) for p in ([1, 2], [5, 0, 3], [7, 7])]
    together = continue_sequences(model, prompts, 6, 4, GREEDY)
    for prompt, rows in zip(prompts, together, strict=True):
        (alone,) = continue_sequences(model, [prompt], 6, 1, GREEDY)
        assert rows.tolist() == alone.tolist() * 4


def test_each_step_is_handed_over_as_it_is_made(melody: Domain) -> None:
    model, _ = build(melody)
    seen: list[Tensor] = []
    (rows,) = continue_sequences(model, [torch.tensor([3])], 5, 2, on_step=seen.append)
    assert torch.equal(torch.stack(seen, 1), rows)


def test_a_long_prompt_is_read_in_chunks(melody: Domain) -> None:
    model, _ = build(melody)
    prompt = torch.randint(8, (2500,), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = naive(model, prompt, 2)
    assert torch.equal(continue_sequences(model, [prompt], 2, sampling=GREEDY)[0][0], expected)


@pytest.mark.parametrize("samples", [1, 3])
def test_a_continuation_does_not_depend_on_what_is_continued_beside_it(melody: Domain, samples: int) -> None:
    model, _ = build(melody)
    model = model.double()
    random = torch.Generator().manual_seed(1)
    prompts = [torch.randint(8, (length,), generator=random) for length in (1, 9, 4, 4, 30, 2)]
    together = continue_sequences(model, prompts, 40, samples, seed=3)
    whole = continue_sequences(model, prompts[:2], 40, 5, seed=3)
    for number in range(2):
        assert torch.equal(together[number], whole[number][:samples])
    assert not torch.equal(together[2][:, :20], together[3][:, :20])


def test_prompts_of_any_lengths_are_read_to_their_own_ends(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = build(melody)
    model = model.double()
    monkeypatch.setattr(generating, "_CHUNK", 4)
    prompts = [torch.randint(8, (length,)) for length in (3, 0, 11, 3, 8)]
    together = prime(model, prompts)
    for place, prompt in enumerate(prompts):
        for kind, alone in zip(together, prime(model, [prompt]), strict=True):
            torch.testing.assert_close(kind[:, place], alone[:, 0], rtol=1e-12, atol=1e-12)


def test_many_prompts_go_on_in_groups_of_bounded_size(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = build(melody)
    prompts = [torch.tensor([n % 8, n % 3]) for n in range(7)]
    together = continue_sequences(model, prompts, 5, 2)
    rows: list[int] = []
    step = Stepper.step

    def counted(self: Stepper, x: Tensor) -> Any:
        rows.append(len(x))
        return step(self, x)

    monkeypatch.setattr(Stepper, "step", counted)
    monkeypatch.setattr(generating, "_MOST_ROWS", 5)
    apart = continue_sequences(model, prompts, 5, 2)
    assert rows == [4] * 15 + [2] * 5
    assert all(torch.equal(one, other) for one, other in zip(together, apart, strict=True))


def test_each_prompt_ends_where_its_own_samples_have_ended(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = build(melody)
    monkeypatch.setattr(SymbolCodec, "end", 2)
    prompts = [torch.tensor([n]) for n in range(8)]
    together = continue_sequences(model, prompts, 50, 2, seed=1)
    assert len({rows.shape[1] for rows in together}) > 1
    for rows in together:
        ends = [row.index(2) + 1 if 2 in row else 50 for row in rows.tolist()]
        assert rows.shape[1] == max(ends)


def test_threads_are_as_before_after_generating(melody: Domain) -> None:
    model, _ = build(melody)
    before = torch.get_num_threads()
    inside: list[int] = []
    try:
        torch.set_num_threads(2)
        for count in (1, 8):
            prompts = [torch.tensor([0])] * count
            continue_sequences(model, prompts, 1, on_step=lambda _: inside.append(torch.get_num_threads()))
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert inside == [1, 2]


def test_continued_numbers_may_be_used_in_training(series: Domain) -> None:
    model, data = build(series)
    (rows,) = continue_sequences(model, [data.store("train").sequence(0)], 4)
    weight = torch.ones((), requires_grad=True)
    (slope,) = torch.autograd.grad((weight * rows).sum(), weight)  # a tensor of inference mode would be refused
    torch.testing.assert_close(slope, rows.sum())


def test_what_cannot_be_continued_is_refused(melody: Domain) -> None:
    model, _ = build(melody)
    with pytest.raises(ConfigError, match="a prompt is empty"):
        continue_sequences(model, [torch.zeros(0, dtype=torch.int64)], 3)
    with pytest.raises(ConfigError, match="0 samples"):
        continue_sequences(model, [torch.tensor([1])], 3, num_samples=0)
    with pytest.raises(ConfigError, match="only models trained on next_step"):
        continue_sequences(build(melody, "classify")[0], [torch.tensor([1])], 3)


def test_forecasts_are_scored_by_their_median_against_naive_methods(series: Domain) -> None:
    model, data = build(series, data={"test_every": 4})
    figures, baselines = score_forecasts(model, data, "test")
    store = data.store("test")
    rows: dict[str, list[tuple[float, float]]] = {"model": [], "naive": [], "seasonal_naive": [], "naive2": []}
    contexts = [store.sequence(n)[:-5] for n in range(len(store))]
    paths = continue_sequences(model, contexts, 5, 100)
    for number, (context, path) in enumerate(zip(contexts, paths, strict=True)):
        history, truth = context[:, 0].double().numpy(), store.sequence(number)[-5:, 0].double().numpy()
        forecasts = {
            "model": np.median(path[..., 0].double().numpy(), axis=0),
            "naive": np.repeat(history[-1], 5),
            "seasonal_naive": history[-4:][np.arange(5) % 4],
            "naive2": naive2(history, 5, 4),
        }
        for name, forecast in forecasts.items():
            rows[name].append((smape(truth, forecast), mase(truth, forecast, history, 4)))
    means = {name: np.nanmean(values, axis=0) for name, values in rows.items()}
    found = {"model": figures} | baselines
    assert found.keys() == means.keys()
    for name, (percent, scaled) in means.items():
        assert found[name]["smape"] == pytest.approx(percent, rel=1e-5)
        assert found[name]["mase"] == pytest.approx(scaled, rel=1e-5)
        owa = (percent / means["naive2"][0] + scaled / means["naive2"][1]) / 2
        assert found[name]["owa"] == pytest.approx(owa, rel=1e-5)


def test_a_figure_that_no_series_has_is_missing_not_a_warning(series: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(series)
    flat = [Record(np.full(20 + n, 3.0 + n), origin=f"f:{n}", context=15 + n) for n in range(2)]
    monkeypatch.setattr(data, "records", lambda split: flat)
    _, baselines = score_forecasts(model, data, "valid")
    assert baselines["naive2"]["smape"] == 0.0 and np.isnan(baselines["naive2"]["mase"])


def test_paths_of_a_few_series_are_held_together(series: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(series)
    held: list[int] = []
    seeds: list[int] = []

    def counting(model: SequenceModel, prompts: list[torch.Tensor], *rest: Any, **named: Any) -> list[torch.Tensor]:
        held.append(len(prompts))
        seeds.append(named["seed"])
        return continue_sequences(model, prompts, *rest, **named)

    monkeypatch.setattr(scoring, "continue_sequences", counting)
    monkeypatch.setattr(scoring, "_TOGETHER", 4)
    count = len(data.store("train"))
    windows = list(scoring._windows(model, data, "train", seed=0))
    assert sum(held) == count > 4 and max(held) == 4
    assert seeds == list(range(len(held)))  # the draws of one run of series are not those of the next
    assert [window.record for window in windows] == list(range(count))
    truth = data.store("train").sequence(count - 1)[-5:].double().numpy()
    np.testing.assert_array_equal(windows[-1].truth, truth)


def test_nothing_is_forecast_for_symbols(melody: Domain) -> None:
    model, data = build(melody)
    assert score_forecasts(model, data, "test") == ({}, {})


def test_a_row_a_record_in_the_order_of_the_source(melody: Domain, tmp_path: Path) -> None:
    notes = ["abc", "hgfedcb", "a", "bcdefgh", "dd"]
    (tmp_path / "n.txt").write_text("".join(f"up:{n}\n" for n in notes))
    model, data = build(melody, "classify")
    opened = melody.datamodule(path=str(tmp_path / "n.txt"), task="classify", batch_size=2)
    opened.restore_codecs(data.codec.state(), data.target_codec.state())
    rows = list(predict_records(model, opened))
    assert [row["origin"] for row in rows] == [f"n.txt:{n}" for n in range(5)]
    for word, row in zip(notes, rows, strict=True):
        steps = data.codec.encode(word)[None]
        with torch.no_grad():
            outputs, lengths, _, _ = model(steps, torch.tensor([len(word)]))
            shares = model.task(outputs, lengths)[0].double().softmax(-1)
        assert row["prediction"] == ["down", "up"][int(shares.argmax())]
        assert row["probability"] == pytest.approx(float(shares.max()), abs=1e-5)
        assert row["probabilities"] == pytest.approx({"down": float(shares[0]), "up": float(shares[1])}, abs=1e-5)


def test_answers_are_handed_on_before_all_records_are_read(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melody, "classify", data={"batch_size": 4})
    at_once = list(predict_records(model, data))
    monkeypatch.setattr(predict, "_MOST_RECORDS", 7)  # 60 records: eight runs of 7 and one of 4
    read: list[int] = []

    def counting(store: FlatStore, index: np.ndarray) -> Batch:
        read.append(len(index))
        return collate(store, index)

    monkeypatch.setattr(predict, "collate", counting)
    rows = predict_records(model, data)
    first = next(rows)
    assert sum(read) == 7
    for own, expected in zip([first, *rows], at_once, strict=True):
        assert own["origin"] == expected["origin"]
        assert own["probability"] == pytest.approx(expected["probability"], abs=2e-6)
    assert sum(read) == 60


def test_numbers_are_predicted_in_their_own_units(series: Domain) -> None:
    model, data = build(series, "classify")
    rows = list(predict_records(model, data))
    assert len(rows) == 30 and all(isinstance(row["prediction"], float) for row in rows)
    steps = data.store("predict").sequence(4)[None]
    with torch.no_grad():
        outputs, lengths, _, _ = model(steps, torch.tensor([steps.shape[1]]))
        standard = float(model.task.output.mean(model.task(outputs, lengths)))
    expected = standard * data.target_codec.deviation[0] + data.target_codec.mean[0]
    assert rows[4]["prediction"] == pytest.approx(expected, rel=1e-4)


def test_likelihoods_are_sums_over_each_records_own_steps(melody: Domain) -> None:
    model, data = build(melody, data={"batch_size": 3, "window": 4})
    rows = list(predict_records(model, data))
    assert len(rows) == 60
    store = data.store("predict")
    for number in (0, 17, 59):
        steps = store.sequence(number)[None]
        with torch.no_grad():
            outputs, lengths, _, _ = model(steps[:, :-1], torch.tensor([steps.shape[1] - 1]))
        losses = -model.task(outputs, lengths).log_softmax(-1).gather(-1, steps[:, 1:, None]).flatten()
        losses = losses.detach()
        assert rows[number]["num_steps"] == steps.shape[1] - 1
        assert rows[number]["nll_nats"] == pytest.approx(float(losses.mean()), abs=1e-5)
        assert rows[number]["bits_per_step"] == pytest.approx(float(losses.mean()) / np.log(2), abs=1e-5)


@pytest.mark.parametrize(("batch_size", "window"), [(1, 2), (3, 4), (32, 128)])
def test_a_likelihood_depends_on_its_record_alone(melody: Domain, batch_size: int, window: int) -> None:
    model, data = build(melody)
    expected = {row["origin"]: row["nll_nats"] for row in predict_records(model, data)}
    other = melody.datamodule(batch_size=batch_size, window=window)
    other.setup("fit")
    rows = list(predict_records(model, other))
    assert len(rows) == 60
    for row in rows:
        assert row["nll_nats"] == pytest.approx(expected[row["origin"]], abs=2e-6)


def test_chunks_of_a_large_vocabulary_stay_small() -> None:
    assert chunk_length(rows=32, trained=64, num_outputs=5) == 1024
    assert chunk_length(rows=32, trained=35, num_outputs=33_278) == 35  # 2^24 / (32 * 33278) = 15: fewer than trained
    assert chunk_length(rows=4, trained=35, num_outputs=33_278) == 126


def test_a_record_of_one_step_has_no_likelihood(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melody, data={"batch_size": 3, "window": 4})
    records = [Record("a", origin="m:0"), Record("ab", origin="m:1")]
    monkeypatch.setattr(data, "records", lambda split: records)
    short, long = predict_records(model, data)
    assert short == {"origin": "m:0", "num_steps": 0, "nll_nats": None, "bits_per_step": None}
    assert long["num_steps"] == 1 and long["nll_nats"] > 0


def test_rows_are_written_as_csv_and_json_lines(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"origin": "a,b:0", "prediction": "é", "probabilities": {"é": 1.0}},
        {"origin": "c:1", "prediction": "d"},
    ]
    assert write_rows(rows, tmp_path / "r.csv") == 2
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["origin", "prediction"], ["a,b:0", "é"], ["c:1", "d"]]
    assert write_rows(rows, tmp_path / "r.jsonl") == 2
    assert [json.loads(line) for line in (tmp_path / "r.jsonl").read_text("utf-8").splitlines()] == rows
    with pytest.raises(ConfigError, match=r"cannot write \.txt"):
        write_rows(rows, tmp_path / "r.txt")


class EndingCodec(Codec):
    """Letters, of which the last ends a record."""

    spec = Discrete(8)
    end = 7

    def encode(self, value: str) -> Tensor:
        return SymbolCodec("abcdefgh").encode(value)

    def decode(self, steps: Tensor) -> str:
        return SymbolCodec("abcdefgh").decode(steps)


def test_generation_stops_when_every_row_has_reached_the_end(melody: Domain) -> None:
    model, _ = build(melody)
    prompt = [torch.tensor([1, 2])]
    (rows,) = continue_sequences(model, prompt, 200, 3, seed=5)
    model.codec = EndingCodec()
    (ended,) = continue_sequences(model, prompt, 200, 3, seed=5)
    last = max(int((row == 7).nonzero()[0, 0]) for row in rows)
    assert ended.shape[1] == last + 1 < 200
    assert torch.equal(ended, rows[:, : last + 1])
