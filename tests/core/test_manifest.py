"""A checkpoint is of one plugin, one level of the contract, one vocabulary; another is refused with both versions."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import seqkit
from seqkit import CheckpointError, ConfigError, Domain, LabelCodec, Record, Run, SequenceDataModule, Split, SymbolCodec
from seqkit.domain import API_LEVEL
from seqkit.plugins import Plugin
from seqkit.training.archive import read_checkpoint
from seqkit.training.checkpoint_io import SafeCheckpointIO
from seqkit.training.manifest import FORMAT
from seqkit.training.plain import fingerprint, printable, require_plain_json


class OtherAlphabet(SequenceDataModule):
    """The melodies of a later version, whose letters stand in another order: each id means another note.

    Args:
        path: Not read.
        task: What is asked.
        transpose: As in the version before.
        options: Of the base class.
    """

    alphabet = "hgfedcba"

    def __init__(self, path: str | None = None, task: str = "next_step", transpose: int = 0, **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = SymbolCodec(self.alphabet)
        self.target_codec = self.codec if task == "next_step" else LabelCodec()

    def records(self, split: Split) -> Iterator[Record]:
        return self.divide(lambda path: iter([Record("abc", origin="a:0")]), split)


class LargerAlphabet(OtherAlphabet):
    """As many letters more as make other shapes."""

    alphabet = "abcdefghijk"


class WithoutOption(SequenceDataModule):
    """A version that has lost an option.

    Args:
        path: Not read.
        task: What is asked.
        options: Of the base class.
    """

    def __init__(self, path: str | None = None, task: str = "next_step", **options: Any) -> None:
        super().__init__(path=path, task=task, **options)
        self.codec = self.target_codec = SymbolCodec("abcdefgh")

    def records(self, split: Split) -> Iterator[Record]:
        raise NotImplementedError


@pytest.fixture(scope="module")
def trained(melody: Domain, tmp_path_factory: pytest.TempPathFactory) -> Run:
    options: dict[str, Any] = {"max_epochs": 1, "hidden_size": 8, "batch_size": 4, "probe": False}
    return seqkit.fit(melody, run=tmp_path_factory.mktemp("runs") / "run", quiet=True, **options)


def changed(trained: Run, path: Path, **plugin: Any) -> Path:
    """The checkpoint as another plugin would have written it."""
    content = read_checkpoint(trained.path / "checkpoints" / "best.ckpt")
    content["seqkit"]["plugin"] |= plugin
    SafeCheckpointIO().save_checkpoint(content, path)
    return path


def as_plugin(name: str, package: str, version: str, module: str) -> Plugin:
    entry: Any = None
    return Plugin(name, package, version, f"{module}:DOMAIN", entry)


@pytest.fixture
def installed(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The domain comes from a package of its own, version 2.0."""
    module = melody.datamodule.__module__.partition(".")[0]
    plugin = as_plugin("melody", "seqkit-melody", "2.0", module)
    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": plugin})


def test_the_manifest_says_what_the_checkpoint_is_of(trained: Run) -> None:
    content = read_checkpoint(trained.path / "checkpoints" / "last.ckpt")
    manifest = content["manifest"]
    assert (manifest["format"], manifest["seqkit"]) == (FORMAT, seqkit.__version__)
    assert (manifest["step"], manifest["epoch"]) == (content["global_step"], 0) and manifest["step"] > 0
    assert manifest["plugin"] == {"package": None, "version": None, "api_level": API_LEVEL}
    assert len(manifest["config"]) == len(manifest["content"]) == 64
    require_plain_json(manifest, "the manifest")


def test_another_level_of_the_contract_is_refused_with_both(melody: Domain, trained: Run, tmp_path: Path) -> None:
    path = changed(trained, tmp_path / "a.ckpt", package="seqkit-melody", version="1.0", api_level=API_LEVEL + 1)
    with pytest.raises(
        CheckpointError, match=r"levels .* differ.*seqkit-melody 1\.0 \(level 2\).*\(level 1\)"
    ) as caught:
        seqkit.load(path, melody)
    assert caught.value.exit_code == 4 and "\n" not in caught.value.what and caught.value.fix
    later = dataclasses.replace(melody, api_level=API_LEVEL + 1)
    with pytest.raises(CheckpointError, match="levels"):
        seqkit.load(trained.path, later)


def test_another_package_of_the_same_domain_is_refused(
    melody: Domain, trained: Run, tmp_path: Path, installed: None
) -> None:
    path = changed(trained, tmp_path / "a.ckpt", package="melody-of-others", version="0.3")
    with pytest.raises(CheckpointError, match=r"another package.*melody-of-others 0\.3.*seqkit-melody 2\.0") as caught:
        seqkit.load(path, melody)
    assert caught.value.fix and "pip" not in caught.value.fix  # what a file names is installed by no command of ours


def test_another_version_of_the_same_package_loads(
    melody: Domain, trained: Run, tmp_path: Path, installed: None
) -> None:
    path = changed(trained, tmp_path / "a.ckpt", package="seqkit-melody", version="1.0")
    assert seqkit.load(path, melody).generate(steps=9) == trained.generate(steps=9)


def test_letters_in_another_order_are_refused_rather_than_read_wrongly(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = as_plugin("melody", "seqkit-melody", "2.0", OtherAlphabet.__module__.partition(".")[0])
    monkeypatch.setattr("seqkit.plugins.installed", lambda: {"melody": plugin})
    path = changed(trained, tmp_path / "a.ckpt", package="seqkit-melody", version="1.0")
    content = read_checkpoint(path)
    content["seqkit"]["codec"] = {}  # a codec whose alphabet is in its code
    SafeCheckpointIO().save_checkpoint(content, path)
    monkeypatch.setattr(SymbolCodec, "restore", lambda self, state: None)
    other = Domain("melody", OtherAlphabet, tasks=("next_step", "classify"))
    with pytest.raises(CheckpointError, match=r"codec reads its steps in another way.*1\.0.*2\.0") as caught:
        seqkit.load(path, other)
    assert caught.value.fix == "pip install 'seqkit-melody==1.0', or train it again"
    larger = Domain("melody", LargerAlphabet, tasks=("next_step", "classify"))
    with pytest.raises(CheckpointError, match="codec reads its steps in another way"):
        seqkit.load(path, larger)


def test_an_option_that_the_installed_version_lacks_is_told_with_both_versions(trained: Run) -> None:
    other = Domain("melody", WithoutOption, tasks=("next_step", "classify"))
    with pytest.raises(CheckpointError, match=r"does not fit.*'?transpose'?.*trained with .* installed is ") as caught:
        seqkit.load(trained.path, other)
    assert "\n" not in caught.value.what


def test_a_later_format_is_refused_with_what_is_installed(melody: Domain, trained: Run, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seqkit.training.manifest.FORMAT", FORMAT + 1)
        path = changed(trained, tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match=f"format {FORMAT + 1}, and seqkit .* reads up to format {FORMAT}"):
        seqkit.load(path, melody)


def test_a_checkpoint_of_the_first_release_still_loads(melody: Domain, trained: Run, tmp_path: Path) -> None:
    """Made here as 0.1.0 wrote it: Lightning's dictionary and the blueprint, no manifest, no plugin, no seal."""
    content = read_checkpoint(trained.path / "checkpoints" / "best.ckpt")
    blueprint = {k: v for k, v in content["seqkit"].items() if k not in ("plugin", "vocabulary")}
    golden = {name: content[name] for name in ("epoch", "global_step", "state_dict", "loops", "callbacks")}
    torch.save(golden | {"seqkit": blueprint, "pytorch-lightning_version": "2.6.6"}, tmp_path / "golden.ckpt")
    assert seqkit.load(tmp_path / "golden.ckpt", melody).generate(steps=9) == trained.generate(steps=9)


def test_an_option_that_is_newer_than_the_checkpoint_can_be_given(melody: Domain, trained: Run, tmp_path: Path) -> None:
    content = read_checkpoint(trained.path / "checkpoints" / "best.ckpt")
    del content["seqkit"]["data"]["transpose"], content["seqkit"]["data"]["order_seed"]
    SafeCheckpointIO().save_checkpoint(content, tmp_path / "a.ckpt")
    run = Run(tmp_path / "a.ckpt", melody)
    assert run.validate(transpose=0, order_seed=3) == trained.validate()
    with pytest.raises(ConfigError, match=r"no option --data\.transposed"):
        run.validate(transposed=1)


@pytest.mark.parametrize("value", [{1, 2}, (1, 2), float("nan"), float("inf"), {1: 2}, b"x", Path("x"), object()])
def test_what_is_no_plain_json_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="options must be plain JSON"):
        require_plain_json({"a": [value]}, "options")


def test_options_of_a_plugin_are_looked_at_before_its_data_are_read(melody: Domain, tmp_path: Path) -> None:
    class Odd(melody.datamodule):  # type: ignore[misc, name-defined]
        """Notes an option that no checkpoint can hold."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.arguments["odd"] = {1, 2}

        def records(self, split: Split) -> Iterator[Record]:
            raise AssertionError("data are read")

    with pytest.raises(ConfigError, match="options of data and encoder must be plain JSON"):
        seqkit.fit(dataclasses.replace(melody, datamodule=Odd), run=tmp_path / "run", quiet=True, probe=False)
    assert not (tmp_path / "run").exists()


def test_fingerprints_tell_values_types_order_and_numbers_apart() -> None:
    table = torch.arange(6.0).reshape(2, 3)
    values: list[Any] = [
        {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1.0, "b": 2}, {"a": True, "b": 2}, {"a": "1", "b": 2}, [1, 2], (1, 2),
        ["a", "b"], ["ab"], ["a", ["b"]], None, "", table, table.T, table.reshape(3, 2), table.double(), -table,
        table.int(), {"a": table}, [float("inf")], [float("nan")], [0.0], [-0.0], table[:, ::2], b"1",
    ]  # fmt: skip
    prints = [fingerprint(value) for value in values]
    assert len(set(prints)) == len(values) == 25
    assert [fingerprint(value) for value in values] == prints
    assert fingerprint(table[:, ::2]) == fingerprint(table[:, ::2].contiguous())
    assert fingerprint(torch.nn.Parameter(table)) == fingerprint(table)


def test_what_a_file_says_cannot_act_on_a_terminal() -> None:
    assert printable("a\x1b[2Jb\x07") == r"a\x1b[2Jb\x07"
    assert printable("one\ntwo") == "one" and printable("") == "" and len(printable("x" * 9999)) == 300
