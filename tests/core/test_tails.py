"""Tails of distributions against scipy's."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from seqkit.backbone.scaling import Scale
from seqkit.tasks.distributions import LocationScale, Normal, StudentT
from seqkit.tasks.tails import normal_log_tail, student_log_tail


@pytest.mark.parametrize("nu", [2.0001, 2.5, 7.0, 40.0, 3000.0])
def test_tails_of_students_t_are_those_of_scipy(nu: float) -> None:
    z = torch.tensor([0.0, 1e-9, 1e-3, 0.2, 1.0, 1.7, -3.0, 9.0, -30.0], dtype=torch.float64)
    expected = math.log(2) + stats.t.logsf(z.abs().numpy(), nu)
    found = student_log_tail(z, torch.tensor(nu, dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-9)


def test_tails_of_the_normal_are_those_of_scipy_also_where_no_float_holds_them() -> None:
    z = torch.tensor([0.0, 0.3, -1.96, 6.0, -60.0], dtype=torch.float64)
    np.testing.assert_allclose(normal_log_tail(z).numpy(), math.log(2) + stats.norm.logsf(z.abs().numpy()), rtol=1e-12)
    assert float(normal_log_tail(torch.tensor(60.0)).exp()) == 0.0  # what the logarithm is for


def test_far_tails_of_students_t_follow_the_power_law() -> None:
    # P(|T| >= z) tends to c / z^nu: a thousandfold z costs nu * ln 1000.
    z = torch.tensor([1e6, 1e9], dtype=torch.float64)
    near, far = student_log_tail(z, torch.tensor(4.0, dtype=torch.float64)).tolist()
    assert near - far == pytest.approx(4 * math.log(1000), rel=1e-9)


@pytest.mark.parametrize(("output", "reference"), [(Normal(2), stats.norm), (StudentT(2), stats.t)])
def test_a_tail_is_two_sided_and_in_the_units_of_the_targets(output: LocationScale, reference: Any) -> None:
    generator = torch.Generator().manual_seed(5)
    raw = torch.randn(3, output.num_parameters, generator=generator, dtype=torch.float64)
    targets = 4 * torch.randn(3, 2, generator=generator, dtype=torch.float64)
    scale = Scale(torch.full((3, 2), 1.5), torch.full((3, 2), 2.5))
    for frame in (None, scale):
        location, spread, shape = output.parameters(raw, frame)
        z = ((targets - location) / spread).abs().numpy()
        free = () if shape is None else (2 + torch.nn.functional.softplus(shape).numpy(),)
        expected = 2 * reference.sf(z, *free)
        np.testing.assert_allclose(output.log_tail(raw, targets, frame).exp().numpy(), expected, rtol=1e-9)
