"""RunLoop: Lightning's loop over epochs, with a place for a resume point after each."""

from __future__ import annotations

from pytorch_lightning.loops.fit_loop import _FitLoop

from seqkit.training.resume_points import ResumePoints


class RunLoop(_FitLoop):
    """Epochs, and after each of them a place to go on from."""

    points: ResumePoints | None = None

    @property
    def skip(self) -> bool:
        """Whether there is nothing to do; a run that goes on after its last epoch still has its end to do."""
        return super().skip and not self.restarting

    def on_advance_end(self) -> None:
        """End the epoch."""
        super().on_advance_end()
        if self.points is not None:
            self.points.after_epoch(self.trainer)
