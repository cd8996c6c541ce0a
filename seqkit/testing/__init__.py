"""The laws that every domain keeps, as checks: the same for our plugins and for yours. Needs pytest."""

from seqkit.testing.bench import Bench
from seqkit.testing.laws_batch import check_batch, check_symmetry
from seqkit.testing.laws_codec import check_codec, check_codec_state, check_records
from seqkit.testing.laws_stream import check_causality, check_reset, check_stream
from seqkit.testing.laws_training import check_checkpoint, check_first_loss, check_gradients, check_overfit
from seqkit.testing.suite import CHECKS, Check, check_domain, parametrize_with_checks

__all__ = [
    "CHECKS",
    "Bench",
    "Check",
    "check_batch",
    "check_causality",
    "check_checkpoint",
    "check_codec",
    "check_codec_state",
    "check_domain",
    "check_first_loss",
    "check_gradients",
    "check_overfit",
    "check_records",
    "check_reset",
    "check_stream",
    "check_symmetry",
    "parametrize_with_checks",
]
