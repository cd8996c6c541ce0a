"""Does generation take time linear in its length, whatever came before?

    python benchmarks/generation.py

A character model (LSTM, 256 units, 65 symbols, random weights: time does not depend on them) adds ever more characters
to a prompt of one. Carrying the state costs the same for every character; reading the whole prefix again for each, as
generation without a state must, costs more with each. The table gives seconds, characters a second, and the time of
10,000 characters over that of 1,000, medians of several runs.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from seqkit import Domain, ModelOptions, Record, SequenceDataModule, Split, SymbolCodec
from seqkit.build import build_model
from seqkit.inference.generate import continue_sequences
from seqkit.model import SequenceModel

NUM_SYMBOLS = 65
LENGTHS = (1_000, 2_000, 5_000, 10_000)
REREAD = (100, 200, 400)
REPEATS = 3


class LetterData(SequenceDataModule):
    """Letters without records: a model needs only their number."""

    def __init__(self) -> None:
        super().__init__()
        self.codec = self.target_codec = SymbolCodec("".join(map(chr, range(32, 32 + NUM_SYMBOLS))))

    def records(self, split: Split) -> list[Record]:
        """None."""
        return []


def carried(model: SequenceModel, num_steps: int) -> None:
    """As seqkit generates."""
    continue_sequences(model, [torch.tensor([0])], num_steps)


@torch.no_grad()
def reread(model: SequenceModel, num_steps: int) -> None:
    """The whole prefix again for each character."""
    steps: Tensor = torch.zeros(1, 1, dtype=torch.int64)
    for _ in range(num_steps):
        outputs, lengths, _, _ = model(steps, torch.tensor([steps.shape[1]]))
        shares = model.task(outputs, lengths)[0, -1].softmax(-1)
        steps = torch.cat([steps, torch.multinomial(shares, 1)[None]], dim=1)


def seconds(run: Callable[[SequenceModel, int], None], model: SequenceModel, num_steps: int) -> float:
    """The median of several runs."""
    taken = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        run(model, num_steps)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def main() -> None:
    """Print the table."""
    torch.manual_seed(0)
    model = build_model(Domain("letters", LetterData), LetterData(), ModelOptions(hidden_size=256)).eval()
    carried(model, 200)  # first calls are slower
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, seed 0")
    print(f"{'characters':>12}{'state carried':>18}{'a second':>12}{'prefix read again':>20}")
    times = {}
    for num_steps in (*REREAD, *LENGTHS):
        times[num_steps] = seconds(carried, model, num_steps)
        again = f"{seconds(reread, model, num_steps):.2f} s" if num_steps in REREAD else ""
        print(f"{num_steps:>12,}{times[num_steps]:>16.2f} s{num_steps / times[num_steps]:>12,.0f}{again:>20}")
    print(f"10,000 characters take {times[10_000] / times[1_000]:.1f} times as long as 1,000")


if __name__ == "__main__":
    main()
