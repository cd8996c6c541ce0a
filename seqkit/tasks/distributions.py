"""What a head can predict: a symbol, or numbers with their spread. Parameters, likelihood, mean, samples.

Each kind is stateless; `raw` are the head's outputs, (..., num_parameters).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from seqkit.backbone.scaling import Scale
from seqkit.steps import IGNORED
from seqkit.tasks.sampling import Sampling, keep_nucleus
from seqkit.tasks.tails import normal_log_tail, student_log_tail

_LEAST_SCALE = 1e-3


class Output(ABC):
    """A kind of prediction.

    Attributes:
        num_parameters: Numbers the head must give for one step.
    """

    num_parameters: int

    @abstractmethod
    def nll(self, raw: Tensor, targets: Tensor, scale: Scale | None = None) -> tuple[Tensor, Tensor]:
        """Negative log-likelihood in nats, 0 where a target is not scored, and which targets are scored (bool)."""

    @abstractmethod
    def mean(self, raw: Tensor, scale: Scale | None = None) -> Tensor:
        """The best single guess: the likeliest symbol (...,), or the mean (..., F)."""

    @abstractmethod
    def sample(self, raw: Tensor, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None) -> Tensor:
        """One draw for each row: (...,) int64 or (..., F)."""

    def draw(
        self, raw: Tensor, num: int, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None
    ) -> Tensor:
        """`num` draws for each row, (num, ...) or (num, ..., F)."""
        return torch.stack([self.sample(raw, sampling, generator, scale) for _ in range(num)])

    @abstractmethod
    def average(self, raws: list[Tensor]) -> Tensor:
        """The prediction that averages several readings of the same record."""


@final
class Categorical(Output):
    """One of K symbols; `raw` are logits.

    Args:
        num_classes: K.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_parameters = num_classes

    def nll(self, raw: Tensor, targets: Tensor, scale: Scale | None = None) -> tuple[Tensor, Tensor]:
        """Cross-entropy of (..., K) against (...,)."""
        logits = raw.reshape(-1, self.num_parameters)
        flat = functional.cross_entropy(logits, targets.reshape(-1), ignore_index=IGNORED, reduction="none")
        return flat.reshape(targets.shape), targets != IGNORED

    def mean(self, raw: Tensor, scale: Scale | None = None) -> Tensor:
        """The likeliest symbol."""
        return raw.argmax(dim=-1)

    def sample(self, raw: Tensor, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None) -> Tensor:
        """A symbol a row, by one uniform number each (`pick`)."""
        dtype = torch.float32 if raw.device.type == "mps" else torch.float64
        uniform = torch.rand(raw.shape[:-1], generator=generator, dtype=dtype, device=raw.device)
        return self.pick(raw, sampling, uniform)

    def pick(self, raw: Tensor, sampling: Sampling, uniform: Tensor) -> Tensor:
        """The symbol at which the summed probabilities pass a number in [0, 1); a symbol of probability 0 never is.

        Args:
            raw: Logits, (..., K).
            sampling: How to draw. top-p: Holtzman et al. 2020 [holtzman2020].
            uniform: (...,), in float64 where the device has it: the sums are taken in its type.
        """
        if sampling.temperature == 0:
            return raw.argmax(dim=-1)
        logits = raw.to(uniform.dtype)
        if sampling.temperature != 1:
            logits = logits / sampling.temperature
        if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
            least = logits.topk(sampling.top_k, dim=-1).values[..., -1:]
            logits = logits.masked_fill(logits < least, -math.inf)
        if sampling.top_p is not None:
            logits = keep_nucleus(logits, sampling.top_p)
        passed = logits.softmax(dim=-1).cumsum(dim=-1)
        # The last sum need not be 1. Just below 1 the product could round up to it, and no symbol would pass it.
        goal = uniform[..., None] * (passed[..., -1:] * (1 - 2 * torch.finfo(passed.dtype).eps))
        return torch.searchsorted(passed, goal, right=True)[..., 0]

    def average(self, raws: list[Tensor]) -> Tensor:
        """Logits of the mean probability."""
        return torch.stack([raw.log_softmax(dim=-1) for raw in raws]).logsumexp(0) - math.log(len(raws))


class LocationScale(Output, ABC):
    """Numbers around a location; features are independent given the past.

    Args:
        num_features: F.
    """

    parameters_per_feature = 2

    def __init__(self, num_features: int) -> None:
        self.num_features = num_features
        self.num_parameters = self.parameters_per_feature * num_features

    @abstractmethod
    def standard_nll(self, z: Tensor, shape: Tensor | None) -> Tensor:
        """Negative log density of a standardised value, in nats."""

    @abstractmethod
    def standard_log_tail(self, z: Tensor, shape: Tensor | None) -> Tensor:
        """Logarithm of the probability of a standardised value at least as far out, on either side; float64."""

    @abstractmethod
    def standard_sample(self, like: Tensor, shape: Tensor | None, generator: torch.Generator) -> Tensor:
        """A standardised draw of the shape of `like`."""

    def parameters(self, raw: Tensor, scale: Scale | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Location, spread and shape parameter, (..., F) each, in the units of the targets and the scale's precision.

        A value far from zero has few digits left for its distance from the location: scales are float64 for that.
        """
        location, spread, *shape = raw.chunk(self.parameters_per_feature, dim=-1)
        spread = functional.softplus(spread) + _LEAST_SCALE
        if scale is not None:
            location, spread = scale.mean + scale.deviation * location, scale.deviation * spread
        return location, spread, shape[0] if shape else None

    def nll(self, raw: Tensor, targets: Tensor, scale: Scale | None = None) -> tuple[Tensor, Tensor]:
        """Negative log density of (..., F); NaN targets are not scored."""
        location, spread, shape = self.parameters(raw, scale)
        scored = torch.isfinite(targets)
        z = (torch.where(scored, targets, location.detach()) - location) / spread
        return torch.where(scored, self.standard_nll(z, shape) + spread.log(), torch.zeros_like(z)), scored

    def log_tail(self, raw: Tensor, targets: Tensor, scale: Scale | None = None) -> Tensor:
        """Logarithm of the probability of a value at least as far from the location; (..., F), NaN where not scored.

        The logarithm, in float64: the probability itself is 0 as a float where values are most worth a look.
        """
        location, spread, shape = self.parameters(raw, scale)
        return self.standard_log_tail((targets - location) / spread, shape)

    def mean(self, raw: Tensor, scale: Scale | None = None) -> Tensor:
        """The location."""
        return self.parameters(raw, scale)[0].to(raw.dtype)

    def sample(self, raw: Tensor, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None) -> Tensor:
        """A value a row; the temperature scales the spread. top-k and top-p have no meaning here."""
        return self.draw(raw, 1, sampling, generator, scale)[0]

    def draw(
        self, raw: Tensor, num: int, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None
    ) -> Tensor:
        """`num` draws for each row, from parameters that are worked out once."""
        location, spread, shape = self.parameters(raw, scale)
        if sampling.temperature == 0:
            return location.to(raw.dtype).expand(num, *location.shape)
        like, reach = location.to(raw.dtype), sampling.temperature * spread
        draws = (self.standard_sample(like, shape, generator) for _ in range(num))
        return torch.stack([(location + reach * drawn).to(raw.dtype) for drawn in draws])

    def average(self, raws: list[Tensor]) -> Tensor:
        """The mean of the parameters."""
        return torch.stack(raws).mean(0)


@final
class Normal(LocationScale):
    """Gaussian: location and deviation a feature."""

    def standard_nll(self, z: Tensor, shape: Tensor | None) -> Tensor:
        """z^2 / 2 + log(2 pi) / 2."""
        return 0.5 * z**2 + 0.5 * math.log(2 * math.pi)

    def standard_log_tail(self, z: Tensor, shape: Tensor | None) -> Tensor:
        """Through the complementary error function."""
        return normal_log_tail(z)

    def standard_sample(self, like: Tensor, shape: Tensor | None, generator: torch.Generator) -> Tensor:
        """Standard normal."""
        return torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)


@final
class StudentT(LocationScale):
    """Student's t: location, scale and degrees of freedom (above 2, so that the variance exists)."""

    parameters_per_feature = 3

    def standard_nll(self, z: Tensor, shape: Tensor | None) -> Tensor:
        """Negative log density with nu = 2 + softplus(shape)."""
        nu = _degrees_of_freedom(shape)
        constant = torch.lgamma(nu / 2) - torch.lgamma((nu + 1) / 2) + 0.5 * torch.log(nu * math.pi)
        return constant + 0.5 * (nu + 1) * torch.log1p(z**2 / nu)

    def standard_log_tail(self, z: Tensor, shape: Tensor | None) -> Tensor:
        """Through the incomplete beta function."""
        return student_log_tail(z, _degrees_of_freedom(shape))

    def standard_sample(self, like: Tensor, shape: Tensor | None, generator: torch.Generator) -> Tensor:
        """Polar method for t: Bailey 1994 [bailey1994]."""
        nu = _degrees_of_freedom(shape)
        u, v = torch.rand((2, *like.shape), generator=generator, dtype=like.dtype, device=like.device)
        radius = (nu * ((1 - u) ** (-2 / nu) - 1)).clamp(min=0).sqrt()
        return radius * torch.cos(2 * math.pi * v)


def _degrees_of_freedom(shape: Tensor | None) -> Tensor:
    assert shape is not None
    return 2 + functional.softplus(shape)
