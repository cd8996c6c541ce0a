"""What a verb says of a checkpoint that it does not take."""

import pytest

from seqkit.cli.main import main

VERBS = (("validate",), ("predict", "--out", "rows.csv"), ("export", "--out", "made"), ("generate", "--steps", "3"))
"""One of each way of reading a checkpoint."""


def assert_refused(run: str, verb: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 4, one message in printable characters, nothing on standard output."""
    assert main([verb[0], run, *verb[1:]]) == 4, (verb, capsys.readouterr().err)
    shown = capsys.readouterr()
    assert shown.err.startswith("seqkit: error: ") and "Traceback" not in shown.err and not shown.out
    assert shown.err.replace("\n", "").isprintable() and "  fix: " in shown.err
    assert len(shown.err.splitlines()) <= 3
