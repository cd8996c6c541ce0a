"""What is drawn: symbols as often as they are likely, and for each continuation its own numbers."""

from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor

from seqkit.inference import draws as module
from seqkit.inference.draws import Draws
from seqkit.tasks.distributions import Categorical, Normal, StudentT
from seqkit.tasks.sampling import Sampling

CPU = torch.device("cpu")


def numbers(seed: int, rows: list[tuple[int, int]], num_steps: int) -> Tensor:
    return torch.stack(list(islice(Draws(seed, rows, CPU), num_steps)))


def test_a_symbol_is_where_the_summed_probabilities_pass_the_number() -> None:
    raw = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64).log().expand(5, 3)
    uniform = torch.tensor([0.0, 0.19, 0.21, 0.69, 0.71], dtype=torch.float64)
    assert Categorical(3).pick(raw, Sampling(), uniform).tolist() == [0, 0, 1, 1, 2]


def test_a_symbol_without_probability_is_never_drawn() -> None:
    raw = torch.tensor([-torch.inf, 1.0, -torch.inf, 0.0, -torch.inf]).expand(3, 5)
    highest = np.nextafter(1.0, 0.0)  # the highest number that a generator gives
    uniform = torch.tensor([0.0, 0.5, highest], dtype=torch.float64)
    assert Categorical(5).pick(raw, Sampling(), uniform).tolist() == [1, 1, 3]
    assert Categorical(5).pick(raw, Sampling(), uniform.float().clamp(max=1 - 2**-24)).tolist() == [1, 1, 3]


def test_symbols_come_as_often_as_they_are_likely() -> None:
    raw = torch.tensor([2.0, 0.0, 1.0, -3.0]).expand(40_000, 4)
    drawn = Categorical(4).sample(raw, Sampling(temperature=2.0), torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn, minlength=4) / len(drawn)
    torch.testing.assert_close(shares, (raw[0] / 2).softmax(-1), rtol=0, atol=0.01)


def test_top_k_and_top_p_leave_the_likeliest() -> None:
    raw = torch.tensor([0.5, 0.3, 0.15, 0.05]).log().expand(1000, 4)
    uniform = torch.linspace(0, 1 - 1e-9, 1000, dtype=torch.float64)
    assert set(Categorical(4).pick(raw, Sampling(top_k=2), uniform).tolist()) == {0, 1}
    assert set(Categorical(4).pick(raw, Sampling(top_p=0.9), uniform).tolist()) == {0, 1, 2}
    assert set(Categorical(4).pick(raw, Sampling(temperature=0), uniform).tolist()) == {0}


def test_the_numbers_of_a_row_do_not_depend_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(0, 0), (0, 1), (2, 0)]
    together = numbers(5, rows, 300)
    for place, row in enumerate(rows):
        assert torch.equal(together[:, place], numbers(5, [row], 300)[:, 0])
    assert len(set(together[0].tolist())) == 3
    assert not torch.equal(together, numbers(6, rows, 300))
    monkeypatch.setattr(module, "_BLOCK", 7)
    assert torch.equal(together, numbers(5, rows, 300))


def test_any_whole_number_is_a_seed() -> None:
    assert not torch.equal(numbers(-1, [(0, 0)], 3), numbers(1, [(0, 0)], 3))


@pytest.mark.parametrize("output", [Normal(2), StudentT(2)])
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_several_draws_are_those_drawn_one_after_another(output: Normal | StudentT, temperature: float) -> None:
    raw, sampling = torch.randn(5, output.num_parameters), Sampling(temperature)
    together = output.draw(raw, 4, sampling, torch.Generator().manual_seed(1))
    one_by_one = torch.Generator().manual_seed(1)
    assert torch.equal(together, torch.stack([output.sample(raw, sampling, one_by_one) for _ in range(4)]))
