"""torchaudio is imported without its compiled part when that part, and nothing else, cannot be loaded."""

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import seqkit_audio

FILE = Path(seqkit_audio.__file__).parent / "torchaudio_import.py"
BROKEN_LIBRARY = "def _load_lib(lib):\n    raise OSError('libc10_cuda.so: cannot open shared object file')\n"
LOADS_IT = "from . import utils\nLOADED = utils._load_lib('_torchaudio')\n"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable package `torchaudio` to be filled, in place of the real one."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "torchaudio"
    (package / "_extension").mkdir(parents=True)
    (package / "__init__.py").write_text("from . import _extension\nANSWER = 42\n")
    (package / "_extension" / "utils.py").write_text(BROKEN_LIBRARY)
    (package / "_extension" / "__init__.py").write_text(LOADS_IT)
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        del sys.modules[name]


def imported() -> ModuleType:
    module: ModuleType = runpy.run_path(str(FILE))["torchaudio"]
    return module


def test_a_compiled_part_that_cannot_be_loaded_is_left_out(fake: Path) -> None:
    torchaudio = imported()
    assert torchaudio.ANSWER == 42
    assert torchaudio._extension.LOADED is False


def test_a_compiled_part_that_loads_is_used(fake: Path) -> None:
    (fake / "_extension" / "utils.py").write_text("def _load_lib(lib):\n    return lib\n")
    assert imported()._extension.LOADED == "_torchaudio"


def test_another_missing_file_is_not_hidden(fake: Path) -> None:
    (fake / "__init__.py").write_text("raise FileNotFoundError('labels.txt')\n")
    with pytest.raises(FileNotFoundError, match=r"labels\.txt"):
        imported()


def test_a_failure_after_the_compiled_part_is_not_hidden(fake: Path) -> None:
    (fake / "__init__.py").write_text("from . import _extension\nraise OSError('no such device')\n")
    with pytest.raises(OSError, match="no such device"):
        imported()


def test_a_package_that_is_not_installed_stays_missing(fake: Path) -> None:
    (fake / "__init__.py").write_text("raise ModuleNotFoundError('No module named torchaudio', name='torchaudio')\n")
    with pytest.raises(ModuleNotFoundError, match="torchaudio"):
        imported()


def test_the_real_one_has_all_that_is_used() -> None:
    from seqkit_audio.torchaudio_import import torchaudio

    assert {"MelSpectrogram", "FrequencyMasking", "TimeMasking", "Resample"} <= set(dir(torchaudio.transforms))
    assert {"mu_law_encoding", "mu_law_decoding", "create_dct"} <= set(dir(torchaudio.functional))
