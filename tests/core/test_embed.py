"""Hidden states of records: equal to calling the model by hand, whatever stands beside a record."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch import Tensor, nn

import seqkit
from seqkit import ConfigError, DataError, Domain, Encoder, ModelOptions, SequenceModel
from seqkit.build import build_model
from seqkit.cli.main import main
from seqkit.inference import embed, embedding_files
from seqkit.inference.embed import Embedding, EmbedPooling, embed_records, gather_embeddings
from seqkit.inference.embedding_files import write_embeddings
from seqkit.inference.running_pool import RunningPool
from seqkit.tasks.classify import Classify, Pooling
from seqkit.tasks.outputs import build_output

CASES = ["melody next_step", "melody classify", "series next_step", "series classify"]


def build(domain: Domain, task: str, bidirectional: bool = False, **data: Any) -> tuple[SequenceModel, Any]:
    torch.manual_seed(0)
    module = domain.datamodule(task=task, **data)
    module.setup("fit")
    options = ModelOptions(hidden_size=7, num_layers=2, cell="gru", bidirectional=bidirectional, pooling="last")
    return build_model(domain, module, options).double().eval(), module


def case(name: str, request: pytest.FixtureRequest, **data: Any) -> tuple[SequenceModel, Any]:
    domain, task = name.split()
    return build(request.getfixturevalue(domain), task, bidirectional=task == "classify", **data)


@torch.no_grad()
def by_hand(model: SequenceModel, steps: Tensor) -> Tensor:
    """Outputs (T', H) of one record read alone."""
    inputs = steps.double() if steps.is_floating_point() else steps
    outputs: Tensor
    outputs, lengths, _, _ = model(inputs[None], torch.tensor([len(steps)]))
    return outputs[0, : int(lengths[0])]


def last(model: SequenceModel, outputs: Tensor) -> Tensor:
    half = outputs.shape[1] // 2
    return torch.cat([outputs[-1, :half], outputs[0, half:]]) if model.backbone.bidirectional else outputs[-1]


def embedded(model: SequenceModel, data: Any, pooling: EmbedPooling) -> tuple[list[str], Any]:
    return gather_embeddings(embed_records(model, data, pooling), pooling)


def close(one: Any, other: Any) -> None:
    assert np.shape(one) == np.shape(other)
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_an_embedding_is_what_the_model_gives_for_the_record_alone(name: str, request: pytest.FixtureRequest) -> None:
    model, data = case(name, request)
    store = data.store("predict")
    expected = [by_hand(model, store.sequence(n)) for n in range(len(store))]
    origins, every = embedded(model, data, "every")
    assert origins == store.origins() == embedded(model, data, "last")[0]
    assert [len(values) for values in every] == store.lengths.tolist()
    for ours, theirs in zip(every, expected, strict=True):
        assert ours.dtype == np.float32
        close(ours, theirs)
    close(embedded(model, data, "mean")[1], torch.stack([o.mean(0) for o in expected]))
    close(embedded(model, data, "last")[1], torch.stack([last(model, o) for o in expected]))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("pooling", ["last", "mean", "every"])
def test_neither_batches_nor_blocks_nor_chunks_change_an_embedding(
    name: str, pooling: EmbedPooling, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    origins, expected = embedded(*case(name, request), pooling)
    expected = np.concatenate(expected) if pooling == "every" else expected
    for batch_size, together, numbers, records in ((1, 4, 1 << 24, 1024), (5, 3, 200, 1024), (3, 1024, 1 << 24, 7)):
        monkeypatch.setattr(embed, "_READ_TOGETHER", together)
        monkeypatch.setattr(embed, "_MOST_NUMBERS", numbers)
        monkeypatch.setattr(embed, "_MOST_RECORDS", records)
        names, made = embedded(*case(name, request, batch_size=batch_size), pooling)
        assert names == origins
        close(np.concatenate(made) if pooling == "every" else made, expected)


def test_the_last_of_both_directions_is_the_one_that_classify_pools(melody: Domain) -> None:
    model, data = build(melody, "classify", bidirectional=True)
    store = data.store("predict")
    outputs = by_hand(model, store.sequence(4))
    assert isinstance(model.task, Classify)
    pooled = model.task.pool(outputs[None], torch.tensor([len(outputs)]))
    close(embedded(model, data, "last")[1][4], pooled[0].detach())


def test_a_long_stream_comes_in_pieces(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long.txt").write_text("up:" + "abcd" * 500)
    model, data = build(melody, "next_step", path=str(tmp_path / "long.txt"), test_fraction=0.2)
    monkeypatch.setattr(embed, "_READ_TOGETHER", 300)
    pieces = list(embed_records(model, data, "every"))
    assert [piece.begin for piece in pieces] == [0, 300, 600, 900, 1200, 1500, 1800]
    close(np.concatenate([p.values for p in pieces]), by_hand(model, data.store("predict").sequence(0)))


class Pairs(Encoder):
    """One feature for two steps."""

    pointwise = False

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.d_model, self.map = d_model, nn.Embedding(8, d_model)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return self.map(x)[:, ::2], (lengths + 1) // 2


def test_an_encoder_that_shortens_time_leaves_fewer_rows(melody: Domain) -> None:
    domain = Domain("melody", melody.datamodule, lambda spec, d_model, task: Pairs(d_model), tasks=("classify",))
    model, data = build(domain, "classify")
    store = data.store("predict")
    _, every = embedded(model, data, "every")
    assert [len(values) for values in every] == [(n + 1) // 2 for n in store.lengths.tolist()]
    close(embedded(model, data, "mean")[1][3], by_hand(model, store.sequence(3)).mean(0))


def test_a_split_is_embedded_alone(melody: Domain) -> None:
    model, data = build(melody, "classify")
    origins, values = gather_embeddings(embed_records(model, data, "mean", "test"), "mean")
    assert origins == data.store("test").origins() and np.shape(values) == (len(origins), 7)


def test_an_empty_split_is_refused(melody: Domain) -> None:
    model, data = build(melody, "classify", test_fraction=0.0)
    with pytest.raises(DataError, match="the test split is empty"):
        list(embed_records(model, data, "mean", "test"))


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_pooling_in_chunks_is_pooling_at_once(pooling: Pooling) -> None:
    torch.manual_seed(1)
    outputs, lengths = torch.randn(3, 11, 5, dtype=torch.float64), torch.tensor([11, 4, 7])
    spec = seqkit.Discrete(4)
    task = Classify(5, spec, build_output(spec, "student_t"), pooling).double()
    expected = task.pool(outputs, lengths)
    for sizes in ([11], [1] * 11, [4, 3, 4], [5, 6]):
        pool = RunningPool(pooling, 3, 5, task.attention)
        begin = 0
        for size in sizes:
            # The rows that go on come first, as a reader of many rows has them.
            part, counts = outputs[:, begin : begin + size].clone(), (lengths - begin).clamp(0, size)
            part[~seqkit.valid_mask(counts, size)] = torch.inf
            pool.add(part, counts)
            begin += size
        close(pool.value.detach(), expected.detach())


def pieces(counts: list[int], size: int = 3) -> list[Embedding]:
    rng = np.random.default_rng(0)
    return [Embedding(f"a:{n}", 0, rng.normal(size=(count, size)).astype(np.float32)) for n, count in enumerate(counts)]


def test_parquet_has_lists_of_fixed_size_in_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_files, "_ROW_GROUP_NUMBERS", 12)
    made = [*pieces([2, 1, 4]), Embedding("a:2", 4, np.ones((3, 3), np.float32))]
    assert write_embeddings(made, tmp_path / "e.parquet", 3, every=True) == (3, 10)
    table = pq.read_table(tmp_path / "e.parquet")
    assert pq.ParquetFile(tmp_path / "e.parquet").num_row_groups == 2
    assert table.schema.field("embedding").type == pa.list_(pa.float32(), 3)
    assert table["origin"].to_pylist() == ["a:0"] * 2 + ["a:1"] + ["a:2"] * 7
    assert table["step"].to_pylist() == [0, 1, 0, 0, 1, 2, 3, 4, 5, 6]
    assert np.array_equal(np.array(table["embedding"].to_pylist()), np.concatenate([e.values for e in made]))


def test_parquet_of_whole_records_has_no_steps(tmp_path: Path) -> None:
    made = pieces([1, 1])
    assert write_embeddings(made, tmp_path / "e.parquet", 3, every=False) == (2, 2)
    assert pq.read_table(tmp_path / "e.parquet").column_names == ["origin", "embedding"]


def test_npz_has_arrays_that_numpy_reads_without_pickle(tmp_path: Path) -> None:
    made = [*pieces([2, 1]), Embedding("a:1", 1, np.ones((3, 3), np.float32))]
    assert write_embeddings(made, tmp_path / "e.npz", 3, every=True) == (2, 6)
    with np.load(tmp_path / "e.npz", allow_pickle=False) as file:
        assert file["origins"].tolist() == ["a:0", "a:1"] and file["offsets"].tolist() == [0, 2, 6]
        assert file["embeddings"].dtype == np.float32
        assert np.array_equal(file["embeddings"], np.concatenate([e.values for e in made]))
    write_embeddings(pieces([1, 1]), tmp_path / "e.npz", 3, every=False)
    with np.load(tmp_path / "e.npz", allow_pickle=False) as file:
        assert sorted(file) == ["embeddings", "origins"]


def test_what_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    def broken() -> Any:
        yield from pieces([1])
        raise DataError("no more")

    (tmp_path / "e.npz").write_text("old")
    for name in ("e.npz", "e.parquet"):
        with pytest.raises(DataError, match="no more"):
            write_embeddings(broken(), tmp_path / name, 3, every=False)
    assert [file.name for file in tmp_path.iterdir()] == ["e.npz"] and (tmp_path / "e.npz").read_text() == "old"
    with pytest.raises(ConfigError, match=r"cannot write \.csv"):
        write_embeddings(pieces([1]), tmp_path / "e.csv", 3, every=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> seqkit.Run:
    folder = tmp_path_factory.mktemp("embed")
    (folder / "corpus.txt").write_text("one two three four\n" * 200)
    options: dict[str, Any] = {"hidden_size": 6, "window": 16, "max_steps": 2, "accelerator": "cpu"}
    return seqkit.fit("text", path=folder / "corpus.txt", run=folder / "run", quiet=True, **options)


def test_the_verb_writes_what_python_gives(run: seqkit.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "new.txt").write_text("two one\n\nthree\n")
    words = [str(run.path), "--data.path", str(tmp_path / "new.txt"), "--data.documents", "lines"]
    assert main(["embed", *words]) == 0
    assert capsys.readouterr().out.startswith("2 records · mean · 6 numbers each · ")
    table = pq.read_table(run.path / "embeddings.parquet")
    origins, values = run.embed(tmp_path / "new.txt", documents="lines")
    assert table["origin"].to_pylist() == origins == ["new.txt:1", "new.txt:3"]
    close(table["embedding"].to_pylist(), values)
    assert main(["embed", *words, "--pooling", "every", "--out", str(tmp_path / "e.npz")]) == 0
    assert "2 records · 14 steps · every" in capsys.readouterr().out
    _, every = run.embed(tmp_path / "new.txt", pooling="every", documents="lines")
    with np.load(tmp_path / "e.npz") as file:
        close(file["embeddings"], np.concatenate(every))
        assert file["offsets"].tolist() == [0, 8, 14]


def test_wrong_options_are_refused_before_the_work(
    run: seqkit.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["embed", str(run.path), "--pooling", "max"]) == 2
    assert "'max' is none of last, mean, every" in capsys.readouterr().err
    assert main(["embed", str(run.path), "--out", str(tmp_path / "e.csv")]) == 2
    assert "use .parquet or .npz" in capsys.readouterr().err
    assert json.loads((run.path / "result.json").read_text())["task"] == "next_step"


def test_a_forecaster_is_asked_about_the_window_before_the_first_step_to_come(series: Domain) -> None:
    class Pairs(series.datamodule):  # type: ignore[misc,name-defined]
        """Two features, the second of which is the first upside down and shifted."""

        look_back = 9

        def __init__(self, path: seqkit.PathOption = None, task: str = "forecast", **options: Any) -> None:
            super().__init__(path=path, task=task, **options)
            self.codec = self.target_codec = seqkit.StandardCodec(standardise=False)

        def read(self, path: seqkit.PathOption) -> Any:
            for record in super().read(path):
                yield seqkit.Record(np.stack([record.sequence, 3 - record.sequence], 1), origin=record.origin)

    model, data = build(Domain("pairs", Pairs, tasks=("forecast",)), "forecast")
    sequence = data.store("predict").sequence(5)[-9:].double()
    assert model.window is not None and model.window.independent
    window = sequence - sequence[-1:] if model.window.centre == "last" else sequence
    if not model.window.rescale:
        channels = [by_hand(model, window[:, f : f + 1]) for f in range(2)]
        close(embedded(model, data, "every")[1][5], (channels[0] + channels[1]) / 2)
    every, mean = embedded(model, data, "every")[1], embedded(model, data, "mean")[1]
    assert every[5].shape == (9, 7)
    close(mean[5], every[5].mean(0))
