"""Characters a second of a bare torch loop around `nn.LSTM`, as one would write it by hand.

    python benchmarks/peers/torch_characters.py --text input.txt

Needs torch alone. Embedding, LSTM, linear map; AdamW, clipping at 1, state carried from batch to batch; nothing logged.
"""

from __future__ import annotations

import time

import torch
from torch import nn
from worker import character_options, read_characters, say_speed, windows


class CharacterModel(nn.Module):
    """Embedding, LSTM and linear map, all of one size."""

    def __init__(self, num_symbols: int, hidden_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_symbols, hidden_size)
        self.lstm = nn.LSTM(hidden_size, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, num_symbols)

    def forward(self, ids: torch.Tensor, state: tuple | None) -> tuple[torch.Tensor, tuple]:
        """Logits (B, T, K) and the state."""
        outputs, state = self.lstm(self.embedding(ids), state)
        return self.head(outputs), state


def main() -> None:
    """Train and say."""
    options = character_options(__doc__).parse_args()
    torch.manual_seed(0)
    ids, num_symbols = read_characters(options.text)
    inputs, targets = (torch.from_numpy(part) for part in windows(ids, options))
    model, state, begin = CharacterModel(num_symbols, options.hidden_size), None, 0.0
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    batches = zip(inputs.split(options.batch_size), targets.split(options.batch_size), strict=True)
    for step, (batch, target) in enumerate(batches):
        if step == options.warmup:
            begin = time.perf_counter()
        logits, state = model(batch, state)
        state = tuple(part.detach() for part in state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    say_speed(["torch"], time.perf_counter() - begin, options, loss=loss.item())


if __name__ == "__main__":
    main()
