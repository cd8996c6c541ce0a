"""What is installed with seqkit: pinned, each file by its sum, and no release that is known to be bad."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BAD = [
    tuple(line.split(None, 3))
    for line in (ROOT / ".ci" / "known-bad.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


def pins() -> dict[str, Version]:
    """Of constraints.txt, by name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    assert all(re.fullmatch(r"==[\w.!]+", str(one.specifier)) for one in wanted), "a pin is one release"
    return {canonicalize_name(one.name): Version(str(one.specifier).removeprefix("==")) for one in wanted}


def used() -> list[Requirement]:
    """Requirements of the core and of the extras that users install; those of developers are pinned only."""
    extras = PROJECT["optional-dependencies"]
    lines = [
        *PROJECT["dependencies"],
        *(line for name in extras if name not in ("dev", "docs") for line in extras[name]),
    ]
    return [one for one in map(Requirement, lines) if one.name != "seqkit"]


def locked() -> dict[str, tuple[Version, list[str]]]:
    """Of requirements.lock: the release and the sums of its files, by name."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            pin, *sums = line.split()
            name, _, version = pin.partition("==")
            found[str(canonicalize_name(name))] = (Version(version), sums)
    return found


def range_allows(requirement: Requirement, bad: SpecifierSet) -> bool:
    """Whether a range lets in a bad release: its lower end, or one that the bad range names or ends before."""
    edges = [Version(one.version) for one in (*requirement.specifier, *bad)]
    minors = {(edge.major, minor) for edge in edges for minor in (max(edge.minor - 1, 0), edge.minor)}
    near = [Version(f"{major}.{minor}.{patch}") for major, minor in minors for patch in range(12)]
    below = [Version(f"{edge.major - 1}.99") for edge in edges if edge.major]
    return any(version in requirement.specifier and version in bad for version in [*edges, *near, *below])


def test_the_list_is_read() -> None:
    assert len(BAD) >= 12 and all(len(entry) == 4 for entry in BAD)
    assert all(re.fullmatch(r"GHSA(-\w{4}){3}|CVE-\d{4}-\d+|PYSEC-\d{4}-\d+", entry[2]) for entry in BAD)


@pytest.mark.parametrize("entry", BAD, ids=lambda entry: f"{entry[0]}{entry[1]}")
def test_no_release_that_is_known_to_be_bad_is_let_in(entry: tuple[str, str, str, str]) -> None:
    name, releases, advisory, _ = entry
    bad = SpecifierSet(releases)
    pinned = pins().get(canonicalize_name(name))
    assert pinned is None or pinned not in bad, f"{name} {pinned} is pinned: {advisory}"
    for one in used():
        if canonicalize_name(one.name) == canonicalize_name(name):
            assert not range_allows(one, bad), f"{one} lets in {name}{releases}: {advisory}"


def test_the_check_of_ranges_finds_what_it_is_for() -> None:
    for wanted, bad in (
        ("pytorch-lightning>=2.4", "==2.6.2"), ("pytorch-lightning>=2.4,<2.7", "<2.6.6"), ("torch", "<2.6"),
        ("torch>=2.9", "<2.10"), ("lightning>=2", ">=0"), ("x<2", "<1"), ("x>=2.6,!=2.6.3", "==2.6.2"),
    ):  # fmt: skip
        assert range_allows(Requirement(wanted), SpecifierSet(bad))
    assert not range_allows(Requirement("torch>=2.10"), SpecifierSet("<2.10"))
    assert not range_allows(Requirement("pytorch-lightning>=2.6.6,<2.7"), SpecifierSet("==2.6.3"))


def test_every_requirement_is_pinned_within_its_range() -> None:
    known = pins()
    for one in used():
        assert known[canonicalize_name(one.name)] in one.specifier
    for line in PROJECT["optional-dependencies"]["dev"]:
        one = Requirement(line)
        assert one.name == "seqkit" or known[canonicalize_name(one.name)] in one.specifier


def test_every_pin_has_the_sums_of_its_files() -> None:
    lock = locked()
    assert {name: version for name, (version, _) in lock.items()} == {str(name): of for name, of in pins().items()}
    for name, (_, sums) in lock.items():
        assert sums and len(set(sums)) == len(sums), name
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in sums), name
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_ci_verifies_the_sums() -> None:
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "python .ci/lock.py check" in steps
    assert '"--require-hashes"' in (ROOT / ".ci" / "lock.py").read_text(encoding="utf-8")
