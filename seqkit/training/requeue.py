"""Putting a job of SLURM into its queue again, after its state was saved."""

from __future__ import annotations

import os
import re
import subprocess
import sys

_NUMBER = re.compile(r"\d+(_\d+)?")
_SECONDS = 30


def requeue() -> bool:
    """Ask SLURM to run this job again; whether it will."""
    job = os.environ.get("SLURM_JOB_ID", "")
    if array := os.environ.get("SLURM_ARRAY_JOB_ID"):
        job = f"{array}_{os.environ.get('SLURM_ARRAY_TASK_ID', '')}"
    if not _NUMBER.fullmatch(job):
        print(f"seqkit: {job!r} is no number of a SLURM job: it is not put into the queue again", file=sys.stderr)
        return False
    try:
        asked = subprocess.run(["scontrol", "requeue", job], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"seqkit: scontrol requeue {job}: {error}", file=sys.stderr)
        return False
    if asked.returncode != 0:
        print(f"seqkit: scontrol requeue {job}: {asked.stderr.decode(errors='replace').strip()}", file=sys.stderr)
    return asked.returncode == 0
