"""The command line: help without torch, one message an error, an exit code of each kind."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonargparse
import pytest
import torch

from seqkit import CheckpointError, ConfigError, DataError, DependencyError, DivergedError, Domain, SeqkitError
from seqkit.cli import fit as fit_verb
from seqkit.cli.main import VERBS, main
from seqkit.settings import add_data_options, parse_or_explain
from seqkit.training.folder import find_checkpoint


def complaint(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(words)
    shown = capsys.readouterr()
    assert shown.out == ""
    return code, shown.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fti"], "did you mean 'fit'"),
        (["fit"], "no domain given"),
        (["fit", "--domain", "txt"], "did you mean 'text'"),
        (["fit", "text"], "did you mean '--domain text'"),
        (["fit", "--domian", "text"], "did you mean 'domain'"),
        (["fit", "--domain", "text", "--data.tokens", "word"], "'word' is none of characters, bytes, words, bpe"),
        (["fit", "--domain", "timeseries", "--data.quantiles", "0.1,0.9"], "write it as [0.1,0.9]"),
        (["fit", "--domain", "text", "--model.cutoffs", "100"], "write it as [100]"),
        (["fit", "--domain", "text", "--model.cutoffs", "[a,b]"], "'a' is not a whole number"),
        (["fit", "--domain", "text", "--probe"], "a value is missing\n  at: --probe\n"),
        (["fit", "--domain", "text", "--modle.hidden_size", "3"], "did you mean 'model'"),
        (["fit", "--domain", "text", "--sed", "3"], "did you mean 'seed'"),
        (["fit", "--domain", "text", "--model.hiden_size", "3"], "model.hidden_size'"),
        (["fit", "--config", "text/tiny-shakespeer"], "did you mean 'text/tiny-shakespeare'"),
        (["test"], "no run given"),
        (["domains", "text", "dna"], "too many words"),
    ],
)
def test_a_wrong_word_is_a_configuration_error(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, shown = complaint(words, capsys)
    assert code == 2 and shown.startswith("seqkit: error: ") and message in shown and "Traceback" not in shown


def test_a_missing_file_is_a_data_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = main(["fit", "--domain", "text", "--data.path", str(tmp_path / "no.txt"), "--run", str(tmp_path / "r")])
    assert code == 2 and "no such file or folder" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_a_missing_or_damaged_run_is_a_checkpoint_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    code, shown = complaint(["test", str(tmp_path / "run-2")], capsys)
    assert code == 4 and "did you mean 'run-1'" in shown
    assert complaint(["predict", str(tmp_path / "run-1")], capsys)[0] == 4
    (tmp_path / "notes.txt").write_text("no checkpoint")
    code, shown = complaint(["test", str(tmp_path / "notes.txt")], capsys)
    assert code == 4 and "the file is no checkpoint" in shown and "name a run folder" in shown
    (tmp_path / "broken.ckpt").write_bytes(b"PK")
    assert complaint(["validate", str(tmp_path / "broken.ckpt")], capsys)[0] == 4
    torch.save({"a": 1}, tmp_path / "foreign.ckpt")
    assert complaint(["generate", str(tmp_path / "foreign.ckpt")], capsys)[0] == 4


@pytest.mark.parametrize("verb", ["predict", "score", "validate", "export"])
@pytest.mark.parametrize("place", ["pipe", "link to a pipe", "socket", "/dev/zero"])
def test_a_pipe_or_a_device_is_no_run_and_is_not_opened(
    verb: str, place: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it were opened, the pipe would be waited for and the device would fill the memory."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.symlink("pipe", "link to a pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        code, shown = complaint([verb, place], capsys)
    assert code == 4 and "but a pipe, a socket or a device" in shown and f"at: {place}" in shown


def test_a_run_that_is_a_link_to_nothing_is_named_as_that(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to("gone")
    code, shown = complaint(["predict", str(tmp_path / "run")], capsys)
    assert code == 4 and "is a link to nothing" in shown and "did you mean" not in shown


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SeqkitError("w"), 1), (ConfigError("w"), 2), (DataError("w"), 2), (DependencyError("w"), 3),
        (DivergedError("w"), 5), (KeyboardInterrupt(), 130), (BrokenPipeError(), 0), (ValueError("w"), 1),
    ],
)  # fmt: skip
def test_each_kind_of_error_has_its_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: Any) -> int:
        raise error

    monkeypatch.setattr(fit_verb, "run", failing)
    found, shown = complaint(["fit", "--domain", "text"], capsys)
    assert found == code and "Traceback" not in shown
    if isinstance(error, ValueError):
        assert "unexpected ValueError: w" in shown and "--debug" in shown


def test_debug_shows_where_an_error_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = complaint(["fti", "--debug"], capsys)
    assert code == 2 and "Traceback" in shown and "seqkit: error: no verb 'fti'" in shown


def test_help_and_version_load_neither_torch_nor_a_plugin() -> None:
    script = (
        "import sys, seqkit\n"
        "from seqkit.cli.main import VERBS, main\n"
        "assert main([]) == main(['--help']) == main(['--version']) == 0\n"
        "for verb in VERBS:\n"
        "    assert main([verb, '--help']) == 0\n"
        "assert main(['fti']) == main(['fit', '--domain', 'txt']) == 2\n"
        "heavy = {'torch', 'pytorch_lightning', 'jsonargparse', 'datasets', 'pyarrow', 'numpy'} & set(sys.modules)\n"
        "plugins = [name for name in sys.modules if name.startswith('seqkit_')]\n"
        "assert not heavy and not plugins, (heavy, plugins)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    for verb in VERBS:
        assert f"seqkit {verb}" in done.stdout


def test_a_run_is_named_by_its_folder(melody: Domain, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"the folder holds no checkpoint(.|\n)*finished run"):
        find_checkpoint(tmp_path)
    (tmp_path / "melody-1" / "checkpoints").mkdir(parents=True)
    (tmp_path / "melody-1" / "config.yaml").write_text("")
    with pytest.raises(CheckpointError, match=r"name one of the runs in it: .*melody-1"):
        find_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match=r"config\.yaml is no checkpoint(.|\n)*name the run folder: .*melody-1"):
        find_checkpoint(tmp_path / "melody-1" / "config.yaml")


@pytest.mark.parametrize("option", ["--model.weight_drop", "--trainer.precision", "--probe", "--seed"])
def test_what_a_run_was_trained_with_belongs_to_fit(option: str, melody: Domain) -> None:
    parser = jsonargparse.ArgumentParser(prog="seqkit test", exit_on_error=False)
    add_data_options(parser, melody)
    with pytest.raises(ConfigError, match=rf"seqkit test does not take {option}(.|\n)*belongs to fit"):
        parse_or_explain(parser, [option, "1"])
    with pytest.raises(ConfigError, match=r"did you mean '(--)?data.window'"):
        parse_or_explain(parser, ["--data.windw", "1"])


def test_a_device_that_is_not_there_is_noticed_before_any_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    code, message = complaint(
        ["fit", "--domain", "text", "--data.path", "gone.txt", "--trainer.accelerator", "cuda"], capsys
    )
    assert code == 3 and "--trainer.accelerator cuda" in message and "gone.txt" not in message
