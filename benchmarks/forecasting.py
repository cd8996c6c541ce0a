"""Time to a better forecast: M4 hourly against NeuralForecast's LSTM, GluonTS' DeepAR and Darts' RNN, all at defaults.

    python benchmarks/forecasting.py --data FOLDER [--peers .peers/bin/python] [--threads 1] [--save]

FOLDER holds Hourly-train.csv.gz and Hourly-test.csv. The peers are installed by the command in benchmarks/README.md.
Each peer trains in a process of its own as its documentation has it (`benchmarks/peers/`), forecasts 48 hours of the
414 series, and writes them to a file. seqkit trains the recipe `timeseries/m4-hourly-forecast` anew under each budget
of steps, the schedule fitted to the budget. Seconds are those of the call that trains, with seqkit's validation in
them; reading files and forecasting come on top everywhere. OWA is computed here, by one function, for everyone; the
test hours are looked at once for each row.

A peer is beaten by the smallest budget from which on every larger one is better too, so that no lucky row counts. The
ratio is the peer's seconds over those of this budget; 3 is the aim.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from harness import Report, parser, refuse, require_files, require_folder, start
from peer_process import DEFAULT_PYTHON, WorkerError, require_peers, run_worker, versions_of

from seqkit import plugins
from seqkit.recipes import find_config
from seqkit.run import Run
from seqkit.settings import parse_arguments
from seqkit.speed.table import Table
from seqkit.tasks.metrics import mase_scale, naive2, smape
from seqkit.training import workflow

RECIPE = "timeseries/m4-hourly-forecast"
SEASON, HORIZON = 24, 48
BUDGETS = (50, 100, 200, 400, 800)
PEERS = {"NeuralForecast LSTM": "neuralforecast_lstm", "GluonTS DeepAR": "gluonts_deepar", "Darts RNN": "darts_rnn"}
Series = dict[str, np.ndarray]


@dataclass(frozen=True)
class Row:
    """What a training took and gave.

    Attributes:
        name: Library and model, with the version.
        training: How long, in the library's own terms.
        seconds: Of the call that trains.
        owa: Over the test hours; 1 is Naive2.
    """

    name: str
    training: str
    seconds: float
    owa: float


def read_m4(folder: Path) -> tuple[Series, Series]:
    """History and truth of each series, by id."""
    with gzip.open(folder / "Hourly-train.csv.gz", "rt", newline="") as train:
        history = _rows(list(csv.reader(train))[1:])
    with (folder / "Hourly-test.csv").open(newline="") as test:
        return history, _rows(list(csv.reader(test))[1:])


def read_forecasts(path: Path) -> Series:
    """What a worker wrote: id, then values."""
    with path.open(newline="") as file:
        return _rows(list(csv.reader(file)))


def _rows(rows: list[list[str]]) -> Series:
    return {row[0]: np.array([float(cell) for cell in row[1:] if cell]) for row in rows}


def owa(forecasts: Series, history: Series, truth: Series) -> float:
    """Overall weighted average of M4: sMAPE and MASE, each over that of Naive2, averaged (1 for Naive2 itself).

    Raises:
        ValueError: If a series is missing, or a forecast has not as many values as its truth, or one is not finite.
    """
    for name, values in truth.items():
        if name not in forecasts or forecasts[name].shape != values.shape or not np.isfinite(forecasts[name]).all():
            raise ValueError(f"no whole forecast of {name}")
    reference = {name: naive2(history[name], len(values), SEASON) for name, values in truth.items()}
    ours, theirs = _errors(forecasts, history, truth), _errors(reference, history, truth)
    return float(np.mean(ours / theirs))


def _errors(forecasts: Series, history: Series, truth: Series) -> np.ndarray:
    """Mean sMAPE and mean MASE, (2,)."""
    percent = [smape(values, forecasts[name]) for name, values in truth.items()]
    scaled = [
        np.abs(values - forecasts[name]).mean() / mase_scale(history[name], SEASON) for name, values in truth.items()
    ]
    return np.array([np.mean(percent), np.mean(scaled)])


def train_seqkit(folder: Path, max_steps: int, words: list[str]) -> tuple[float, Series]:
    """Seconds of training under a budget of steps, and forecasts of the 48 hours after it."""
    with tempfile.TemporaryDirectory() as place:
        # The test hours are named, as in the recipe's own command, so that none are cut off the training file.
        names = {"path": "Hourly-train.csv.gz", "test_path": "Hourly-test.csv"}
        files = [word for option, name in names.items() for word in (f"--data.{option}", str(folder / name))]
        budget = ["--trainer.max_steps", str(max_steps), "--trainer.max_epochs", "-1"]
        quiet = ["--trainer.enable_progress_bar", "false", "--run", f"{place}/run"]
        given = ["--config", str(find_config(RECIPE)), *files, *budget, *quiet, *words]
        settings = parse_arguments(plugins.load("timeseries"), given, "forecast")
        run, result = workflow.fit(settings, say=lambda line: None)
        made = Run(run.path).forecast(samples=1)
    return result["seconds"], {one.prompt.origin.rpartition(":")[2]: np.asarray(one.values[0])[:, 0] for one in made}


def first_better(rows: list[Row], than: float) -> Row | None:
    """The smallest budget from which on every larger one has a lower OWA; None if the largest has not."""
    found = None
    for row in reversed(rows):
        if row.owa >= than:
            break
        found = row
    return found


def compare(rows: list[Row], peers: list[Row]) -> Table:
    """Each peer against the budget that beats it."""
    table = Table("Time to a better OWA", ["peer", "s", "OWA", "seqkit, s", "seqkit, OWA", "times as fast"])
    for peer in peers:
        ours = first_better(rows, peer.owa)
        cells = ("-", "-", "not better") if ours is None else _against(peer, ours)
        table.add(peer.name, f"{peer.seconds:.0f}", f"{peer.owa:.3f}", *cells)
    return table


def _against(peer: Row, ours: Row) -> tuple[str, str, str]:
    return f"{ours.seconds:.1f}", f"{ours.owa:.3f}", f"{peer.seconds / ours.seconds:.1f}"


def made_series(folder: Path) -> Path:
    """Eight short seasonal series in M4's form, for --quick."""
    generator, hours = np.random.default_rng(0), np.arange(24 * 14 + HORIZON)
    rows = [
        100 + 10 * k + 5 * np.sin(2 * np.pi * (hours + 3 * k) / SEASON) + generator.normal(size=len(hours))
        for k in range(8)
    ]
    parts = {"train": (0, len(hours) - HORIZON), "test": (len(hours) - HORIZON, len(hours))}
    for part, (begin, end) in parts.items():
        names = ",".join(f"V{k + 1}" for k in range(end - begin + 1))
        lines = [",".join([f"H{k + 1}", *(f"{value:.4f}" for value in row[begin:end])]) for k, row in enumerate(rows)]
        text = "\n".join([names, *lines]) + "\n"
        if part == "train":
            with gzip.open(folder / "Hourly-train.csv.gz", "wt") as file:
                file.write(text)
        else:
            (folder / "Hourly-test.csv").write_text(text)
    return folder


def measure(options: argparse.Namespace, report: Report, data: Path) -> None:
    """Train everything, one after another, and print both tables."""
    history, truth = read_m4(data)
    trained = Table("Trainings, one after another", ["model", "training", "s", "OWA"])
    rows: list[Row] = []
    peers: list[Row] = []

    def note(row: Row, place: list[Row]) -> None:
        place.append(row)
        trained.add(row.name, row.training, f"{row.seconds:.1f}", f"{row.owa:.3f}")
        print(f"{row.name}: {row.training}, {row.seconds:.1f} s, OWA {row.owa:.3f}", flush=True)

    if not options.peers.exists():
        report.say(f"{', '.join(PEERS)}: not run, there is no {options.peers}")
    for name, worker in PEERS.items() if options.peers.exists() else ():
        with tempfile.TemporaryDirectory() as place:
            out = Path(place) / "forecasts.csv"
            try:
                figures = run_worker(options.peers, worker, "--data", data, "--out", out)
                score = owa(read_forecasts(out), history, truth)
            except (WorkerError, OSError, ValueError) as error:
                report.say(f"{name} did not run: {error}")
                continue
            note(Row(f"{name} ({versions_of(figures)})", figures["training"], figures["seconds"], score), peers)
    small = ["--model.hidden_size", "8", "--data.look_back", "48"] if options.quick else []
    for budget in (2,) if options.quick else options.budgets:
        seconds, forecasts = train_seqkit(data, budget, small)
        note(Row("seqkit", f"{budget:,} steps", seconds, owa(forecasts, history, truth)), rows)
    report.table(trained)
    report.table(compare(rows, peers))


def main() -> None:
    """Read options, measure, write."""
    own = parser(__doc__, repeats=1)
    own.add_argument("--data", type=Path, help="folder of M4 hourly; --quick makes series of its own")
    own.add_argument("--peers", type=Path, default=DEFAULT_PYTHON, help=f"Python of the peers ({DEFAULT_PYTHON})")
    own.add_argument("--budgets", type=int, nargs="+", default=BUDGETS, help="steps of seqkit's trainings")
    options = start(own)
    if not options.quick:
        require_peers(options.peers)
    if options.data is not None:
        require_folder(options.data)
        require_files(options.data / "Hourly-train.csv.gz", options.data / "Hourly-test.csv")
    elif not options.quick:
        refuse("--data FOLDER is needed: M4 hourly, as benchmarks/README.md has it")
    report = Report("forecasting", options)
    with tempfile.TemporaryDirectory() as place:
        measure(options, report, options.data or made_series(Path(place)))
    report.close()


if __name__ == "__main__":
    main()
