"""The same parsers under atheris, which keeps the inputs that reach new lines: `pip install atheris`, then

`python -m tests.soak.fuzz_guided "YAML configuration" -atheris_runs=1000000`; an input that breaks a promise ends it.
"""

import contextlib
import sys
import tempfile
import warnings
from pathlib import Path

PACKAGES = ["seqkit", "seqkit_text", "seqkit_audio", "seqkit_dna", "seqkit_timeseries"]


def main() -> None:
    """One parser; the words after its name go to the fuzzer."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # of no extra: it is large, and no test needs it

    with atheris.instrument_imports(include=PACKAGES):  # before any of them is imported
        from seqkit import SeqkitError
        from tests.soak.parsers import PARSERS

    name, *rest = sys.argv[1:]
    parser = PARSERS[name]()
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    corpus, path = folder / "corpus", folder / f"input{parser.suffix}"
    corpus.mkdir()
    for number, seed in enumerate(parser.seeds):
        (corpus / str(number)).write_bytes(seed)
    for beside in parser.beside:
        (folder / beside).touch()
    warnings.simplefilter("error")

    def execute(content: bytes) -> None:
        path.write_bytes(content)
        with contextlib.suppress(SeqkitError):
            parser.parse(path)

    atheris.Setup([sys.argv[0], *rest, "-max_len=4096", "-timeout=5", "-rss_limit_mb=1536", str(corpus)], execute)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
