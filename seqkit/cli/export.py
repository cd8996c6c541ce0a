"""seqkit export: a trained model as files to pass on."""

from __future__ import annotations

from seqkit.cli.verbs import parse_verb
from seqkit.errors import ConfigError
from seqkit.export.reading import BLUEPRINT, CARD, WEIGHTS
from seqkit.export.writing import export_run


def run(verb: str, words: list[str]) -> int:
    """Write the files."""
    options, changes = parse_verb(verb, words, {"out": (str | None, None)})
    if options.out is None:
        raise ConfigError("no folder given", at="--out", fix="seqkit export RUN --out FOLDER")
    if changes:
        raise ConfigError(
            "data are not exported", at=", ".join(f"--data.{name}" for name in changes), fix="leave their options out"
        )
    folder = export_run(options.run, options.out)
    sizes = ", ".join(f"{name} ({(folder / name).stat().st_size:,} bytes)" for name in (WEIGHTS, BLUEPRINT, CARD))
    print(f"{folder}: {sizes}")
    print(f"next: seqkit test {folder} --data.path NEW-DATA; or in Python: seqkit.load({str(folder)!r})")
    return 0
