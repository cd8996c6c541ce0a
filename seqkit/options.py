"""ModelOptions: what a user changes about the model and its optimiser, and where each default lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seqkit.backbone.cells import Initialisation, Nonlinearity
from seqkit.tasks.classify import Pooling


@dataclass(frozen=True)
class ModelOptions:
    """What a user changes about the model and its optimiser.

    Args:
        cell: Recurrent cell.
        hidden_size: Units of each layer.
        num_layers: Layers of the cell.
        dropout: Share of features dropped after each layer and before the head, in training.
        d_model: Size of the encoder's features; None: the hidden size.
        bidirectional: Read each record from both ends (refused for next_step).
        residual: Residual blocks with layer norm around each layer.
        nonlinearity: Of the rnn cell.
        initialisation: Recurrent weights of the rnn cell: orthogonal, or the identity.
        pooling: How classify draws one vector from all steps.
        distribution: How next_step and regression spread numbers.
        tie_weights: One matrix for the input embedding and the output layer (next_step over symbols).
        label_smoothing: Share of the target's probability spread over all classes, in training.
        learning_rate: Peak learning rate of AdamW.
        weight_decay: Of matrices; biases and norms have none.
        beta2: Second moment's decay of AdamW.
        warmup_steps: Steps over which the learning rate rises from 0; a tenth of all steps at most.
        schedule: After the warm-up: falling along a cosine to `final_rate`, or constant.
        final_rate: Learning rate at the end of the cosine, as a share of the peak.
        patience: Validations without a better loss after which training stops; 0 never stops early.
    """

    cell: Literal["rnn", "gru", "lstm"] = "lstm"
    hidden_size: int = 128
    num_layers: int = 1
    dropout: float = 0.0
    d_model: int | None = None
    bidirectional: bool = False
    residual: bool = False
    nonlinearity: Nonlinearity = "tanh"
    initialisation: Initialisation = "orthogonal"
    pooling: Pooling = "mean"
    distribution: Literal["normal", "student_t"] = "student_t"
    tie_weights: bool = False
    label_smoothing: float = 0.0
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    beta2: float = 0.99
    warmup_steps: int = 50
    schedule: Literal["cosine", "constant"] = "cosine"
    final_rate: float = 0.05
    patience: int = 10
