"""Nothing that is no nucleotide gets in: each file is refused in one sentence with its place, or a model is trained."""

import gc
import math
import os
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqkit import DataError, ModelOptions, SeqkitError, Split, find_files
from seqkit.build import build_model
from seqkit.cli.main import main
from seqkit.data import archives
from seqkit_dna import DOMAIN
from seqkit_dna.data import DnaData
from seqkit_dna.variants import score_variants
from tests.plugins.dna.bad_annotations import HEAD, VARIANTS
from tests.plugins.dna.bad_files import FILES
from tests.plugins.dna.bad_making import GENOME, Case, entry, file

pytestmark = pytest.mark.usefixtures("no_hang")

SECONDS = 2.0
SPLITS: tuple[Split, ...] = ("train", "valid")
REFUSED = [name for name, case in FILES.items() if case.says or case.at]
TRAINED = [name for name in FILES if name not in REFUSED]
WHOLE_FILE = re.compile(
    r"holds no|split is empty|damaged|zip|cannot be read|unpacks|pipe|device|link|no such|no sequence|annotation|twice"
    r"|encrypted|outside|two files|class|CDS|group|features lie|two contigs|not in the annotation|no column"
)
"""What is said of a whole file or of an option, so that there is no record to name."""

PLACE = re.compile(r"(line|record|read|row) \d+|:\d+|, the last record|, before the first|:r\d+|:s|feature \d+")


def data(case: Case, folder: Path) -> DnaData:
    """The data module of a case; `annotation` lies in the folder."""
    options: dict[str, Any] = {"batch_size": 4, "window": 16} | dict(case.options)
    path = case.make(folder)
    if isinstance(path, list) and len(path) == 1:
        (path,) = path
    if "annotation" in options:
        name, sign, rest = options["annotation"].rpartition("=")
        options["annotation"] = f"{name}{sign}{folder / rest}"
    module: DnaData = DnaData(path=path, **options)
    return module


def one_step(module: DnaData) -> float:
    """The loss of a tiny model after one step of training, both splits read."""
    module.setup("fit")
    batch, *_ = (next(iter(module.loader(split))) for split in SPLITS)
    model = build_model(DOMAIN, module, ModelOptions(hidden_size=3))
    optimiser = torch.optim.Adam(model.parameters())
    model.outcome(batch)[0].loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(model.outcome(batch)[0].loss.detach())


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_data_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    case = FILES[name]
    if case.not_as_root and os.geteuid() == 0:
        pytest.skip("root may read everything")
    begin = time.perf_counter()
    with pytest.raises(SeqkitError) as caught:
        one_step(data(case, tmp_path))
    assert time.perf_counter() - begin < SECONDS
    error = caught.value
    assert error.exit_code == 2
    assert case.says in error.what and "\n" not in error.what
    assert error.at and all(word in error.at for word in case.at.split(", ")) and error.fix
    assert WHOLE_FILE.search(error.what) or PLACE.search(error.at), error
    gc.collect(0)  # A file that was left open would warn.


@pytest.mark.parametrize("name", TRAINED)
def test_what_is_only_strange_is_trained_on(name: str, tmp_path: Path) -> None:
    assert math.isfinite(one_step(data(FILES[name], tmp_path)))
    gc.collect(0)


def test_there_are_enough_of_them() -> None:
    assert len(REFUSED) + len(VARIANTS) >= 65 and len(TRAINED) >= 20
    assert Counter(map(str.lower, FILES)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("name", ["digits", "gzip, cut", "FASTQ, no plus", "table, an empty cell", "labels, none"])
def test_the_command_line_says_it_in_three_lines(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = data(FILES[name], tmp_path)
    options = [f"--data.{key}={value}" for key, value in FILES[name].options.items()]
    paths = [module.path] if isinstance(module.path, str) else module.path or []
    words = [word for path in paths for word in ("--data.path", path)]
    assert main(["fit", "--domain", "dna", *words, *options, "--run", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    lines = said.replace("\n  or: --on-bad-record skip leaves such records out", "").splitlines()
    assert len(lines) == 3 and lines[0].startswith("seqkit: error: ") and FILES[name].says in lines[0]
    assert lines[1].startswith("  at: ") and lines[2].startswith("  fix: ")
    assert not (tmp_path / "run" / "config.yaml").exists()


class Listener:
    """Stands for a judge that is asked for nothing."""

    def __init__(self) -> None:
        self.data, self.notes = DOMAIN.datamodule(), list[str]()

    def alternatives(self, groups: Any) -> Any:
        for _, others in groups:
            yield np.zeros(1), [np.zeros(1) for _ in others]


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_that_do_not_fit_are_refused(name: str, tmp_path: Path) -> None:
    content, says, at = VARIANTS[name]
    genome, path = str(file("g.fa", GENOME)(tmp_path)), str(file("a.vcf", content)(tmp_path))
    with pytest.raises(DataError) as caught:
        list(score_variants(Listener(), path, reference=genome))  # type: ignore[arg-type]
    error = caught.value
    assert says in error.what and at in (error.at or "") and error.fix


def test_several_alternatives_are_rows_of_their_own(tmp_path: Path) -> None:
    genome = str(file("g.fa", GENOME)(tmp_path))
    path = str(file("a.vcf", f"{HEAD}c1\t1\t.\tA\tG,*,<DEL>,T\n")(tmp_path))
    judge = Listener()
    assert [row["alt"] for row in score_variants(judge, path, reference=genome)] == ["G", "T"]  # type: ignore[arg-type]
    assert len(judge.notes) == 2


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
        one_step(DnaData(path=path))
