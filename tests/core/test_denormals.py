"""Numbers below the smallest normal one: 0 while a model trains, and what they were before afterwards."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

import seqkit
from seqkit import Domain
from seqkit.training.denormals import denormals_are_zero, flushed_denormals

SMALL = torch.finfo(torch.float32).tiny / 4


def test_they_are_zero_inside_and_come_back() -> None:
    assert not denormals_are_zero()
    with pytest.raises(ZeroDivisionError), flushed_denormals():
        assert denormals_are_zero()
        assert float(torch.tensor([SMALL * 8]) / 8) == 0
        raise ZeroDivisionError
    assert float(torch.tensor([SMALL * 8]) / 8) == pytest.approx(SMALL)


def test_a_caller_who_flushes_them_keeps_doing_so() -> None:
    torch.set_flush_denormal(True)
    try:
        with flushed_denormals():
            pass
        assert denormals_are_zero()
    finally:
        torch.set_flush_denormal(False)


def test_training_flushes_them(melody: Domain, tmp_path: Path) -> None:
    class Look(pl.Callback):
        found: bool | None = None

        def on_train_batch_end(self, *arguments: object) -> None:
            self.found = denormals_are_zero()

    look = Look()
    seqkit.fit(melody, run=tmp_path / "run", quiet=True, max_steps=1, callbacks=[look], hidden_size=4)
    assert look.found
    assert not denormals_are_zero()
