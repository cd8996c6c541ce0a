"""seqkit embed: the hidden state of each record, or of each step."""

from __future__ import annotations

import time
from typing import Literal

from seqkit.cli.verbs import output_path, parse_verb, require_writable, show_left_out
from seqkit.inference.embed import EmbedPooling, embed_records
from seqkit.inference.embedding_files import require_suffix, write_embeddings
from seqkit.training import workflow
from seqkit.wording import plural


def run(verb: str, words: list[str]) -> int:
    """Read the records and save their embeddings."""
    options, changes = parse_verb(
        verb,
        words,
        {
            "pooling": (EmbedPooling, "mean"),
            "split": (Literal["predict", "train", "valid", "test"], "predict"),
            "out": (str | None, None),
        },
    )
    loaded = workflow.reload(options.run, changes)
    path = output_path(options.run, options.out, "embeddings.parquet")
    require_suffix(path)
    require_writable(path)
    begin = time.perf_counter()
    made = embed_records(loaded.model, loaded.data, options.pooling, options.split)
    size, every = loaded.model.backbone.output_size, options.pooling == "every"
    num_records, num_rows = write_embeddings(made, path, size, every)
    seconds = time.perf_counter() - begin
    show_left_out(loaded.data, path)
    rows = f" · {plural(num_rows, 'step')}" if every else ""
    print(f"{plural(num_records, 'record')}{rows} · {options.pooling} · {size} numbers each · {seconds:.1f} s: {path}")
    return 0
