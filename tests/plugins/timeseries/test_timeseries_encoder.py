import pytest
import torch

from seqkit import ConfigError, Continuous
from seqkit_timeseries.encoder import ConvEncoder, timeseries_encoder


def encoder() -> ConvEncoder:
    torch.manual_seed(0)
    return ConvEncoder(Continuous(3), d_model=6, kernel_sizes=(5, 3)).double().eval()


def test_a_record_alone_equals_the_record_in_a_batch() -> None:
    generator = torch.Generator().manual_seed(1)
    x = 100 * torch.randn(2, 9, 3, generator=generator, dtype=torch.float64)
    x[0, 2, 1] = torch.nan
    batched, lengths = encoder()(x, torch.tensor([4, 9]))
    alone, _ = encoder()(x[:1, :4], torch.tensor([4]))
    torch.testing.assert_close(batched[:1, :4], alone, rtol=0, atol=1e-12)
    assert lengths.tolist() == [4, 9] and batched.shape == (2, 9, 6)


def test_a_step_sees_its_neighbourhood_and_no_further() -> None:
    x = torch.zeros(1, 20, 3, dtype=torch.float64)
    changed = x.clone()
    changed[0, 10] = 1.0
    before, after = (encoder()(value, torch.tensor([20]))[0] for value in (x, changed))
    moved = (before - after).abs().sum(-1)[0].nonzero().flatten().tolist()
    # Kernels 5 and 3 reach 2 + 1 steps to each side.
    assert moved == list(range(7, 14))


def test_every_parameter_gets_a_gradient() -> None:
    model = encoder()
    features, _ = model(torch.randn(2, 9, 3, dtype=torch.float64), torch.tensor([4, 9]))
    features.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_forecasting_looks_at_each_step_alone() -> None:
    assert timeseries_encoder(Continuous(1), 4, "next_step").pointwise
    assert not timeseries_encoder(Continuous(1), 4, "classify", kernel_sizes=[3]).pointwise
    assert timeseries_encoder(Continuous(1), 4, "classify", kernel_sizes=[]).pointwise
    with pytest.raises(ConfigError, match="convolutions look at later steps"):
        timeseries_encoder(Continuous(1), 4, "next_step", kernel_sizes=[3])


@pytest.mark.parametrize("sizes", [[4], [0], [-3]])
def test_sizes_without_a_middle_are_refused(sizes: list[int]) -> None:
    with pytest.raises(ConfigError, match="odd, positive"):
        timeseries_encoder(Continuous(1), 4, "classify", kernel_sizes=sizes)
