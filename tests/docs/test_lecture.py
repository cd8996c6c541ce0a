"""The course in docs/lecture: every block runs, with settings small enough for a minute, and every picture is there."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "lecture"
PICTURES = FOLDER / "pictures"
NUM_BLOCKS = 37
MOST_BYTES = 60_000

SMALL_TRAINING = ["--trainer.max_steps=3", "--trainer.limit_val_batches=2", "--model.hidden_size=8"]
SMALL = {
    "fit": SMALL_TRAINING,
    "compare": [*SMALL_TRAINING, "--model.d_model=4"],
    "diagnose": ["--records=2", "--steps=16"],
    "generate": ["--steps=5"],
    "make": [],
}
"""Options that the test appends to the commands of a verb; the last one given wins."""

SMALL_SOURCES = {
    "text:order": "size=40",
    "text:memory": "size=40",
    "text:markov": "size=4000",
    "text:hmm": "size=4000",
    "dna:markov": "train_bases=8000,held_out_bases=2000,record_bases=1000",
}
"""Options that the test gives a made source, in place of its own of the same names."""

SMALL_RECIPES = {
    "lecture/order": "made:order,size=40",
    "lecture/markov-dna": "made:markov,train_bases=8000,held_out_bases=2000,record_bases=1000",
}
"""Data in place of those of a recipe."""


def _load_course() -> ModuleType:
    specification = importlib.util.spec_from_file_location("course_of_the_lecture", FOLDER / "course.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


course = _load_course()


def smaller(words: list[str]) -> list[str]:
    """The words of a command with small settings, and the first two columns of a comparison."""
    verb, *rest = words
    given = dict(zip(rest, [*rest[1:], ""], strict=True))
    domain = given.get("--domain", "")
    changed = [_smaller_source(word, domain) if word.startswith("made:") else word for word in rest]
    if "--across" in given:
        place = changed.index("--across") + 1
        changed[place] = ",".join(changed[place].split(",")[:2])
    if "--config" in given:
        changed += ["--data.path", SMALL_RECIPES[given["--config"]]]
    return [verb, *changed, *SMALL[verb]]


def _smaller_source(source: str, domain: str) -> str:
    name, *options = source.removeprefix("made:").split(",")
    small = SMALL_SOURCES[f"{domain}:{name}"].split(",")
    set_here = {option.partition("=")[0] for option in small}
    return "made:" + ",".join([name, *(one for one in options if one.partition("=")[0] not in set_here), *small])


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # models of 8 units: a second thread would only wait for the first
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("page", course.pages(), ids=lambda page: page.stem)
def test_every_block_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    assert "$ seqkit" in course.run_page(page, tmp_path / "work", smaller) or page.stem == "06-criteria"


def test_the_course_has_as_many_blocks_as_were_run() -> None:
    blocks = [block for page in course.pages() for block in course.blocks_of(page)]
    assert sum(block.language in ("sh", "pycon", "python") for block in blocks) == NUM_BLOCKS
    assert {block.language for block in blocks} <= {"sh", "pycon", "python", "text"}
    assert len(course.pages()) == 13


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("```sh\nseqkit fit --domain text --model.hiden_size 8\n```\n", "hiden_size"),
        ("```sh\nls runs\n```\n", "no command of seqkit"),
        ("```pycon\n>>> 1 + 1\n3\n\n```\n", "Expected"),
    ],
)
def test_a_block_that_does_not_run_is_found(block: str, message: str, tmp_path: Path) -> None:
    page = tmp_path / "99-mutant.md"
    page.write_text(f"# Mutant\n\n{block}", encoding="utf-8")
    with pytest.raises(course.CourseError, match=message):
        course.run_page(page, tmp_path / "work")


def test_an_excerpt_that_is_no_longer_printed_is_found(tmp_path: Path) -> None:
    page = tmp_path / "99-mutant.md"
    page.write_text("```text\nloss 0.5 · 12 s\n...\nloss 0.4 · 12 s\n```\n", encoding="utf-8")
    assert course.lines_not_printed(page, "loss  0.5 · 3 s\n") == ["99-mutant.md:1: loss 0.4 · 12 s"]


def test_pages_and_pictures_know_each_other() -> None:
    shown = {
        f
        for page in course.pages()
        for f in re.findall(r"!\[[^\]]{20,}\]\(pictures/([\w-]+\.png)\)", page.read_text("utf-8"))
    }
    kept = {path.name for path in PICTURES.iterdir()}
    made = set(re.findall(r'^    "([\w-]+\.png)":', (FOLDER / "make_pictures.py").read_text("utf-8"), re.MULTILINE))
    assert shown == kept == made
    assert {path.name for path in PICTURES.iterdir() if path.stat().st_size > MOST_BYTES} == set()


def test_every_page_has_a_formula_or_example_what_to_look_at_and_an_exercise_with_a_hint() -> None:
    for page in course.pages():
        text = page.read_text(encoding="utf-8")
        assert re.search(r"^## What to look at$", text, re.MULTILINE), page.name
        assert re.search(r"^## Exercise$.*^\*Hint:\*", text, re.MULTILINE | re.DOTALL), page.name
        assert 60 <= len(text.splitlines()) <= 150, f"{page.name}: {len(text.splitlines())} lines"


def test_sources_named_in_the_course_are_in_the_bibliography() -> None:
    listed = set(
        re.findall(r"^\| \[([a-z0-9]+)\]", (DOCS / "bibliography.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    used = {
        key for page in course.pages() for key in re.findall(r"\[([a-z]+[0-9]{4})\]", page.read_text(encoding="utf-8"))
    }
    assert {"le2015", "gers2000"} <= used
    assert used <= listed
