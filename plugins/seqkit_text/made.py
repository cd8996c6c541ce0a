"""The made sources of the text domain by name, as `--data.path made:NAME` gives them."""

from __future__ import annotations

from seqkit import MadeSource
from seqkit_text.made_chains import write_hmm, write_markov
from seqkit_text.made_copy import write_copy
from seqkit_text.made_memory import write_memory
from seqkit_text.made_order import write_order

MADE = {
    "order": MadeSource(write_order, ("classify",)),
    "memory": MadeSource(write_memory, ("classify",)),
    "copy": MadeSource(write_copy, ("next_step",)),
    "markov": MadeSource(write_markov, ("next_step",)),
    "hmm": MadeSource(write_hmm, ("next_step",)),
}
