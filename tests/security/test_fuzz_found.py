"""Inputs that fuzzing found, each with the parser that let something else than a SeqkitError out."""

from pathlib import Path

import pytest

from seqkit import SeqkitError
from tests.soak.parsers import PARSERS

FOUND = [
    ("CSV, long", b"unique_id,ds,y\na\r,1,1\na,2,2\n", "no row"),
    ("CSV, wide", b"date,x,z\n2020-01-01 00\r\x0f0,1,2\n2020-01-01 01:00,3,4\n", "no row"),
    ("CSV, wide", b'x,"' + b"z" * 200_000 + b'"\n1,2\n', "no row"),
    ("YAML configuration", b"seed: !!int ''\n", "is no YAML"),
]


@pytest.mark.parametrize(("name", "content", "said"), FOUND)
def test_what_was_found_is_refused(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    parser = PARSERS[name]()
    (path := tmp_path / f"found{parser.suffix}").write_bytes(content)
    with pytest.raises(SeqkitError, match=said):
        parser.parse(path)
