"""Every kind of place a training may be interrupted at, with and without workers and carried state, in all domains."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from seqkit import plugins
from tests.core.resuming import differences, trained
from tests.soak.conftest import Tally

pytestmark = pytest.mark.soak

_WORKERS = ((0, 0), (2, 2), (2, 0), (0, 2))
_PLACES: dict[str, tuple[tuple[str, int], dict[str, Any]]] = {
    "first step": (("training", 1), {}),
    "within an epoch": (("training", 8), {}),
    "one before gradients are complete": (("training", 5), {"accumulate_grad_batches": 3}),
    "one after": (("training", 7), {"accumulate_grad_batches": 3}),
    "last batch of an epoch": (("training", 6), {}),
    "inside a validation": (("validation", 3), {"val_check_interval": 0.5}),
}
_TASKS = {"text": "classify", "audio": "classify", "dna": "classify", "timeseries": "forecast"}
_SIZES: dict[str, Any] = {"batch_size": 8, "limit_train_batches": 6, "limit_val_batches": 2, "max_epochs": 2}


@pytest.mark.parametrize("domain", list(_TASKS))
def test_every_case_ends_as_if_it_had_never_been_interrupted(
    domain: str, tmp_path: Path, trials: Callable[[int], int], tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = list(product(_PLACES, _WORKERS, ("next_step", _TASKS[domain])))
    assert len(cases) == 48
    cases = cases[:: max(48 // trials(48), 1)]
    failed = sum(
        not _holds(domain, place, workers, task, tmp_path / f"{number}")
        for number, (place, workers, task) in enumerate(cases)
    )
    monkeypatch.setattr("seqkit.data.loader.BatchLoader.load_state_dict", lambda self, state: None)
    controls = [(place, (0, 0), "next_step") for place in ("first step", "within an epoch", "one after")]
    broken = sum(not _holds(domain, *case, tmp_path / f"control-{number}") for number, case in enumerate(controls))
    tally(f"resumed, {domain}", len(cases), failed, len(controls), broken)


def _holds(domain: str, place: str, workers: tuple[int, int], task: str, folder: Path) -> bool:
    at, own = _PLACES[place]
    # The first validation windows of series are their given past, of which nothing is scored.
    sizes = _SIZES | ({"limit_val_batches": None} if domain == "timeseries" else {})
    options = sizes | own | {"task": task} | ({"window": 16} if task == "next_step" else {})
    value = plugins.load(domain)
    assert trained(value, folder / "whole", **options)
    assert not trained(value, folder / "run", at, **options | {"num_workers": workers[0]})
    assert trained(value, folder / "run", **options | {"num_workers": workers[1]})
    return not differences(folder / "whole", folder / "run")
