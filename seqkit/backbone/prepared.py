"""Cells made ready for many single steps in a row: what x alone decides apart from what the state adds.

`Cell.step` is the formula as it is read; here it is as it is run fast. Weights are laid out once for products with few
rows, and what does not depend on the state can be computed beforehand, for all symbols at once. Both give the same
numbers but for the order of sums, which the law `check_stream` holds to float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn import functional

from seqkit.backbone.cell import Cell, State
from seqkit.backbone.cells import GRUCell, LSTMCell, RNNCell
from seqkit.backbone.convolution import ConvolvedCell
from seqkit.backbone.lru import LRUCell
from seqkit.backbone.parallel import ParallelCell
from seqkit.backbone.stack import Stack


class SplitStep(NamedTuple):
    """`Cell.step` in two parts: `advance(read(x_t), state)`. Parts of both are copies of the weights.

    Attributes:
        read: What x alone decides, (B, D) -> (B, R).
        advance: What follows from that and the state: y_t (B, H) and the next state.
    """

    read: Callable[[Tensor], Tensor]
    advance: Callable[[Tensor, State], tuple[Tensor, State]]


def split_step(cell: Cell) -> SplitStep:
    """A cell's step in two parts; a cell without a prepared form reads nothing beforehand."""
    for kind, split in _SPLITS.items():
        if isinstance(cell, kind):
            return split(cell)
    return SplitStep(lambda x_t: x_t, cell.step)


@final
class PreparedStack:
    """The layers of a `Stack`, ready for steps without gradient. The state of a step is a list, one entry a layer.

    Args:
        stack: In evaluation; dropout is not looked at.
    """

    def __init__(self, stack: Stack) -> None:
        self._splits = [split_step(cell) for cell in stack.cells]  # type: ignore[arg-type]
        self._norms, self._project, self._residual = list(stack.norms), stack.project, stack.residual

    def read(self, x_t: Tensor) -> tuple[Tensor, ...]:
        """All that needs no state of a step (B, D): the first layer's part; in residual blocks the input, too."""
        x_t = self._project(x_t)
        if not self._residual:
            return (self._splits[0].read(x_t),)
        return self._splits[0].read(self._norms[0](x_t)), x_t

    def advance(self, entry: tuple[Tensor, ...], states: list[State]) -> tuple[Tensor, list[State]]:
        """What `Stack.step` gives for a step that was read, (B, H), and the next states."""
        y, own = self._splits[0].advance(entry[0], states[0])
        x, after = (entry[1] + y if self._residual else y), [own]
        for number, (split, state) in enumerate(zip(self._splits[1:], states[1:], strict=True), start=1):
            y, own = split.advance(split.read(self._norms[number](x) if self._residual else x), state)
            x = x + y if self._residual else y
            after.append(own)
        return (self._norms[-1](x) if self._residual else x), after


def _split_rnn(cell: RNNCell) -> SplitStep:
    core, squash = cell.core, torch.tanh_ if cell.nonlinearity == "tanh" else torch.relu_
    w_ih, bias, w_hh = core.weight_ih_l0, core.bias_ih_l0 + core.bias_hh_l0, _laid_out(core.weight_hh_l0)

    def advance(read: Tensor, state: State) -> tuple[Tensor, State]:
        h = squash(torch.mm(state[0], w_hh).add_(read))
        return h, (h,)

    return SplitStep(lambda x_t: functional.linear(x_t, w_ih, bias), advance)


def _split_gru(cell: GRUCell) -> SplitStep:
    core, size = cell.core, cell.hidden_size
    own = core.bias_hh_l0[2 * size :].clone()  # b_hn stands inside the product with the reset gate
    w_ih, w_hh = core.weight_ih_l0, _laid_out(core.weight_hh_l0)
    bias = core.bias_ih_l0 + torch.cat([core.bias_hh_l0[: 2 * size], torch.zeros_like(own)])

    def advance(read: Tensor, state: State) -> tuple[Tensor, State]:
        total = torch.mm(state[0], w_hh)  # (B, 3 H)
        reset, update = torch.sigmoid(total[:, : 2 * size] + read[:, : 2 * size]).chunk(2, dim=1)
        candidate = torch.addcmul(read[:, 2 * size :], reset, total[:, 2 * size :].add_(own)).tanh_()
        h = torch.lerp(candidate, state[0], update)  # (1 - z) n + z h
        return h, (h,)

    return SplitStep(lambda x_t: functional.linear(x_t, w_ih, bias), advance)


def _split_lstm(cell: LSTMCell) -> SplitStep:
    core, size = cell.core, cell.hidden_size
    # torch's order is i, f, g, o; with g last the three sigmoids are one call.
    rows = torch.arange(4 * size, device=core.weight_hh_l0.device).view(4, size)[[0, 1, 3, 2]].flatten()
    w_ih, w_hh = core.weight_ih_l0[rows], _laid_out(core.weight_hh_l0[rows])
    bias = (core.bias_ih_l0 + core.bias_hh_l0)[rows]

    def advance(read: Tensor, state: State) -> tuple[Tensor, State]:
        total = torch.mm(state[0], w_hh).add_(read)  # (B, 4 H)
        store, forget, output = total[:, : 3 * size].sigmoid_().chunk(3, dim=1)
        c = torch.mul(forget, state[1]).addcmul_(store, total[:, 3 * size :].tanh_())
        h = torch.tanh(c).mul_(output)
        return h, (h, c)

    return SplitStep(lambda x_t: functional.linear(x_t, w_ih, bias), advance)


def _split_parallel(cell: ParallelCell) -> SplitStep:
    def read(x_t: Tensor) -> Tensor:
        return torch.cat(cell.coefficients(cell.gates(x_t, ())), dim=1)  # a and b, (B, 2 H)

    dtype = next(cell.parameters()).dtype

    def advance(coefficients: Tensor, state: State) -> tuple[Tensor, State]:
        a, b = coefficients.chunk(2, dim=1)
        h = torch.addcmul(b, a, state[0])
        return h.to(dtype), (h,)

    return SplitStep(read, advance)


def _split_lru(cell: LRUCell) -> SplitStep:
    real, imaginary = cell.eigenvalues.real, cell.eigenvalues.imag
    same, cross = torch.cat([real, real]), torch.cat([-imaginary, imaginary])  # of (re, im) and of (im, re)
    scale = torch.cat([cell.log_scale, cell.log_scale]).to(real.dtype).exp()
    width, size = 2 * cell.hidden_size, cell.hidden_size
    w_out, dtype = _laid_out(cell.write.weight), cell.write.weight.dtype

    def read(x_t: Tensor) -> Tensor:
        return torch.cat([cell.read(x_t) * scale, cell.skip(x_t) + cell.write.bias], dim=1)  # (B, 3 H)

    def advance(entry: Tensor, state: State) -> tuple[Tensor, State]:
        swapped = torch.roll(state[0], size, dims=1)
        s = torch.addcmul(entry[:, :width], state[0], same).addcmul_(swapped, cross)
        return torch.mm(s.to(dtype), w_out).add_(entry[:, width:]), (s,)

    return SplitStep(read, advance)


def _split_convolved(cell: ConvolvedCell) -> SplitStep:
    inner = split_step(cell.cell)

    def advance(x_t: Tensor, state: State) -> tuple[Tensor, State]:
        u_t, past = cell.convolve_step(x_t, state[-1])
        y, after = inner.advance(inner.read(u_t), state[:-1])
        return y, (*after, past)

    return SplitStep(lambda x_t: x_t, advance)


def _laid_out(weight: Tensor) -> Tensor:
    """A transposed copy: with few rows a product reads it a third faster than the transposed view."""
    return weight.t().contiguous()


_SPLITS: dict[type, Callable[..., SplitStep]] = {
    RNNCell: _split_rnn,
    GRUCell: _split_gru,
    LSTMCell: _split_lstm,
    ParallelCell: _split_parallel,
    LRUCell: _split_lru,
    ConvolvedCell: _split_convolved,
}
