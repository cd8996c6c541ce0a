"""seqkit fit: train a model."""

from __future__ import annotations

from seqkit import plugins
from seqkit.cli.report import print_plots, print_result
from seqkit.errors import NOTHING_YET, ConfigError, ended_means
from seqkit.recipes import peek, require_single, resolve_recipes
from seqkit.settings import Settings, parse_arguments
from seqkit.training import workflow


def run(verb: str, words: list[str]) -> int:
    """Parse, train, report."""
    with ended_means(NOTHING_YET):
        settings = _settings(resolve_recipes(words))
    folder, result = workflow.fit(settings)
    with ended_means(f"the run in {folder.path} is finished"):
        print_result(result, full=False)
        print_plots(result, str(folder.path))
        print(f"run folder: {folder.path} · next: seqkit test {folder.path}")
    return 0


def _settings(words: list[str]) -> Settings:
    require_single(words)
    name = peek(words, "domain")
    if name is None:
        raise ConfigError("no domain given", at="seqkit fit", fix="add --domain NAME, or `domain: NAME` to the config")
    return parse_arguments(plugins.load(name), words, peek(words, "data.task"))
