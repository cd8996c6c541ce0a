"""Study: which rungs or variants are trained on which data, and for what values of an option."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from seqkit.backbone.choice import CELLS, MEMORYLESS, PARALLEL
from seqkit.errors import ConfigError, did_you_mean
from seqkit.lecture.comparison.panel import GROUP, OPTION_GROUPS, Overrides, Panel, as_mapping
from seqkit.lecture.sources.made import is_made, parse_made
from seqkit.safe_yaml import parse_yaml
from seqkit.settings import Settings
from seqkit.steps import Split

TRAINED = ("feedforward", "recurrent", "parallel")
"""Kinds of rungs that are trained; all others are counted or known."""

_SPLITS = ("valid", "test")


@dataclass(frozen=True)
class Across:
    """What differs from column to column.

    Attributes:
        name: A dotted option, or an option of the made source that the data come from.
        values: One a column.
    """

    name: str
    values: tuple[Any, ...]

    def overrides(self, base: Settings, value: Any) -> Overrides:
        """What a column changes.

        Raises:
            ConfigError: If the name is no dotted option and the data are not made, or their source has no such option.
        """
        if "." in self.name:
            return {self.name: value}
        path = base.data.get("path")
        if not isinstance(path, str) or not is_made(path):
            raise ConfigError(
                f"{self.name!r} is an option of made data, and data.path is {path!r}",
                at="--across",
                fix="give --data.path made:SOURCE, or an option with its group, such as data.window",
            )
        given = with_made_option(path, self.name, value)
        try:
            parse_made(given, base.domain.datamodule.made)
        except ConfigError as error:
            raise ConfigError(error.what, at=f"--across {self.name}={value}", fix=error.fix) from error
        return {"data.path": given}


@dataclass(frozen=True)
class Study:
    """A grid of trainings: panels x columns x rungs (or variants) x seeds.

    Attributes:
        panels: Domains with their data.
        rungs: Names of rungs; None takes all. Counted rungs cost nothing: all are shown unless some are named.
        variants: Overrides by name, trained in place of rungs.
        across: What differs from column to column; None for a single column.
        seeds: Trainings of each cell, with seeds one after another.
        split: Which split is scored.
        run: Folder of all trainings; None takes the next free one.
    """

    panels: tuple[Panel, ...]
    rungs: tuple[str, ...] | None = None
    variants: dict[str, Overrides] | None = None
    across: Across | None = None
    seeds: int = 1
    split: Split = "valid"
    run: str | None = None

    def trained(self) -> dict[str, Overrides]:
        """Overrides by the name of each row that is trained, from the bottom of the ladder upward."""
        if self.variants:
            return self.variants
        chosen = [name for name in neural_rungs() if self.rungs is None or name in self.rungs]
        # The mean over steps of a bag's outputs would weigh early steps more: an order it must not know.
        return {name: {"model.cell": name} | ({"model.pooling": "last"} if name == "bag" else {}) for name in chosen}


def neural_rungs() -> tuple[str, ...]:
    """Cells in the order of the ladder: those without recurrence first."""
    return tuple(sorted(CELLS, key=lambda name: name not in MEMORYLESS))


def kind_of(cell: str) -> str:
    """What a trained rung is."""
    return "feedforward" if cell in MEMORYLESS else "parallel" if cell in PARALLEL else "recurrent"


def with_made_option(path: str, name: str, value: Any) -> str:
    """A path of made data with one of its options set.

    Example:
        >>> with_made_option("made:memory,lag=4,language=pt", "lag", 64)
        'made:memory,language=pt,lag=64'
    """
    source, *pairs = path.split(",")
    return ",".join([source, *(pair for pair in pairs if pair.partition("=")[0] != name), f"{name}={value}"])


def build_study(panels: Sequence[Panel], options: dict[str, Any], run: str | None) -> Study:
    """A study with its options checked.

    Args:
        panels: Domains with their data.
        options: `rungs`, `variants`, `across`, `seeds` and `split`, each as a recipe would have it.
        run: Folder of all trainings.

    Raises:
        ConfigError: For an unknown key or value; names the nearest one.
    """
    known = ("rungs", "variants", "across", "seeds", "split")
    for name in options:
        if name not in known:
            near = did_you_mean(name, (*known, "domains"))
            raise ConfigError(
                f"unknown option {name!r}", at=f"{GROUP}.{name}", fix=near or f"known: {', '.join(known)}"
            )
    given = {name: value for name, value in options.items() if value is not None}
    rungs = _names(given["rungs"]) if "rungs" in given else None
    variants = _variants(given.get("variants", {}))
    if rungs is not None and variants:
        variants, rungs = _chosen_variants(rungs, variants), None
    study = Study(
        panels=tuple(panels),
        rungs=rungs,
        variants=variants,
        across=_across(given.get("across", {})),
        seeds=_seeds(given.get("seeds", 1)),
        split=_split(given.get("split", "valid")),
        run=run,
    )
    return _require_effect(study)


def _names(value: Any) -> tuple[str, ...]:
    names = [name.strip() for name in value.split(",")] if isinstance(value, str) else [str(name) for name in value]
    if not any(names):
        raise ConfigError("no rung is named", at="--rungs", fix=f"such as {','.join(neural_rungs())}")
    return tuple(dict.fromkeys(name for name in names if name))


def _variants(value: Any) -> dict[str, Overrides]:
    variants = {
        name: as_mapping(of or {}, f"{GROUP}.variants.{name}") for name, of in as_mapping(value, "variants").items()
    }
    for name, overrides in variants.items():
        for option in overrides:
            if option.partition(".")[0] not in OPTION_GROUPS or "." not in option:
                raise ConfigError(
                    f"{option!r} is no dotted option",
                    at=f"{GROUP}.variants.{name}",
                    fix="write it with its group, such as model.cell",
                )
    return variants


def _chosen_variants(names: Sequence[str], variants: dict[str, Overrides]) -> dict[str, Overrides]:
    """The variants of a recipe that are asked for."""
    for name in names:
        if name not in variants:
            fix = did_you_mean(name, variants) or f"variants: {', '.join(variants)}"
            raise ConfigError(f"no variant {name!r} in the recipe, whose rows are variants", at="--rungs", fix=fix)
    return {name: of for name, of in variants.items() if name in names}


def _across(value: Any) -> Across | None:
    if isinstance(value, str):
        name, _, values = value.partition("=")
        try:
            found = [parse_yaml(one, at="--across") for one in values.split(",") if one]
        except ConfigError as error:
            raise _no_columns(value) from error
        if not name or not found:
            raise _no_columns(value)
        return Across(name, tuple(found))
    columns = as_mapping(value, f"{GROUP}.across")
    if not columns:
        return None
    if len(columns) > 1:
        fix = "give one name with a list of values"
        raise ConfigError(f"{' and '.join(columns)} cannot both make the columns", at=f"{GROUP}.across", fix=fix)
    name, values = next(iter(columns.items()))
    if not isinstance(values, list) or not values:
        raise _no_columns("" if values == [] else str(values), f"{GROUP}.across.{name}", f"{name}: [8, 16]")
    return Across(name, tuple(values))


def _no_columns(given: str, at: str = "--across", example: str = "lag=8,16") -> ConfigError:
    return ConfigError(f"'{given}' is no list of columns", at=at, fix=f"give one name with its values, as in {example}")


def _require_effect(study: Study) -> Study:
    """Refuse columns that rows would override."""
    trained = study.trained()
    same = [name for name, overrides in trained.items() if study.across and study.across.name in overrides]
    if study.across and same and (study.variants or len(same) == len(trained)):
        raise ConfigError(
            f"{study.across.name} is set by the rows themselves: {', '.join(same)}",
            at="--across",
            fix="name cells with --rungs, or leave the option out of the variants",
        )
    return study


def _seeds(value: Any) -> int:
    if not str(value).isdigit() or int(value) < 1:
        raise ConfigError(f"{value!r} is no number of seeds", at="--seeds", fix="give 1 or more")
    return int(value)


def _split(value: Any) -> Split:
    if value not in _SPLITS:
        fix = did_you_mean(str(value), _SPLITS) or "give valid, or test once all is chosen"
        raise ConfigError(f"no split {value!r} to compare on", at="--split", fix=fix)
    return cast(Split, value)
