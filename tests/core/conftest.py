"""Fixtures of the core's tests: small domains, and what several files begin from."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from seqkit import Domain
from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.lecture.instruments.measured import ClippingReport, Memory, Shown
from tests.core.comparing import NotesData
from tests.core.resuming import RECORDS, trained
from tests.core.small_domains import MelodyData, SeriesData


@pytest.fixture(scope="session")
def melody() -> Domain:
    return Domain("melody", MelodyData, tasks=("next_step", "classify"))


@pytest.fixture(scope="session")
def series() -> Domain:
    return Domain("series", SeriesData, tasks=("next_step", "classify"))


@pytest.fixture(scope="session")
def notes() -> Domain:
    return Domain("notes", NotesData, tasks=("next_step", "classify"))


@pytest.fixture
def unfinished(melody: Domain, tmp_path: Path) -> Path:
    """A run that a signal ended in its second step."""
    assert not trained(melody, tmp_path / "run", ("training", 2), **RECORDS)
    return tmp_path / "run"


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cores 0 to 7 are seen, and torch is left as it was."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def found() -> Diagnosis:
    """A diagnosis of a tanh layer and a relu layer, of which the first vanishes."""
    memories = [
        Memory("layer 1", "vanishes", 12.0, 99.0, 0.01, 0.7, 2.0, "12 characters", "layer 1: vanishes after 12"),
        Memory("layer 2", "holds", 99.0, 99.0, 0.01, 1.0, math.inf, "99 characters", "layer 2: holds over all 99"),
    ]
    empty, nothing = (
        np.zeros(0),
        ClippingReport(np.zeros(0), 1.0, math.nan, math.nan, np.zeros(0), np.zeros(0), math.nan),
    )
    shown = Shown(0, "demo:0", 0, empty, empty)
    return Diagnosis(
        "text", "next_step", "rnn (tanh)", 5, 2, False, "valid", 2, 8, 100, 1.0, "a loss",
        (), (), (), (), nothing, tuple(memories), shown,
    )  # fmt: skip
