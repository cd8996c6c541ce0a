"""How far out a value lies: logarithms of two-sided tail probabilities, for the probabilities may be 0 as floats."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_MOST_TERMS = 10_000
_TINY = 1e-300


def normal_log_tail(z: Tensor) -> Tensor:
    """The logarithm of P(|Z| >= |z|) of a standard normal Z, in float64.

    Example:
        >>> normal_log_tail(torch.tensor(1.959963984540054)).exp()
        tensor(0.0500, dtype=torch.float64)
    """
    return torch.special.log_ndtr(-z.double().abs()) + math.log(2)


def student_log_tail(z: Tensor, nu: Tensor) -> Tensor:
    """The logarithm of P(|T| >= |z|) of Student's t with `nu` degrees of freedom, in float64.

    The probability is the regularised incomplete beta function I_x(nu / 2, 1 / 2) at x = nu / (nu + z^2), by its
    continued fraction where that converges fast, and by that of the complement elsewhere.

    Source: Press et al. 2007, section 6.4 [press2007].
    """
    z, nu = z.double(), nu.double()
    nu = nu.expand_as(z) if nu.ndim < z.ndim else nu
    # x and 1 - x, neither by subtraction: for large |z| and for small the difference would be lost.
    ratio = z**2 / nu
    log_x, log_rest = -torch.log1p(ratio), torch.log(ratio.clamp(min=_TINY)) - torch.log1p(ratio)
    a, b = nu / 2, torch.full_like(nu, 0.5)
    far = log_x.exp() < (a + 1) / (a + b + 2)
    small = _log_incomplete_beta(torch.where(far, log_x, log_rest), torch.where(far, log_rest, log_x),
                                 torch.where(far, a, b), torch.where(far, b, a))  # fmt: skip
    small = small.clamp(max=0.0)
    return torch.where(far, small, torch.log1p(-small.exp()))


def _log_incomplete_beta(log_x: Tensor, log_rest: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The logarithm of I_x(a, b) for x below (a + 1) / (a + b + 2), from ln x and ln(1 - x): Lentz's fraction."""
    log_beta = torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)
    x = log_x.exp()
    c = torch.ones_like(x)
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _MOST_TERMS):
        before = fraction
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            fraction = fraction * c * d
        if not bool(((fraction - before).abs() > 1e-15 * fraction.abs()).any()):  # NaN never gets there.
            break
    return a * log_x + b * log_rest - log_beta - a.log() + fraction.log()


def _away_from_zero(value: Tensor) -> Tensor:
    return torch.where(value.abs() < _TINY, torch.full_like(value, _TINY), value)
