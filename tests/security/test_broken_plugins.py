"""Packages from elsewhere that are broken, late, hostile or badly described: the other domains work all the same."""

import importlib
import signal
import sys
import threading
from pathlib import Path

import pytest

from seqkit import DependencyError, plugins
from seqkit.cli.main import main
from seqkit.domain import API_LEVEL

MELODY = (
    "import sys; sys.path.insert(0, {example!r})\nfrom seqkit_melody import MelodyData\nfrom seqkit import Domain\n"
)

BROKEN = {
    "missing": ("import a_module_that_nobody_has\n", "'a_module_that_nobody_has' is missing"),
    "part": ("from seqkit import NoSuchName\n", "ImportError: cannot import name 'NoSuchName'"),
    "syntax": ("DOMAIN = = 1\n", "SyntaxError"),
    "encoding": ("x = '\xff'\n", "SyntaxError"),
    "raising": ("raise RuntimeError('no licence [bold]found\\n\\x1b[2J')\n", "RuntimeError: no licence [bold]found"),
    "leaving": ("import sys; sys.exit(0)\n", "SystemExit: 0"),
    "interrupting": ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
    "grouping": ("raise BaseExceptionGroup('all', [SystemExit(1)])\n", "BaseExceptionGroup"),
    "deep": ("def f(): f()\nf()\n", "RecursionError"),
    "own": ("class Odd(BaseException): pass\nraise Odd('odd')\n", "Odd: odd"),
    "wrong": ("DOMAIN = {'name': 'wrong'}\n", "a dict, not a seqkit.Domain"),
    "absent": ("x = 1\n", "has no attribute 'DOMAIN'"),
    "older": (MELODY + "DOMAIN = Domain('older', MelodyData, api_level=0)\n", "for level 0 of the plugin contract"),
    "newer": (MELODY + "DOMAIN = Domain('newer', MelodyData, api_level=99)\n", "for level 99 of the plugin contract"),
    "level": (MELODY + "DOMAIN = Domain('level', MelodyData, api_level='1')\n", "lacks a task"),
    "renamed": (MELODY + "DOMAIN = Domain('other', MelodyData)\n", "it calls itself 'other'"),
    "idle": (MELODY + "DOMAIN = Domain('idle', MelodyData, tasks=())\n", "lacks a task"),
    "odd": (MELODY + "DOMAIN = Domain('odd', MelodyData, tasks=(1,))\n", "lacks a task"),
    "shapeless": (MELODY + "DOMAIN = Domain('shapeless', 'MelodyData')\n", "no class of a data module"),
    "optionless": (
        MELODY + "class Bare(MelodyData):\n    def __init__(self): pass\nDOMAIN = Domain('optionless', Bare)\n",
        "data.task",
    ),
    "constructing": ("from seqkit import Domain\nDOMAIN = Domain()\n", "TypeError"),
}
"""Code of a package by the name of its entry point, and the reason that must be shown."""

BUILT_IN = ("audio", "dna", "text", "timeseries")


def install(site: Path, name: str, code: str, target: str = "", metadata: str | None = None) -> None:
    """A package as an installer leaves it, of which Python knows nothing yet."""
    sys.modules.pop(f"plugin_{name}", None)
    example = Path(__file__).parents[2] / "examples" / "seqkit_melody"
    (site / f"plugin_{name}.py").write_bytes(code.replace("{example!r}", repr(str(example))).encode("latin-1"))
    information = site / f"plugin_{name}-1.0.dist-info"
    information.mkdir()
    described = f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.0\n" if metadata is None else metadata
    (information / "METADATA").write_text(described)
    (information / "entry_points.txt").write_text(f"[seqkit.domains]\n{name} = {target or f'plugin_{name}:DOMAIN'}\n")
    importlib.invalidate_caches()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that Python looks into."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    return site


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What `seqkit domains` shows of each package."""
    capsys.readouterr()
    assert main(["domains"]) == 0
    out = capsys.readouterr().out
    assert "\x1b[2J" not in out
    rows: dict[str, str] = {}
    for line in out.splitlines():
        cells = [cell.strip() for cell in line.strip("│┃").split("│")]
        name = cells[0] if len(cells) > 1 and cells[0] else next(reversed(rows), "")
        rows[name] = rows.get(name, "") + " " + " ".join(cells[1:])
    return rows


def test_each_broken_package_is_listed_with_its_reason_and_the_built_in_ones_are_ready(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {name: of for name, of in BROKEN.items() if name != "optionless"}  # that is seen when it is used
    for name, (code, _) in broken.items():
        install(site, name, code)
    rows = listed(capsys)
    assert set(rows) >= {*broken, *BUILT_IN}
    for name, (_, reason) in broken.items():
        assert reason in rows[name] and f"plugin-{name} 1.0" in rows[name], rows[name]
        assert "ready" not in rows[name]
    assert all("ready" in rows[name] for name in ("dna", "text", "timeseries"))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_refused_with_3_and_one_message(
    name: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, reason = BROKEN[name]
    install(site, name, code)
    for words in (["fit", "--domain", name], ["domains", name])[: 1 if name == "optionless" else 2]:
        assert main(words) == 3
        err = capsys.readouterr().err
        assert err.count("seqkit: error:") == 1 and reason in err and f"plugin-{name} 1.0" in err
        assert "Traceback" not in err and "pip install" not in err


def test_the_others_train_beside_them(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("leaving", "interrupting", "syntax", "absent"):
        install(site, name, BROKEN[name][0])
    small = ["--model.hidden_size", "8", "--trainer.max_steps", "1", "--trainer.limit_val_batches", "1"]
    assert main(["fit", "--domain", "text", *small, "--trainer.enable_progress_bar", "false"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("target", ["nowhere:DOMAIN", "plugin_named:NOTHING", "plugin_named", "a b c", ":", "1x:y"])
def test_an_entry_point_that_names_nothing_is_refused(
    target: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "named", "x = 1\n", target)
    assert main(["fit", "--domain", "named"]) == 3
    assert capsys.readouterr().err.count("seqkit: error:") == 1
    assert main(["check", "nothing.txt", "--domain", "text"]) == 2  # the list of allowed packages takes no harm


def test_metadata_without_name_or_version_is_listed(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(site, "nameless", "x = 1\n", metadata="")
    install(site, "empty", "x = 1\n", metadata="Metadata-Version: 2.1\n")
    rows = listed(capsys)
    assert "has no attribute" in rows["nameless"] and "has no attribute" in rows["empty"]


def test_a_name_of_ours_stays_ours(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(site, "text", "raise AssertionError('imported')\n")
    assert plugins.find("text").package == "seqkit" and plugins.load("text").name == "text"
    assert "the name belongs to package seqkit" in listed(capsys)["text"]


def test_an_import_that_does_not_end_is_given_up_in_the_list_and_harms_nobody_else(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "hanging", "import threading\nthreading.Event().wait(5)\n")
    plugins.load("text"), plugins.load("dna")
    monkeypatch.setenv(plugins.CHOSEN, "hanging,text,dna")
    monkeypatch.setattr(plugins, "IMPORT_S", 0.2)
    rows = listed(capsys)
    assert "its import has not ended after 0.2 s" in rows["hanging"]
    assert "ready" in rows["text"] and "ready" in rows["dna"]
    with pytest.raises(DependencyError, match=r"not ended after 0\.1 s"):
        plugins.load_in_time("hanging", 0.1)


def test_only_the_chosen_ones_are_known(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "raising", BROKEN["raising"][0])
    assert set(plugins.installed()) >= {"raising", *BUILT_IN}
    monkeypatch.setenv(plugins.CHOSEN, " text, dna,")
    assert list(plugins.installed()) == ["dna", "text"]
    assert {name for name in listed(capsys) if name.isalpha()} - {"domain"} == {"dna", "text"}
    assert main(["fit", "--domain", "raising"]) == 2
    assert "limited by SEQKIT_PLUGINS= text, dna," in capsys.readouterr().err
    monkeypatch.setenv(plugins.CHOSEN, "")
    assert set(plugins.installed()) >= {"raising", *BUILT_IN}


@pytest.mark.parametrize("where", ["__init__", "records"])
def test_an_error_of_its_data_module_is_said_to_be_its_own(
    where: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = "split" if where == "records" else "path=None, task='next_step', **options"
    body = f"class Faulty(MelodyData):\n    def {where}(self, {taken}):\n        return {{}}['absent']\n"
    install(site, "faulty", MELODY + body + "DOMAIN = Domain('faulty', Faulty)\n")
    assert main(["check", "--domain", "faulty"]) == 3
    err = capsys.readouterr().err
    assert "domain 'faulty' failed: KeyError: 'absent'" in err and "plugin-faulty 1.0" in err
    assert err.count("seqkit: error:") == 1


def test_an_interrupt_of_the_user_is_none_of_the_packages(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody presses Ctrl-C while a slow package is imported."""
    assert threading.current_thread() is threading.main_thread()
    install(site, "slow", "import signal\nsignal.raise_signal(signal.SIGINT)\n")
    with pytest.raises(KeyboardInterrupt):
        plugins.load("slow")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert main(["fit", "--domain", "slow"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_the_level_of_the_contract_is_that_of_our_own_plugins() -> None:
    assert {plugins.load(name).api_level for name in ("text", "dna", "timeseries")} == {API_LEVEL}
