"""Streams: what is said of each step does not depend on how the bytes arrive, and is what reading them whole gives."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

import numpy as np
import pytest
import torch
from torch import Tensor

import seqkit
from seqkit import Codec, ConfigError, Continuous, DataError, Domain, Encoder, ModelOptions, Record, TagCodec
from seqkit.build import build_model
from seqkit.cli.main import main
from seqkit.cli.stream import Arrivals, json_lines, summary, table
from seqkit.inference import stream
from seqkit.inference.stream import read_stream
from seqkit.inference.values import Values

LINES = b"abcdefgh\nhgfe\na\nbadbadbadbadbadbadbadbadbad\n"
MELODIES = LINES.decode().split()


def letters(blocks: Iterator[bytes]) -> Iterator[Record]:
    """A record a line, its letters as they come."""
    number, inside = 1, False
    for block in blocks:
        for character in block.decode():
            if character == "\n":
                number, inside = number + 1, False
            else:
                yield Record(character, origin=f"stdin:{number}", continues=inside)
                inside = True


def numbers(blocks: Iterator[bytes]) -> Iterator[Record]:
    """One record of float64 values, eight bytes each; a block holds whole ones."""
    for number, block in enumerate(blocks):
        yield Record(np.frombuffer(block), origin="stdin", continues=number > 0)


@pytest.fixture
def melodies(melody: Domain) -> Domain:
    class StreamedData(melody.datamodule):  # type: ignore[misc,name-defined]
        """Melodies that may come through a pipe; tags say whether a note is high."""

        def __init__(self, path: seqkit.PathOption = None, task: str = "next_step", **options: Any) -> None:
            super().__init__(path=path, task=task, **options)
            if task == "tag":
                self.target_codec = TagCodec()

        def read(self, path: seqkit.PathOption) -> Iterator[Record]:
            for record in super().read(path):
                tags = ["high" if note > "d" else "low" for note in record.sequence]
                yield Record(record.sequence, tags if self.task == "tag" else record.target, record.origin)

        def parts(self, blocks: Iterator[bytes]) -> Iterator[Record]:
            return letters(blocks)

    return Domain("melodies", StreamedData, tasks=("next_step", "classify", "tag"))


@pytest.fixture
def measurements(series: Domain) -> Domain:
    class StreamedData(series.datamodule):  # type: ignore[misc,name-defined]
        """Numbers that may come through a pipe."""

        def parts(self, blocks: Iterator[bytes]) -> Iterator[Record]:
            return numbers(blocks)

    return Domain("measurements", StreamedData, tasks=("next_step", "classify"))


def build(domain: Domain, task: str = "next_step", **options: Any) -> tuple[Any, Any]:
    torch.manual_seed(0)
    data = domain.datamodule(task=task)
    data.setup("fit")
    model = build_model(domain, data, ModelOptions(**({"hidden_size": 7, "num_layers": 2} | options)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.6)
    return model.double().eval(), data


def read(model: Any, data: Any, content: bytes, size: int = 1 << 16, chunk: int = 256) -> dict[str, list[Any]]:
    """All lines by column."""
    blocks = (content[begin : begin + size] for begin in range(0, len(content), size))
    columns: dict[str, list[Any]] = {}
    for part in read_stream(model, data, blocks, chunk):
        assert len({len(column) for column in part.columns.values()}) == 1
        for name, column in part.columns.items():
            columns.setdefault(name, []).extend(column)
    return columns


def same(ours: list[Any], theirs: list[Any]) -> None:
    assert [value is None for value in ours] == [value is None for value in theirs]
    known = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None]
    np.testing.assert_allclose([a for a, _ in known], [b for _, b in known], rtol=1e-9, atol=1e-9)


@torch.no_grad()
def at_once(model: Any, steps: Tensor) -> Any:
    """The head's outputs for one whole record, and their scale."""
    outputs, lengths, scale, _ = model(steps[None], torch.tensor([len(steps)]))
    return model.task(outputs, lengths), scale


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("chunk", [1, 3, 256])
def test_surprisal_is_that_of_the_whole_record_at_once(melodies: Domain, cell: str, chunk: int) -> None:
    model, data = build(melodies, cell=cell)
    columns = read(model, data, LINES, chunk=chunk)
    expected: list[float | None] = []
    for notes in MELODIES:
        raw, _ = at_once(model, data.codec.encode(notes))
        shares = raw[0].log_softmax(-1)
        ids = data.codec.encode(notes).tolist()
        expected += [None] + [-float(shares[t, ids[t + 1]]) for t in range(len(ids) - 1)]
    assert columns["record"] == [f"stdin:{n}" for n, notes in enumerate(MELODIES, 1) for _ in notes]
    assert columns["step"] == [t for notes in MELODIES for t in range(len(notes))]
    assert columns["value"] == list("".join(MELODIES))
    same(columns["nll_nats"], expected)


@pytest.mark.parametrize(("size", "chunk"), [(8, 256), (24, 2), (160, 7), (1 << 16, 256), (1 << 16, 1)])
def test_numbers_are_foretold_as_from_the_whole_series(measurements: Domain, size: int, chunk: int) -> None:
    model, data = build(measurements)
    values = 300 + np.cumsum(np.random.default_rng(0).normal(size=40))
    values[[5, 6, 39]] = np.nan
    columns = read(model, data, values.tobytes(), size, chunk)
    steps = data.codec.encode(values).double()
    raw, scale = at_once(model, steps)
    before = type(scale)(scale.mean[:, :-1], scale.deviation[:, :-1])
    nll, scored = model.task.output.nll(raw[:, :-1], steps[None, 1:], before)
    expected = [float(n) if known else None for n, known in zip(nll[0, :, 0], scored[0, :, 0], strict=True)]
    same(columns["nll_nats"], [None, *expected])
    same(columns["next"], model.task.output.mean(raw, scale)[0, :, 0].tolist())
    np.testing.assert_allclose(np.array(columns["value"], float), values.astype(np.float32), rtol=1e-6)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_the_last_answer_is_that_for_the_whole_record(melodies: Domain, pooling: str) -> None:
    model, data = build(melodies, "classify", pooling=pooling)
    for chunk in (1, 4, 256):
        columns = read(model, data, LINES, chunk=chunk)
        ends = [n for n, step in enumerate(columns["step"]) if [*columns["step"], 0][n + 1] == 0]
        shares = [at_once(model, data.codec.encode(notes))[0][0].softmax(-1) for notes in MELODIES]
        assert [columns["prediction"][n] for n in ends] == [data.target_codec.decode(s.argmax()) for s in shares]
        same([columns["probability"][n] for n in ends], [float(s.max()) for s in shares])


def test_the_answer_so_far_is_that_for_what_was_read(melodies: Domain) -> None:
    model, data = build(melodies, "classify", pooling="mean")
    columns = read(model, data, b"badbad")
    shares = [at_once(model, data.codec.encode("badbad"[:end]))[0][0].softmax(-1) for end in range(1, 7)]
    assert columns["step"] == [0, 1, 2, 3, 4, 5]
    same(columns["probability"], [float(s.max()) for s in shares])


def test_a_value_for_a_record_is_told_while_it_is_read(measurements: Domain) -> None:
    model, data = build(measurements, "classify")
    values = np.random.default_rng(0).normal(4, 1, 30)
    raw, _ = at_once(model, data.codec.encode(values).double())
    expected = data.target_codec.decode(model.task.output.mean(raw)).reshape(-1)
    same(read(model, data, values.tobytes(), 80)["prediction"][-1:], expected.tolist())


@pytest.mark.parametrize("chunk", [1, 256])
def test_each_step_has_its_tag(melodies: Domain, chunk: int) -> None:
    model, data = build(melodies, "tag")
    columns = read(model, data, LINES, chunk=chunk)
    shares = torch.cat([at_once(model, data.codec.encode(notes))[0][0] for notes in MELODIES]).softmax(-1)
    assert columns["prediction"] == data.target_codec.decode(shares.argmax(-1))
    same(columns["probability"], shares.max(-1).values.tolist())
    assert columns["value"] == list("".join(MELODIES))


def test_no_chunk_is_longer_than_asked_or_than_memory_allows(
    measurements: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = build(measurements)
    content = np.arange(20.0).tobytes()
    assert [part.num_steps for part in read_stream(model, data, [content], 8)] == [8, 8, 4]
    monkeypatch.setattr(stream, "_MOST_OUTPUTS", 3 * model.task.head.out_features)
    assert [part.num_steps for part in read_stream(model, data, [content], 8)] == [3] * 6 + [2]


def test_what_has_arrived_is_answered_before_more_is_asked_for(melodies: Domain) -> None:
    model, data = build(melodies)
    asked: list[int] = []

    def arriving() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield b"ab"

    chunks = read_stream(model, data, arriving())
    assert [part.columns["value"] for part in itertools.islice(chunks, 2)] == [["a"], ["b"]] and asked == [0]


def test_files_are_read_as_blocks_are(melodies: Domain, tmp_path: Path) -> None:
    model, data = build(melodies)
    (tmp_path / "m").write_bytes(LINES)
    expected = [part.columns for part in read_stream(model, data, [LINES])]
    with (tmp_path / "m").open("rb") as buffered, (tmp_path / "m").open("rb", buffering=0) as raw:
        for file in (buffered, raw, io.BytesIO(LINES)):
            assert [part.columns for part in read_stream(model, data, file)] == expected


class Neighbours(Encoder):
    """Says that it looks around."""

    pointwise = False

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.d_model = d_model

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return x[..., None].repeat(1, 1, self.d_model), lengths


def test_what_cannot_be_answered_while_reading_is_refused(melody: Domain, melodies: Domain) -> None:
    with pytest.raises(ConfigError, match="MelodyData does not say how bytes become records"):
        read(*build(melody), LINES)
    with pytest.raises(ConfigError, match="from its end, too"):
        read(*build(melodies, "classify", bidirectional=True), LINES)
    looking = Domain("looking", melodies.datamodule, lambda spec, d, task: Neighbours(d), tasks=("classify",))
    with pytest.raises(ConfigError, match="Neighbours looks at later steps"):
        read(*build(looking, "classify"), LINES)
    model, data = build(melodies)
    with pytest.raises(ConfigError, match="chunk is 0"):
        read(model, data, LINES, chunk=0)
    with pytest.raises(DataError, match="character 'z' at position 0") as caught:
        read(model, data, b"abz")
    assert caught.value.at == "stdin:1, after step 2"


def test_two_readings_of_a_record_are_refused(melodies: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melodies, "classify")
    monkeypatch.setattr(type(model.codec), "mirror", lambda self, steps, lengths: steps.flip(1))
    with pytest.raises(ConfigError, match="two readings"):
        read(model, data, LINES)


def test_a_table_keeps_a_line_a_step_whatever_the_value() -> None:
    columns: dict[str, list[Any]] = {
        "step": [0, 1, 2],
        "value": ["\t", "\n", "\\"],
        "nll_nats": [None, 0.123456789123, 2.0],
    }
    assert table(columns, header=True) == ("step\tvalue\tnll_nats\n0\t\\t\t\n1\t\\n\t0.12345679\n2\t\\\\\t2\n")
    assert table({"value": [[1.5, None]]}, header=False) == "1.5,\n"
    assert [json.loads(line) for line in json_lines(columns).splitlines()][1]["value"] == "\n"


def test_the_summary_tells_how_much_faster_than_real_time() -> None:
    assert summary(4000, 0.25, 8000) == "4,000 steps · 0.25 s of work · 16,000 steps/s · 2.00 times real time"
    assert summary(5, 1.0, None).endswith("5 steps/s")


def test_waiting_is_no_work() -> None:
    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            return super().read1(3)

    source = Arrivals(Slow(b"abcdefg"))
    assert list(source) == [b"abc", b"def", b"g"] and source.waited_s > 0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> seqkit.Run:
    folder = tmp_path_factory.mktemp("stream")
    (folder / "corpus.txt").write_text("um dois três quatro\n" * 200)
    options: dict[str, Any] = {"hidden_size": 6, "window": 16, "max_steps": 2, "accelerator": "cpu"}
    return seqkit.fit("text", path=folder / "corpus.txt", run=folder / "run", quiet=True, **options)


def command(run: seqkit.Run, *words: str) -> list[str]:
    return [sys.executable, "-m", "seqkit", "stream", str(run.path), *words]


def test_the_verb_prints_what_python_gives(run: seqkit.Run) -> None:
    content = "três\ndois".encode()
    done = subprocess.run(command(run, "--chunk", "4"), input=content, capture_output=True, check=False)
    header, *lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and header == "record\tstep\tvalue\tnll_nats"
    assert "9 steps · " in done.stderr.decode() and "Traceback" not in done.stderr.decode()
    cells = [line.split("\t") for line in lines]
    rows = list(run.stream([content]))
    assert [row["value"] for row in rows] == list("três\ndois")
    assert [c[2] for c in cells] == ["t", "r", "ê", "s", "\\n", "d", "o", "i", "s"]
    same([float(c[3]) for c in cells[1:]], [float(f"{row['nll_nats']:.8g}") for row in rows[1:]])


def test_lines_come_before_the_pipe_is_closed_and_an_early_reader_may_go(run: seqkit.Run) -> None:
    with subprocess.Popen(
        command(run, "--json"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.write(b"um")
        process.stdin.flush()
        first = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [row["value"] for row in first] == ["u", "m"] and first[0]["nll_nats"] is None
        process.stdout.close()
        process.stdin.write(b" dois" * 20000)
        process.stdin.close()
        message = process.stderr.read().decode()
    assert process.returncode == 0 and "Traceback" not in message and "Exception" not in message
    assert "steps/s" in message


class Interrupted:
    """A terminal at which a signal comes after two letters."""

    def __init__(self, number: int) -> None:
        self.buffer, self.blocks, self.number = self, [b"um"], number

    def isatty(self) -> bool:
        return True

    def read1(self, size: int) -> bytes:
        if not self.blocks:
            os.kill(os.getpid(), self.number)
        return self.blocks.pop()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_the_summary(
    number: int, code: int, run: seqkit.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Interrupted(number))
    assert main(["stream", str(run.path)]) == code
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 3 and "2 steps · " in shown.err and "Ctrl+D ends it" in shown.err


class FarTensor(torch.Tensor):
    """A tensor as one on an accelerator: NumPy cannot read it before it has come to the CPU."""

    def cpu(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        return self.as_subclass(torch.Tensor)

    def numpy(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("not on the CPU")


@final
class PlainCodec(Codec):
    """Numbers as they are, by NumPy alone."""

    spec = Continuous(2)

    def encode(self, value: Any) -> torch.Tensor:
        return torch.as_tensor(value)

    def decode(self, steps: torch.Tensor) -> Any:
        return steps.numpy()


def test_codecs_are_given_steps_on_the_cpu() -> None:
    steps = torch.tensor([[1.0, float("nan")], [2.5, -3.0]]).as_subclass(FarTensor)
    assert Values(PlainCodec())(steps) == [[1.0, None], [2.5, -3.0]]
