"""What is printed is what stands there."""

import pytest

from seqkit.cli.console import plain_console


def test_names_that_rich_has_other_ideas_of_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    plain_console(80).print("t.csv:a: 1 step, [bold]x[/bold] :smile:")
    assert capsys.readouterr().out == "t.csv:a: 1 step, [bold]x[/bold] :smile:\n"
