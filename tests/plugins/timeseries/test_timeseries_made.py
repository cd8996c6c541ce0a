"""Made series and records: the same bytes again, in the plugin's own formats, with what is known of them."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import Autoregression, ConfigError, Known, Split
from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.made import MADE, in_units_of

SMALL = {
    "ar": "num_series=3,train_steps=60,held_out_steps=25",
    "hmm": "num_series=2,train_steps=50,held_out_steps=20,num_states=3",
    "memory": "lag=6,gap=2,train_records=20,held_out_records=10",
    "adding": "num_steps=9,train_records=30,held_out_records=11",
}
SPLITS: tuple[Split, ...] = ("train", "valid", "test")


def data_of(source: str, more: str = "", **options: Any) -> TimeseriesData:
    return made(f"{source},{SMALL[source]}{more}", **options)


def made(words: str, **options: Any) -> TimeseriesData:
    name = words.partition(",")[0]
    task, target = MADE[name].tasks[0], "value" if name == "adding" else "label"
    data: TimeseriesData = TimeseriesData(path=f"made:{words}", task=task, **({"target": target} | options))
    return data


def test_each_source_is_tried() -> None:
    assert MADE.keys() == SMALL.keys()


@pytest.mark.parametrize("name", MADE)
def test_the_same_seed_makes_the_same_bytes_and_another_others(name: str, tmp_path: Path) -> None:
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        (tmp_path / folder).mkdir()
        MADE[name].write(tmp_path / folder, seed)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
        assert file.read_bytes() != (tmp_path / "c" / file.name).read_bytes()


@pytest.mark.parametrize("name", MADE)
def test_a_source_is_read_with_the_usual_options(name: str) -> None:
    data = data_of(name)
    data.setup()
    for split in SPLITS:
        assert len(data.store(split)) > 0
        assert len(data.loader(split)) > 0
        known = data.known(split)
        assert known is not None
        for figure, value in known.optimum.items():
            assert (value > known.chance[figure]) if figure == "accuracy" else (value < known.chance[figure])


def targets_of(data: TimeseriesData, split: Split) -> list[np.ndarray]:
    """What a model is scored on, by series: from the batches that it is given."""
    found: dict[int, list[np.ndarray]] = {}
    for batch in data.loader(split):
        for row, count, number in zip(batch.targets, batch.lengths.tolist(), batch.index.tolist(), strict=True):
            scored = row[:count, 0].double().numpy()
            found.setdefault(number, []).append(scored[np.isfinite(scored)])
    return [np.concatenate(found[number]) for number in sorted(found)]


@pytest.mark.parametrize("split", ["valid", "test"])
@pytest.mark.parametrize("batch_size", [2, 5])
def test_the_optimum_is_that_of_the_scored_values_given_all_before_them(split: Split, batch_size: int) -> None:
    data = data_of("ar", ",coefficients=0.5:-0.3", batch_size=batch_size, window=7)
    source = Autoregression([0.5, -0.3])
    source = Autoregression([0.5, -0.3], 1 / source.variance)
    store = data.store(split)
    scored = targets_of(data, split)
    nats, chance = [], []
    for number, values in enumerate(scored):
        whole = np.asarray(store.steps[store.offsets[number] : store.offsets[number + 1], 0], dtype=float)
        first = {"valid": 60, "test": 85}[split]
        np.testing.assert_array_equal(values, whole[first:])
        assert len(values) == 25
        nats.append(source.nll(whole, first=first))
        chance.append(source.marginal_nll(values))
    known = data.known(split)
    assert known is not None and len(scored) == 3
    assert known.optimum["loss"] == pytest.approx(np.mean(nats), abs=1e-5)
    assert known.chance["loss"] == pytest.approx(np.mean(chance), abs=1e-5)
    assert known.chance["mse"] == pytest.approx(np.mean(np.square(scored)), abs=1e-5)


def test_the_optimum_of_an_oscillation_is_near_its_entropy_rate() -> None:
    data = TimeseriesData(path="made:ar,num_series=20,radius=0.9")
    known = data.known("valid")
    weights = [2 * 0.9 * math.cos(2 * math.pi / 24), -0.81]
    source = Autoregression(weights, 1 / Autoregression(weights).variance)
    assert known is not None
    # 10,000 squared innovations: a deviation of sqrt(1 / 20,000).
    assert known.optimum["loss"] == pytest.approx(source.entropy_rate, abs=4 * 20_000**-0.5)
    assert known.optimum["mse"] == pytest.approx(source.innovation_variance, rel=0.06)


def test_the_optimum_follows_the_units_of_the_loss() -> None:
    plain, standard = data_of("ar"), data_of("ar", scaling="standard")
    standard.setup()
    before, after = plain.known("valid"), standard.known("valid")
    deviation = standard.codec.state()["deviation"][0]
    assert before is not None and after is not None and abs(deviation - 1) > 1e-3
    assert after.optimum["loss"] == pytest.approx(before.optimum["loss"] - math.log(deviation))
    assert after.chance["mse"] == pytest.approx(before.chance["mse"] / deviation**2)
    # By the densities themselves: of x / d it is d times that of x.
    assert in_units_of(Known({"loss": 1.0, "mae": 3.0}), 2.0).optimum == {"loss": 1 - math.log(2), "mae": 1.5}


def test_nothing_is_known_where_other_steps_are_scored() -> None:
    data = data_of("ar")
    files = dict(path=str(data.path), valid_path=str(data.valid_path), test_path=str(data.test_path))
    assert TimeseriesData(**files).known("valid") == data.known("valid")
    assert TimeseriesData(**files, horizon=6).known("valid") is None
    assert TimeseriesData(**files, horizon=6, held_out="share").known("valid") is not None
    assert TimeseriesData(**files, horizon=6, task="forecast").known("valid") is None


def test_the_classes_of_memory_hold_the_same_values() -> None:
    data = data_of("memory", ",noise=0.0")
    labels = []
    for record in data.records("train"):
        values = record.sequence[:, 0]
        assert len(values) == 2 + 1 + 2 + 1 + 6
        assert sorted(values) == [-1.0, *[0.0] * 10, 1.0] or values.sum() == 0
        assert values[2] == {"up-down": 1.0, "down-up": -1.0}[record.target] == -values[5]
        assert not values[6:].any()  # lag: nothing is told any more
        labels.append(record.target)
    assert labels.count("up-down") == labels.count("down-up") == 10


def test_adding_adds_one_value_of_each_half() -> None:
    data = data_of("adding")
    records = list(data.records("test"))
    assert len(records) == 11
    for record in records:
        values, markers = record.sequence.T
        assert markers.sum() == 2 and markers[:4].sum() == 1
        assert record.target == pytest.approx(values @ markers)
    known = data.known("test")
    assert known is not None and known.optimum == {"mse": 0.0, "mae": 0.0}
    sums = np.array([record.target for record in records])
    deviation = data.target_codec.state()["deviation"][0]
    assert known.chance["mse"] == pytest.approx(((sums - 1) ** 2).mean() / deviation**2)


def test_chance_at_adding_is_a_sixth(tmp_path: Path) -> None:
    written = MADE["adding"].write(tmp_path, 0, num_steps=6, train_records=20_000)
    assert written.known["train"].chance["mse"] == pytest.approx(1 / 6, rel=0.03)


def test_the_sums_of_adding_are_not_taken_for_names() -> None:
    with pytest.raises(ConfigError, match="read with target 'value', and it is 'label'"):
        _ = TimeseriesData(path="made:adding", task="classify").path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("ar,radius=1.0", "radius 1"),
        ("ar,period=2", "period 2"),
        ("ar,coefficients=0.5:x", "coefficients '0.5:x'"),
        ("ar,coefficients=1.2", "no stationary process"),
        ("ar,num_series=0", "0 series"),
        ("hmm,stay=1.5", "stay 1.5"),
        ("ar,radius=0.9999999999", "are lost in 6 decimals"),
        ("hmm,deviation=0", "deviation is 0"),
        ("hmm,deviation=1e-9", "0.0001 to 10000: values have 6 decimals"),
        ("hmm,deviation=1e300", "0.0001 to 10000"),
        ("memory,lag=-1", "lag is -1"),
        ("memory,noise=-1", "noise is -1"),
        ("adding,num_steps=1", "num_steps is 1"),
    ],
)
def test_what_cannot_be_made_is_refused(words: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _ = made(words).path


def test_what_is_known_is_plain_json(tmp_path: Path) -> None:
    written = MADE["hmm"].write(tmp_path, 0, train_steps=20, held_out_steps=10)
    text = json.dumps({split: [known.optimum, known.chance] for split, known in written.known.items()})
    assert "NaN" not in text and "Infinity" not in text
