"""Likelihoods and draws against torch.distributions and hand-worked numbers."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import AffineTransform, TransformedDistribution
from torch.distributions import Categorical as TorchCategorical
from torch.distributions import Normal as TorchNormal
from torch.distributions import StudentT as TorchStudentT
from torch.nn.functional import softplus

from seqkit import IGNORED, ConfigError, Continuous, Discrete
from seqkit.backbone.scaling import Scale
from seqkit.tasks.distributions import Categorical, Normal, StudentT
from seqkit.tasks.outputs import build_output
from seqkit.tasks.sampling import Sampling

B, T, F, K = 2, 5, 3, 4


def numbers(parameters: int) -> tuple[Tensor, Tensor, Scale]:
    torch.manual_seed(8)
    raw = torch.randn(B, T, parameters * F, dtype=torch.float64)
    mean, deviation = torch.randn(B, T, F, dtype=torch.float64) * 100, torch.rand(B, T, F, dtype=torch.float64) + 0.5
    return raw, torch.randn(B, T, F, dtype=torch.float64), Scale(mean, deviation)


def reference(raw: Tensor) -> torch.distributions.Distribution:
    location, spread, *shape = raw.chunk(raw.shape[-1] // F, dim=-1)
    spread = softplus(spread) + 1e-3
    if not shape:
        return TorchNormal(location, spread)
    return TorchStudentT(2 + softplus(shape[0]), location, spread)


@pytest.mark.parametrize(("output", "parameters"), [(Normal(F), 2), (StudentT(F), 3)])
def test_nll_is_that_of_torchs_distribution(output: Normal | StudentT, parameters: int) -> None:
    raw, targets, _ = numbers(parameters)
    assert output.num_parameters == raw.shape[-1]
    nll, scored = output.nll(raw, targets)
    assert scored.all()
    torch.testing.assert_close(nll, -reference(raw).log_prob(targets), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("output", "parameters"), [(Normal(F), 2), (StudentT(F), 3)])
def test_nll_with_a_scale_is_the_density_after_a_change_of_variables(
    output: Normal | StudentT, parameters: int
) -> None:
    raw, z, scale = numbers(parameters)
    targets = scale.mean + scale.deviation * z
    moved = TransformedDistribution(reference(raw), [AffineTransform(scale.mean, scale.deviation)])
    nll, _ = output.nll(raw, targets, scale)
    torch.testing.assert_close(nll, -moved.log_prob(targets), rtol=1e-10, atol=1e-10)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(output.mean(raw, scale), scale.mean + scale.deviation * raw[..., :F])


@pytest.mark.parametrize(("output", "parameters"), [(Normal(F), 2), (StudentT(F), 3)])
def test_missing_targets_are_not_scored_and_leave_gradients_finite(output: Normal | StudentT, parameters: int) -> None:
    raw, targets, scale = numbers(parameters)
    whole, _ = output.nll(raw, targets, scale)
    targets[0, 2, 1] = targets[1, 0, 0] = torch.nan
    targets[1, 4, 2] = torch.inf
    raw.requires_grad_()
    nll, scored = output.nll(raw, targets, scale)
    assert scored.sum() == B * T * F - 3
    assert torch.equal(nll[scored], whole[scored]) and nll[~scored].eq(0).all()
    (gradient,) = torch.autograd.grad(nll.sum(), raw)
    assert gradient.isfinite().all()
    assert gradient[0, 2, 1] == gradient[1, 0, 0] == gradient[1, 4, 2] == 0
    assert gradient[0, 2, 0] != 0


def test_cross_entropy_is_that_of_torchs_categorical_and_ignored_targets_count_nothing() -> None:
    torch.manual_seed(9)
    raw = torch.randn(B, T, K, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(K, (B, T))
    expected = -TorchCategorical(logits=raw).log_prob(targets)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(Categorical(K).nll(raw, targets)[0], expected, rtol=1e-10, atol=1e-10)
    targets[1, 3] = IGNORED
    nll, scored = Categorical(K).nll(raw, targets)
    assert nll[1, 3] == 0 and not scored[1, 3] and scored.sum() == B * T - 1
    (gradient,) = torch.autograd.grad(nll.sum(), raw)
    assert gradient.isfinite().all() and gradient[1, 3].eq(0).all()


def test_normal_draws_have_the_asked_mean_and_deviation() -> None:
    raw = torch.tensor([[2.0, math.log(math.expm1(3.0))]]).double().expand(200_000, 2)
    scale = Scale(torch.tensor(10.0), torch.tensor(0.5))
    draws = Normal(1).sample(raw, Sampling(), torch.Generator().manual_seed(0), scale)
    # mean 10 + 0.5 * 2, deviation 0.5 * (3 + 0.001)
    assert draws.mean().item() == pytest.approx(11.0, abs=0.02)
    assert draws.std().item() == pytest.approx(1.5005, rel=0.01)


@pytest.mark.parametrize("nu", [3.0, 8.0])
def test_student_draws_follow_the_distribution(nu: float) -> None:
    raw = torch.tensor([[-1.0, math.log(math.expm1(2.0)), math.log(math.expm1(nu - 2))]]).double().expand(200_000, 3)
    draws = StudentT(1).sample(raw, Sampling(), torch.Generator().manual_seed(0))[:, 0]
    z = (draws + 1) / 2.001
    assert draws.median().item() == pytest.approx(-1.0, abs=0.02)
    # E|z| of Student's t: 2 sqrt(nu) Gamma((nu + 1) / 2) / (sqrt(pi) Gamma(nu / 2) (nu - 1))
    mean_size = 2 * math.sqrt(nu) * math.gamma((nu + 1) / 2) / (math.sqrt(math.pi) * math.gamma(nu / 2) * (nu - 1))
    assert z.abs().mean().item() == pytest.approx(mean_size, rel=0.01)
    # Quartiles by torch's own draws would be noise on noise: the 75 % points of t(3), t(8) from tables.
    assert z.quantile(0.75).item() == pytest.approx({3.0: 0.7649, 8.0: 0.7064}[nu], rel=0.02)


def test_the_temperature_scales_the_spread_and_zero_gives_the_mean() -> None:
    raw, _, scale = numbers(3)
    output, mean = StudentT(F), StudentT(F).mean(numbers(3)[0], scale)
    one, half = (
        output.sample(raw, Sampling(temperature), torch.Generator().manual_seed(1), scale) - mean
        for temperature in (1.0, 0.5)
    )
    torch.testing.assert_close(half, one / 2, rtol=1e-6, atol=1e-9)
    assert torch.equal(output.sample(raw, Sampling(0.0), torch.Generator(), scale), mean)


def shares(sampling: Sampling, count: int = 20_000) -> list[float]:
    """How often each of four symbols of probability 0.4, 0.1, 0.3, 0.2 is drawn."""
    raw = torch.tensor([0.4, 0.1, 0.3, 0.2]).log().expand(count, 4)
    drawn = Categorical(4).sample(raw, sampling, torch.Generator().manual_seed(2))
    return (torch.bincount(drawn, minlength=4) / count).tolist()


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.4, 0.1, 0.3, 0.2]),
        (Sampling(top_k=2), [4 / 7, 0, 3 / 7, 0]),
        (Sampling(top_k=9), [0.4, 0.1, 0.3, 0.2]),
        (Sampling(top_p=0.6), [4 / 7, 0, 3 / 7, 0]),  # 0.4 alone does not reach 0.6
        (Sampling(top_p=0.75), [4 / 9, 0, 3 / 9, 2 / 9]),
        (Sampling(top_p=0.01), [1, 0, 0, 0]),
        (Sampling(temperature=0.5), [16 / 30, 1 / 30, 9 / 30, 4 / 30]),  # squares, normalised
        (Sampling(temperature=0.0), [1, 0, 0, 0]),
        (Sampling(temperature=0.5, top_k=3, top_p=0.8), [16 / 25, 0, 9 / 25, 0]),  # 16/29 + 9/29 = 0.86
    ],
)
def test_symbols_are_drawn_as_often_as_worked_out_by_hand(sampling: Sampling, expected: list[float]) -> None:
    drawn = shares(sampling)
    assert drawn == pytest.approx(expected, abs=0.015)
    assert [share == 0 for share in drawn] == [share == 0 for share in expected]


def test_draws_keep_their_shape_and_repeat_with_their_seed() -> None:
    raw = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(0))
    one, two, other = (
        Categorical(4).sample(raw.repeat(9, 1, 1), Sampling(), torch.Generator().manual_seed(s)) for s in (5, 5, 6)
    )
    assert one.shape == (27, 2) and torch.equal(one, two) and not torch.equal(one, other)


def test_categorical_readings_are_averaged_as_probabilities() -> None:
    raws = [torch.tensor([[0.9, 0.1]]).log() + 3, torch.tensor([[0.5, 0.5]]).log()]
    torch.testing.assert_close(Categorical(2).average(raws).softmax(-1), torch.tensor([[0.7, 0.3]]))
    assert Categorical(2).mean(torch.tensor([[0.1, 0.2], [3.0, 0.0]])).tolist() == [1, 0]
    assert Normal(1).average([torch.tensor([[1.0, 4.0]]), torch.tensor([[3.0, 0.0]])]).tolist() == [[2.0, 2.0]]


@pytest.mark.parametrize("options", [{"temperature": -0.1}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.1}])
def test_impossible_ways_to_draw_are_refused(options: dict[str, float]) -> None:
    (name,) = options
    with pytest.raises(ConfigError, match=rf"{name} is {options[name]}\n  at: --{name}"):
        Sampling(**options)  # type: ignore[arg-type]


def test_the_output_follows_from_the_spec() -> None:
    assert isinstance(build_output(Discrete(5), "normal"), Categorical)
    assert isinstance(build_output(Continuous(2), "normal"), Normal)
    assert build_output(Continuous(2), "student_t").num_parameters == 6
