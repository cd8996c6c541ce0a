"""check: what is in a data set, and everything that training would refuse, in one reading and without a model."""

from __future__ import annotations

import time
from typing import Any

from seqkit import plugins
from seqkit.build import require_task
from seqkit.checking.census import Census
from seqkit.checking.targets import Targets
from seqkit.collected import Collected
from seqkit.data.module import SequenceDataModule
from seqkit.domain import Domain
from seqkit.errors import ConfigError, DataError, SeqkitError
from seqkit.problems import collect_problems, kind_of

_REFUSED = (DataError, ConfigError)


def check(domain: str | Domain, **options: Any) -> dict[str, Any]:
    """Look through a data set before training on it: counts, facts, warnings and every problem.

    Args:
        domain: A domain's name, or its value.
        options: Options of the data by their last name: `path`, `task` ...

    Returns:
        The report as plain JSON: counts (`num_files`, `num_records`, `num_steps`, `lengths`, `splits`, `targets`,
        `duplicates`, `baselines`), the domain's `facts` and `notes`, `warnings` for what training accepts, and
        `problems` for what it refuses, each with `kind`, `at`, `message` and `fix`.

    Raises:
        ConfigError: For an unknown option; names the nearest one.

    Example:
        >>> seqkit.check("dna", path="genome.fa")["num_problems"]  # doctest: +SKIP
        0
    """
    from seqkit.flat_options import settings_from

    value = domain if isinstance(domain, Domain) else plugins.load(domain)
    return check_data(value, settings_from(value, options).data)


def check_data(domain: Domain, options: dict[str, Any]) -> dict[str, Any]:
    """The report of `check`.

    Args:
        domain: The domain.
        options: Of its data module, as `seqkit fit` takes them.
    """
    begin = time.perf_counter()
    data = domain.datamodule(**options)
    require_task(domain, data.task)
    with collect_problems() as learning:
        unfitted = _learn(data)
    fitted = unfitted is None
    with collect_problems() as found:
        inspector = data.inspector()
        targets = Targets(data.target_codec if fitted else None, data.task == "tag") if data.labelled else None
        census = Census(data.codec if fitted else None, targets, inspector, whole=not data.streams)
        _read(data, census, found)
        facts, doubts = inspector.facts(), inspector.warnings()
    with collect_problems() as noting:
        notes = _notes(data, noting)
    for error in (*learning.errors, *noting.errors):
        found.add(error)
    if unfitted is not None and not found.num_problems:
        found.add(unfitted)  # Otherwise it may only follow from the others: of bad records nothing is learnt.
    _require_splits(data, census, found)
    counts = census.summary()
    said = [*counts.pop("warnings"), *doubts]
    if census.num_steps and not census.steps["test"]:
        said.append("the test split is empty")
    return {
        "domain": domain.name,
        "task": data.task,
        "path": data.path,
        "num_files": len(found.files),
        "num_bytes": sum(path.stat().st_size for path in {path for path, _ in found.files} if path.exists()),
        **counts,
        "split_rule": data.describe_split(),
        "facts": facts | {name: dict(counter.most_common()) for name, counter in found.seen.items()},
        "notes": notes,
        "warnings": said,
        "num_problems": found.num_problems,
        "problems": [_plain(error) for error in found.errors],
        "seconds": round(time.perf_counter() - begin, 2),
    }


def _learn(data: SequenceDataModule) -> SeqkitError | None:
    """Fit the codecs; why that was not possible."""
    try:
        data.fit_codecs()
    except _REFUSED as error:
        return type(error)(error.what, at=error.at or f"path {data.path!r}", fix=error.fix)
    return None


def _read(data: SequenceDataModule, census: Census, found: Collected) -> None:
    """Count all records; one that cannot be encoded is a problem, and the next one follows."""
    try:
        for split, record in data.placed():
            try:
                census.add(record, split)
            except _REFUSED as error:
                found.add(type(error)(error.what, at=error.at or record.origin, fix=error.fix))
    except _REFUSED as error:
        found.add(error)  # A reader that does not go on after a problem.
    census.end()
    census.place(data.hold_out)


def _notes(data: SequenceDataModule, noting: Collected) -> list[str]:
    try:
        return data.notes()
    except _REFUSED as error:
        noting.add(error)
        return []


def _require_splits(data: SequenceDataModule, census: Census, found: Collected) -> None:
    """Training refuses an empty split too; where nothing can be read, the reasons are listed already."""
    if found.num_problems and not census.num_steps:
        return
    for split in ("train", "valid"):
        if not census.steps[split]:
            what = f"the {split} split is empty"
            fix = "hold out less or more (--data.valid_fraction, --data.test_fraction), or give --data.valid_path"
            found.add(DataError(what, at=f"path {data.path!r}; {data.describe_split()}", fix=fix))


def _plain(error: SeqkitError) -> dict[str, str]:
    return {"kind": kind_of(error), "at": error.at or "", "message": error.what, "fix": error.fix or ""}
