"""seqkit bench: how fast this machine is at what recurrent networks need."""

from __future__ import annotations

import json

import jsonargparse

from seqkit.errors import ConfigError
from seqkit.settings import parse_or_explain
from seqkit.speed.report import measure


def run(verb: str, words: list[str]) -> int:
    """Measure, and print tables and advice, or JSON."""
    parser = jsonargparse.ArgumentParser(prog="seqkit bench", exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parse_or_explain(parser, words)
    if options.repeats < 1:
        raise ConfigError(f"repeats is {options.repeats}", at="--repeats", fix="give 1 or more")
    figures = measure(
        (lambda text: None) if options.json else (lambda text: print(f"{text}\n", flush=True)),
        options.quick,
        options.repeats,
    )
    if options.json:
        print(json.dumps(figures, indent=2))
    return 0
