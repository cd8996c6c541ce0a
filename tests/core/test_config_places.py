"""An error about what a configuration file gives names the file and the line."""

from pathlib import Path

import pytest

from seqkit.cli.main import main
from seqkit.config_places import in_its_file
from seqkit.safe_yaml import line_of

CONFIG = """\
domain: text
data:
  task: classify
  batch_size: {batch_size}
model: &model
  hidden_size: {hidden_size}  # units
"""


def _write(folder: Path, batch_size: str = "8", hidden_size: str = "4", more: str = "") -> str:
    path = folder / "mine.yaml"
    path.write_text(CONFIG.format(batch_size=batch_size, hidden_size=hidden_size) + more)
    return str(path)


@pytest.mark.parametrize(
    ("options", "what", "place"),
    [
        ({"batch_size": "many"}, "'many' is not a whole number", "line 4, data.batch_size"),
        ({"hidden_size": "0"}, "hidden_size is 0", "line 6, model.hidden_size"),
        ({"hidden_size": "10000000000"}, "10000000000 is too large", "line 6, model.hidden_size"),
        ({"more": "trainer:\n  max_epoch: 3\n"}, "unknown option 'trainer.max_epoch'", "line 8, trainer.max_epoch"),
        ({"more": "sed: 3\n"}, "unknown option 'sed'", "line 7, sed"),
        ({"more": "seed: -1\n"}, "seed is -1", "line 7, seed"),
        ({"more": "trainer: {precision: 64-true}\n"}, "not trained in 64-true", "line 7, trainer.precision"),
    ],
)
@pytest.mark.parametrize("verb", ["fit", "crossval"])
def test_keys_and_values_are_placed_by_their_line(
    options: dict[str, str], what: str, place: str, verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _write(tmp_path, **options)
    assert main([verb, "--config", path]) == 2
    said = capsys.readouterr().err
    assert what in said and f"\n  at: {path}, {place}\n" in said


def test_of_two_that_give_an_option_the_one_with_the_value_that_is_named_is_at_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _write(tmp_path, batch_size="many", hidden_size="7")
    assert main(["fit", "--config", path, "--data.batch_size", "8"]) == 2
    assert f"at: {path}, line 4, data.batch_size\n" in capsys.readouterr().err
    path = _write(tmp_path, hidden_size="7")
    for words in (["--model.hidden_size", "0"], ["--model.hidden_size=0"]):
        assert main(["fit", f"--config={path}", *words]) == 2
        assert "at: --model.hidden_size\n" in capsys.readouterr().err
    assert in_its_file("--model.hidden_size", "no value named", ["--model.hidden_size=0", "--config", path]) == (
        f"{path}, line 6, model.hidden_size"
    )


def test_what_a_configuration_does_not_give_stays_where_it_is(tmp_path: Path) -> None:
    words = ["fit", "--config", _write(tmp_path)]
    for at in ("--data.window", "record 3", "--out x.csv", None, "genes.fa:b0001"):
        assert in_its_file(at, "", words) == at
    assert in_its_file("--data.task", "", ["--config", str(tmp_path / "absent.yaml")]) == "--data.task"


def test_rows_of_a_comparison_are_placed_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare = "compare:\n  split: third\n  variants:\n    odd:\n      model.cell: lstn\n"
    path = _write(tmp_path, more=compare)
    assert in_its_file("compare.split", "", ["--config", path]) == f"{path}, line 8, compare.split"
    assert in_its_file("--model.cell", "", ["--config", path]) == f"{path}, line 11, model.cell"


def test_lines_are_found_through_merged_and_shared_parts(tmp_path: Path) -> None:
    path = tmp_path / "shared.yaml"
    path.write_text("a: &a\n  x: 1\nb:\n  <<: *a\n  y: [1,\n    2]\nc: *a\nd.e: 5\n")
    found = {name: line_of(path, name) for name in ("b.x", "b.y", "b.y.1", "c.x", "d.e", "d", "b.z", "a")}
    assert found == {"b.x": 2, "b.y": 5, "b.y.1": 5, "c.x": 2, "d.e": 8, "d": None, "b.z": None, "a": 1}
