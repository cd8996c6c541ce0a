from seqkit_music import DOMAIN

from seqkit.testing import Bench, Check, parametrize_with_checks


@parametrize_with_checks([DOMAIN])
def test_music_keeps_the_law(bench: Bench, check: Check) -> None:
    check(bench)
