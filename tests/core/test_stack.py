"""The stack: layers, residual blocks, dropout, both directions, resets."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqkit.backbone.cells import LSTMCell
from seqkit.backbone.choice import build_cell
from seqkit.backbone.stack import BothDirections, Stack, drop_state, flip

B, T, D, H = 3, 6, 2, 4


def stack(cell: str = "lstm", **options: object) -> Stack:
    torch.manual_seed(4)
    return Stack(lambda d, h: build_cell(cell, d, h), D, H, **options).double()  # type: ignore[arg-type]


def values(seed: int = 5) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(B, T, D, dtype=torch.float64)


def close(actual: object, expected: object) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


def test_two_layers_are_one_cell_after_the_other() -> None:
    model, x = stack(num_layers=2), values()
    y, (h, c) = model(x)
    first, (h0, c0) = model.cells[0](x)
    second, (h1, c1) = model.cells[1](first)
    close(y, second)
    close(h, torch.stack([h0, h1]))
    close(c, torch.stack([c0, c1]))


def test_two_layers_are_torchs_lstm_of_two_layers() -> None:
    model, x = stack(num_layers=2), values()
    reference = nn.LSTM(D, H, num_layers=2, batch_first=True).double()
    weights = {
        name.replace("_l0", f"_l{n}"): value
        for n, cell in enumerate(model.cells)
        for name, value in cell.core.state_dict().items()  # type: ignore[union-attr]
    }
    reference.load_state_dict(weights)
    expected, (h, c) = reference(x)
    y, state = model(x)
    close(y, expected)
    close(state, (h, c))


def test_a_residual_stack_is_the_prenorm_formula() -> None:
    model, x = stack("gru", num_layers=2, residual=True), values()
    for norm in model.norms:
        nn.init.normal_(norm.weight)  # type: ignore[arg-type]
        nn.init.normal_(norm.bias)  # type: ignore[arg-type]
    stream = x @ model.project.weight.T + model.project.bias  # type: ignore[operator]
    for norm, cell in zip(model.norms, model.cells, strict=False):
        stream = stream + cell(norm(stream))[0]
    close(model(x)[0], model.norms[2](stream))


def test_a_residual_stack_of_equal_sizes_needs_no_projection() -> None:
    model = Stack(LSTMCell, H, H, residual=True)
    assert isinstance(model.project, nn.Identity)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_steps_give_what_forward_gives(cell: str, residual: bool) -> None:
    model, x = stack(cell, num_layers=2, residual=residual), values()
    expected, last = model(x)
    state, outputs = model.init_state(B), []
    for x_t in x.unbind(1):
        y_t, state = model.step(x_t, state)
        outputs.append(y_t)
    close(torch.stack(outputs, 1), expected)
    close(state, last)


def test_dropout_works_in_training_only() -> None:
    model, x = stack(num_layers=2, dropout=0.5), values()
    plain = stack(num_layers=2)
    close(model.eval()(x)[0], plain(x)[0])
    model.train()
    torch.manual_seed(0)
    one, two = model(x)[0], model(x)[0]
    assert not torch.equal(one, two)
    assert 0.2 < (one == 0).double().mean() < 0.8
    kept = one[one != 0]
    assert kept.abs().max() > 0


def test_dropout_leaves_the_carried_state_alone() -> None:
    model = stack(dropout=0.9).train()
    y, (h, _) = model(values())
    assert (y[:, -1] == 0).any()
    assert (h != 0).all()


def test_reset_drops_the_state_of_its_rows_only() -> None:
    model, x = stack(num_layers=2), values()
    _, state = model(values(6))
    carried, _ = model(x, state)
    fresh, _ = model(x)
    mixed, after = model(x, state, reset=torch.tensor([False, True, False]))
    close(mixed[[0, 2]], carried[[0, 2]])
    close(mixed[1], fresh[1])
    assert not torch.equal(carried[1], fresh[1])
    close(after[0][:, 1], model(x)[1][0][:, 1])


def test_dropping_a_state_drops_its_nan_too() -> None:
    (state,) = drop_state((torch.full((1, 2, 3), torch.nan),), torch.tensor([True, False]))
    assert state[0, 0].tolist() == [0.0, 0.0, 0.0]
    assert state[0, 1].isnan().all()


def test_right_padding_never_changes_earlier_outputs() -> None:
    model, x = stack(num_layers=2, residual=True), values()
    other = x.clone()
    other[0, 4:] = 1e3
    assert torch.equal(model(x)[0][0, :4], model(other)[0][0, :4])


def test_flip_reverses_each_row_within_its_length() -> None:
    x = torch.arange(24).reshape(2, 4, 3)
    y = flip(x, torch.tensor([3, 0]))
    assert torch.equal(y[0], x[0, [2, 1, 0, 3]])
    assert torch.equal(y[1], x[1])


def test_both_directions_are_torchs_bidirectional_lstm_on_packed_rows() -> None:
    ahead, back = stack(), stack()
    for parameter in back.parameters():
        nn.init.normal_(parameter)
    both, lengths, x = BothDirections(ahead, back), torch.tensor([4, 6, 1]), values()
    reference = nn.LSTM(D, H, batch_first=True, bidirectional=True).double()
    weights = dict(ahead.cells[0].core.state_dict())  # type: ignore[union-attr]
    weights |= {f"{name}_reverse": value for name, value in back.cells[0].core.state_dict().items()}  # type: ignore[union-attr]
    reference.load_state_dict(weights)
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(reference(packed)[0], batch_first=True)
    y, state = both(x, lengths=lengths)
    assert state == () and y.shape == (B, T, 2 * H)
    for row, length in enumerate(lengths.tolist()):
        close(y[row, :length], expected[row, :length])


def test_both_directions_ignore_padding() -> None:
    both, lengths, x = BothDirections(stack(), stack("gru")), torch.tensor([4, 6, 1]), values()
    other = x.clone()
    other[0, 4:] = torch.nan
    assert torch.equal(both(x, lengths=lengths)[0][0, :4], both(other, lengths=lengths)[0][0, :4])
