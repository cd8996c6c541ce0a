"""Variants that do not fit their genome are refused with their line; those that fit in part are told of."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqkit import DataError
from seqkit_dna import DOMAIN
from seqkit_dna.variants import score_variants
from tests.plugins.dna.bad_annotations import HEAD, VARIANTS
from tests.plugins.dna.bad_making import GENOME, file


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
