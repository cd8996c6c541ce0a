"""A configuration of a stranger: nothing of it runs, nothing is imported that is not allowed, one message says so."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import seqkit
from seqkit import ConfigError, plugins
from seqkit.allowed_imports import ALLOWED
from seqkit.cli.main import main
from seqkit.settings import build_parser, parse_values
from tests.security.conftest import ImportLog
from tests.security.hostile_configs import BYTES, CANARY, CLASSES, MARKED, TEXTS, places

VERBS = ("fit", "compare", "crossval", "check")
LAZY = (
    "seqkit",
    "seqkit_text",
    "torch",
    "pytorch_lightning",
    "lightning_fabric",
    "lightning_utilities",
    "torchmetrics",
)
"""What the allowed packages may import of themselves."""

ASKED_FOR = ("argcomplete", "mpi4py", "torch_xla")
"""What the option parser and Lightning try at every start, and work without."""


@pytest.fixture(scope="module", autouse=True)
def _everything_is_imported() -> None:
    """What parsing needs anyway, so that the log of a test holds what its configuration caused."""
    assert callable(seqkit.fit)
    named = [{"class_path": "pytorch_lightning.callbacks.EarlyStopping", "init_args": {"monitor": "valid/loss"}}]
    settings = parse_values(plugins.load("text"), {"trainer": {"callbacks": named}})
    assert type(settings.trainer["callbacks"][0]).__name__ == "EarlyStopping"
    for verb in VERBS:
        assert main([verb, "--domain", "text", "--data.batch_size", "none"]) == 2


def refuse(capsys: pytest.CaptureFixture[str], words: list[str], log: ImportLog) -> str:
    """What is said about words that must be refused, in one message and without an import."""
    capsys.readouterr()
    log.names.clear()
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert err.count("seqkit: error:") == 1 and "Traceback" not in err and "unexpected" not in err, err
    assert "\n  fix: " in err and len(err) < 2_000, err
    assert not (Path.cwd() / "runs").exists(), out
    require_own(log)
    return err


def require_own(log: ImportLog) -> None:
    foreign = {
        name for name in log.names if name.partition(".")[0] not in (*LAZY, *ASKED_FOR, *sys.stdlib_module_names)
    }
    assert not foreign, f"imported: {foreign}"
    assert not {"antigravity", "this", "subprocess"} & set(log.names)


def test_there_are_enough_of_them() -> None:
    assert len(CLASSES) + len(TEXTS) + len(BYTES) >= 80 and len(places(Path())) >= 16


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_from_elsewhere_is_refused_before_it_is_imported(
    name: str, here: Path, imports: ImportLog, capsys: pytest.CaptureFixture[str]
) -> None:
    number = list(CLASSES).index(name)
    (here / "c.yaml").write_text(f"domain: text\n{CLASSES[name]}")
    said = {verb: refuse(capsys, [verb, "--config", "c.yaml"], imports) for verb in ("fit", VERBS[1 + number % 3])}
    assert len(set(said.values())) == 1 or name == "a plugin of the trainer", said
    options = yaml.safe_load(CLASSES[name])
    (group,) = options.values()
    imports.names.clear()
    with pytest.raises(ConfigError):
        seqkit.fit("text", quiet=True, **group)
    require_own(imports)


@pytest.mark.parametrize("name", TEXTS)
def test_yaml_that_is_not_plain_is_refused(
    name: str, here: Path, imports: ImportLog, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TEXTS[name]
    (here / "other.yaml").write_text("hidden_size: 8\n")
    (here / "c.yaml").write_text(text if "domain" in text or not text or text[0] == "-" else f"domain: text\n{text}")
    other = VERBS[1 + list(TEXTS).index(name) % 3]
    looked_at = "fit" if name == "a negative size" else other  # `check` builds no model
    for one in dict.fromkeys(["fit", looked_at]):
        refuse(capsys, [one, "--config=c.yaml"], imports)


@pytest.mark.parametrize("name", BYTES)
def test_a_file_that_is_no_text_is_refused(
    name: str, here: Path, imports: ImportLog, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "c.yaml").write_bytes(BYTES[name])
    for verb in VERBS:
        assert "c.yaml" in refuse(capsys, [verb, "--domain", "text", "--config", "c.yaml"], imports)


@pytest.mark.parametrize("name", places(Path()))
def test_what_is_no_file_is_not_opened(
    name: str, here: Path, imports: ImportLog, capsys: pytest.CaptureFixture[str]
) -> None:
    config = places(here)[name]()
    for verb in VERBS:
        refuse(capsys, [verb, "--domain", "text", "--config", config], imports)


@pytest.mark.parametrize("group", ["data", "model", "encoder", "trainer"])
def test_a_group_on_the_command_line_takes_no_file(
    group: str, here: Path, imports: ImportLog, capsys: pytest.CaptureFixture[str]
) -> None:
    places(here)["a pipe"]()
    for words in ([f"--{group}", "pipe.yaml"], [f"--{group}=pipe.yaml"]):
        assert "takes no file" in refuse(capsys, ["fit", "--domain", "text", *words], imports)


def test_a_comparison_hides_no_class_in_its_variants(
    here: Path, imports: ImportLog, capsys: pytest.CaptureFixture[str]
) -> None:
    named = f"{{trainer.callbacks: [{{class_path: {MARKED}.Thing}}]}}"
    (here / "c.yaml").write_text(f"domain: text\ncompare:\n  variants:\n    evil: {named}\n    good: {{seed: 1}}\n")
    capsys.readouterr()
    assert main(["compare", "--config", "c.yaml", "--run", "kept"]) == 2
    assert capsys.readouterr().err.count("seqkit: error:") == 1
    require_own(imports)


def test_words_of_the_command_line_are_held_to_the_same_list(
    here: Path, imports: ImportLog, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ["--trainer.callbacks", f"{MARKED}.Thing"],
        ["--trainer.callbacks+", f"{MARKED}.Thing"],
        [f"--trainer.logger={MARKED}.Thing"],
        ["--trainer.callbacks", f'[{{"class_path": "{MARKED}.Thing"}}]'],
        ["--trainer.profiler.help", f"{MARKED}.Thing"],
    ):
        refuse(capsys, ["fit", "--domain", "text", *words], imports)


def test_the_log_sees_an_import_and_the_canary_is_written_where_the_list_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imports: ImportLog
) -> None:
    """The control: without the list the same configuration does what it wants."""
    import jsonargparse._common as policy

    (tmp_path / "seqkit_unguarded.py").write_text(f"open({str(tmp_path / CANARY)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    parser = build_parser(plugins.load("text"))
    given: dict[str, Any] = {"trainer": {"callbacks": [{"class_path": "seqkit_unguarded.Thing"}]}}
    with pytest.raises(Exception, match="not allowed"):
        parser.parse_object(given)
    assert not (tmp_path / CANARY).exists()
    monkeypatch.setitem(policy.parsing_settings, "import_path_verdicts", {})
    with pytest.raises(Exception, match="Thing"):
        parser.parse_object(given)
    assert (tmp_path / CANARY).exists() and "seqkit_unguarded" in imports.names


def test_what_is_allowed_still_trains(here: Path) -> None:
    named = [{"class_path": "pytorch_lightning.callbacks.LearningRateMonitor"}]
    run = seqkit.fit("text", quiet=True, callbacks=named, max_steps=1, hidden_size=8, limit_val_batches=1)
    assert (run.path / "result.json").exists()
    assert {name.partition(".")[0] for name in ALLOWED} == {"seqkit", "torch", "pytorch_lightning"}
