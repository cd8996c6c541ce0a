"""seqkit make: data whose best possible result is known, as files in a domain's own format."""

from __future__ import annotations

import inspect
import shlex
from pathlib import Path

import jsonargparse

from seqkit import plugins
from seqkit.data.sources import PathOption
from seqkit.domain import Domain
from seqkit.errors import ConfigError, did_you_mean
from seqkit.lecture.sources.made import MadeSource, write_source
from seqkit.lecture.sources.sidecar import Made, placed
from seqkit.recipes import peek
from seqkit.settings import parse_or_explain


def run(verb: str, words: list[str]) -> int:
    """Write the files of a source, or list the sources of a domain."""
    names = [words[0]] if words and not words[0].startswith("-") else []
    name = peek(words, "domain")
    if name is None:
        known = ", ".join(plugins.installed()) or "none"
        raise ConfigError("no domain given", at="seqkit make", fix=f"add --domain NAME; installed: {known}")
    domain = plugins.load(name)
    if not names:
        if any(word not in ("--domain", name, f"--domain={name}") for word in words):
            raise ConfigError(
                "no source named", at="seqkit make", fix=f"name it first: seqkit make SOURCE --domain {name}"
            )
        _list(domain)
        return 0
    sources = domain.datamodule.made
    if names[0] not in sources:
        near = did_you_mean(names[0], sources) or f"sources: {', '.join(sources) or 'none'}"
        raise ConfigError(f"domain {name!r} has no source {names[0]!r}", at="seqkit make", fix=near)
    _make(domain, names[0], words[1:])
    return 0


def _make(domain: Domain, name: str, words: list[str]) -> None:
    source = domain.datamodule.made[name]
    parser = jsonargparse.ArgumentParser(prog=f"seqkit make {name}", exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--domain", type=str)
    parser.add_argument("--out", type=str, default=name)
    for option, default in source.options.items():
        parser.add_argument(f"--{option}", type=type(default), default=default)
    given = parse_or_explain(parser, words).as_dict()
    folder = Path(given["out"])
    if folder.exists():
        raise ConfigError(f"{folder} exists", at="--out", fix="name a new folder, or remove this one")
    made = write_source(source, name, {option: given[option] for option in source.options}, folder)
    _report(domain, source, folder, made)


def _report(domain: Domain, source: MadeSource, folder: Path, made: Made) -> None:
    """What was written, what is known of it, and the command that trains on it."""
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    known = made.known.get("valid")
    if known is not None:
        for what, figures in (("optimum", known.optimum), ("chance", known.chance)):
            shown = " · ".join(f"{figure} {value:.4g}" for figure, value in figures.items())
            print(f"{what} on the validation file: {shown}")
    words = ["seqkit", "fit", "--domain", domain.name, "--data.task", source.tasks[0]]
    words += [word for option, value in source.needs.items() for word in (f"--data.{option}", str(value))]
    for option, split in (("path", "train"), ("valid_path", "valid"), ("test_path", "test")):
        paths: PathOption = placed(made.paths[split], folder)  # type: ignore[index]
        for path in [paths] if isinstance(paths, str) else paths or []:
            words += [f"--data.{option}", path]
    print(f"next: {shlex.join(words)}")


def _list(domain: Domain) -> None:
    if not domain.datamodule.made:
        print(f"domain {domain.name!r} makes no data")
    for name, source in domain.datamodule.made.items():
        options = " ".join(f"--{option} {default}" for option, default in source.options.items())
        print(f"{name} ({', '.join(source.tasks)}): {source.summary}\n  {options}")
        documented = inspect.getdoc(source.write) or ""
        arguments = documented.partition("Args:\n")[2].partition("\n\n")[0]
        print("\n".join(line for line in arguments.splitlines() if not line.strip().startswith(("folder:", "seed:"))))
