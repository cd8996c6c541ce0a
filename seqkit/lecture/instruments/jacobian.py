"""The recurrent Jacobian of a layer, J_t = d s_t / d s_{t-1}: its size at single steps, and the growth of its product.

Source: Pascanu et al. 2013, section 2 [pascanu2013]; Lyapunov exponents by repeated orthogonalisation, Engelken et al.
2023 [engelken2023].
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from seqkit.backbone.cell import Cell
from seqkit.lecture.instruments.choosing import spread
from seqkit.lecture.instruments.measured import JacobianReport
from seqkit.lecture.instruments.recorder import LayerTrace, StackTrace

_MOST_EXACT = 1024
"""Numbers in a state up to which the whole matrix is made."""

_MOST_WORK = 5e8
"""Sum of the cubes of the sizes of all matrices whose eigenvalues are computed: a few seconds."""

_NUM_ITERATIONS = 60
_SETTLING = 20
"""Of power iteration, and those of them before growth is averaged."""

_MOST_ROWS = 4
"""Records over which the product is followed."""

_STEPS_BETWEEN = 4
"""Steps of the product from one orthogonalisation to the next: fewer digits are lost than float32 has."""


def measure_jacobian(
    trace: StackTrace, layer: LayerTrace, num_samples: int = 16, num_exponents: int = 4
) -> JacobianReport:
    """Spectral radius and norm at sampled steps, and the leading Lyapunov exponents over all recorded ones.

    Args:
        trace: The direction that the layer belongs to.
        layer: Which.
        num_samples: Steps at which the matrix is looked at; fewer where the state is large.
        num_exponents: Directions whose growth is measured.
    """
    size = sum(s.shape[1] for s in layer.before[0])
    exact = size <= _MOST_EXACT
    if exact:
        num_samples = min(num_samples, max(int(_MOST_WORK / max(size, 1) ** 3), 2))
    steps, rows = _sample(trace, len(layer.entries), num_samples)
    x = torch.stack([layer.entries[t][b] for t, b in zip(steps, rows, strict=True)]).detach()
    state = torch.stack([_flat(layer, t)[b] for t, b in zip(steps, rows, strict=True)])
    if not size:
        radius = norm = np.zeros(len(steps))
    elif exact:
        radius, norm = _decompose(jacobian(layer.cell, x, state))
    else:
        radius, norm = _iterate(layer.cell, x, state)
    exponents = lyapunov_exponents(trace, layer, min(num_exponents, size))
    return JacobianReport(layer.name, size, np.array(steps), radius, norm, exact, exponents)


def jacobian(cell: Cell, x_t: Tensor, state: Tensor) -> Tensor:
    """The matrices (N, S, S) for entries (N, D) and states before the step (N, S), parts of a state side by side."""
    size = state.shape[1]
    every = torch.eye(size, dtype=state.dtype, device=state.device)
    return torch.stack([pull_back(cell, x[None], s[None], every[None])[0] for x, s in zip(x_t, state, strict=True)])


def pull_back(cell: Cell, x_t: Tensor, state: Tensor, vectors: Tensor, keep_graph: bool = False) -> Tensor:
    """Rows v to rows v J_t, (N, Q, S) -> (N, Q, S): each vector takes a row of its own through the step."""
    count = vectors.shape[1]
    repeated = state.detach().repeat_interleave(count, dim=0).requires_grad_()
    widths = [s.shape[1] for s in cell.init_state(1)]
    _, after = cell.step(x_t.repeat_interleave(count, dim=0), torch.split(repeated, widths, dim=1))
    (found,) = torch.autograd.grad(torch.cat(after, dim=1), repeated, vectors.flatten(0, 1), create_graph=keep_graph)
    return found.view_as(vectors)


def push_forward(cell: Cell, x_t: Tensor, state: Tensor, vector: Tensor) -> Tensor:
    """Columns v to J_t v, (N, S) -> (N, S): v J_t is linear in v, and its own derivative is the transpose."""
    dummy = torch.zeros_like(vector).requires_grad_()
    pulled = pull_back(cell, x_t, state, dummy[:, None], keep_graph=True)[:, 0]
    return torch.autograd.grad(pulled, dummy, vector)[0]


def lyapunov_exponents(trace: StackTrace, layer: LayerTrace, num_exponents: int) -> np.ndarray:
    """Mean log growth a step along the leading directions of the product of all recorded Jacobians, largest first.

    The product is followed backwards in time, as gradients are, and orthogonalised on the way.
    """
    size = sum(s.shape[1] for s in layer.before[0])
    if not num_exponents:
        return np.zeros(0)
    generator = torch.Generator().manual_seed(0)
    counts = trace.counts[:_MOST_ROWS]
    begun = torch.randn(len(counts), size, num_exponents, generator=generator, dtype=torch.float64)
    basis = torch.linalg.qr(begun)[0].transpose(1, 2).to(layer.entries[0])  # (B, Q, S)
    grown = torch.zeros(len(counts), num_exponents, dtype=torch.float64, device=basis.device)
    for t in range(len(layer.entries) - 1, -1, -1):
        active = (t < counts).nonzero()[:, 0]
        if not len(active):
            continue
        moved = pull_back(layer.cell, layer.entries[t].detach()[active], _flat(layer, t)[active], basis[active])
        basis = basis.index_copy(0, active, moved)
        if t % _STEPS_BETWEEN == 0:
            basis, growth = _orthogonalise(basis)
            grown += growth
    used = counts > 0
    return np.sort((grown[used] / counts[used, None]).mean(0).cpu().numpy())[::-1].copy()


def _orthogonalise(basis: Tensor) -> tuple[Tensor, Tensor]:
    """Rows made orthonormal, (B, Q, S), and the logarithms of the lengths they had, (B, Q)."""
    q, r = torch.linalg.qr(basis.double().transpose(1, 2))
    return q.transpose(1, 2).to(basis.dtype), r.diagonal(dim1=1, dim2=2).abs().log()


def _decompose(matrices: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Spectral radius and largest singular value of each matrix; infinite where it holds what is no number."""
    exact = matrices.double().cpu()
    # LAPACK does not look for infinity and NaN: some builds of it end the process.
    broken = ~exact.isfinite().all(2).all(1)
    exact[broken] = 0
    radius, norm = torch.linalg.eigvals(exact).abs().amax(1), torch.linalg.matrix_norm(exact, 2)
    radius[broken] = norm[broken] = torch.inf
    return radius.numpy(), norm.numpy()


def _iterate(cell: Cell, x: Tensor, state: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The same by power iteration: of J for the radius (its mean growth, for eigenvalues come in pairs), of J'J."""
    generator = torch.Generator().manual_seed(0)
    begun = torch.randn(state.shape, generator=generator, dtype=torch.float64).to(state)
    right, turning, growth = begun, begun, torch.zeros(len(x), dtype=torch.float64, device=x.device)
    norm = growth
    for number in range(_NUM_ITERATIONS):
        turning, factor = _unit(push_forward(cell, x, state, turning))
        if number >= _SETTLING:
            growth = growth + factor.log()
        pushed, norm = _unit(push_forward(cell, x, state, _unit(right)[0]))
        right = pull_back(cell, x, state, pushed[:, None])[:, 0]
    return (growth / (_NUM_ITERATIONS - _SETTLING)).exp().cpu().numpy(), norm.cpu().numpy()


def _unit(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Vectors (N, S) of length 1, and the lengths they had in float64."""
    length = vectors.double().norm(dim=1)
    return (vectors.double() / length.clamp(min=1e-300)[:, None]).to(vectors.dtype), length


def _sample(trace: StackTrace, num_steps: int, num_samples: int) -> tuple[list[int], list[int]]:
    """Recorded steps, spread over time, each of another row as far as rows go; and the rows."""
    steps, rows = [], []
    counts = trace.counts.tolist()
    for number, t in enumerate(spread(num_steps, num_samples).tolist()):
        alive = [b for b, count in enumerate(counts) if count > t]
        if alive:
            steps.append(t)
            rows.append(alive[number % len(alive)])
    return steps, rows


def _flat(layer: LayerTrace, t: int) -> Tensor:
    """The state before a recorded step, all parts side by side, (B, S)."""
    return torch.cat(layer.before[t], dim=1).detach()
