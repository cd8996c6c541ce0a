"""seqkit from Python: `fit`, `crossval`, `compare` and `load`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqkit import plugins
from seqkit.domain import Domain
from seqkit.flat_options import settings_from
from seqkit.lecture.comparison.compare import compare as run_study
from seqkit.lecture.comparison.panel import Overrides, panel_of_options
from seqkit.lecture.comparison.study import build_study
from seqkit.run import Run
from seqkit.training import workflow
from seqkit.training.crossval import cross_validate


def fit(
    domain: str | Domain, *, run: str | Path | None = None, seed: int = 0, quiet: bool = False, **options: Any
) -> Run:
    """Train a model.

    Args:
        domain: A domain's name, or its value.
        run: The run folder; None takes the next free `runs/NAME-N`.
        seed: Of weights, order and dropout.
        quiet: Print nothing.
        options: Any option of the command line by its last name (`path`, `task`, `hidden_size`, `max_epochs`), or
            with its group where two share a name (`model_dropout`, `encoder_dropout`); also `threads` (a number, or
            `auto`) and `probe`.

    Raises:
        ConfigError: For an unknown or ambiguous option; names the nearest one.

    Example:
        >>> run = seqkit.fit("text", path="corpus.txt", hidden_size=512)  # doctest: +SKIP
        >>> run.generate("Once", steps=200)  # doctest: +SKIP
    """
    value = domain if isinstance(domain, Domain) else plugins.load(domain)
    settings = settings_from(value, options, seed, run)
    say: Callable[[str], None] = (lambda line: None) if quiet else print
    if quiet:
        settings.trainer["enable_progress_bar"] = False
    folder, _ = workflow.fit(settings, say)
    return Run(folder.path, None if isinstance(domain, str) else domain)


def crossval(
    domain: str | Domain,
    *,
    folds: int | None = None,
    leave_one_group_out: bool = False,
    run: str | Path | None = None,
    seed: int = 0,
    quiet: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Train and test once for each fold, or for each group left out.

    Args:
        domain: A domain's name, or its value.
        folds: How many (10), made by a hash of each record's file and number; not stratified.
        leave_one_group_out: A round for each group of `group_match`, which is then the test split.
        run: Folder of all rounds; None takes the next free `runs/NAME-crossval-N`.
        seed: Of each round.
        quiet: Print nothing.
        options: As for `fit`.

    Returns:
        `folds` with their metrics, `mean` and `deviation` of each figure; also in `crossval.json`.

    Example:
        >>> seqkit.crossval("text", folds=10, path=["good=pos.txt", "bad=neg.txt"], task="classify")  # doctest: +SKIP
    """
    value = domain if isinstance(domain, Domain) else plugins.load(domain)
    say: Callable[[str], None] = (lambda line: None) if quiet else print
    return cross_validate(settings_from(value, options, seed, run), folds, leave_one_group_out, say)


def compare(
    domain: str | Domain,
    *,
    rungs: Sequence[str] | None = None,
    variants: Mapping[str, Overrides] | None = None,
    across: Mapping[str, Sequence[Any]] | None = None,
    seeds: int = 1,
    split: str = "valid",
    run: str | Path | None = None,
    seed: int = 0,
    quiet: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Hold cells against each other, against what is only counted, and against what is known of the source.

    Args:
        domain: A domain's name, or its value.
        rungs: Names of the rungs to train, and of those to count; None takes all.
        variants: In place of cells: overrides by a name of yours, such as `{"relu": {"model.nonlinearity": "relu"}}`.
        across: One option with its values, a column each: `{"model.hidden_size": [32, 64]}`, or one of made data.
        seeds: Trainings of each, with seeds one after another; figures are medians.
        split: `valid`, or `test` once everything is chosen.
        run: Folder of all runs; None takes the next free `runs/NAME-compare-N`. What it holds already is taken over.
        seed: The first seed.
        quiet: Print nothing.
        options: As for `fit`.

    Returns:
        `rows` with `rung`, `kind`, `status`, `figures`, `num_parameters` and `seconds`; `panels` with the figure that
        counts and a `verdict`; also in `compare.json`.

    Example:
        >>> seqkit.compare("text", path="corpus.txt", rungs=["window", "lstm"])  # doctest: +SKIP
    """
    value = domain if isinstance(domain, Domain) else plugins.load(domain)
    given = {"rungs": rungs, "variants": variants, "across": across, "seeds": seeds, "split": split}
    study = build_study([panel_of_options(value, options, seed)], given, None if run is None else str(run))
    return run_study(study, (lambda line: None) if quiet else print)


def load(run: str | Path, domain: Domain | None = None) -> Run:
    """A run that was trained before.

    Args:
        run: Run folder or checkpoint.
        domain: The domain's value, when it is not installed as a plugin.
    """
    handle = Run(run, domain)
    _ = handle.loaded
    return handle
