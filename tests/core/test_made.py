"""Made sources: files that are written once, what is known of them, and how a data module finds them."""

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

import seqkit
from seqkit import ConfigError, DataError, DependencyError, Domain, Known, Made, MadeSource, Record, Split
from seqkit.cli.main import main
from seqkit.lecture.sources.made import parse_made, write_source
from seqkit.lecture.sources.optimum import describe_gap, gap_share
from seqkit.lecture.sources.sidecar import known_of
from tests.core.small_domains import MelodyData


def write_alternating(folder: Path, seed: int, length: int = 40, letters: str = "ab", loud: bool = False) -> Made:
    """Two letters in turn.

    Args:
        folder: Where to.
        seed: Which letter is first.
        length: Letters of a file.
        letters: The two.
        loud: In capitals.
    """
    line = "".join(letters[(seed + n) % 2] for n in range(length))
    for split in ("train", "valid", "test"):
        (folder / f"{split}.txt").write_text(line.upper() if loud else line)
    known = Known({"loss": 0.0}, {"loss": math.log(2)})
    return Made({split: f"{split}.txt" for split in ("train", "valid", "test")}, {"valid": known})


class LetterData(MelodyData):
    """Letters of a file as one record."""

    made: ClassVar[dict[str, MadeSource]] = {"alternating": MadeSource(write_alternating, ("next_step",))}

    def records(self, split: Split) -> Iterator[Record]:
        path = {"valid": self.valid_path, "test": self.test_path}.get(split, self.path)
        yield Record(Path(str(path)).read_text(), origin=f"{path}:0")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def module(path: str, **options: Any) -> Any:
    return LetterData(path=path, **options)


def test_a_source_is_written_once_and_read_as_three_paths(cache: Path) -> None:
    data = module("made:alternating,length=6,seed=1")
    assert not cache.exists()  # a constructor only stores
    assert Path(str(data.path)).read_text() == "bababa"
    assert {Path(str(path)).name for path in (data.path, data.valid_path, data.test_path)} == {
        "train.txt", "valid.txt", "test.txt",
    }  # fmt: skip
    before = Path(str(data.path)).stat().st_mtime_ns
    again = module("made:alternating,seed=1,length=6")
    assert again.path == data.path
    assert Path(str(again.path)).stat().st_mtime_ns == before
    assert module("made:alternating,length=7,seed=1").path != data.path
    assert data.arguments["path"] == "made:alternating,length=6,seed=1"


def test_a_users_own_path_of_a_split_comes_before_the_sources(cache: Path) -> None:
    assert module("made:alternating", test_path="mine.txt").test_path == "mine.txt"
    assert module("made:alternating", test_path="mine.txt").known("test") is None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("made:alternatin", "no source 'alternatin'.*did you mean 'alternating'"),
        ("made:alternating,lenght=4", "no option 'lenght'.*did you mean 'length'"),
        ("made:alternating,length", "'length' has no value.*write length=40"),
        ("made:alternating,length=4,length=5", "'length' is given twice"),
        ("made:alternating,length=few", "'few' is not a whole number.*default is 40"),
        ("made:alternating,loud=maybe", "'maybe' is not true or false"),
    ],
)
def test_a_wrong_word_is_named_with_what_was_meant(path: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){words}"):
        parse_made(path, LetterData.made)


def test_values_take_the_type_of_the_default() -> None:
    name, options = parse_made("made:alternating, loud=True,letters=xy", LetterData.made)
    assert (name, options) == ("alternating", {"length": 40, "letters": "xy", "loud": True, "seed": 0})


def test_a_source_for_another_task_is_refused(cache: Path) -> None:
    data = module("made:alternating", task="classify")
    with pytest.raises(ConfigError, match=r"not made for task 'classify'.*\n.*task\n.*next_step"):
        _ = data.path


def test_what_is_known_belongs_to_the_file_and_not_to_its_folder(tmp_path: Path) -> None:
    source = LetterData.made["alternating"]
    write_source(source, "alternating", source.options, tmp_path / "out")
    assert known_of(str(tmp_path / "out" / "valid.txt"), "next_step") == Known({"loss": 0.0}, {"loss": math.log(2)})
    assert known_of(str(tmp_path / "out" / "train.txt"), "next_step") is None
    assert known_of(["a=" + str(tmp_path / "out" / "valid.txt")], "next_step") is None
    assert known_of(str(tmp_path / "out" / "valid.txt"), "classify") is None  # a question it was not made for
    assert known_of(None, "next_step") is None
    assert json.loads((tmp_path / "out" / "source.json").read_text())["options"]["length"] == 40
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # nothing half-made is left


@pytest.mark.parametrize("text", ["[]", '{"paths": {}}', "no JSON"])
def test_a_users_own_file_of_the_notes_name_is_no_note(text: str, tmp_path: Path) -> None:
    (tmp_path / "source.json").write_text(text)
    assert known_of(str(tmp_path / "valid.txt"), "next_step") is None


@pytest.mark.parametrize(
    ("text", "words"), [("[]", "no note of made data"), ('{"paths": {}}', "nothing of known, task")]
)
def test_a_damaged_note_in_the_cache_is_an_error_whose_remedy_works(cache: Path, text: str, words: str) -> None:
    folder = Path(str(module("made:alternating").path)).parent
    (folder / "source.json").write_text(text)
    with pytest.raises(DataError, match=rf"{words}.*\n.*source.json\n  fix: remove {folder}$"):
        _ = module("made:alternating").path
    (folder / "source.json").unlink()
    with pytest.raises(DependencyError, match=rf"in the way.*\n  at: {folder}\n  fix: remove it"):
        _ = module("made:alternating").path
    shutil.rmtree(folder)
    assert Path(str(module("made:alternating").path)).is_file()


def test_what_is_known_is_found_below_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    source = LetterData.made["alternating"]
    write_source(source, "alternating", source.options, tmp_path / "out")
    assert known_of("~/out/valid.txt", "next_step") is not None


@pytest.mark.parametrize(
    "paths",
    [
        {"path": "letters.txt", "valid_path": "made:alternating"},
        {"path": "made:alternating", "test_path": "made:alternating,seed=1"},
        {"path": ["made:alternating"]},
    ],
)
def test_a_source_stands_alone(paths: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"stands for all three splits.*\n  at: --data.(valid_|test_|)path\n"):
        LetterData(**paths)


def test_a_seed_below_0_is_refused(cache: Path) -> None:
    with pytest.raises(ConfigError, match="seed is -1"):
        _ = module("made:alternating,seed=-1").path


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_a_number_is_finite(text: str) -> None:
    def writes(folder: Path, seed: int, *, loudness: float = 0.5) -> Made:
        raise AssertionError

    with pytest.raises(ConfigError, match=f"'{text}' is not a number"):
        parse_made(f"made:noise,loudness={text}", {"noise": MadeSource(writes, ("next_step",))})


def test_an_option_that_the_files_need_is_asked_for(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needy = replace(LetterData.made["alternating"], needs={"window": 7})
    monkeypatch.setattr(LetterData, "made", {"alternating": needy})
    assert module("made:alternating", window=7).path
    with pytest.raises(ConfigError, match=r"read with window 7, and it is 9\n  at: --data.window\n  fix: give"):
        _ = module("made:alternating", window=9).path


def test_a_source_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fails(folder: Path, seed: int) -> Made:
        (folder / "half.txt").write_text("half")
        raise ConfigError("no", fix="yes")

    with pytest.raises(ConfigError):
        write_source(MadeSource(fails, ("next_step",)), "fails", {"seed": 0}, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_training_says_how_far_it_is_from_the_optimum(cache: Path, tmp_path: Path) -> None:
    domain = Domain("letters", LetterData)
    run = seqkit.fit(
        domain, path="made:alternating,length=400", run=tmp_path / "run", quiet=True, max_epochs=30, batch_size=4,
        hidden_size=8, window=20, learning_rate=0.02,
    )  # fmt: skip
    known = run.result["known"]
    assert known == {"optimum": {"loss": 0.0}, "chance": {"loss": math.log(2)}, "unit": "bits"}
    assert 0 < gap_share(run.result) < 0.1


def test_the_line_of_the_gap_is_in_the_unit_of_the_targets() -> None:
    ln2 = math.log(2)
    known = {"optimum": {"loss": 1.398 * ln2}, "chance": {"loss": 2 * ln2}, "unit": "bits"}
    line = describe_gap({"metrics": {"loss": 1.412 * ln2}, "known": known})
    # gap 0.014 of 0.602: 2.3 %
    assert line == ("loss 1.412 · optimum 1.398 · gap 0.014 · chance 2 (bits a target; 2.3% of chance - optimum)")
    assert describe_gap({"metrics": {"loss": 1.0}}) == ""
    assert math.isnan(gap_share({"metrics": {"loss": 1.0}, "known": known | {"chance": {}}}))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    domain = replace(seqkit.plugins.load("text"), datamodule=LetterData)
    monkeypatch.setattr("seqkit.plugins.load", lambda name: domain)


def test_the_verb_make_writes_files_and_says_how_to_train_on_them(
    installed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    assert main(["make", "alternating", "--domain", "text", "--out", str(out), "--length", "4"]) == 0
    assert (out / "valid.txt").read_text() == "abab"
    said = capsys.readouterr().out
    assert "chance on the validation file: loss 0.6931" in said
    assert f"--data.path {out}/train.txt --data.valid_path {out}/valid.txt --data.test_path {out}/test.txt" in said
    assert main(["make", "alternating", "--domain", "text", "--out", str(out)]) == 2
    assert "exists" in capsys.readouterr().err
    assert main(["make", "--domain", "text"]) == 0
    assert "alternating (next_step): Two letters in turn." in capsys.readouterr().out
    assert main(["make", "--domain", "text", "alternating"]) == 2
    assert "name it first: seqkit make SOURCE" in capsys.readouterr().err
    assert main(["make", "--domain=text"]) == 0
    assert main(["make", "alternate", "--domain", "text"]) == 2
    assert "did you mean 'alternating'?" in capsys.readouterr().err
