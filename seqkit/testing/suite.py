"""All laws over all tasks of some domains: as a pytest decorator, or as one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from seqkit.domain import Domain
from seqkit.testing.bench import Bench
from seqkit.testing.laws_batch import check_batch, check_symmetry
from seqkit.testing.laws_codec import check_codec, check_codec_state, check_records
from seqkit.testing.laws_resume import check_resume
from seqkit.testing.laws_stream import check_causality, check_reset, check_stream
from seqkit.testing.laws_training import check_checkpoint, check_first_loss, check_gradients, check_overfit

Check = Callable[[Bench], None]
"""Raises AssertionError where a law is broken; skips, with the reason, where it says nothing."""

CHECKS: tuple[Check, ...] = (
    check_records,
    check_codec,
    check_codec_state,
    check_batch,
    check_symmetry,
    check_stream,
    check_causality,
    check_reset,
    check_first_loss,
    check_gradients,
    check_overfit,
    check_checkpoint,
    check_resume,
)
"""All laws, those of the data first: what breaks there breaks the rest."""


def parametrize_with_checks(domains: Iterable[Domain]) -> pytest.MarkDecorator:
    """Run a test once for each domain, task and law; ids read `melody-classify-check_batch`.

    The test receives `bench` and `check`. One bench serves all laws of a (domain, task), so the data is read once.

    Args:
        domains: What to check, on demo data.

    Example:
        >>> @parametrize_with_checks([])
        ... def test_melody_keeps_the_laws(bench: Bench, check: Check) -> None:
        ...     check(bench)
    """
    benches = [Bench(domain, task) for domain in domains for task in domain.tasks]
    cases = [pytest.param(bench, check, id=f"{bench}-{check.__name__}") for bench in benches for check in CHECKS]
    return pytest.mark.parametrize(("bench", "check"), cases)


def check_domain(domain: Domain) -> dict[str, str]:
    """Run every law on every task of a domain.

    Returns:
        For each `domain-task-law` that says nothing about this domain, the reason why.

    Raises:
        AssertionError: From the first law that is broken.
    """
    skipped: dict[str, str] = {}
    for bench in (Bench(domain, task) for task in domain.tasks):
        for check in CHECKS:
            try:
                check(bench)
            except pytest.skip.Exception as reason:
                skipped[f"{bench}-{check.__name__}"] = str(reason)
    return skipped
