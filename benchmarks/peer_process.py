"""Runs a worker of `benchmarks/peers/` under the Python of the library that it measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

WORKERS = Path(__file__).absolute().parent / "peers"
DEFAULT_PYTHON = Path(".peers/bin/python")
INSTALL = """\
{python}: no Python with the other libraries. Make it with

    python3 -m venv .peers
    .peers/bin/pip install torch==2.13.0
    .peers/bin/pip install -r benchmarks/peers/requirements.txt

and give another place by --peers PYTHON."""


class WorkerError(Exception):
    """A worker ended without figures; its text is what it said last."""


def require_peers(python: Path) -> None:
    """Leave with exit code 3, saying how to install the peers, if they are not there."""
    if not python.exists():
        print(INSTALL.format(python=python), file=sys.stderr)
        sys.exit(3)


def run_worker(python: Path, worker: str, *arguments: object) -> dict[str, Any]:
    """The line of JSON that a worker ends with.

    Args:
        python: Which interpreter; the worker gets as many threads as this process has.
        worker: Its file's name in `benchmarks/peers/`, without suffix.
        arguments: Its command line, paths as paths.

    Raises:
        WorkerError: If it failed, or said nothing.
    """
    threads = str(torch.get_num_threads())
    own = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONWARNINGS": "ignore"}
    command = [str(python.absolute()), str(WORKERS / f"{worker}.py")]
    command += [str(one.absolute()) if isinstance(one, Path) else str(one) for one in arguments]
    with tempfile.TemporaryDirectory() as folder:  # for the logs and checkpoints that some leave behind
        done = subprocess.run(command, env=os.environ | own, cwd=folder, capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["nothing"]
        raise WorkerError(f"{worker} left with code {done.returncode}: {said[-1]}")
    return json.loads(lines[-1])


def versions_of(figures: dict[str, Any]) -> str:
    """The library that was measured with its version: the first that the worker names."""
    name, number = next(iter(figures["versions"].items()))
    return f"{name} {number}"
