"""SequenceModel: the only LightningModule, and so the only training loop, for every domain and task."""

from __future__ import annotations

import math
from typing import Any, final

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from seqkit.backbone.cell import State
from seqkit.backbone.seasonal import SeasonalFrame
from seqkit.backbone.stack import BothDirections, Stack
from seqkit.backbone.window_frame import WindowFrame
from seqkit.clipping import GradientClip
from seqkit.codec import Codec
from seqkit.encoder import Encoder
from seqkit.errors import DivergedError
from seqkit.finite_guard import FiniteGuard
from seqkit.network import Network
from seqkit.optimiser import build_adamw, rate_share
from seqkit.options import ModelOptions
from seqkit.step_randomness import seed_step
from seqkit.steps import Batch
from seqkit.tasks.base import Outcome, Task
from seqkit.tasks.class_weights import balanced_weights, class_counts
from seqkit.tasks.ctc import TooLongError
from seqkit.tasks.distributions import Categorical
from seqkit.training_log import TrainingLog


@final
class SequenceModel(Network, pl.LightningModule):
    """Encoder, backbone and task in one (`Network`), with the loop that trains them.

    Args:
        encoder: Steps to features.
        backbone: Features to outputs, with state.
        task: Outputs to loss and guess.
        codec: Of the records' sequences; for `mirror`, and saved in the checkpoint.
        target_codec: Of their targets.
        options: What the user set.
        frame: Standardises each stream as it goes, or each window; None for symbols and for numbers as they are.

    Attributes:
        total_steps: Optimiser steps of the whole training, for the schedule; set before `Trainer.fit`.
        seed: Of what is drawn inside steps; set before `Trainer.fit`.
        blueprint: All that is needed to build this model again, as plain JSON; goes into the checkpoint.
        class_weights: Weights of the classes in training, if they have any; set by `weigh_classes`.
    """

    def __init__(
        self,
        encoder: Encoder,
        backbone: Stack | BothDirections,
        task: Task,
        codec: Codec,
        target_codec: Codec,
        options: ModelOptions,
        frame: SeasonalFrame | WindowFrame | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.backbone, self.task = encoder, backbone, task
        self.frame = frame if isinstance(frame, SeasonalFrame) else None
        self.window = frame if isinstance(frame, WindowFrame) else None
        self.codec, self.target_codec, self.options = codec, target_codec, options
        self.scores = nn.ModuleDict({"valid": task.scores(), "test": task.scores()})
        self.total_steps = 0
        self.seed = 0
        self.blueprint: dict[str, Any] = {}
        self._states: dict[str, State] = {}
        self.class_weights: Tensor | None = None
        self._clip = GradientClip(())
        self._guard = FiniteGuard(lambda records: [self._origin("train", one) or f"number {one}" for one in records])
        self._log = TrainingLog()

    @property
    def num_parameters(self) -> int:
        """Trainable numbers."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Mean nats a target of one batch; under next_step the state goes on to the next batch."""
        begun = self.trainer.fit_loop.epoch_loop.batch_progress.total.ready
        seed_step(self.seed, self.trainer.global_rank, begun, self.device)
        outcome = self._carry("train", batch)
        loss = self._weighted(outcome)
        self._guard.see_loss(loss, batch, self.global_step)
        self._log.note(self.trainer, loss.detach(), self._clip)
        return self._smoothed(loss, outcome)

    def training_loss(self, outcome: Outcome) -> Tensor:
        """What training minimises of a batch: the mean loss, with class weights and label smoothing if asked for."""
        return self._smoothed(self._weighted(outcome), outcome)

    def weigh_classes(self, data: Any) -> None:
        """Count the classes of a module's training split, if they are to be weighed."""
        if self.options.class_weights == "balanced":
            counts = class_counts(data.store("train").targets, self.task.output.num_parameters)
            self.class_weights = torch.tensor(balanced_weights(counts), dtype=torch.float32, device=self.device)

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Adds a batch to the figures; the state is carried as in training. The answers are for callbacks."""
        outcome = self._carry("valid", batch)
        self._score("valid", outcome)
        return outcome.raw

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Adds a batch to the figures. The answers are for callbacks."""
        outcome = self._carry("test", batch)
        self._score("test", outcome)
        return outcome.raw

    def on_fit_start(self) -> None:
        """Count the classes, if they are to be weighed; a model may be trained more than once."""
        self._log = TrainingLog()
        self.weigh_classes(self.trainer.datamodule)  # type: ignore[attr-defined]

    def on_train_epoch_start(self) -> None:
        """Streams begin anew in each epoch."""
        self._states.pop("train", None)

    def on_validation_epoch_start(self) -> None:
        """Validation never sees a state of training, nor of the validation before."""
        self._guard.settle()
        self._states.pop("valid", None)
        self._scores("valid").reset()

    def on_validation_epoch_end(self) -> None:
        """Log the figures of this validation."""
        figures = {f"valid/{name}": value for name, value in self._scores("valid").compute().items()}
        loss, scored = figures["valid/loss"], int(self._scores("valid").likelihood.count)
        if scored and self.trainer.state.fn == "fit" and not math.isfinite(loss):
            raise DivergedError(
                f"the validation loss became {loss} after step {self.global_step}",
                fix="lower --model.learning_rate, or clip harder: --trainer.gradient_clip_val 0.25",
            )
        self.log_dict(figures, prog_bar=True)
        self._states.pop("valid", None)

    def on_test_epoch_start(self) -> None:
        """As for validation."""
        self._states.pop("test", None)
        self._scores("test").reset()

    def on_test_epoch_end(self) -> None:
        """Log the figures."""
        self.log_dict({f"test/{name}": value for name, value in self._scores("test").compute().items()})

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip as asked, and count the steps that needed it (exploding gradients, made visible)."""
        norm = self._clip.norm()
        self._guard.see_gradient(norm, self.global_step, optimizer, scaled=self._scaler() is not None)
        if gradient_clip_val and gradient_clip_algorithm in (None, "norm"):
            self._clip.by_norm(gradient_clip_val, norm)
        else:
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def configure_optimizers(self) -> Any:
        """AdamW (fused where the device has it) with warm-up and cosine."""
        # A fused optimiser undoes the scaling of float16 itself, after our clipping: that would clip scaled gradients.
        fused = self.device.type in ("cpu", "cuda") and self._scaler() is None
        optimizer = build_adamw(self.parameters(), self.options, fused)
        self._clip = GradientClip(self.parameters())
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The blueprint beside the weights: a checkpoint alone is enough for every later verb."""
        self._guard.settle()
        checkpoint["seqkit"] = self.blueprint

    def moving_state(self, accumulating: bool) -> dict[str, Any]:
        """What moves from batch to batch beside weights and optimiser; a run that goes on needs it.

        Args:
            accumulating: The next batch adds to the gradients that are there.
        """
        gradients = {name: p.grad for name, p in self.named_parameters() if accumulating and p.grad is not None}
        return {
            "state": list(self._states.get("train", ())),
            "gradients": gradients,
            "clip": self._clip.counts(),
            "logged_step": self._log.step,
        }

    def restore_moving_state(self, moving: dict[str, Any]) -> None:
        """Go on from what `moving_state` gave."""
        if moving["state"]:
            self._states["train"] = tuple(one.to(self.device) for one in moving["state"])
        for name, parameter in self.named_parameters():
            gradient = moving["gradients"].get(name)
            parameter.grad = None if gradient is None else gradient.to(parameter.device)
        self._clip.restore(moving["clip"])
        self._log.step = moving["logged_step"]

    def _carry(self, stage: str, batch: Batch) -> Outcome:
        """The outcome of a batch, with the state of its streams kept for the next one (next_step only)."""
        if self.task.whole_records:
            try:
                return self.outcome(batch)[0]
            except TooLongError as error:
                raise TooLongError(error.record, error.what, self._origin(stage, error.record)) from None
        outcome, state = self.outcome(batch, self._states.get(stage))
        self._states[stage] = tuple(s.detach() for s in state)
        return outcome

    def _origin(self, stage: str, record: int) -> str | None:
        """Where a record of the split that is being read came from."""
        name = {"train": "train_dataloader", "valid": "val_dataloaders", "test": "test_dataloaders"}[stage]
        store = getattr(getattr(self.trainer, name), "store", None)
        return None if store is None else store.origins()[record]

    def _scaler(self) -> Any:
        """What scales the loss under float16; None in other precisions."""
        return getattr(getattr(self._trainer, "precision_plugin", None), "scaler", None)

    def _weighted(self, outcome: Outcome) -> Tensor:
        """The mean loss, each target with the weight of its class if there are weights."""
        if self.class_weights is None:
            return outcome.loss
        weights = self.class_weights[outcome.targets.clamp(min=0)] * outcome.scored
        return (weights * outcome.nll).sum() / weights.sum().clamp(min=1e-12)

    def _smoothed(self, loss: Tensor, outcome: Outcome) -> Tensor:
        """The loss with a share of each target's probability spread over all classes."""
        if not self.options.label_smoothing or not isinstance(outcome.output, Categorical):
            return loss
        # -log p of a class is what the target's is beyond the difference of their logits: no second softmax over V.
        known = outcome.raw.gather(-1, outcome.targets.clamp(min=0)[..., None])[..., 0]
        nats = (outcome.nll + known - outcome.raw.mean(-1)) * outcome.scored
        uniform = nats.sum() / outcome.scored.sum().clamp(min=1)
        return (1 - self.options.label_smoothing) * loss + self.options.label_smoothing * uniform

    def _score(self, name: str, outcome: Outcome) -> None:
        self._scores(name).update(outcome.nll, outcome.scored, outcome.guess, outcome.targets)

    def _scores(self, name: str) -> Any:
        return self.scores[name]

    def _rate(self, step: int) -> float:
        """Learning rate at an optimiser step, as a share of the peak."""
        return rate_share(step, self.total_steps, self.options)
