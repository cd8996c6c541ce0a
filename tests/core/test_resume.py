"""An unfinished run goes on by the same command, bit for bit as if nothing had ended it."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboardX.proto import event_pb2  # type: ignore[import-untyped]

from seqkit import Domain, SequenceModel
from seqkit.data.loader import BatchLoader
from seqkit.training.archive import read_checkpoint
from seqkit.training.last_validation import LastValidation
from seqkit.training.resume_points import ResumePoints
from tests.core.child_processes import KILLED, in_child
from tests.core.resuming import differences, trained

STREAMS: dict[str, Any] = {"task": "next_step", "batch_size": 8, "window": 2}
RECORDS: dict[str, Any] = {"task": "classify", "batch_size": 4}


@pytest.fixture(scope="module")
def whole(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Uninterrupted runs, each trained once."""
    runs: dict[str, Path] = {}

    def run(**options: Any) -> Path:
        key = repr(sorted(options.items()))
        if key not in runs:
            runs[key] = tmp_path_factory.mktemp("whole") / "run"
            assert trained(melody, runs[key], **options)
        return runs[key]

    return run


@pytest.mark.parametrize(
    ("options", "places"),
    [
        pytest.param(STREAMS, [("training", 1)], id="first batch"),
        pytest.param(STREAMS, [("training", 5), ("training", 2)], id="carried state, twice"),
        pytest.param(STREAMS, [("validation", 2)], id="inside the validation at an epoch's end"),
        pytest.param(STREAMS, [("validation", 4)], id="between two epochs, carried state"),
        pytest.param(RECORDS, [("training", 7)], id="records"),
        pytest.param(RECORDS, [("validation", 2), ("validation", 2)], id="between two epochs, twice"),
        pytest.param(RECORDS | {"val_check_interval": 3}, [("training", 3)], id="validation due"),
        pytest.param(RECORDS | {"val_check_interval": 3}, [("validation", 1)], id="inside a validation"),
        pytest.param(RECORDS | {"accumulate_grad_batches": 3}, [("training", 4)], id="gradients accumulated"),
        pytest.param(RECORDS | {"accumulate_grad_batches": 3}, [("training", 3)], id="after accumulating"),
        pytest.param(RECORDS | {"limit_train_batches": 4}, [("training", 4)], id="last batch of an epoch"),
        pytest.param(RECORDS | {"max_steps": 9}, [("training", 9)], id="last step"),
        pytest.param(RECORDS | {"max_steps": 9, "max_epochs": -1}, [("validation", 99)], id="never"),
        pytest.param(RECORDS | {"patience": 1, "learning_rate": 9.0}, [("training", 20)], id="early stopping"),
        pytest.param(STREAMS | {"num_workers": 2, "weight_drop": 0.3}, [("training", 6)], id="threads"),
    ],
)
def test_it_ends_as_if_it_had_never_been_interrupted(
    options: dict[str, Any], places: list[tuple[str, int]], whole: Any, melody: Domain, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    ended = [trained(melody, run, at, **options) for at in places]
    assert ended == [place == ("validation", 99) for place in places]
    assert ended[-1] or trained(melody, run, **options)
    assert differences(run, whole(**options)) == []
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]


def _off(patch: pytest.MonkeyPatch, what: str) -> None:
    """Switch a part of the mechanism off."""
    if what == "step randomness":
        patch.setattr("seqkit.model.seed_step", lambda *numbers: None)
    elif what == "loader state":
        patch.setattr(BatchLoader, "load_state_dict", lambda self, state: None)
    elif what == "carried state":
        patch.setattr(SequenceModel, "restore_moving_state", lambda self, moving: None)
    elif what == "extra draws in validation":
        own = SequenceModel.validation_step

        def step(self: SequenceModel, batch: Any, batch_idx: int) -> Any:
            torch.rand(3)
            return own(self, batch, batch_idx)

        patch.setattr(SequenceModel, "validation_step", step)


@pytest.mark.parametrize(
    ("what", "harms"),
    [("step randomness", True), ("loader state", True), ("carried state", True), ("extra draws in validation", False)],
)
def test_each_part_of_the_mechanism_is_needed_and_no_other(
    what: str, harms: bool, whole: Any, melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    _off(monkeypatch, what)
    assert not trained(melody, run, ("training", 26), **STREAMS)  # in the second epoch, after a validation
    assert trained(melody, run, **STREAMS)
    assert bool(differences(run, whole(**STREAMS))) == harms


def test_tensorboard_forgets_what_is_written_again(melody: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 7), **RECORDS)
    assert trained(melody, run, **RECORDS)
    begun = []
    for path in sorted((run / "tensorboard").glob("events*"), key=lambda path: path.stat().st_mtime_ns):
        data, at = path.read_bytes(), 0
        while at < len(data):  # a record: its length, a checksum, an event, a checksum
            length = int.from_bytes(data[at : at + 8], "little")
            event = event_pb2.Event.FromString(data[at + 12 : at + 12 + length])
            begun += [event.step] if event.HasField("session_log") else []
            at += length + 16
    assert begun == [7]


def test_a_kill_between_the_last_epoch_and_the_last_validation_loses_neither(
    whole: Any, melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = RECORDS | {"limit_train_batches": 4, "val_check_interval": 3}  # the fourth batch is validated at the end
    run = tmp_path / "run"

    def killed() -> None:
        monkeypatch.setattr(ResumePoints, "is_due", property(lambda points: True))
        monkeypatch.setattr(LastValidation, "on_train_end", lambda *given: os._exit(KILLED))
        trained(melody, run, **options)

    assert in_child(killed) == KILLED
    assert read_checkpoint(run / "checkpoints" / "resume.ckpt")["global_step"] == 12
    assert trained(melody, run, **options)
    assert differences(run, whole(**options)) == []
