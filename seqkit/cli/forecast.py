"""seqkit forecast: the future of series, as a table, a summary and plots."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from seqkit.cli.verbs import parse_verb, require_writable
from seqkit.errors import ConfigError, did_you_mean
from seqkit.inference.continuing import generate_records, require_forecaster
from seqkit.plots.forecast import draw_forecast
from seqkit.plots.style import save_figure
from seqkit.steps import Generation
from seqkit.tasks.distributions import Sampling
from seqkit.training import workflow

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "steps": (int | None, None),
    "samples": (int, 100),
    "seed": (int, 0),
    "out": (str | None, None),
    "plots": (int, 3),
}
_SHOWN = 5
_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def run(verb: str, words: list[str]) -> int:
    """Forecast, save, show."""
    options, changes = parse_verb(verb, words, _OPTIONS)
    for name, least in (("steps", 1), ("samples", 1), ("plots", 0)):
        if getattr(options, name) is not None and getattr(options, name) < least:
            raise ConfigError(f"{name} is {getattr(options, name)}", at=f"--{name}", fix=f"give {least} or more")
    loaded = workflow.reload(options.run, changes)
    data = loaded.data
    require_forecaster(loaded)
    folder = Path(options.run) if Path(options.run).is_dir() else Path(options.run).parent
    path = Path(options.out) if options.out else folder / f"forecast{data.output_suffixes[0]}"
    if not path.name.lower().endswith(data.output_suffixes):
        fix = did_you_mean(path.suffix, data.output_suffixes) or f"endings: {', '.join(data.output_suffixes)}"
        raise ConfigError(f"forecasts are not written as {path.suffix or path.name!r}", at=f"--out {path}", fix=fix)
    require_writable(path)
    records = list(data.records("predict"))
    made = list(generate_records(loaded, records, options.steps, options.samples, Sampling(), options.seed))
    written = data.write(path, made)
    _show(made)
    plots = [_plot(generation, path) for generation in made[: options.plots]]
    drawn = [str(plot) for plot in plots if plot is not None]
    print(f"saved: {', '.join(map(str, [*written, *drawn]))}")
    if options.plots and not drawn:
        print('no plots: pip install "seqkit[plot]" draws them')
    return 0


def _show(made: list[Generation]) -> None:
    """The first series in a few numbers."""
    table = Table("series", "given", "last value", "steps", "mean", "90 % of outcomes at the end")
    for generation in made[:_SHOWN]:
        samples, history = _arrays(generation)
        low, high = np.quantile(samples[:, -1, 0], [0.05, 0.95])
        last = history[np.isfinite(history)]
        table.add_row(
            generation.prompt.origin,
            f"{len(history):,}",
            f"{last[-1]:.4g}" if len(last) else "–",
            f"{samples.shape[1]:,}",
            f"{samples[..., 0].mean():.4g}",
            f"{low:.4g} to {high:.4g}" if len(samples) > 1 else "–",
        )
    Console(highlight=False).print(table)
    if len(made) > _SHOWN:
        print(f"and {len(made) - _SHOWN:,} more series")


def _plot(generation: Generation, path: Path) -> Path | None:
    """The fan of a series' first feature, beside the table."""
    samples, history = _arrays(generation)
    levels = _LEVELS if len(samples) > 1 else (0.5,)
    quantiles = {level: np.quantile(samples[..., 0], level, axis=0) for level in levels}
    name = re.sub(r"\W+", "-", generation.prompt.origin.partition(":")[2] or generation.prompt.origin).strip("-")
    return save_figure(
        path.with_name(f"{path.stem}-{name or 'series'}.png"),
        lambda figure: draw_forecast(figure, history, quantiles, title=generation.prompt.origin),
    )


def _arrays(generation: Generation) -> tuple[np.ndarray, np.ndarray]:
    """Samples (S, H, F), and the first feature of what was observed (T,)."""
    samples = np.stack([np.asarray(values, dtype=np.float64) for values in generation.values])
    values = np.asarray(generation.prompt.sequence, dtype=np.float64)
    given = values[: generation.prompt.context or len(values)]
    return samples, given[:, 0] if given.ndim == 2 else given
