"""Clipping by the norm: torch's own results, without touching what is short enough, and counted."""

import pytest
import torch
from torch import nn

from seqkit.clipping import GradientClip


def parameters(scale: float) -> list[nn.Parameter]:
    """Three with gradients of norm `scale` x 13 together (3, 4 and 12), one without."""
    made = [nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(5)), None]
    norms = (3.0, 4.0, 12.0)
    for parameter, norm in zip(made, norms, strict=False):
        assert parameter is not None
        parameter.grad = torch.zeros_like(parameter)
        parameter.grad.view(-1)[1] = scale * norm
    return [p if p is not None else nn.Parameter(torch.zeros(7)) for p in made]


def test_gradients_are_scaled_to_the_norm_together() -> None:
    clipped = parameters(1.0)
    GradientClip(clipped).by_norm(6.5)  # half of 13
    norms = [float(p.grad.norm()) for p in clipped if p.grad is not None]
    assert norms == pytest.approx([1.5, 2.0, 6.0], rel=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 0.9999 / 13, 1 / 13, 1.0, 1e5, float("inf"), float("nan")])
@pytest.mark.parametrize("most", [1.0, 1e-6])
def test_they_are_those_of_torch_bit_for_bit(scale: float, most: float) -> None:
    ours, theirs = parameters(scale * most), parameters(scale * most)
    GradientClip(ours).by_norm(most)
    nn.utils.clip_grad_norm_(theirs, most)
    for one, other in zip(ours[:3], theirs[:3], strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=0, atol=0, equal_nan=True)


def test_short_gradients_are_not_written_to() -> None:
    kept = parameters(0.01)
    versions = [p.grad._version for p in kept if p.grad is not None]
    GradientClip(kept).by_norm(1.0)
    assert [p.grad._version for p in kept if p.grad is not None] == versions


def test_the_share_is_that_since_it_was_last_asked_for() -> None:
    clip = GradientClip(parameters(1.0))
    for most in (20.0, 6.5, 5.0, 1.0):  # each leaves a norm of `most`, the first of 13
        clip.by_norm(most)
    assert clip.take_share() == 0.75
    assert clip.take_share() == 0.0
    clip.by_norm(9.0)
    assert clip.take_share() == 0.0


def test_nothing_to_clip_is_no_error() -> None:
    clip = GradientClip([nn.Parameter(torch.zeros(3))])
    clip.by_norm(1.0)
    assert clip.take_share() == 0.0
