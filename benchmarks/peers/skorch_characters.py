"""Characters a second of skorch's `NeuralNet.fit` on a character LSTM.

    .peers/bin/python benchmarks/peers/skorch_characters.py --text input.txt

Embedding, `nn.LSTM`, linear map; cross-entropy, Adam; loop and callbacks as they come, without a validation split.
"""

from __future__ import annotations

import time

import torch
from skorch import NeuralNet
from torch import nn
from worker import character_options, read_characters, say_speed, windows


class CharacterModel(nn.Module):
    """Embedding, LSTM and linear map, all of one size."""

    def __init__(self, num_symbols: int, hidden_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_symbols, hidden_size)
        self.lstm = nn.LSTM(hidden_size, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, num_symbols)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits (B, K, T), as `nn.CrossEntropyLoss` wants them."""
        return self.head(self.lstm(self.embedding(ids))[0]).transpose(1, 2)


def main() -> None:
    """Train and say."""
    options = character_options(__doc__).parse_args()
    torch.manual_seed(0)
    ids, num_symbols = read_characters(options.text)
    inputs, targets = windows(ids, options)
    net = NeuralNet(
        CharacterModel,
        module__num_symbols=num_symbols,
        module__hidden_size=options.hidden_size,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=2e-3,
        batch_size=options.batch_size,
        max_epochs=1,
        train_split=None,
        verbose=0,
    )
    cut = options.warmup * options.batch_size
    net.fit(inputs[:cut], targets[:cut])
    begin = time.perf_counter()
    net.partial_fit(inputs[cut:], targets[cut:])
    seconds = time.perf_counter() - begin
    say_speed(["skorch", "torch"], seconds, options, loss=net.history[-1, "train_loss"])


if __name__ == "__main__":
    main()
