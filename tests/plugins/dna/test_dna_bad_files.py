"""Nothing that is no nucleotide gets in: each file is refused in one sentence with its place, or a model is trained."""

import gc
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from seqkit import DataError, find_files
from seqkit.data import archives
from seqkit_dna import DOMAIN
from seqkit_dna.data import DnaData
from tests.plugins.dna.bad_files import FILES
from tests.plugins.dna.bad_making import entry, file
from tests.plugins.malformed import assert_one_clear_error, assert_three_lines, one_step, refused, trained

pytestmark = pytest.mark.usefixtures("no_hang")

WHOLE_FILE = re.compile(
    r"holds no|split is empty|damaged|zip|cannot be read|unpacks|pipe|device|link|no such|no sequence|annotation|twice"
    r"|web page|UTF-16"
    r"|encrypted|outside|two files|class|CDS|group|features lie|two contigs|not in the annotation|no column"
)
"""What is said of a whole file or of an option, so that there is no record to name."""

PLACE = re.compile(r"(line|record|read|row) \d+|:\d+|, the last record|, before the first|:r\d+|:s|feature \d+")


def made(name: str, folder: Path) -> dict[str, Any]:
    """The options of a case, its files written; `annotation` lies in the folder."""
    options: dict[str, Any] = {"batch_size": 4, "window": 16, **FILES[name].options, "path": FILES[name].write(folder)}
    if isinstance(options["path"], list) and len(options["path"]) == 1:
        (options["path"],) = options["path"]
    if "annotation" in options:
        label, sign, rest = options["annotation"].rpartition("=")
        options["annotation"] = f"{label}{sign}{folder / rest}"
    return options


def test_there_are_enough_of_them() -> None:
    assert len(refused(FILES)) >= 160 and len(trained(FILES)) >= 40
    assert Counter(map(str.lower, FILES)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("name", refused(FILES))
def test_what_is_no_data_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    options = made(name, tmp_path)
    error = assert_one_clear_error(FILES[name], lambda: one_step(DOMAIN, DnaData(**options)))
    assert WHOLE_FILE.search(error.what) or PLACE.search(error.at or ""), error
    gc.collect(0)  # A file that was left open would warn.


@pytest.mark.parametrize("name", trained(FILES))
def test_what_is_only_strange_is_trained_on(name: str, tmp_path: Path) -> None:
    assert math.isfinite(one_step(DOMAIN, DnaData(**made(name, tmp_path))))
    gc.collect(0)


@pytest.mark.parametrize("name", ["digits", "gzip, cut", "FASTQ, no plus", "table, an empty cell", "labels, none"])
def test_the_command_line_says_it_in_three_lines(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = assert_three_lines("dna", made(name, tmp_path), tmp_path / "run", capsys)
    assert FILES[name].words[0] in lines[0]


def test_found_files_are_those_that_were_made(tmp_path: Path) -> None:
    assert [source.origin for source in find_files(str(FILES["a folder in itself"].make(tmp_path)), (".fa",))] == [
        "good.fa"
    ]


@pytest.mark.parametrize("name", ["a.fa.gz", "a.fq.gz", "a.gb.gz", "a.csv.gz"])
def test_a_packed_bomb_is_not_unpacked_to_its_end(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "BOMB_BYTES", 1 << 20)
    monkeypatch.setattr(archives, "BOMB_RATIO", 50)
    head = {"fa": ">x\n", "fq": "@x\n", "gb": entry("", length=60, end=""), "csv": "sequence\n"}[name[2:-3]]
    path = file(name, head + ("A" * 80 + "\n") * 50_000)(tmp_path)
    with pytest.raises(DataError, match="no data are packed like this"):
        one_step(DOMAIN, DnaData(path=path))
