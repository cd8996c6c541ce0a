"""seqkit predict: one row a record."""

from __future__ import annotations

from typing import Literal

from seqkit.cli.summary import Summary
from seqkit.cli.verbs import output_path, parse_verb, require_writable, show_left_out
from seqkit.inference.predict import predict_records
from seqkit.inference.rows import require_row_suffix, write_rows
from seqkit.tasks.ctc import set_beam_size
from seqkit.training import workflow
from seqkit.wording import plural


def run(verb: str, words: list[str]) -> int:
    """Predict and save."""
    options, changes = parse_verb(
        verb,
        words,
        {
            "split": (Literal["predict", "train", "valid", "test"], "predict"),
            "out": (str | None, None),
            "beam": (int, None),
        },
    )
    path = output_path(options.run, options.out, "predictions.csv")
    require_writable(path)
    loaded = workflow.reload(options.run, changes)
    if options.beam is not None:
        set_beam_size(loaded.model.task, options.beam)
    writers = loaded.data.row_writers()
    require_row_suffix(path, writers)
    summary = Summary()
    count = write_rows(summary.watch(predict_records(loaded.model, loaded.data, options.split)), path, writers)
    summary.show()
    show_left_out(loaded.data, path)
    print(f"{plural(count, 'record')}: {path}")
    return 0
