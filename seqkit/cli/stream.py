"""seqkit stream: read from a pipe, answer while reading."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import torch

from seqkit.cli.verbs import parse_verb
from seqkit.errors import EndedBySignal
from seqkit.inference.stream import read_stream
from seqkit.inference.values import Columns
from seqkit.training import workflow
from seqkit.wording import plural

_READ_BYTES = 1 << 16
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def run(verb: str, words: list[str]) -> int:
    """Read, answer, and say at the end how fast it was."""
    options, changes = parse_verb(verb, words, {"chunk": (int, 256), "json": (bool, False)})
    loaded = workflow.reload(options.run, changes)
    source = Arrivals(sys.stdin.buffer)
    chunks = read_stream(loaded.model, loaded.data, source, options.chunk)
    if sys.stdin.isatty():
        print("reading from the terminal; Ctrl+D ends it", file=sys.stderr)
    num_steps, code, begin = 0, 0, time.perf_counter()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # One row at a time: a second thread would only wait for the first.
    try:
        for number, chunk in enumerate(chunks):
            num_steps += chunk.num_steps
            sys.stdout.write(json_lines(chunk.columns) if options.json else table(chunk.columns, header=number == 0))
            sys.stdout.flush()
    except (EndedBySignal, KeyboardInterrupt) as error:  # the way that most streams end
        code = getattr(error, "exit_code", 130)
    except BrokenPipeError:
        # Python flushes once more when it ends: to nowhere, now that the reader has gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        torch.set_num_threads(threads)
    work_s = time.perf_counter() - begin - source.waited_s
    print(summary(num_steps, work_s, loaded.data.steps_per_second), file=sys.stderr)
    return code


class Arrivals:
    """What comes through a pipe, as it comes, and how long was waited for it.

    Args:
        pipe: Read as bytes arrive; never waited for until a block is full.

    Attributes:
        waited_s: Seconds until now.
    """

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe: Any = pipe
        self.waited_s = 0.0

    def __iter__(self) -> Iterator[bytes]:
        """Blocks of bytes until the pipe is closed."""
        block = b"-"
        while block:
            begin = time.perf_counter()
            block = self._pipe.read1(_READ_BYTES)
            self.waited_s += time.perf_counter() - begin
            if block:
                yield block


def table(columns: Columns, header: bool) -> str:
    """Lines with tabs between cells; an empty cell is a missing value."""
    lines = zip(*(map(_cell, column) for column in columns.values()), strict=True)
    text = "\n".join("\t".join(line) for line in lines) + "\n"
    return "\t".join(columns) + "\n" + text if header else text


def json_lines(columns: Columns) -> str:
    """A JSON object a line."""
    lines = zip(*columns.values(), strict=True)
    return "".join(json.dumps(dict(zip(columns, line, strict=True)), ensure_ascii=False) + "\n" for line in lines)


def summary(num_steps: int, work_s: float, steps_per_second: float | None) -> str:
    """How many steps, how fast, and how much faster than they happen."""
    rate = num_steps / max(work_s, 1e-9)
    text = f"{plural(num_steps, 'step')} · {work_s:.2f} s of work · {rate:,.0f} steps/s"
    return text if steps_per_second is None else f"{text} · {rate / steps_per_second:.2f} times real time"


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, float):
        return f"{value:.8g}"
    if isinstance(value, list):
        return ",".join(map(_cell, value))
    return "" if value is None else str(value)
