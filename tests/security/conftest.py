"""What the tests of security share: who was imported, and whether anything was written that should not be."""

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from tests.security.hostile_configs import CANARY, MARKED


class ImportLog:
    """Names of modules that somebody tried to import while it stood first among the finders."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        self.names.append(name)
        return None


@pytest.fixture
def imports() -> Iterator[ImportLog]:
    """Every import that is tried during the test."""
    log = ImportLog()
    sys.meta_path.insert(0, log)
    try:
        yield log
    finally:
        sys.meta_path.remove(log)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with a module that writes the canary when it is imported; afterwards there must be none."""
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "site"
    site.mkdir()
    action = f"open({str(tmp_path / CANARY)!r}, 'w').close()\nclass Thing: pass\ndef run(*given, **named): pass\n"
    (site / f"{MARKED}.py").write_text(action)
    monkeypatch.syspath_prepend(str(site))
    yield tmp_path
    assert not (tmp_path / CANARY).exists(), "the canary was written"
    assert MARKED not in sys.modules
