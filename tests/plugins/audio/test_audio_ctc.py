"""Transcripts out of sound: decoding against every alignment, the encoder's strides, and a whole run."""

import csv
import itertools
import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import seqkit
from seqkit import DataError, ModelOptions
from seqkit.build import build_model
from seqkit.cli.main import main
from seqkit.data.loader import collate
from seqkit.tasks.ctc import Transcript
from seqkit_audio import DOMAIN
from seqkit_audio.data import AudioData
from seqkit_audio.demo import demo_clips


def collapsed(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    """The transcript of an alignment: repeats merged, then blanks dropped (Graves et al. 2006, section 3.1)."""
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != blank)


def by_alignments(logs: torch.Tensor) -> dict[tuple[int, ...], float]:
    """The probability of each transcript, summed over all (K + 1)^T alignments of one record, (T, K + 1)."""
    shares: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(logs.shape[1]), repeat=len(logs)):
        shares[collapsed(path, logs.shape[1] - 1)] += math.exp(
            sum(float(log[k]) for log, k in zip(logs, path, strict=True))
        )
    return shares


@pytest.mark.parametrize(("num_steps", "num_classes", "seed"), [(1, 2, 0), (4, 2, 1), (5, 2, 2), (4, 3, 3), (6, 2, 4)])
def test_a_wide_beam_finds_the_likeliest_of_all_transcripts(num_steps: int, num_classes: int, seed: int) -> None:
    raw = 2 * torch.randn(num_steps, num_classes + 1, generator=torch.Generator().manual_seed(seed))
    shares = by_alignments(raw.log_softmax(-1))
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-5)
    output = Transcript(num_classes, beam_size=200)
    best = output.mean(raw[None])
    assert tuple(best[0].tolist()) == max(shares, key=lambda transcript: shares[transcript])
    for transcript, share in shares.items():
        nll, _ = output.nll(raw[None].double(), torch.tensor([transcript], dtype=torch.int64))
        assert float(nll[0].neg().exp()) == pytest.approx(share, rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_the_greedy_transcript_is_that_of_the_likeliest_alignment(seed: int) -> None:
    raw = torch.randn(5, 3, generator=torch.Generator().manual_seed(seed))
    paths = itertools.product(range(3), repeat=5)
    likeliest = max(paths, key=lambda path: sum(float(step[k]) for step, k in zip(raw, path, strict=True)))
    assert tuple(Transcript(2).mean(raw[None])[0].tolist()) == collapsed(likeliest, 2)


def test_a_beam_hears_what_the_best_path_does_not() -> None:
    # Each step says blank with 0.6, so the best path is empty: 0.36. Alignments of "a": 0.4 * 0.4 + 2 * 0.24 = 0.64.
    raw = torch.tensor([[0.4, 0.6], [0.4, 0.6]]).log()[None]
    assert Transcript(1).mean(raw).tolist() == [[]]
    assert Transcript(1, beam_size=2).mean(raw).tolist() == [[0]]


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_the_encoder_leaves_a_step_for_so_many_frames(frames: int) -> None:
    data = AudioData(task="ctc")
    data.setup("fit")
    model = build_model(DOMAIN, data, ModelOptions(hidden_size=8, bidirectional=True), {"stride": frames}).eval()
    batch = collate(data.store("valid"), torch.arange(3).numpy())
    raw, _, _ = model.answer(batch)
    # Frames of 25 ms each 10 ms at 8 kHz: 1 + ceil((T - 200) / 80), then one step for so many.
    frame_counts = [1 + math.ceil((int(length) - 200) / 80) for length in batch.lengths]
    ended = raw[..., 0] < -1000
    assert (~ended).sum(1).tolist() == [math.ceil(count / frames) for count in frame_counts]
    assert bool((raw.argmax(-1)[ended] == raw.shape[-1] - 1).all())


def test_a_transcript_that_does_not_fit_is_refused(write_sound: Callable[..., Path], tmp_path: Path) -> None:
    for number in range(4):
        write_sound(f"set/{number}.wav", duration_s=0.1)
        (tmp_path / "set" / f"{number}.txt").write_text("aabbccddee")
    message = r"(?s)transcript of 10 symbols needs 15 steps, the encoder leaves 5.*at: set:\d\.wav"
    with pytest.raises(DataError, match=message):
        seqkit.fit(
            "audio", task="ctc", path=str(tmp_path / "set"), run=str(tmp_path / "run"), quiet=True, accelerator="cpu",
            valid_path=str(tmp_path / "set"), valid_fraction=0.0, test_fraction=0.0, hidden_size=8,
        )  # fmt: skip


@pytest.mark.filterwarnings("ignore:Experiment logs directory")
def test_a_run_on_the_demo_data_writes_down_what_it_hears(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = seqkit.fit(
        "audio", task="ctc", join="1-2", hidden_size=48, max_epochs=10, learning_rate=8e-3, model_dropout=0.0,
        run=str(tmp_path / "run"), quiet=True, accelerator="cpu",
    )  # fmt: skip
    figures = run.test()
    assert figures["symbol_error_rate"] < 0.3 and figures["exact_match"] > 0.5
    assert "word_error_rate" not in figures
    out = tmp_path / "out.csv"
    assert main(["predict", str(run.path), "--split", "test", "--beam", "4", "--out", str(out)]) == 0
    assert "least certain" in capsys.readouterr().out
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = {str(record.target) for record in demo_clips()}
    truth = {record.origin: record.target for record in AudioData(task="ctc", join="1-2").records("test")}
    right = [row["prediction"] == " ".join(truth[row["origin"]]) for row in rows]
    assert len(rows) == len(truth) and sum(right) > 0.5 * len(rows)
    assert {word for row in rows for word in row["prediction"].split()} <= kinds
    assert all(0 < float(row["probability"]) <= 1 for row in rows)
    assert main(["test", str(run.path), "--beam", "0"]) == 2
    assert "beam is 0" in capsys.readouterr().err
