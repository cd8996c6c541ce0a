"""Embedding dropout: whole symbols, in training, in every encoder that embeds symbols, and at the input alone."""

from typing import Any

import pytest
import torch

from seqkit import ConfigError, Discrete, Domain, Encoder, ModelOptions, SymbolEmbedding, plugins
from seqkit.build import build_model
from seqkit.encoder import StepEncoder
from seqkit.testing import Bench


def dropped(share: float, num_symbols: int = 50, size: int = 3) -> SymbolEmbedding:
    torch.manual_seed(0)
    table = SymbolEmbedding(num_symbols, size).train()
    table.dropout = share
    return table


def test_a_dropped_symbol_is_gone_wherever_it_occurs_and_the_rest_is_scaled_up() -> None:
    table, x = dropped(0.25), torch.arange(50).repeat(2, 2)  # (2, 100): each symbol four times
    ratio = (table(x) / torch.nn.functional.embedding(x, table.weight)).detach().view(4, 50, 3)
    torch.testing.assert_close(ratio, ratio[:1, :, :1].expand_as(ratio))
    values = ratio[0, :, 0]
    assert all(v == 0 or v == pytest.approx(4 / 3) for v in values.tolist())
    assert 3 <= (values == 0).sum() <= 25


def test_the_share_is_of_the_vocabulary_and_the_mean_is_kept() -> None:
    table = dropped(0.3, num_symbols=20_000, size=1)
    torch.nn.init.ones_(table.weight)
    found = table(torch.arange(20_000))
    assert (found == 0).float().mean().item() == pytest.approx(0.3, abs=0.015)
    assert found.mean().item() == pytest.approx(1.0, abs=0.02)


def test_each_batch_draws_its_own() -> None:
    table, x = dropped(0.5), torch.arange(50)
    assert not torch.equal(table(x), table(x))


def test_a_gradient_reaches_the_rows_that_were_kept() -> None:
    table, x = dropped(0.5), torch.arange(50)
    y = table(x)
    y.sum().backward()
    assert table.weight.grad is not None
    assert torch.equal(table.weight.grad, torch.where(y == 0, 0.0, 2.0))


@pytest.mark.parametrize("share", [0.0, 0.9])
def test_evaluation_and_a_share_of_zero_are_the_plain_embedding(share: float) -> None:
    table, x = dropped(share), torch.tensor([[0, 6, 2]])
    expected = torch.nn.functional.embedding(x, table.weight)
    assert torch.equal(table.eval()(x), expected)
    assert torch.equal(dropped(0.0)(x), expected)


@pytest.mark.parametrize(
    ("domain", "task", "encoder"),
    [("text", "next_step", {}), ("text", "tag", {}), ("audio", "next_step", {}), ("dna", "next_step", {}),
     ("dna", "classify", {}), ("dna", "tag", {"word": 6})],
)  # fmt: skip
def test_it_reaches_the_encoders_of_symbols_of_every_domain(domain: str, task: str, encoder: dict[str, Any]) -> None:
    bench = Bench(plugins.load(domain), task)
    options = ModelOptions(hidden_size=8, embedding_dropout=0.4)
    model = build_model(bench.domain, bench.data, options, bench.encoder_options | encoder)
    tables = [module for module in model.encoder.modules() if isinstance(module, SymbolEmbedding)]
    assert tables and all(table.dropout == 0.4 for table in tables)


def test_weights_load_with_it_or_without() -> None:
    bench = Bench(plugins.load("text"), "next_step")
    plain, noisy = (
        build_model(bench.domain, bench.data, ModelOptions(hidden_size=8, embedding_dropout=share, weight_drop=share))
        for share in (0.0, 0.3)
    )
    noisy.load_state_dict(plain.state_dict())


def test_tied_weights_are_dropped_at_the_input_alone() -> None:
    bench = Bench(plugins.load("text"), "next_step")
    options = ModelOptions(hidden_size=8, embedding_dropout=0.9, tie_weights=True)
    model = build_model(bench.domain, bench.data, options).train()
    assert isinstance(model.encoder, StepEncoder)
    assert model.encoder.map.weight is model.task.head.weight
    features = torch.randn(2, 3, 8)
    lengths = torch.tensor([3, 3])
    expected = torch.nn.functional.linear(features, model.task.head.weight, model.task.head.bias)
    torch.testing.assert_close(model.task(features, lengths), expected)


class Plain(Encoder):
    """An outsider's, with torch's own embedding."""

    def __init__(self, spec: Discrete, d_model: int) -> None:
        super().__init__()
        self.d_model, self.table = d_model, torch.nn.Embedding(spec.num_classes, d_model)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.table(x), lengths


@pytest.mark.parametrize("domain", ["numbers", "outsider"])
def test_an_encoder_without_symbols_to_drop_is_refused(domain: str) -> None:
    text = plugins.load("text")
    outsider = Domain("outsider", text.datamodule, lambda spec, d_model, task: Plain(spec, d_model), text.tasks)
    chosen = outsider if domain == "outsider" else plugins.load("timeseries")
    bench = Bench(chosen, "next_step")
    with pytest.raises(ConfigError, match=r"no embedded symbols(.|\n)*--model.embedding_dropout"):
        build_model(chosen, bench.data, ModelOptions(embedding_dropout=0.1))
