"""Malformed files of all domains: how one is written down, and what its error must hold."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from seqkit import Domain, ModelOptions, SeqkitError, SequenceDataModule, Split
from seqkit.build import build_model
from seqkit.cli.main import main
from tests.plugins.spoiled import raw

MOST_SECONDS = 5.0
MOST_CHARACTERS = 1500
TRAINING: tuple[Split, ...] = ("train", "valid")

Paths = str | list[str]
Make = Callable[[Path], Paths]


@dataclass(frozen=True)
class Case:
    """A file or several, and what becomes of them.

    Attributes:
        make: Writes below a folder; gives `--data.path`.
        says: What the message must hold, or several words in any order; none: a model is trained.
        at: Parts of the place in their order, with `, ` between.
        options: Of the data, without `--data.`.
        not_as_root: Root may read what others may not.
    """

    make: Make
    says: str | tuple[str, ...] = ()
    at: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    not_as_root: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """What the message must hold, one by one."""
        return (self.says,) if isinstance(self.says, str) and self.says else tuple(self.says)

    def write(self, folder: Path) -> Paths:
        """Make the files; the test is skipped where root would read them all the same."""
        if self.not_as_root and os.geteuid() == 0:
            pytest.skip("root may read everything")
        return self.make(folder)


def file(name: str, content: bytes | str) -> Make:
    """One file, which is the path."""
    return files({name: content}, name)


def files(contents: Mapping[str, bytes | str], *given: str) -> Make:
    """Several files; the path is their folder unless some of them are named."""

    def make(folder: Path) -> Paths:
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw(content))
        paths = [str(folder / name) for name in given]
        return str(folder) if not paths else paths[0] if len(paths) == 1 else paths

    return make


def refused(cases: Mapping[str, Case]) -> list[str]:
    """Names of the cases that end in an error."""
    return [name for name, case in cases.items() if case.words]


def trained(cases: Mapping[str, Case]) -> list[str]:
    """Names of the cases that are strange, and data all the same."""
    return [name for name, case in cases.items() if not case.words]


def one_step(domain: Domain, data: SequenceDataModule, splits: Sequence[Split] = TRAINING) -> float:
    """The loss of a tiny model after one step of training on one batch, the data of the other splits read as well."""
    data.setup("fit")
    batch, *_ = (next(iter(data.loader(split))) for split in splits)
    torch.manual_seed(0)
    model = build_model(domain, data, ModelOptions(hidden_size=4))
    optimiser = torch.optim.Adam(model.parameters())
    model.outcome(batch)[0].loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(model.outcome(batch)[0].loss.detach())


def is_at(parts: str, place: str) -> bool:
    """Whether a place holds these parts in their order; "line 5" is not in "line 50"."""
    patterns = (re.escape(part) + (r"(?!\d)" if part[-1:].isdigit() else "") for part in parts.split(", "))
    return re.search(".*".join(patterns), place) is not None


def assert_one_clear_error(case: Case, train: Callable[[], float]) -> SeqkitError:
    """Training ends soon, in one sentence that says what is wrong, where, and how to mend it."""
    begin = time.perf_counter()
    with pytest.raises(SeqkitError) as caught:
        train()
    seconds, error = time.perf_counter() - begin, caught.value
    said = f"{error.what} {error.fix}"  # Not the place: a file's name would pass for a reason.
    assert error.exit_code == 2 and error.fix and error.at and "\n" not in error.what
    assert [word for word in case.words if word not in said] == [], str(error)
    assert is_at(case.at, error.at), str(error)
    assert len(str(error)) < MOST_CHARACTERS and "Traceback" not in str(error)
    assert seconds < MOST_SECONDS
    return error


def assert_three_lines(
    domain: str, options: Mapping[str, Any], run: Path, captured: pytest.CaptureFixture[str]
) -> list[str]:
    """`fit` says what, where and how to mend it in a line each, and leaves no run behind."""
    words: list[str] = []
    for option, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            words += [f"--data.{option}", str(one)]
    assert main(["fit", "--domain", domain, "--run", str(run), *words]) == 2
    said = captured.readouterr().err
    lines = said.replace("\n  or: --on-bad-record skip leaves such records out", "").splitlines()
    assert [line.split(":")[0] for line in lines] == ["seqkit", "  at", "  fix"], said
    assert not run.exists()
    return lines
