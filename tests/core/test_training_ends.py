"""How a training ends: figures of all its sessions, signals, full disks, divergence."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from seqkit import ConfigError, DependencyError, DivergedError, Domain
from seqkit.cli.main import main
from seqkit.errors import InterruptedRun
from seqkit.flat_options import settings_from
from seqkit.training.archive import read_checkpoint
from seqkit.training.checkpoint_io import SafeCheckpointIO
from seqkit.training.fitting import fit
from seqkit.training.resume_points import ResumePoints
from tests.core.resuming import RECORDS, SMALL, signalled, trained
from tests.core.small_training import Poison


def test_the_seconds_of_a_run_are_those_of_all_its_sessions(melody: Domain, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert not trained(melody, run, ("training", 2), **RECORDS)
    point = read_checkpoint(run / "checkpoints" / "resume.ckpt")
    assert 0 < point["resume"]["seconds"] < 60
    point["resume"]["seconds"] = 1000.0
    SafeCheckpointIO().save_checkpoint(point, run / "checkpoints" / "resume.ckpt")
    assert trained(melody, run, **RECORDS)
    result = json.loads((run / "result.json").read_text())
    assert 1000 < result["seconds"] < 1060 and result["steps_per_second"] > 1


def test_a_signal_after_the_last_point_ends_the_run_before_its_figures(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ResumePoints.on_train_end

    def end(self: ResumePoints, *given: Any) -> None:
        own(self, *given)
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(ResumePoints, "on_train_end", end)
        assert not trained(melody, tmp_path / "run", **RECORDS)
    assert not (tmp_path / "run" / "result.json").exists()
    assert trained(melody, tmp_path / "run", **RECORDS)


def test_a_full_disk_at_a_point_ends_training_and_leaves_both_points(
    melody: Domain, unfinished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not trained(melody, unfinished, ("training", 2), **RECORDS)
    before = {path.name: path.read_bytes() for path in (unfinished / "checkpoints").iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr("seqkit.training.durable._free", lambda path: 7 if "resume" in path.name else 1 << 40)
        patch.setattr(ResumePoints, "is_due", True)
        with pytest.raises(DependencyError, match=r"no space to write resume.ckpt: .* 7 bytes are free") as caught:
            trained(melody, unfinished, **RECORDS)
    assert caught.value.exit_code == 3 and sorted(before) == ["resume.ckpt", "resume.previous.ckpt"]
    assert before == {path.name: path.read_bytes() for path in (unfinished / "checkpoints").iterdir()}
    assert trained(melody, unfinished, **RECORDS)


def test_a_divergence_names_the_best_weights_before_it(melody: Domain, tmp_path: Path) -> None:
    settings = settings_from(melody, SMALL | RECORDS, run=tmp_path / "run")
    settings = replace(settings, trainer=settings.trainer | {"callbacks": [Poison(float("nan"), 20)]})
    with pytest.raises(DivergedError, match="in step 20") as caught:
        fit(settings, lambda line: None)
    assert str(caught.value.fix).endswith(f"the best weights before it are in {tmp_path}/run/checkpoints/best.ckpt")
    assert caught.value.at is not None and caught.value.at.startswith("records ")


def test_other_callbacks_are_other_settings_and_a_users_early_stopping_takes_the_place_of_ours(
    melody: Domain, tmp_path: Path
) -> None:
    settings = settings_from(melody, SMALL | RECORDS | {"patience": 5}, run=tmp_path / "run")
    own = settings.trainer | {"callbacks": [EarlyStopping("valid/loss", patience=1)]}
    with signalled(("training", 2)), pytest.raises(InterruptedRun):
        fit(replace(settings, trainer=own), lambda line: None)
    with pytest.raises(ConfigError, match=r"another trainer.callbacks: \['EarlyStopping'\] then, None now"):
        fit(settings, lambda line: None)
    twice = settings.trainer | {"callbacks": [ModelCheckpoint(monitor="valid/loss")]}
    with pytest.raises(ConfigError, match="more than one stateful callback"):
        fit(replace(settings, trainer=twice, run=str(tmp_path / "other")), lambda line: None)


def test_a_signal_in_lightnings_trial_validation_ends_it_with_one_message(tmp_path: Path) -> None:
    words = ["fit", "--domain", "text", "--data.task", "classify", "--model.hidden_size", "4"]
    with signalled(("validation", 1)):
        code = main([*words, "--trainer.num_sanity_val_steps", "2", "--run", str(tmp_path / "run")])
    assert code == 143 and not (tmp_path / "run").exists()


def test_the_best_figure_so_far_is_known_after_a_folder_has_moved(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not trained(melody, tmp_path / "run", ("training", 15), **RECORDS)
    (tmp_path / "run").rename(tmp_path / "moved")
    own, found = ModelCheckpoint.load_state_dict, []

    def load(self: ModelCheckpoint, state: dict[str, Any]) -> None:
        own(self, state)
        found.append((self.best_model_score, self.best_model_path, self.best_k_models))

    monkeypatch.setattr(ModelCheckpoint, "load_state_dict", load)
    assert trained(melody, tmp_path / "moved", **RECORDS)
    best = str((tmp_path / "moved" / "checkpoints" / "best.ckpt").resolve())
    assert (best, [best]) in [(path, list(known)) for score, path, known in found if score is not None]
