"""A tiny training from end to end: its folder, its checkpoint, what can be done again with them."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from pytorch_lightning.callbacks import Callback, Timer

import seqkit
from seqkit import CheckpointError, ConfigError, DataError, DivergedError, Domain, Run
from seqkit.cli.main import main
from seqkit.cli.report import print_result
from seqkit.data.store import FlatStore
from seqkit.settings import parse_arguments
from seqkit.training import fitting, workflow
from seqkit.training.folder import as_json

TINY: dict[str, Any] = {"hidden_size": 8, "max_epochs": 2, "batch_size": 8, "window": 8, "accelerator": "cpu"}


@pytest.fixture(scope="module")
def trained(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """One finished run a task."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        task: seqkit.fit(melody, run=str(folder / task), seed=3, quiet=True, task=task, **TINY) for task in melody.tasks
    }


@pytest.mark.parametrize("task", ["next_step", "classify"])
def test_a_run_folder_holds_everything_about_its_run(task: str, trained: dict[str, Run]) -> None:
    folder = trained[task].path
    assert {p.name for p in (folder / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    result = json.loads((folder / "result.json").read_text())
    expected = {
        "verb", "domain", "task", "split", "metrics", "baselines", "num_parameters", "num_records", "versions",
        "machine", "seconds", "steps", "steps_per_second", "seed", "padding",
    }  # fmt: skip
    assert result.keys() >= expected
    assert (result["verb"], result["split"], result["task"], result["seed"]) == ("fit", "valid", task, 3)
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    validated = [float(row["valid/loss"]) for row in rows if row["valid/loss"]]
    assert len(validated) == 2
    assert min(validated) == pytest.approx(result["metrics"]["loss"], rel=1e-5)  # the best checkpoint's
    assert any(row["train/loss"] for row in rows)
    baseline, figure = ("unigram", "bits_per_step") if task == "next_step" else ("majority", "accuracy")
    assert figure in result["metrics"] and figure in result["baselines"][baseline]


def test_a_figure_that_does_not_exist_is_null_in_json() -> None:
    result = {"metrics": {"mase": float("nan"), "smape": 12.5}, "list": [float("inf"), 1], "seed": 3}
    assert json.loads(as_json(result)) == {"metrics": {"mase": None, "smape": 12.5}, "list": [None, 1], "seed": 3}


def metrics(run: Run) -> dict[str, float]:
    figures: dict[str, float] = run.result["metrics"]
    return figures


def test_the_configuration_alone_gives_the_same_result_again(
    melody: Domain, trained: dict[str, Run], tmp_path: Path
) -> None:
    shutil.copy(trained["classify"].path / "config.yaml", tmp_path / "config.yaml")
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["domain"] == "melody"
    words = ["--config", str(tmp_path / "config.yaml"), "--run", str(tmp_path / "again")]
    _, result = workflow.fit(parse_arguments(melody, words, "classify"), lambda line: None)
    assert result["metrics"] == metrics(trained["classify"])


def test_the_same_seed_gives_the_same_result_and_another_another(
    melody: Domain, trained: dict[str, Run], tmp_path: Path
) -> None:
    same, other = (seqkit.fit(melody, run=str(tmp_path / str(s)), seed=s, quiet=True, **TINY) for s in (3, 4))
    assert metrics(same) == metrics(trained["next_step"]) != metrics(other)


def test_a_checkpoint_alone_is_enough(melody: Domain, trained: dict[str, Run], tmp_path: Path) -> None:
    shutil.copy(trained["classify"].path / "checkpoints" / "best.ckpt", tmp_path / "moved.ckpt")
    (tmp_path / "new.txt").write_text("?:abcdef\n?:gfedc\n")
    rows = seqkit.load(tmp_path / "moved.ckpt", melody).predict(str(tmp_path / "new.txt"))
    assert [row["origin"] for row in rows] == ["new.txt:0", "new.txt:1"]
    assert {row["prediction"] for row in rows} <= {"up", "down"}
    assert rows == trained["classify"].predict(str(tmp_path / "new.txt"))


def test_later_verbs_give_the_figures_of_training(trained: dict[str, Run]) -> None:
    for run in trained.values():
        assert run.validate() == pytest.approx(metrics(run), rel=1e-5)
        assert run.test().keys() == metrics(run).keys()
        assert (run.path / "result-test.json").exists() and (run.path / "result-valid.json").exists()


def test_generation_repeats_with_its_seed_and_has_the_asked_length(trained: dict[str, Run]) -> None:
    run = trained["next_step"]
    text = run.generate("abc", steps=12, seed=5)
    assert text == run.generate("abc", steps=12, seed=5) and len(text) == 12 and set(text) <= set("abcdefgh")
    assert len(run.generate("abc", steps=4, samples=3)) == 3
    assert len(run.generate(steps=7)) == 7


def test_a_damaged_checkpoint_is_refused(melody: Domain, trained: dict[str, Run], tmp_path: Path) -> None:
    content = bytearray((trained["next_step"].path / "checkpoints" / "best.ckpt").read_bytes())
    place = content.find(trained["next_step"].loaded.model.task.head.weight.detach().numpy().tobytes()[:16])
    assert place > 0
    content[place] ^= 1  # a flipped bit in a weight
    (tmp_path / "flipped.ckpt").write_bytes(content)
    (tmp_path / "cut.ckpt").write_bytes(content[: len(content) // 2])
    torch.save({"state_dict": {}}, tmp_path / "foreign.ckpt")
    for name in ("flipped", "cut", "foreign"):
        with pytest.raises(CheckpointError, match=rf"{name}\.ckpt") as caught:
            seqkit.load(tmp_path / f"{name}.ckpt", melody)
        assert caught.value.exit_code == 4


def test_a_finished_run_is_never_overwritten(melody: Domain, trained: dict[str, Run]) -> None:
    with pytest.raises(ConfigError, match="already holds a run"):
        seqkit.fit(melody, run=str(trained["classify"].path), quiet=True, task="classify", **TINY)


def test_runs_are_numbered(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = TINY | {"max_epochs": 1, "limit_train_batches": 2}
    paths = [str(seqkit.fit(melody, quiet=True, **options).path) for _ in range(2)]
    assert paths == ["runs/melody-next-step-1", "runs/melody-next-step-2"]


def test_an_unknown_data_option_of_a_later_verb_names_the_nearest(trained: dict[str, Run]) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'transpose'"):
        trained["classify"].predict(transposed=1)


def test_the_last_steps_of_a_training_are_validated_and_saved(melody: Domain, tmp_path: Path) -> None:
    options = TINY | {"max_epochs": None, "max_steps": 5, "limit_train_batches": 3, "limit_val_batches": 2}
    run = seqkit.fit(melody, run=str(tmp_path / "run"), quiet=True, **options)
    saved = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert saved["global_step"] == run.result["steps"] == 5
    with (tmp_path / "run" / "metrics.csv").open() as file:
        rows = [(int(row["epoch"]), int(row["step"])) for row in csv.DictReader(file) if row["valid/loss"]]
    assert rows == [(0, 2), (1, 4)]  # counted from 0, as Lightning does throughout


def test_callbacks_are_used_and_left_out_of_the_configuration(melody: Domain, tmp_path: Path) -> None:
    timer = Timer()
    seqkit.fit(melody, run=str(tmp_path / "run"), quiet=True, callbacks=[timer], **TINY)
    assert timer.time_elapsed("train") > 0
    assert "callbacks" not in yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["trainer"]


def test_callbacks_may_be_named_in_a_configuration(melody: Domain, tmp_path: Path) -> None:
    named = [{"class_path": "pytorch_lightning.callbacks.Timer", "init_args": {"duration": "00:01:00:00"}}]
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"trainer": {"callbacks": named}}))
    (callback,) = parse_arguments(melody, ["--config", str(tmp_path / "c.yaml")]).trainer["callbacks"]
    assert isinstance(callback, Timer)


def test_an_interrupt_is_an_interrupt(melody: Domain, tmp_path: Path) -> None:
    class Stop(Callback):
        def on_train_batch_start(self, *args: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seqkit.fit(melody, run=str(tmp_path / "run"), quiet=True, callbacks=[Stop()], **TINY)


def test_the_seed_decides_the_order_too(melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[list[int]] = []

    class Note(Callback):
        def on_train_batch_start(self, trainer: Any, module: Any, batch: seqkit.Batch, batch_idx: int) -> None:
            if batch_idx == 0:
                orders.append(batch.index.tolist())

    for number, seed in enumerate((0, 0, 1)):
        options = TINY | {"max_epochs": 1, "callbacks": [Note()]}
        seqkit.fit(melody, run=str(tmp_path / str(number)), quiet=True, seed=seed, **options)
    assert orders[0] == orders[1] != orders[2]


def test_a_run_is_tested_without_what_it_was_trained_on(melody: Domain, tmp_path: Path) -> None:
    lines = "".join(f"up:{'abcdefgh'[n % 8 :]}abc\n" for n in range(40))
    for name in ("train.txt", "new.txt"):
        (tmp_path / name).write_text(lines)
    for task in melody.tasks:
        options = TINY | {"task": task, "path": str(tmp_path / "train.txt"), "max_epochs": 1}
        if task == "classify":
            (tmp_path / "train.txt").write_text(lines.replace("up:a", "down:a"))
        run = seqkit.fit(melody, run=str(tmp_path / task), quiet=True, **options)
        (tmp_path / "train.txt").rename(tmp_path / "gone.txt")
        assert np.isfinite(run.test(test_path=str(tmp_path / "new.txt"))["loss"])
        result = json.loads((tmp_path / task / "result-test.json").read_text())
        assert set(result["baselines"]) == {"uniform"}
        assert result["changed_data"] == {"test_path": str(tmp_path / "new.txt")}
        (tmp_path / "gone.txt").rename(tmp_path / "train.txt")


def test_options_that_a_trained_model_cannot_have_are_refused(melody: Domain, trained: dict[str, Run]) -> None:
    with pytest.raises(ConfigError, match=r"cannot read data with these options(.|\n)*at: --data\.task"):
        trained["next_step"].test(task="classify")


def test_records_to_predict_must_not_be_empty(melody: Domain, trained: dict[str, Run], tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("up:abc\nup:\n")
    with pytest.raises(DataError, match=r"the record is empty\n  at: .*new\.txt"):
        trained["classify"].predict(str(tmp_path / "new.txt"))


def test_a_validation_that_is_not_finite_ends_the_training(melody: Domain, tmp_path: Path) -> None:
    options = TINY | {"limit_train_batches": 1, "learning_rate": 1e30, "gradient_clip_val": 0.0, "warmup_steps": 1}
    with pytest.raises(DivergedError, match="the validation loss became"):
        seqkit.fit(melody, run=str(tmp_path / "run"), quiet=True, **options)


@pytest.mark.parametrize("own", [False, True], ids=["new folder", "folder with files"])
def test_a_training_that_fails_before_it_saved_anything_leaves_its_name_free(
    melody: Domain, tmp_path: Path, own: bool
) -> None:
    class Fail(Callback):
        def on_train_batch_end(self, *args: Any) -> None:
            raise ValueError("a plugin's fault")

    folder = tmp_path / "run"
    if own:
        folder.mkdir()
        (folder / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="a plugin's fault"):
        seqkit.fit(melody, run=folder, quiet=True, callbacks=[Fail()], **TINY)
    assert [path.name for path in tmp_path.rglob("*")] == (["run", "notes.txt"] if own else [])
    assert seqkit.fit(melody, run=folder, quiet=True, **TINY).result["steps"] > 0


def test_a_training_that_fails_after_it_saved_something_is_kept(melody: Domain, tmp_path: Path) -> None:
    class Fail(Callback):
        def on_train_epoch_start(self, trainer: Any, *args: Any) -> None:
            if trainer.current_epoch == 1:
                raise ValueError("a plugin's fault")

    with pytest.raises(ValueError, match="a plugin's fault"):
        seqkit.fit(melody, run=tmp_path / "run", quiet=True, callbacks=[Fail()], **TINY)
    assert (tmp_path / "run" / "checkpoints" / "best.ckpt").exists()


def test_a_short_training_says_its_rate_and_time_in_digits_that_tell_something(
    melody: Domain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = seqkit.fit(melody, run=tmp_path / "run", **TINY).result
    assert "records, " in capsys.readouterr().out
    print_result(result | {"seconds": 0.84, "steps_per_second": 0.42}, full=False)
    assert " · 0.84 s of training · 0.42 updates/s\n" in capsys.readouterr().out
    print_result(result | {"seconds": 3600.4, "steps_per_second": 56.7}, full=False)
    assert " · 3,600 s of training · 57 updates/s\n" in capsys.readouterr().out


def test_one_record_is_counted_as_one(melody: Domain) -> None:
    data = melody.datamodule()
    data.setup("fit")
    store = data.store("train")
    assert fitting._sizes(store) == f"{len(store)} records, {len(store.steps)} steps"
    one: Any = type("One", (), {"steps": [0] * 1234, "__len__": lambda self: 1})()
    assert fitting._sizes(one) == "1 record, 1,234 steps"


def test_a_prompt_of_another_kind_is_refused(melody: Domain, trained: dict[str, Run]) -> None:
    with pytest.raises(DataError, match=r"a prompt of type int cannot be continued\n  at: prompt"):
        trained["next_step"].generate(5, steps=2)


def test_paths_may_be_path_objects(melody: Domain, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("".join(f"up:{'abcdefgh'[n % 8 :]}abc\n" for n in range(40)))
    run = seqkit.fit(melody, path=file, run=tmp_path / "run", quiet=True, **TINY | {"max_epochs": 1})
    assert len(run.predict(file)) == 40
    assert run.test(path=file) == run.test(path=str(file))


def test_a_format_that_a_domain_does_not_write_is_refused(
    melody: Domain, trained: dict[str, Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("seqkit.plugins.load", lambda name: melody)
    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": melody})
    run = str(trained["next_step"].path)
    assert main(["generate", run, "--prompt", "abc", "--out", "x.wav"]) == 2
    assert "melody is not written as '.wav'" in capsys.readouterr().err


@pytest.mark.parametrize(("task", "prompt"), [("classify", "abc"), ("next_step", "abX")])
def test_nothing_is_shown_of_what_cannot_be_continued(
    melody: Domain, trained: dict[str, Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    task: str, prompt: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("seqkit.plugins.load", lambda name: melody)
    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": melody})
    assert main(["generate", str(trained[task].path), "--prompt", prompt]) == 2
    assert capsys.readouterr().out == ""


def test_no_record_is_read_whole_to_train_on_a_stream(
    melody: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(FlatStore, "sequence")
    run = seqkit.fit(melody, run=str(tmp_path / "run"), quiet=True, **TINY)
    assert len(seqkit.load(run.path, melody).loaded.blueprint["start"]) == 1


@pytest.mark.parametrize("limit", [1, 0])
def test_the_result_of_a_training_keeps_to_its_limit_of_validation(melody: Domain, tmp_path: Path, limit: int) -> None:
    options = TINY | {"batch_size": 2, "limit_val_batches": limit}
    run = seqkit.fit(melody, run=str(tmp_path / "run"), quiet=True, **options)
    if limit:
        assert run.result["metrics"]["loss"] == pytest.approx(metrics_at_best(run), rel=1e-5)
    assert np.isfinite(run.result["metrics"]["loss"])
    assert (run.validate()["loss"] == run.result["metrics"]["loss"]) == (limit == 0)


def metrics_at_best(run: Run) -> float:
    with (run.path / "metrics.csv").open() as file:
        return min(float(row["valid/loss"]) for row in csv.DictReader(file) if row["valid/loss"])


def test_baselines_learn_from_what_the_model_was_trained_on(melody: Domain, tmp_path: Path) -> None:
    notes = ["abcdef"[n % 5 :] for n in range(60)]
    (tmp_path / "old.txt").write_text("".join(f"{'down' if n % 4 else 'up'}:{note}\n" for n, note in enumerate(notes)))
    (tmp_path / "new.txt").write_text("".join(f"{'up' if n % 4 else 'down'}:{note}\n" for n, note in enumerate(notes)))
    run = seqkit.fit(
        melody, run=str(tmp_path / "run"), quiet=True, task="classify", path=str(tmp_path / "old.txt"), **TINY
    )
    result = workflow.evaluate(run.path, "test", {"path": str(tmp_path / "new.txt")}, melody)
    # Training says "down" most often; of the new records a quarter is.
    assert result["baselines"]["majority"]["accuracy"] < 0.5
