"""ModelOptions: what a user changes about the model and its optimiser, and where each default lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seqkit.backbone.cells import Initialisation, Nonlinearity
from seqkit.backbone.choice import CellName
from seqkit.backbone.window_frame import Centre
from seqkit.tasks.classify import Pooling
from seqkit.tasks.outputs import Distribution


@dataclass(frozen=True)
class ModelOptions:
    """What a user changes about the model and its optimiser.

    Args:
        cell: Recurrent cell; or what it is held against: a `bag` of all steps so far, their order lost, or a `window`
            over the last ones.
        hidden_size: Units of each layer.
        num_layers: Layers of the cell.
        dropout: Share of features dropped after each layer and before the head, in training.
        input_dropout: Share of the encoder's features dropped before the first layer, in training.
        output_dropout: Share of the backbone's outputs dropped, in training; None: `dropout` after the last layer, too.
        locked_dropout: The features that `dropout`, `input_dropout` and `output_dropout` drop are the same at all steps
            of a chunk.
        weight_drop: Share of the hidden-to-hidden weights that is zero in training, drawn anew for each batch (rnn,
            gru, lstm).
        embedding_dropout: Share of the symbols whose embedding is zero in training, drawn anew for each batch.
        d_model: Size of the encoder's features; None: the hidden size.
        convolution: Steps that a short causal convolution in front of each layer sees, one filter a feature; 4 is
            usual, 64 the most, 0: none.
        bidirectional: Read each record from both ends (refused for next_step).
        residual: Residual blocks with layer norm around each layer.
        nonlinearity: Of the rnn cell.
        initialisation: Recurrent weights orthogonal; or `identity` for the rnn cell; or `chrono` for gru and lstm,
            whose gates then begin with time scales up to `memory`.
        memory: Steps of the longest dependency that `chrono` prepares for.
        width: Steps that the cell `window` sees.
        pooling: How classify draws one vector from all steps.
        distribution: How numbers are predicted: with a spread (`normal`, `student_t`) or, by forecast alone, as
            `quantiles`, or as one value by `absolute` or `squared` error.
        segment: Steps that forecast decodes at once.
        centre: What forecast subtracts from each window: its last value, its mean, or nothing.
        rescale: Forecast divides each window by its deviation.
        channels: Forecast sees the features of a series one by one with the same weights, or all at once.
        beam_size: Prefixes that ctc keeps while decoding; 1 takes the likeliest symbol at each step.
        class_weights: `balanced` weighs each class by the inverse of its frequency, in training.
        tie_weights: One matrix for the input embedding and the output layer (next_step over symbols).
        softmax: Over all symbols at once (`full`); or in clusters by their frequency (`adaptive`), with the same exact
            likelihoods in a fraction of the time for vocabularies of thousands (next_step over symbols).
        cutoffs: Ranks by frequency at which the tails of the adaptive softmax begin; None: chosen for the least work on
            the training data.
        label_smoothing: Share of the target's probability spread over all classes, in training; refused for numbers
            and ctc.
        learning_rate: Peak learning rate of AdamW.
        weight_decay: Of matrices; biases and norms have none.
        beta2: Second moment's decay of AdamW.
        warmup_steps: Steps over which the learning rate rises from 0; a tenth of all steps at most.
        schedule: After the warm-up: falling along a cosine to `final_rate`, or constant.
        final_rate: Learning rate at the end of the cosine, as a share of the peak.
        patience: Validations without a better loss after which training stops; 0 never stops early.
    """

    cell: CellName = "lstm"
    hidden_size: int = 128
    num_layers: int = 1
    dropout: float = 0.0
    input_dropout: float = 0.0
    output_dropout: float | None = None
    locked_dropout: bool = False
    weight_drop: float = 0.0
    embedding_dropout: float = 0.0
    d_model: int | None = None
    convolution: int = 0
    bidirectional: bool = False
    residual: bool = False
    nonlinearity: Nonlinearity = "tanh"
    initialisation: Initialisation = "orthogonal"
    memory: int = 100
    width: int = 8
    pooling: Pooling = "mean"
    distribution: Distribution = "student_t"
    segment: int = 24
    centre: Centre = "last"
    rescale: bool = True
    channels: Literal["independent", "mixed"] = "independent"
    beam_size: int = 1
    class_weights: Literal["none", "balanced"] = "none"
    tie_weights: bool = False
    softmax: Literal["full", "adaptive"] = "full"
    cutoffs: list[int] | None = None
    label_smoothing: float = 0.0
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    beta2: float = 0.99
    warmup_steps: int = 50
    schedule: Literal["cosine", "constant"] = "cosine"
    final_rate: float = 0.05
    patience: int = 10
