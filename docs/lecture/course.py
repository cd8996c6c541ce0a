"""The course as something that runs: the blocks of its pages, and what a page's commands print."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqkit.cli.main import main

FOLDER = Path(__file__).parent

Words = list[str]


class CourseError(Exception):
    """A block of a page does not run."""


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: `sh`, `pycon`, `python` or `text`.
        text: Between the fences.
        where: Page and line.
    """

    language: str
    text: str
    where: str


def pages() -> list[Path]:
    """The numbered pages in their order."""
    return sorted(FOLDER.glob("[0-9][0-9]-*.md"))


def blocks_of(page: Path) -> Iterator[Block]:
    """All fenced blocks of a page that have a language."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found[1], found[2], f"{page.name}:{line}")


def commands(block: Block) -> list[Words]:
    """The words of each command of a `sh` block, without the program's name.

    Raises:
        CourseError: If a line is no command of seqkit: only those are run everywhere.
    """
    lines = [shlex.split(line, comments=True) for line in block.text.replace("\\\n", " ").splitlines()]
    for words in filter(None, lines):
        if words[0] != "seqkit":
            raise CourseError(f"{block.where}: {words[0]!r} is no command of seqkit")
    return [words[1:] for words in lines if words]


def run_page(page: Path, folder: Path, change: Callable[[Words], Words] = list) -> str:
    """Run the blocks of a page in order, in a folder of the page's own.

    Args:
        page: Which.
        folder: Working directory meanwhile; made if it does not exist.
        change: Of the words of each command, such as smaller settings.

    Returns:
        What the commands printed.

    Raises:
        CourseError: From the first block that does not run, or prints something else than it says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, Any] = {}
    printed: list[str] = []
    with contextlib.chdir(folder):
        for block in blocks_of(page):
            if block.language == "sh":
                printed += [_run_command(change(words), block.where) for words in commands(block)]
            elif block.language == "pycon":
                _run_example(block, names)
            elif block.language == "python":
                exec(compile(block.text, block.where, "exec"), names)
    return "".join(printed)


def lines_not_printed(page: Path, printed: str) -> list[str]:
    """Lines of the `text` blocks that no command of the page printed; `...` stands for lines left out.

    The last number of a line is not compared where it is a time.
    """
    known = {_plain(line) for line in printed.splitlines()}
    return [
        f"{block.where}: {line}"
        for block in blocks_of(page)
        if block.language == "text"
        for line in block.text.splitlines()
        if line.strip() not in ("", "...") and _plain(line) not in known
    ]


def _run_command(words: Words, where: str) -> str:
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = main(words)
    if code != 0:
        raise CourseError(f"{where}: seqkit {shlex.join(words)}\n{errors.getvalue()}")
    return f"$ seqkit {shlex.join(words)}\n{out.getvalue()}"


def _run_example(block: Block, names: dict[str, Any]) -> None:
    example = doctest.DocTestParser().get_doctest(block.text, names, block.where, block.where, 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    if runner.run(example, out=report.append, clear_globs=False).failed:
        raise CourseError("".join(report))
    names.update(example.globs)


def _plain(line: str) -> str:
    """A line without its times, and without what draws a table."""
    line = re.sub(r"[\d.,]+ (s|updates/s)\b", r"_ \1", line)
    line = re.sub(r"[\d.]+(?= *│$)", "_", line)
    return " ".join(re.sub("[│┃]", " ", line).split())
