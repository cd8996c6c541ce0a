"""Characters a second of the loop of `seqkit fit`, defaults on: loader, logging, clipping, schedule, checkpoints.

    python benchmarks/peers/seqkit_characters.py --text input.txt [--precision bf16-mixed]

A process of its own like the other workers. The clock runs from one batch's end to another's; validation comes after.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from worker import character_options, say_speed

from seqkit import plugins
from seqkit.build import build_model
from seqkit.flat_options import settings_from
from seqkit.training.folder import RunFolder
from seqkit.training.trainer import build_trainer, train


class StepClock(pl.Callback):
    """Seconds between the ends of two training steps."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last, self.seconds, self.loss = first, last, 0.0, 0.0

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, *rest: Any) -> None:
        """Read the clock."""
        if trainer.global_step == self.first:
            self.seconds = -time.perf_counter()
        if trainer.global_step == self.last:
            self.seconds += time.perf_counter()
            self.loss = outputs["loss"].item()


def main() -> None:
    """Train and say."""
    own = character_options(__doc__)
    own.add_argument("--precision", default="32-true")
    options = own.parse_args()
    num_steps = options.warmup + options.steps
    sizes = {"hidden_size": options.hidden_size, "batch_size": options.batch_size, "window": options.window}
    given = {"path": str(options.text), "tokens": "characters", "max_steps": num_steps, "max_epochs": 1_000}
    settings = settings_from(plugins.load("text"), given | sizes, 0, None)
    data: Any = settings.domain.datamodule(**settings.data)
    data.order_seed = 0
    data.setup("fit")
    torch.manual_seed(0)
    model = build_model(settings.domain, data, settings.model, settings.encoder)
    clock = StepClock(options.warmup, num_steps)
    more = {"precision": options.precision, "limit_val_batches": 1, "enable_progress_bar": False, "callbacks": [clock]}
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        run.checkpoints.mkdir()
        trainer = build_trainer(settings.trainer | more, run, len(data.loader("train")))
        model.total_steps = num_steps
        train(model, data, trainer)
    say_speed(["seqkit", "pytorch-lightning", "torch"], clock.seconds, options, loss=clock.loss)


if __name__ == "__main__":
    main()
