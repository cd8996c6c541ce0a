"""Settings of a training: one parser for the command line, configuration files and Python, built from signatures."""

from __future__ import annotations

import json
from argparse import ArgumentError
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jsonargparse
import pytorch_lightning as pl

from seqkit.allowed_imports import explain_import, restrict_imports
from seqkit.build import require_task
from seqkit.data.tolerance import require_policy
from seqkit.domain import Domain
from seqkit.errors import ConfigError
from seqkit.numbers import require_sane_numbers
from seqkit.option_errors import explain
from seqkit.options import ModelOptions
from seqkit.plugins import unusable
from seqkit.training.trainer import TRAINER_DEFAULTS, require_trainable

PATH_OPTIONS = ("--data.path", "--data.valid_path", "--data.test_path")
_USAGE = """
  seqkit fit --domain {name}                          demo data made on the spot
  seqkit fit --domain {name} --data.path PATH         your own
  seqkit fit --domain {name} --config FILE --model.hidden_size 256 --trainer.max_epochs 20"""
_GIVEN_BY_CORE: set[str | int] = {"spec", "d_model", "task"}
_RESUME = "auto: go on with the unfinished run of the same settings"
_MINUTES = "minutes between points that a killed training goes on from; 0: at signals only"
_NOT_FOR_CONFIGS: set[str | int] = {
    "plugins",
    "enable_checkpointing",
    "default_root_dir",
    "use_distributed_sampler",
    "model_registry",
}


Threads = int | Literal["auto"] | None
"""What may be asked for: a number; `auto`, to measure; None, to take what the machine has."""


@dataclass(frozen=True)
class Settings:
    """All that decides a training.

    Attributes:
        domain: The domain's value.
        data: Options of its data module.
        model: Options of the model and optimiser.
        encoder: Options of the domain's encoder.
        trainer: Lightning's options.
        seed: Of weights, order and dropout.
        run: The run folder; None takes the next free one.
        probe: Measure before the training whether `bf16-mixed` is faster here, and use it only then.
        threads: That compute; `auto` measures, None takes the cores of this process.
        resume: `auto` goes on with the unfinished run of the same settings; `never` begins one.
        fresh: Begin anew; a wanted folder that is there is renamed, and nothing is removed.
        checkpoint_minutes: Between two points that a killed training can go on from; 0 takes them at signals only.
    """

    domain: Domain
    data: dict[str, Any]
    model: ModelOptions
    encoder: dict[str, Any]
    trainer: dict[str, Any]
    seed: int = 0
    run: str | None = None
    probe: bool = True
    threads: Threads = None
    resume: Literal["auto", "never"] = "auto"
    fresh: bool = False
    checkpoint_minutes: float = 5.0


def build_parser(domain: Domain, task: str | None = None) -> jsonargparse.ArgumentParser:
    """The parser of `seqkit fit --domain NAME`.

    Args:
        domain: Its data module's and encoder's signatures become options.
        task: Decides which of the domain's defaults apply.
    """
    restrict_imports()
    parser = jsonargparse.ArgumentParser(
        prog=f"seqkit fit --domain {domain.name}",
        usage=_USAGE.format(name=domain.name),
        exit_on_error=False,
        allow_abbrev=False,
    )
    parser.add_argument("--domain", type=str, default=domain.name, help="installed domain")
    parser.add_argument("--config", action="config", help="YAML file, or the name of a shipped recipe")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights, order and dropout")
    parser.add_argument("--run", type=str | None, default=None, help="run folder; default: the next free runs/NAME-N")
    parser.add_argument("--probe", type=bool, default=True, help="measure if bf16-mixed is faster; if not: float32")
    parser.add_argument("--threads", type=Threads, default=None, help="threads that compute; auto measures")
    parser.add_argument("--resume", type=Literal["auto", "never"], default="auto", help=_RESUME)
    parser.add_argument("--fresh", action="store_true", help="begin anew; an old --run folder is renamed, not removed")
    parser.add_argument("--checkpoint_minutes", type=float, default=5.0, help=_MINUTES)
    add_data_options(parser, domain)
    parser.add_class_arguments(ModelOptions, "model", instantiate=False)
    parser.add_function_arguments(domain.encoder, "encoder", skip=_GIVEN_BY_CORE)
    parser.add_class_arguments(pl.Trainer, "trainer", skip=_NOT_FOR_CONFIGS, instantiate=False)
    chosen = task or domain.tasks[0]
    defaults = {f"trainer.{k}": v for k, v in TRAINER_DEFAULTS.items()} | {"data.task": chosen}
    try:
        parser.set_defaults(defaults | domain.defaults.get(chosen, {}))
    except KeyError as error:
        raise unusable(domain.name, f"it has no option for one of its defaults: {error}") from error
    return parser


def add_data_options(parser: jsonargparse.ArgumentParser, domain: Domain) -> None:
    """Add `--data.*` from the signature of a domain's data module."""
    parser.add_class_arguments(domain.datamodule, "data", instantiate=False)


def parse_arguments(domain: Domain, arguments: Sequence[str], task: str | None = None) -> Settings:
    """Settings from command-line arguments, `--config` files included.

    Raises:
        ConfigError: Names the option that is wrong, and the nearest one that exists.
    """
    parser = build_parser(domain, task)
    return _settings(domain, parser, parse_or_explain(parser, fold_paths(arguments)))


def parse_values(domain: Domain, values: dict[str, Any]) -> Settings:
    """Settings from nested values, as Python callers give them; checked like a configuration file."""
    task = values.get("data", {}).get("task")
    parser = build_parser(domain, task)
    try:
        return _settings(domain, parser, parser.parse_object(values))
    except (ArgumentError, jsonargparse.ArgumentError, KeyError, TypeError, ValueError) as error:
        raise explain(parser, str(error)) from error


def parse_or_explain(
    parser: jsonargparse.ArgumentParser, arguments: Sequence[str], defaults: bool = True
) -> jsonargparse.Namespace:
    """Parse, or raise one clear error."""
    try:
        return parser.parse_args(list(arguments), defaults=defaults)
    except (ArgumentError, jsonargparse.ArgumentError) as error:
        raise explain(parser, str(error)) from error


def fold_paths(arguments: Sequence[str]) -> list[str]:
    """Repeated `--data.path A --data.path B` as one option with a list, so that none is lost.

    Example:
        >>> fold_paths(["--data.path", "a=x.fa", "--seed", "1", "--data.path=b=y.fa"])
        ['--seed', '1', '--data.path', '["a=x.fa", "b=y.fa"]']
    """
    paths: dict[str, list[str]] = {}
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        name, sign, value = word.partition("=")
        if name in PATH_OPTIONS and (sign or word == name):
            paths.setdefault(name, []).append(value if sign else next(words, ""))
        else:
            rest.append(word)
    for name, values in paths.items():
        rest += [name, values[0] if len(values) == 1 else json.dumps(values)]
    return rest


def _settings(domain: Domain, parser: jsonargparse.ArgumentParser, values: jsonargparse.Namespace) -> Settings:
    plain = values.as_dict()
    require_sane_numbers(plain)
    require_task(domain, plain["data"].get("task", domain.tasks[0]))
    require_policy(plain["data"])
    require_trainable(plain["trainer"])
    return Settings(
        domain=domain,
        data=plain["data"],
        model=ModelOptions(**plain["model"]),
        encoder=plain.get("encoder") or {},
        trainer=_instantiated(parser, values),
        seed=plain["seed"],
        run=plain["run"],
        probe=plain["probe"],
        threads=plain["threads"],
        resume=plain["resume"],
        fresh=plain["fresh"],
        checkpoint_minutes=plain["checkpoint_minutes"],
    )


def _instantiated(parser: jsonargparse.ArgumentParser, values: jsonargparse.Namespace) -> dict[str, Any]:
    """Lightning's options, with callbacks and loggers as objects.

    Raises:
        ConfigError: If one of them does not take its options.
        DependencyError: If one of them needs a package that is not installed.
    """
    try:
        return parser.instantiate(values).trainer.as_dict()
    except Exception as error:  # of any class that a configuration may name, whatever it raises
        if (known := explain_import(str(error), "--trainer")) is not None:
            raise known from error
        first = " ".join(str(error).split())[:300]
        raise ConfigError(
            f"a callback or logger cannot be made: {first}", at="--trainer", fix="see what its constructor takes"
        ) from error
