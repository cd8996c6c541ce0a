"""Which of a domain's scorers is meant, and with which options: what the verb `score` and `Run.score` share."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seqkit.domain import Domain, Scorer
from seqkit.errors import ConfigError, did_you_mean
from seqkit.inference.judge import Judge
from seqkit.inference.rows import Row

RESERVED = ("out", "split", "per_step", "threshold", "path", "data", "help", "run")
"""Options that belong to the verb."""


@dataclass(frozen=True)
class Question:
    """A scorer with what it is asked.

    Attributes:
        name: Of its option.
        scorer: The scorer.
        value: The word after its option.
        options: Its other options.
    """

    name: str
    scorer: Scorer
    value: Any
    options: dict[str, Any]

    def rows(self, judge: Judge) -> Iterator[Row]:
        """The scorer's rows."""
        return self.scorer.run(judge, self.value, **self.options)


def scorer_parameters(scorer: Scorer) -> dict[str, inspect.Parameter]:
    """A scorer's options: all parameters but the judge and the value."""
    _, _, *options = inspect.signature(scorer.run, eval_str=True).parameters.items()
    return dict(options)


def option_owners(domain: Domain) -> dict[str, list[str]]:
    """Every option of a domain's scorers with the names of those that know it.

    Raises:
        ConfigError: If one takes the name of an option of the verb or of a scorer.
    """
    owners: dict[str, list[str]] = {}
    for name, scorer in domain.scorers.items():
        for option in scorer_parameters(scorer):
            owners.setdefault(option, []).append(name)
    for name in [*domain.scorers, *owners]:
        if name in RESERVED or (name in owners and name in domain.scorers):
            raise ConfigError(f"domain {domain.name!r} takes --{name} twice", fix="its plugin must rename one of them")
    return owners


def choose_question(domain: Domain, given: dict[str, Any]) -> Question | None:
    """The scorer that the options select; None if they are none of the domain's scorers.

    Args:
        domain: Its scorers are looked at.
        given: Options that the user gave, those of scorers only.

    Raises:
        ConfigError: For two scorers at once, an option without its scorer, or one that is missing or unknown.
    """
    owners = option_owners(domain)
    chosen = [name for name in given if name in domain.scorers]
    if len(chosen) > 1:
        both = " and ".join(f"--{name}" for name in chosen)
        raise ConfigError(f"{both} at once", at="seqkit score", fix="give one of them")
    for option in given:
        if option not in owners and option not in domain.scorers:
            near = did_you_mean(option, [*owners, *domain.scorers])
            raise ConfigError(f"unknown option {option!r}", at=f"--{option}", fix=near or _known(domain))
        if option in owners and not set(owners[option]) & set(chosen):
            names = " or ".join(f"--{name}" for name in owners[option])
            raise ConfigError(f"--{option} says nothing without {names}", at=f"--{option}", fix=f"add {names}")
    if not chosen:
        return None
    (name,) = chosen
    options = {key: value for key, value in given.items() if key != name}
    for option, parameter in scorer_parameters(domain.scorers[name]).items():
        if parameter.default is parameter.empty and option not in options:
            raise ConfigError(f"--{name} needs --{option}", at=f"--{name}", fix=f"add --{option}")
    return Question(name, domain.scorers[name], given[name], options)


def _known(domain: Domain) -> str:
    names = ", ".join(f"--{name}" for name in domain.scorers)
    return f"domain {domain.name!r} has {names or 'no scorers of its own'}"
