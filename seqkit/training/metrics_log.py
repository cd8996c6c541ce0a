"""MetricsLog: `metrics.csv` of a run, which a run that goes on takes up where its resume point was taken."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pytorch_lightning.loggers.csv_logs import CSVLogger, ExperimentWriter

from seqkit.training.durable import atomic_write


class MetricsLog(CSVLogger):
    """Lightning's CSV logger, that keeps what is there.

    Args:
        folder: Of the run.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), name="", version="")
        self.path = folder / "metrics.csv"
        self._experiment = _Writer(self.log_dir)

    def save_rows(self) -> int:
        """Put all rows on the disk; how many there are."""
        self.experiment.save()
        return len(_read(self.path)[1])

    def keep(self, num_rows: int) -> None:
        """Forget all rows but the first ones: they were written after the point at which the run goes on, or half.

        Args:
            num_rows: Those to keep.
        """
        names, rows = _read(self.path)
        kept = rows[:num_rows]
        if not kept:
            self.path.unlink(missing_ok=True)
            return
        atomic_write(self.path, _as_text(names, kept))
        self.experiment.metrics_keys = names


class _Writer(ExperimentWriter):
    """Writes below what is there; a new column rewrites the file by a sibling."""

    def _check_log_dir_exists(self) -> None:
        """Lightning would remove the file."""

    def _rewrite_with_new_header(self, fieldnames: list[str]) -> None:
        path = Path(self.metrics_file_path)
        atomic_write(path, _as_text(fieldnames, _read(path)[1]))


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Names of the columns and the rows, without one that a crash has halved."""
    if not path.exists():
        return [], []
    text = path.read_text(encoding="utf-8")
    reader = csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1]))
    rows = [row for row in reader if None not in row.values() and None not in row]
    return list(reader.fieldnames or []), rows


def _as_text(names: list[str], rows: list[dict[str, str]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, names)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
