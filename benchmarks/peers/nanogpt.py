"""A small GPT under nanoGPT's CPU setting, and the seconds it needs to reach a loss on the last tenth of a text.

    python benchmarks/peers/nanogpt.py --text input.txt --target 1.88

A re-implementation of the setting, not nanoGPT's own files, which no index carries; it needs torch alone. As its README
gives it for a CPU: 4 layers, 4 heads, 128 features, blocks of 64, batches of 12, no dropout, 2,000 iterations; AdamW
at 1e-3 falling along a cosine to 1e-4 after 100 steps of warm-up, betas 0.9 and 0.99, decay 0.1 of matrices, clipping
at 1, float32, uncompiled. Blocks begin anywhere in the first nine tenths. Embedding and output layer share a matrix,
nothing has a bias, and what a residual branch ends with begins smaller by the root of twice the layers.

The clock stands still during validation, which reads the whole last tenth in blocks of 64 one after another.
"""

from __future__ import annotations

import argparse
import math
import time

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention
from worker import read_characters, say


class Block(nn.Module):
    """Causal attention, then a map through four times the features, each added to what it read."""

    def __init__(self, size: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norms = nn.ModuleList(nn.LayerNorm(size, bias=False) for _ in range(2))
        self.attend = nn.Linear(size, 3 * size, bias=False)
        self.attended = nn.Linear(size, size, bias=False)
        self.widen = nn.Linear(size, 4 * size, bias=False)
        self.narrow = nn.Linear(4 * size, size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        batch, time, size = x.shape
        parts = self.attend(self.norms[0](x)).view(batch, time, 3, self.num_heads, size // self.num_heads)
        mixed = scaled_dot_product_attention(*parts.permute(2, 0, 3, 1, 4), is_causal=True)  # (B, heads, T, D / heads)
        x = x + self.attended(mixed.transpose(1, 2).reshape(batch, time, size))
        return x + self.narrow(nn.functional.gelu(self.widen(self.norms[1](x))))


class SmallGPT(nn.Module):
    """A decoder over characters with learnt positions."""

    def __init__(self, num_symbols: int, options: argparse.Namespace) -> None:
        super().__init__()
        self.symbols = nn.Embedding(num_symbols, options.features)
        self.places = nn.Embedding(options.block, options.features)
        self.blocks = nn.ModuleList(Block(options.features, options.heads) for _ in range(options.layers))
        self.norm = nn.LayerNorm(options.features, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                ends_branch = name.endswith(("attended.weight", "narrow.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * options.layers) if ends_branch else 0.02)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits, (B, T) -> (B, T, K)."""
        x = self.symbols(ids) + self.places.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.symbols.weight.T


def rate(step: int, options: argparse.Namespace) -> float:
    """Learning rate of a step: linear warm-up, then a cosine."""
    if step < options.warmup:
        return options.rate * (step + 1) / (options.warmup + 1)
    share = (step - options.warmup) / max(options.steps - options.warmup, 1)
    return options.rate / 10 + 0.45 * options.rate * (1 + math.cos(math.pi * share))


@torch.no_grad()
def nats(model: SmallGPT, ids: Tensor, block: int) -> float:
    """Mean nats a character of a text, in whole blocks one after another."""
    num_blocks = (len(ids) - 1) // block
    inputs, targets = (ids[k : k + num_blocks * block].view(num_blocks, block) for k in (0, 1))
    sums = [
        cross_entropy(model(one).flatten(0, 1), other.flatten(), reduction="sum").item()
        for one, other in zip(inputs.split(64), targets.split(64), strict=True)
    ]
    return sum(sums) / targets.numel()


def parse() -> argparse.Namespace:
    """The setting, every number of it an option."""
    own = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own.add_argument("--text", required=True, help="UTF-8 text; its last tenth is validation")
    own.add_argument("--target", type=float, default=0.0, help="stop at the first validation that is as low")
    own.add_argument("--every", type=int, default=50, help="steps between validations")
    numbers = {"steps": 2000, "warmup": 100, "block": 64, "batch": 12, "layers": 4, "heads": 4, "features": 128}
    for name, value in (numbers | {"seed": 0}).items():
        own.add_argument(f"--{name}", type=int, default=value)
    own.add_argument("--rate", type=float, default=1e-3)
    return own.parse_args()


def train(model: SmallGPT, ids: Tensor, options: argparse.Namespace, begin: float) -> list[tuple[int, float, float]]:
    """Step, seconds since `begin` and nats of each validation, whose own time is left out, until one is low enough."""
    cut = len(ids) * 9 // 10
    matrices = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.99))
    found, seconds = [], 0.0
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, options)
        first = torch.randint(cut - options.block, (options.batch, 1))
        read = ids[first + torch.arange(options.block + 1)]  # (B, T + 1)
        loss = cross_entropy(model(read[:, :-1]).flatten(0, 1), read[:, 1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % options.every == 0 or step + 1 == options.steps:
            seconds += time.perf_counter() - begin
            found.append((step + 1, seconds, nats(model, ids[cut:], options.block)))
            if found[-1][2] <= options.target:
                break
            begin = time.perf_counter()
    return found


def main() -> None:
    """Train and say."""
    options = parse()
    begin = time.perf_counter()
    torch.manual_seed(options.seed)
    ids, num_symbols = read_characters(options.text)
    model = SmallGPT(num_symbols, options)
    found = train(model, torch.from_numpy(ids), options, begin)
    num_parameters = sum(p.numel() for p in model.parameters())
    say(["torch"], found[-1][1], validations=found, num_parameters=num_parameters)


if __name__ == "__main__":
    main()
