"""The encoder: plain without dropout, whole symbols dropped with it."""

import pytest
import torch

from seqkit import ConfigError, Discrete, StepEncoder
from seqkit_text.encoder import TextEncoder, text_encoder


def test_without_dropout_it_is_the_plain_embedding() -> None:
    assert isinstance(text_encoder(Discrete(5), 3, "next_step"), StepEncoder)


def test_a_dropped_symbol_is_gone_wherever_it_occurs_and_the_rest_is_scaled_up() -> None:
    torch.manual_seed(0)
    encoder = text_encoder(Discrete(50), 3, "classify", embedding_dropout=0.25)
    assert isinstance(encoder, TextEncoder)
    x = torch.arange(50).repeat(2, 2)  # (2, 100): each symbol four times
    features, lengths = encoder(x, torch.tensor([100, 100]))
    ratio = (features / encoder.map(x)).detach()
    by_symbol = ratio.view(4, 50, 3)
    assert torch.allclose(by_symbol, by_symbol[0])
    values = by_symbol[0, :, 0]
    assert all(v == 0 or v == pytest.approx(1 / 0.75, rel=1e-4) for v in values.tolist())
    assert 0 < (values == 0).sum() < 30
    assert lengths.tolist() == [100, 100]


def test_evaluation_drops_nothing() -> None:
    encoder = text_encoder(Discrete(7), 3, "classify", embedding_dropout=0.9).eval()
    x = torch.tensor([[0, 6, 2]])
    assert torch.equal(encoder(x, torch.tensor([3]))[0], encoder.map(x))  # type: ignore[operator]
    assert encoder.pointwise


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_impossible_shares_are_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="embedding_dropout is"):
        text_encoder(Discrete(7), 3, "classify", embedding_dropout=share)
