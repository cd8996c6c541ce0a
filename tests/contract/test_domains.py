"""Every installed domain keeps every law, on every task it declares."""

from seqkit import plugins
from seqkit.testing import CHECKS, Bench, Check, parametrize_with_checks

DOMAINS = [plugins.load(name) for name in plugins.installed()]


@parametrize_with_checks(DOMAINS)
def test_domain_keeps_the_law(bench: Bench, check: Check) -> None:
    check(bench)


def test_all_four_domains_are_checked() -> None:
    assert {"text", "audio", "dna", "timeseries"} <= {domain.name for domain in DOMAINS}
    assert len(CHECKS) == 13
