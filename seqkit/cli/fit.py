"""seqkit fit: train a model."""

from __future__ import annotations

from seqkit import plugins
from seqkit.cli.early_signals import nothing_early_any_more
from seqkit.cli.report import print_plots, print_result
from seqkit.errors import ConfigError
from seqkit.recipes import peek, require_single, resolve_recipes
from seqkit.settings import parse_arguments
from seqkit.training import workflow


def run(verb: str, words: list[str]) -> int:
    """Parse, train, report."""
    words = resolve_recipes(words)
    require_single(words)
    name = peek(words, "domain")
    if name is None:
        raise ConfigError("no domain given", at="seqkit fit", fix="add --domain NAME, or `domain: NAME` to the config")
    settings = parse_arguments(plugins.load(name), words, peek(words, "data.task"))
    folder, result = workflow.fit(settings)
    nothing_early_any_more()
    print_result(result, full=False)
    print_plots(result, str(folder.path))
    print(f"run folder: {folder.path} · next: seqkit test {folder.path}")
    return 0
