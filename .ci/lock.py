"""requirements.lock: every pinned distribution with the sha256 of its files, from the installer's own reports.

`python .ci/lock.py write` asks the installer what it would fetch, for this machine and for others, and notes the sums;
`python .ci/lock.py check` asks it again for this machine and lets it refuse any file whose sum is not noted.
Nothing is installed by either.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS, LOCK = ROOT / "constraints.txt", ROOT / "requirements.lock"
PYTHONS = ("3.11.9", "3.12", "3.13")
PLATFORMS = (
    ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    ("macosx_14_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64"),
)
"""Machines beside this one; each is asked for with all names of its kind."""

_HEAD = """\
# Written by `python .ci/lock.py write` from constraints.txt: do not edit. docs/dependencies.md says what it is for.
"""


def report(*words: str, find_links: bool = True) -> dict[str, str]:
    """Sums by `name==version`, of the files that the installer would take for the pins.

    Args:
        words: Options that describe another machine.
        find_links: Whether folders of files that this machine is set up with count, or only the index.
    """
    environment = os.environ | ({} if find_links else {"PIP_FIND_LINKS": ""})
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        command = [*pip, "--report", str(out), *words, "-r", str(PINS)]
        subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
        entries = json.loads(out.read_text(encoding="utf-8"))["install"]
    found = {}
    for entry in entries:
        name, version = entry["metadata"]["name"], entry["metadata"]["version"]
        plain = re.sub(r"[-_.]+", "-", name).lower()
        found[f"{plain}=={version.partition('+')[0]}"] = entry["download_info"]["archive_info"]["hashes"]["sha256"]
    return found


def write() -> None:
    """Note the sums of this machine's files and of those of the others."""
    sums: dict[str, set[str]] = defaultdict(set)
    others = [
        ["--only-binary", ":all:", "--target", "unused", "--python-version", python]
        + [word for name in names for word in ("--platform", name)]
        for python in PYTHONS
        for names in PLATFORMS
    ]
    asked = [([], True), *((words, False) for words in ([], *others))]
    for words, find_links in asked:
        try:
            found = report(*words, find_links=find_links)
        except subprocess.CalledProcessError:
            print("left out, since not every pin has a file for it:", *words[4:], file=sys.stderr)
            continue
        for pin, value in found.items():
            sums[pin].add(value)
    lines = [" \\\n".join([pin, *(f"    --hash=sha256:{one}" for one in sorted(sums[pin]))]) for pin in sorted(sums)]
    LOCK.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{LOCK.name}: {len(sums)} pins, {sum(map(len, sums.values()))} sums")


def check() -> None:
    """Let the installer hold the files it would take against the sums."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
    subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True, stdout=subprocess.DEVNULL)
    print(f"{LOCK.name}: all files have a sum that is noted")


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]]()
