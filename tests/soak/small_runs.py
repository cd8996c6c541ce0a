"""Small files of each domain, trainings on them, and the same trainings in processes that can be killed."""

import os
import random
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import soundfile

from seqkit.cli.main import main

DOMAINS = ("text", "audio", "dna", "timeseries")

_TRAINING = [
    "--model.hidden_size", "6", "--model.dropout", "0.3", "--trainer.max_epochs", "3", "--trainer.log_every_n_steps",
    "2", "--trainer.val_check_interval", "0.5", "--checkpoint_minutes", "0.0005", "--trainer.enable_progress_bar",
    "false",
]  # fmt: skip


def write_data(folder: Path) -> dict[str, list[str]]:
    """Files of all domains in a folder, and the options that train on them in about fifteen steps an epoch."""
    draw = random.Random(0)
    text, bases, table, sounds = (folder / name for name in ("words.txt", "genome.fa", "series.csv", "sounds"))
    text.write_text("".join(draw.choice("abcd efgh\n") for _ in range(6000)))
    bases.write_text("".join(f">c{n}\n{''.join(draw.choices('ACGT', k=1500))}\n" for n in range(3)))
    rows = (f"2024-01-{day:02d} {hour:02d}:00:00,{draw.random():.3f}" for day in range(1, 29) for hour in range(24))
    table.write_text("time,load\n" + "\n".join(rows) + "\n")
    sounds.mkdir()
    for number in range(24):
        pitch = 200 if number % 2 else 600
        wave = np.sin(2 * np.pi * pitch * np.arange(400 + 20 * number) / 8000) * draw.random()
        soundfile.write(sounds / f"{'low' if number % 2 else 'high'}_{number}.wav", wave, 8000)
    return {
        "text": ["--data.path", str(text), "--data.batch_size", "8", "--data.window", "30"],
        "audio": ["--data.path", str(sounds), "--data.task", "classify", "--data.batch_size", "2",
                  "--data.label_pattern", "^(low|high)"],
        "dna": ["--data.path", str(bases), "--data.batch_size", "4", "--data.window", "60"],
        "timeseries": ["--data.path", str(table), "--data.batch_size", "2", "--data.window", "15"],
    }  # fmt: skip


def command(domain: str, data: list[str], run: Path) -> list[str]:
    """The words of a training."""
    return ["fit", "--domain", domain, *data, *_TRAINING, "--run", str(run)]


def begin(words: list[str]) -> int:
    """Run a command in a process of its own; its number. Torch is there already: a process begins in milliseconds."""
    if child := os.fork():
        return child
    code = 1
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        sys.argv = ["seqkit", *words]
        code = main()
    except KeyboardInterrupt:
        code = 130  # As Python itself ends before a program listens.
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def end(child: int) -> int:
    """Wait for a process; its exit code, negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def send(child: int, number: int, after_s: float) -> int:
    """Send a process a signal after some seconds, unless it ends before; its exit code."""
    deadline = time.monotonic() + after_s
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, number)
    return end(child)
