import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

WriteFile = Callable[[str, str], str]


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    """Writes a text file (packed if its name ends in .gz) and gives its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = text.encode()
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return str(path)

    return write
