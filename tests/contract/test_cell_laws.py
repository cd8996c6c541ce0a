"""Every cell under the laws, not only the default one: in a stream of symbols and over whole records of numbers."""

from typing import Any

import pytest
import torch

from seqkit import ModelOptions, plugins
from seqkit.backbone.choice import CELLS, MEMORYLESS
from seqkit.build import build_model
from seqkit.testing import CHECKS, Bench, Check

CASES = [("text", "next_step"), ("timeseries", "classify")]
OF_MODELS = [check for check in CHECKS if not check.__name__.startswith(("check_codec", "check_records"))]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("domain", "task"), CASES)
@pytest.mark.parametrize("check", OF_MODELS, ids=lambda check: check.__name__)
def test_a_cell_keeps_the_law(cell: Any, domain: str, task: str, check: Check) -> None:
    bench = Bench(plugins.load(domain), task)
    options = ModelOptions(cell=cell, hidden_size=16, num_layers=1 if cell in MEMORYLESS else 2, width=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        bench.model = build_model(bench.domain, bench.data, options).double().eval()
    check(bench)
