"""seqkit forecast: the future of series, as a table, a summary and plots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from seqkit.cli.console import plain_console
from seqkit.cli.verbs import output_path, parse_verb, require_format, require_writable, show_left_out
from seqkit.data.module import SequenceDataModule
from seqkit.errors import ConfigError
from seqkit.file_names import plain_name
from seqkit.inference.continuing import generate_records, require_forecaster
from seqkit.outputs import staged
from seqkit.plots.forecast import draw_forecast
from seqkit.plots.style import save_figure
from seqkit.steps import Continuous, Generation
from seqkit.tasks.sampling import Sampling
from seqkit.training import workflow

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "steps": (int | None, None),
    "samples": (int, 100),
    "seed": (int, 0),
    "out": (str | None, None),
    "plots": (int, 3),
}
_SHOWN = 7
_MOST_NUMBERS = 1 << 30
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
    path = output_path(options.run, options.out, f"forecast{data.output_suffixes[0]}")
    require_format(path, loaded)
    require_writable(path)
    records = list(data.accepted("predict"))
    spec = data.codec.spec
    assert isinstance(spec, Continuous)
    numbers = len(records) * options.samples * (options.steps or data.horizon or 200) * spec.num_predicted
    if numbers > _MOST_NUMBERS:
        raise ConfigError(
            f"{numbers:,} numbers would be drawn", at="--steps, --samples", fix="ask for fewer steps or samples"
        )
    made = list(generate_records(loaded, records, options.steps, options.samples, Sampling(), options.seed))
    with staged(path) as place:
        written = [path.with_name(file.name) for file in data.write(place, made)]
    show_left_out(data, path)
    forecasts = [one for generation in made[: max(_SHOWN, options.plots)] for one in _features(generation, data)]
    _show(forecasts[:_SHOWN], sum(generation.values[0].shape[-1] for generation in made))
    plots = [_plot(one, path) for one in forecasts[: options.plots]]
    drawn = [str(plot) for plot in plots if plot is not None]
    print(f"saved: {', '.join(map(str, [*written, *drawn]))}")
    if options.plots and not drawn:
        print('no plots: pip install "seqkit[plot]" draws them')
    return 0


@dataclass(frozen=True)
class _Forecast:
    """One feature of one series: its name, what was observed (T,), and samples of what follows (S, H)."""

    name: str
    history: np.ndarray
    samples: np.ndarray


def _features(generation: Generation, data: SequenceDataModule) -> Iterator[_Forecast]:
    samples = np.stack([np.asarray(values, dtype=np.float64) for values in generation.values])  # (S, H, F)
    values = np.asarray(generation.prompt.sequence, dtype=np.float64)
    given = values[: generation.prompt.context or len(values)].reshape(-1, *values.shape[1:])
    given = given if given.ndim == 2 else given[:, None]
    series = generation.prompt.origin.partition(":")[2] or generation.prompt.origin
    names = data.feature_names(generation.prompt)
    for feature in range(samples.shape[-1]):
        own = names[feature] if feature < len(names) else str(feature + 1)
        name = series if samples.shape[-1] == 1 else f"{series} {own}"
        yield _Forecast(name, given[:, feature], samples[..., feature])


def _show(forecasts: list[_Forecast], count: int) -> None:
    """Some forecasts in a few numbers."""
    table = Table("series", "given", "last value", "steps", "last median", "90 % of outcomes")
    for one in forecasts:
        low, middle, high = np.quantile(one.samples[:, -1], [0.05, 0.5, 0.95])
        last = one.history[np.isfinite(one.history)]
        table.add_row(
            one.name,
            f"{len(one.history):,}",
            f"{last[-1]:.4g}" if len(last) else "–",
            f"{one.samples.shape[1]:,}",
            f"{middle:.4g}",
            f"{low:.4g} to {high:.4g}" if len(one.samples) > 1 and high > low else "–",
        )
    plain_console().print(table)
    if count > len(forecasts):
        print(f"and {count - len(forecasts):,} more")


def _plot(one: _Forecast, path: Path) -> Path | None:
    """The fan of a forecast, beside the table."""
    levels = _LEVELS if len(one.samples) > 1 else (0.5,)
    quantiles = {level: np.quantile(one.samples, level, axis=0) for level in levels}
    return save_figure(
        path.with_name(f"{path.stem}-{plain_name(one.name, 'series')}.png"),
        lambda figure: draw_forecast(figure, one.history, quantiles, title=one.name),
    )
