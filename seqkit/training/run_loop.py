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
        # Lightning calls it no restart where the last epoch was complete.
        return super().skip and not (self.points is not None and self.points.goes_on)

    def _load_combined_loader_states(self) -> None:
        """Give the loader its epoch and position; Lightning does so only for an epoch that was not finished."""
        states, self._combined_loader_states_to_load = self._combined_loader_states_to_load, []
        if states and self._combined_loader is not None:
            self._combined_loader._load_state_dicts(states)

    def on_advance_end(self) -> None:
        """End the epoch."""
        super().on_advance_end()
        if self.points is not None:
            self.points.after_epoch(self.trainer)
