"""seqkit validate, seqkit test: figures of a trained run."""

from __future__ import annotations

from seqkit.cli.report import print_plots, print_result
from seqkit.cli.verbs import parse_verb
from seqkit.steps import Split
from seqkit.training import workflow
from seqkit.training.folder import as_json


def run(verb: str, words: list[str]) -> int:
    """Score and report."""
    options, changes = parse_verb(verb, words, {"json": (bool, False), "positive": (str, None), "beam": (int, None)})
    split: Split = "test" if verb == "test" else "valid"
    result = workflow.evaluate(options.run, split, changes, positive=options.positive, beam=options.beam)
    if options.json:
        print(as_json(result))
    else:
        print_result(result)
        print_plots(result, options.run)
    return 0
