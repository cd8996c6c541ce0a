"""seqkit generate: continue a prompt."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from seqkit.cli.verbs import output_path, parse_verb, require_format, require_writable
from seqkit.errors import ConfigError
from seqkit.inference.continuing import generate_records, prompt_records
from seqkit.inference.generate import require_generator
from seqkit.outputs import staged
from seqkit.steps import Continuous, Generation, Record
from seqkit.tasks.sampling import Sampling
from seqkit.training import workflow
from seqkit.training.checkpoint import Loaded

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "prompt": (str, None),  # not `| None`: a prompt like "# Title" or "null" would be read as YAML's null
    "prompt-file": (str, None),
    "steps": (int | None, None),
    "samples": (int | None, None),
    "temperature": (float, 1.0),
    "top_k": (int | None, None),
    "top_p": (float | None, None),
    "seed": (int, 0),
    "out": (str | None, None),
}
_FORECAST_SAMPLES = 100
_MOST_NAMED = 5


def run(verb: str, words: list[str]) -> int:
    """Generate; print text as it comes, save everything else."""
    options, changes = parse_verb(verb, words, _OPTIONS)
    for name in ("steps", "samples"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            raise ConfigError(f"{name} is {getattr(options, name)}", at=f"--{name}", fix="give 1 or more")
    loaded = workflow.reload(options.run, changes)
    require_generator(loaded.model)
    path = output_path(options.run, options.out, f"generated{loaded.data.output_suffixes[0]}")
    require_format(path, loaded)
    numbers = isinstance(loaded.data.codec.spec, Continuous)
    records = _records(loaded, options, numbers)
    for record in records or []:
        # What cannot be continued is refused before anything is shown.
        read = loaded.data.codec.decode(loaded.data.codec.encode(record.sequence))
        if isinstance(read, str) and read != record.sequence and options.prompt is not None:
            print(f"the model reads the prompt as {read!r}", file=sys.stderr)
    samples = options.samples or (_FORECAST_SAMPLES if numbers else 1)
    sampling = Sampling(options.temperature, options.top_k, options.top_p)
    continued = partial(generate_records, loaded, records, options.steps, samples, sampling, options.seed)
    text = isinstance(loaded.data.codec.decode(torch.tensor(loaded.blueprint["start"])), str)
    if options.out is None and text and (records is None or len(records) == 1) and samples == 1:
        return _stream(continued, records)
    require_writable(path)
    made = list(continued())
    with staged(path) as place:
        written = [str(path.with_name(file.name)) for file in loaded.data.write(place, made)]
    more = f" and {len(written) - _MOST_NAMED} more" if len(written) > _MOST_NAMED else ""
    print(f"saved: {', '.join(written[:_MOST_NAMED])}{more}")
    return 0


def _records(loaded: Loaded, options: Any, numbers: bool) -> list[Record] | None:
    """What to continue: the prompt, the prompt file, or for series all of the run's own."""
    if options.prompt is not None and options.prompt_file is not None:
        raise ConfigError("two prompts given", at="--prompt, --prompt-file", fix="give one of them")
    if options.prompt is not None:
        return [loaded.data.prompt(options.prompt)]
    if options.prompt_file is not None:
        records, left_out = prompt_records(loaded, options.prompt_file)
        if left_out:
            print(left_out, file=sys.stderr)
        return records
    return list(loaded.data.accepted("predict")) if numbers else None


def _stream(continued: Callable[..., Iterator[Generation]], records: list[Record] | None) -> int:
    """Text appears as it is made."""
    if records:
        print(records[0].sequence, end="", flush=True)
    list(continued(on_value=lambda piece: print(piece, end="", flush=True)))
    print()
    return 0
