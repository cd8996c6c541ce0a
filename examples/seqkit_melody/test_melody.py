"""The domain keeps every law of seqkit, and names the line that it cannot read."""

from pathlib import Path

import pytest
from seqkit_melody import DOMAIN, MelodyData

from seqkit import DataError
from seqkit.testing import Bench, Check, parametrize_with_checks


@parametrize_with_checks([DOMAIN])
def test_melody_keeps_the_law(bench: Bench, check: Check) -> None:
    """One test for each task and law."""
    check(bench)


def test_a_line_without_a_label_is_refused_with_its_place(tmp_path: Path) -> None:
    """The error names file and line."""
    (tmp_path / "tunes.txt").write_text("folk: abc\nhgfe\n")
    with pytest.raises(DataError, match="no label") as error:
        list(MelodyData(path=str(tmp_path)).records("predict"))
    assert error.value.at == "tunes.txt:2"
