"""seqkit bench: how fast this machine is at what recurrent networks need."""

from __future__ import annotations

import json

import jsonargparse
import torch

from seqkit.errors import ConfigError
from seqkit.settings import parse_or_explain
from seqkit.speed.report import measure


def run(verb: str, words: list[str]) -> int:
    """Measure, and print tables and advice, or JSON."""
    parser = jsonargparse.ArgumentParser(prog="seqkit bench", exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--threads", type=int | None, default=None)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parse_or_explain(parser, words)
    for name in ("threads", "repeats"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            raise ConfigError(f"{name} is {getattr(options, name)}", at=f"--{name}", fix="give 1 or more")
    before = torch.get_num_threads()
    torch.set_num_threads(options.threads or before)
    try:
        figures = measure(
            (lambda text: None) if options.json else (lambda text: print(f"{text}\n", flush=True)),
            options.quick,
            options.repeats,
        )
    finally:
        torch.set_num_threads(before)
    if options.json:
        print(json.dumps(figures, indent=2))
    return 0
