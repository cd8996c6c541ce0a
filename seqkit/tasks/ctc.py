"""ctc: a transcript shorter than the record, without knowing where in it each symbol lies."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics.text import CharErrorRate, WordErrorRate

from seqkit.backbone.scaling import Scale
from seqkit.errors import ConfigError, DataError
from seqkit.steps import IGNORED, Batch, Discrete, valid_mask
from seqkit.tasks.base import Outcome, Task
from seqkit.tasks.ctc_decoding import beam_search, greedy
from seqkit.tasks.distributions import Output
from seqkit.tasks.metrics import Likelihood
from seqkit.tasks.sampling import Sampling
from seqkit.wording import plural

IMPOSSIBLE = -1e4
"""A logit of no probability: finite, so that no gradient becomes NaN."""


@final
class Transcript(Output):
    """A sequence of symbols, by way of one symbol or the blank at each of (B, T') steps; the blank comes last.

    Source: Graves et al. 2006 [graves2006].

    Args:
        num_classes: K; the blank is symbol K.
        beam_size: Prefixes kept while decoding; 1 takes the likeliest symbol at each step.
    """

    def __init__(self, num_classes: int, beam_size: int = 1) -> None:
        self.num_parameters = num_classes + 1
        self.beam_size = beam_size

    def nll(self, raw: Tensor, targets: Tensor, scale: Scale | None = None) -> tuple[Tensor, Tensor]:
        """Nats of each transcript, summed over all its alignments: (B, T', K + 1) against (B, U) to (B,)."""
        counts = (targets != IGNORED).sum(1)
        steps = torch.full_like(counts, raw.shape[1])
        logs = raw.log_softmax(-1).transpose(0, 1)  # (T', B, K + 1), as the loss wants it
        symbols = targets.clamp(min=0)
        blank = self.num_parameters - 1
        nll = functional.ctc_loss(logs, symbols, steps, counts, blank=blank, reduction="none")
        return nll, torch.ones_like(counts, dtype=torch.bool)

    def mean(self, raw: Tensor, scale: Scale | None = None) -> Tensor:
        """The best transcript found, (B, U), `IGNORED` after its end."""
        logs = raw.log_softmax(-1).cpu()
        rows = greedy(logs) if self.beam_size == 1 else [beam_search(row, self.beam_size) for row in logs]
        padded = nn.utils.rnn.pad_sequence(
            [torch.tensor(row, dtype=torch.int64) for row in rows], batch_first=True, padding_value=IGNORED
        )
        return padded.to(raw.device)

    def sample(self, raw: Tensor, sampling: Sampling, generator: torch.Generator, scale: Scale | None = None) -> Tensor:
        """Refused: alignments could be drawn, transcripts not.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError("ctc does not draw transcripts", at="RUN", fix="use seqkit predict")

    def average(self, raws: list[Tensor]) -> Tensor:
        """The mean probability of each symbol at each step."""
        return torch.stack([raw.log_softmax(-1) for raw in raws]).logsumexp(0)


@final
class TooLongError(DataError):
    """A transcript has no room in the steps of its record.

    Args:
        record: Its number in the split, from 0.
        what: What is wrong.
        origin: Where the record came from, if known.
    """

    def __init__(self, record: int, what: str, origin: str | None = None) -> None:
        self.record = record
        at = origin or f"record {record} of its split, counted from 0"
        super().__init__(what, at=at, fix="use an encoder that shortens time less, or leave the record out")

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.record, self.what, self.at))


@final
class Ctc(Task):
    """Connectionist temporal classification. The encoder may shorten time, as long as the transcript still fits.

    Args:
        hidden_size: Size of the backbone's output.
        target_spec: What a symbol of the transcript is.
        output: How transcripts are predicted.
        separator: The symbol that divides words; None: there are none, and no word error rate.
    """

    causal = False
    whole_records = True

    def __init__(self, hidden_size: int, target_spec: Discrete, output: Output, separator: int | None = None) -> None:
        super().__init__(hidden_size, target_spec, output)
        self.separator = separator

    def forward(self, features: Tensor, lengths: Tensor, known: Tensor | None = None) -> Tensor:
        """(B, T', H) -> (B, T', K + 1), certain of the blank past each row's end: so `lengths` is needed no more."""
        raw = self.head(features)
        ended = ~valid_mask(lengths, raw.shape[1])[..., None]
        blank = torch.arange(raw.shape[-1], device=raw.device) == raw.shape[-1] - 1
        return torch.where(ended, torch.where(blank, 0.0, IMPOSSIBLE).to(raw.dtype), raw)

    def targets(self, batch: Batch) -> Tensor:
        """(B, U), `IGNORED` after each transcript's end."""
        return batch.targets

    def outcome(self, raw: Tensor, batch: Batch, scale: Scale | None = None) -> Outcome:
        """Loss and guess for one batch.

        Raises:
            TooLongError: If a transcript does not fit into the steps that the encoder leaves of its record.
        """
        outcome = super().outcome(raw, batch, scale)
        available = (raw[..., 0] > IMPOSSIBLE / 2).sum(1)  # half precision rounds it
        needed = _needed_steps(batch.targets)
        if (needed > available).any():
            row = int((needed > available).nonzero()[0, 0])
            symbols = plural(int((batch.targets[row] != IGNORED).sum()), "symbol")
            raise TooLongError(
                int(batch.index[row]),
                f"a transcript of {symbols} needs {plural(int(needed[row]), 'step')}, "
                f"the encoder leaves {int(available[row])} of the record's {int(batch.lengths[row])}",
            )
        return outcome

    def scores(self) -> nn.Module:
        """Nats a transcript, and error rates."""
        return TranscriptScores(self.separator)


@final
class TranscriptScores(nn.Module):
    """Nats a transcript (`loss`), `symbol_error_rate`, `word_error_rate` where words exist, `exact_match`.

    An error rate is the edit distance over the length of the truth, both summed over all records.

    Args:
        separator: The symbol that divides words.
    """

    def __init__(self, separator: int | None) -> None:
        super().__init__()
        self.separator = separator
        self.likelihood = Likelihood(symbols=False)
        self.others: Any = nn.ModuleDict({"symbol_error_rate": CharErrorRate()})
        if separator is not None:
            self.others["word_error_rate"] = WordErrorRate()
        self.right = self.count = 0

    def update(self, nll: Tensor, scored: Tensor, guess: Tensor, targets: Tensor) -> None:
        """Add a batch: nats (B,), which of them count, and transcripts (B, U), `IGNORED` after their ends."""
        self.likelihood.update(nll, scored)
        expected, found = self._texts(targets), self._texts(guess)
        for metric in self.others.values():
            metric.update(found, expected)
        self.right += sum(e == f for e, f in zip(expected, found, strict=True))
        self.count += len(expected)

    def compute(self) -> dict[str, float]:
        """The figures by name."""
        figures = {name: float(value) for name, value in self.likelihood.compute().items()}
        figures |= {name: float(metric.compute()) for name, metric in self.others.items() if self.count}
        return figures | {"exact_match": self.right / max(self.count, 1)}

    def reset(self) -> None:
        """Forget all batches."""
        self.likelihood.reset()
        for metric in self.others.values():
            metric.reset()
        self.right = self.count = 0

    def _texts(self, rows: Tensor) -> list[str]:
        """Symbols as letters, none of them white space, the separator as a blank: what the metrics compare."""
        first = ord("\u4e00")
        return [
            "".join(" " if k == self.separator else chr(first + k) for k in row if k != IGNORED)
            for row in rows.cpu().tolist()
        ]


def set_beam_size(task: Task, beam_size: int) -> None:
    """Decode from now on with so many prefixes; 1 takes the likeliest symbol at each step.

    Raises:
        ConfigError: If there are no transcripts to decode, or no prefix would be kept.
    """
    if not isinstance(task.output, Transcript):
        raise ConfigError("only ctc decodes with a beam", at="--beam", fix="leave it out")
    if beam_size < 1:
        raise ConfigError(f"beam is {beam_size}", at="--beam", fix="give 1 or more")
    task.output.beam_size = beam_size


def _needed_steps(targets: Tensor) -> Tensor:
    """Steps that transcripts (B, U) take at least, (B,): one a symbol, and a blank between equal neighbours."""
    symbols = (targets != IGNORED).sum(1)
    repeats = ((targets[:, 1:] == targets[:, :-1]) & (targets[:, 1:] != IGNORED)).sum(1)
    return symbols + repeats
