"""Models to score with, and the same likelihood by one reading of the whole."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqkit import (
    Discrete,
    Domain,
    ModelOptions,
    SequenceModel,
)
from seqkit.build import build_model


def build(domain: Domain, task: str = "next_step", data: dict[str, Any] | None = None, **options: Any) -> Any:
    torch.manual_seed(0)
    module = domain.datamodule(task=task, **(data or {}))
    module.setup("fit")
    merged: dict[str, Any] = {"hidden_size": 7, "num_layers": 2, "cell": "gru"} | options
    model = build_model(domain, module, ModelOptions(**merged))
    if isinstance(module.codec.spec, Discrete):
        model = model.double()  # Numbers are stored as float32.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.7)
    return model.eval(), module


@torch.no_grad()
def offline(model: SequenceModel, steps: Tensor) -> np.ndarray:
    """Log-likelihood of each step but the first, by one reading of the whole: (T - 1,)."""
    raw, lengths, scale, _ = model(steps[None, :-1], torch.tensor([len(steps) - 1]))
    nll, _ = model.task.output.nll(model.task(raw, lengths), steps[None, 1:], scale)
    return -nll[0].reshape(len(steps) - 1, -1).sum(-1).numpy()
