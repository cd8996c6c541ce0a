"""What the documentation says is run here: examples, commands, keys of the bibliography, and the build itself."""

import doctest
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import seqkit
from seqkit import plugins
from seqkit.cli.main import VERBS
from seqkit.option_errors import option_names
from seqkit.settings import build_parser, fold_paths

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)
RUNNABLE = ("tour.md", "python.md")
OWN_OPTIONS = {
    "validate": {"json", "positive", "beam"},
    "test": {"json", "positive", "beam"},
    "predict": {"split", "out", "beam"},
    "score": {"split", "out", "per_step", "threshold", "variants", "reference", "flank", "saturation", "region"},
    "generate": {"prompt", "prompt-file", "steps", "samples", "temperature", "top_k", "top_p", "seed", "out"},
    "embed": {"pooling", "split", "out"},
    "export": {"out"},
    "stream": {"chunk", "json"},
    "forecast": {"steps", "samples", "seed", "out", "plots"},
    "check": {"domain", "config", "json", "out"},
    "fit": {"domain", "config", "seed", "run", "probe", "print_config", "help"},
    "crossval": {"domain", "config", "seed", "run", "probe", "folds", "leave_one_group_out"},
    "compare": {"domain", "config", "seed", "run", "rungs", "across", "seeds", "split", "json"},
    "diagnose": {"split", "records", "steps", "threshold", "truncation", "no_truncation", "out", "json"},
    "make": {"domain", "out"},
    "domains": set(),
}


def blocks(text: str, language: str) -> list[str]:
    """Contents of the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every `seqkit ...` or `sqk ...` command of a shell block, with the page it stands on."""
    for page in [ROOT / "README.md", *PAGES]:
        for block in blocks(page.read_text(encoding="utf-8"), "(?:sh|bash)"):
            for line in block.replace("\\\n", " ").splitlines():
                for part in re.split(r"&&|;|\|", line) if "'" not in line else [line]:
                    words = shlex.split(part, comments=True)
                    if words and words[0] in ("seqkit", "sqk"):
                        yield page.name, words[1:]


@pytest.mark.parametrize("name", RUNNABLE)
def test_examples_of_a_page_print_what_it_says(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (DOCS / name).read_text(encoding="utf-8")
    example = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    assert len(example.examples) >= 10
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    failed, _ = runner.run(example, out=report.append)
    assert failed == 0, "".join(report)


def test_each_source_named_in_the_code_is_in_the_bibliography() -> None:
    listed = set(
        re.findall(r"^\| \[([a-z0-9]+)\]", (DOCS / "bibliography.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    used: set[str] = set()
    for folder in ("seqkit", "plugins", "benchmarks"):
        for file in (ROOT / folder).rglob("*.py"):
            used |= set(re.findall(r"\[([a-z]{2}[a-z]*[0-9]{4}|m4competition)\]", file.read_text("utf-8")))
    assert {"elman1990", "hochreiter1997", "m4competition"} <= used
    assert used - listed == set(), "named in the code, not in docs/bibliography.md"
    assert listed - used == set(), "in docs/bibliography.md, not named in the code"


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    names = {re.split(r"[<>=~!\[ ]", requirement)[0] for requirement in wanted}
    names = {name for name in names if not name.startswith("seqkit")}
    rows = re.findall(r"^\|(.*)\|$", (DOCS / "dependencies.md").read_text(encoding="utf-8"), re.MULTILINE)
    cells = [row.split("|")[-2] for row in rows]  # the one before the reason
    listed = {name.partition("[")[0] for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert names - listed == set()
    assert listed - names == set()


def test_each_public_name_is_on_the_api_page() -> None:
    documented = re.findall(
        r"^\.\. auto\w+:: [\w.]+\.(\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(documented) == sorted(name for name in seqkit.__all__ if name != "__version__")


def test_the_tree_of_the_architecture_page_has_each_file_of_the_core() -> None:
    tree = blocks((DOCS / "architecture.md").read_text(encoding="utf-8"), "")[0]
    core = ROOT / "seqkit"
    whole = ("cli", "testing")  # one line for the folder
    files = {f.name for f in core.rglob("*.py") if f.name != "__init__.py" and f.parent.name not in whole}
    assert files - set(re.findall(r"(\w+\.py)", tree)) == set()


def test_the_second_command_of_the_readme_is_what_ci_runs() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Two commands\n")[2].partition("\n## ")[0]
    _, second = blocks(section, "sh")
    assert "pytest" in second
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert f"{second.strip()} || exit" in lines


def test_figures_of_the_readme_are_those_of_the_recipes() -> None:
    rows = re.findall(r"^\| `(\w+/[\w-]+)`.*\| ([\d.]+) \|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) == len(list((ROOT / "configs").rglob("*.yaml")))
    for recipe, figure in rows:
        comment = (ROOT / "configs" / f"{recipe}.yaml").read_text("utf-8").partition("\ndomain:")[0]
        assert re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d)", comment), f"{recipe}: {figure}"


def test_commands_of_the_pages_have_verbs_and_options_that_exist() -> None:
    found = list(commands())
    assert len(found) >= 20
    known = {name: set(option_names(build_parser(plugins.load(name)))) for name in plugins.installed()}
    sources = [source for name in known for source in plugins.load(name).datamodule.made.values()]
    own = OWN_OPTIONS | {"make": OWN_OPTIONS["make"].union(*(source.options for source in sources))}
    for page, (verb, *words) in found:
        where = f"{page}: seqkit {verb} {shlex.join(words)}"
        if verb == "--help":
            continue
        assert verb in VERBS, where
        domain = words[words.index("--domain") + 1] if "--domain" in words else None
        options = known[domain] if domain in known else set().union(*known.values())
        for word in fold_paths(words):
            if word.startswith("--"):
                option = word[2:].partition("=")[0]
                assert option in own[verb] or option in options, f"{where}: no option --{option}"


def test_links_between_pages_lead_somewhere() -> None:
    links = 0
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
            links += 1
    assert links >= 10


def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tour.html").exists()
