"""What the counted baselines of a test cost on data of real size: seconds, numbers learnt, and the figure that decides.

    python benchmarks/baselines.py DATA

DATA is a folder with the sets that are named below; one that is not there is left out. Seconds are those of this
process on one thread (process time), with the encoded data in the cache.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import torch
from harness import refuse, require_folder

from seqkit import plugins
from seqkit.lecture.rungs.baselines import cheap_rungs

TINY, WIKI = "text/tiny-shakespeare/input.txt", "text/wikitext-2/"
POLARITY, FSDD = "text/sentence-polarity/rt-polarity.", "audio/fsdd/recordings.zip"
ECOLI, M4 = "genomics/ecoli-k12/GCF_000005845.2_ASM584v2_genomic.fna.gz", "timeseries/m4-hourly/Hourly-"


def workloads(data: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """Domain and options of the data module, by name."""

    def at(name: str) -> str:
        return str(data / name)

    wiki = {f"{split}path": at(f"{WIKI}{name}.txt.gz") for split, name in (("", "train"), ("valid_", "valid"))}
    labels = [f"{label}={at(POLARITY + label[:3])}" for label in ("positive", "negative")]
    m4 = {"path": at(f"{M4}train.csv.gz"), "test_path": at(f"{M4}test.csv"), "season": 24, "horizon": 48}
    return {
        "Tiny Shakespeare, characters": ("text", {"path": at(TINY)}),
        "WikiText-2, words": ("text", wiki | {"test_path": at(f"{WIKI}test.txt.gz"), "tokens": "words"}),
        "sentence polarity, words": ("text", {"path": labels, "task": "classify", "tokens": "words"}),
        "E. coli, bases": ("dna", {"path": at(ECOLI)}),
        "FSDD, mu-law samples": ("audio", {"path": at(FSDD), "test_match": r"_[0-4]\.wav$", "task": "next_step"}),
        "M4 hourly, next_step": ("timeseries", m4),
        "M4 hourly, forecast": ("timeseries", m4 | {"task": "forecast", "look_back": 168}),
    }


def there(options: dict[str, Any]) -> bool:
    """Whether the files that a data module would learn from are."""
    paths = [options["path"]] if isinstance(options["path"], str) else options["path"]
    return all(Path(path.rpartition("=")[2]).exists() for path in paths)


def main() -> None:
    """Print a line a data set."""
    own = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own.add_argument("data", type=Path, help="folder with the data sets")
    data = own.parse_args().data
    require_folder(data)
    found = {name: workload for name, workload in workloads(data).items() if there(workload[1])}
    if not found:
        refuse(f"{data}: holds none of the sets, such as {TINY}")
    torch.set_num_threads(1)
    for name, (domain, options) in found.items():
        module = plugins.load(domain).datamodule(**options)
        module.setup("fit")
        sizes = [len(module.store(split).steps) for split in ("train", "valid", "test")]
        begin = time.process_time()
        rungs = cheap_rungs(module, "test")
        seconds = time.process_time() - begin
        print(f"{name}: {sizes[0]:,} training steps, {sizes[2]:,} test steps, {seconds:.1f} s")
        for rung in rungs:
            figures = ", ".join(f"{figure} {value:.4f}" for figure, value in list(rung.figures.items())[:2])
            print(f"  {rung.title}: {figures}; {rung.num_parameters:,} numbers{'; ' * bool(rung.note)}{rung.note}")


if __name__ == "__main__":
    main()
