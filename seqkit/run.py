"""Run: a trained model and everything one does with it from Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.domain import Domain
from seqkit.errors import ConfigError
from seqkit.export.writing import export_run
from seqkit.flat_options import with_text_paths
from seqkit.inference.continuing import generate_records, require_forecaster
from seqkit.inference.embed import EmbedPooling, embed_records, gather_embeddings
from seqkit.inference.judge import Judge
from seqkit.inference.predict import predict_records
from seqkit.inference.score import Scoring, score_rows
from seqkit.inference.scorers import choose_question, option_owners
from seqkit.inference.stream import Source, read_stream
from seqkit.lecture.instruments.diagnose import DiagnoseOptions, diagnose
from seqkit.lecture.instruments.diagnosis import Diagnosis
from seqkit.steps import Generation, Record, Split
from seqkit.tasks.ctc import set_beam_size
from seqkit.tasks.sampling import Sampling
from seqkit.training import workflow
from seqkit.training.checkpoint import Loaded
from seqkit.training.folder import RunFolder


class Run:
    """A trained model and everything one does with it.

    Args:
        path: Run folder or checkpoint.
        domain: The domain's value, when it is not installed as a plugin.
    """

    def __init__(self, path: str | Path, domain: Domain | None = None) -> None:
        self.path = Path(path)
        self._domain = domain

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @cached_property
    def loaded(self) -> Loaded:
        """The model, its data module and domain; read on first use."""
        return workflow.reload(self.path, domain=self._domain)

    @property
    def result(self) -> dict[str, Any]:
        """What training wrote to `result.json`."""
        return RunFolder(self.path).result() if self.path.is_dir() else {}

    def validate(self, positive: str | None = None, beam: int | None = None, **data: Any) -> dict[str, float]:
        """Figures on the validation split; options of the data module replace the saved ones.

        Args:
            positive: The positive class of two; None takes the second.
            beam: Prefixes that ctc keeps while decoding; None takes those of the training.
            data: Options of the data module.
        """
        return self._evaluate("valid", positive, beam, data)

    def test(self, positive: str | None = None, beam: int | None = None, **data: Any) -> dict[str, float]:
        """Figures on the test split; as `validate`."""
        return self._evaluate("test", positive, beam, data)

    def predict(self, path: Any = None, beam: int | None = None, **data: Any) -> list[dict[str, Any]]:
        """One row a record of `path` (of the training data's path for None): origin and prediction.

        Args:
            path: What to read.
            beam: Prefixes that ctc keeps while decoding; None takes those of the training.
            data: Options of the data module that replace the saved ones.
        """
        changes = data | ({} if path is None else {"path": path})
        loaded = workflow.reload(self.path, with_text_paths(changes), self._domain)
        if beam is not None:
            set_beam_size(loaded.model.task, beam)
        return list(predict_records(loaded.model, loaded.data))

    def embed(
        self, path: Any = None, pooling: EmbedPooling = "mean", split: Split = "predict", **data: Any
    ) -> tuple[list[str], Any]:
        """The hidden state of each record of `path` (of the training data's path for None).

        Args:
            path: What to read.
            pooling: The `mean` over a record's steps, the `last` step of each direction, or `every` step.
            split: All records (`predict`), or only `train`, `valid` or `test`.
            data: Options of the data module that replace the saved ones.

        Returns:
            Origins, and embeddings (N, H) float32; under `every` a list with an array (T, H) for each record.
        """
        changes = data | ({} if path is None else {"path": path})
        loaded = workflow.reload(self.path, with_text_paths(changes), self._domain)
        return gather_embeddings(embed_records(loaded.model, loaded.data, pooling, split), pooling)

    def diagnose(self, path: Any = None, **options: Any) -> Diagnosis:
        """What the lecture's instruments show of the model: gradient flow, Jacobians, gates, memory, clipping.

        Args:
            path: Data to look at it on; None takes the training data's path.
            options: Those of `DiagnoseOptions`, such as `split` and `num_steps`; others are options of the data module
                that replace the saved ones.
        """
        own = {name: options.pop(name) for name in [f.name for f in fields(DiagnoseOptions)] if name in options}
        changes = options | ({} if path is None else {"path": path})
        loaded = workflow.reload(self.path, with_text_paths(changes), self._domain)
        return diagnose(loaded, DiagnoseOptions(**own), self.path)

    def stream(self, source: Source | bytes, chunk: int = 256) -> Iterator[dict[str, Any]]:
        """What the model says of bytes while they come: the lines of `seqkit stream`, one dictionary each.

        Args:
            source: Bytes, a binary file, of which what has arrived is read, or blocks of bytes.
            chunk: Steps that are read at once at most.
        """
        source = [source] if isinstance(source, bytes) else source
        for part in read_stream(self.loaded.model, self.loaded.data, source, chunk):
            for line in zip(*part.columns.values(), strict=True):
                yield dict(zip(part.columns, line, strict=True))

    def score(
        self, path: Any = None, *, split: Split = "predict", per_step: bool = False, **options: Any
    ) -> Iterator[dict[str, Any]]:
        """How likely each record is, or each of its steps; or the answer to a question that only the domain knows.

        Args:
            path: What to read; None reads the training data's path.
            split: Which records; `predict` takes all.
            per_step: One row a step instead of one a record.
            options: Options of the data module that replace the saved ones; or a scorer of the domain with its
                options.

        Returns:
            Rows, as they are made.

        Raises:
            ConfigError: If the model was not trained on `next_step`, or for options that do not belong together.
        """
        domain = self.loaded.domain
        known = {*domain.scorers, *option_owners(domain)}
        asked = {name: value for name, value in with_text_paths(options).items() if name in known}
        question = choose_question(domain, asked)
        if question is not None:
            if path is not None or len(asked) < len(options) or per_step or split != "predict":
                raise ConfigError(f"{question.name}= reads nothing else", at="Run.score", fix="leave out other options")
            return question.rows(Judge(self.loaded.model, self.loaded.data))
        changes = options | ({} if path is None else {"path": path})
        loaded = workflow.reload(self.path, with_text_paths(changes), self._domain)
        return score_rows(Scoring(loaded.model, loaded.data, split), per_step)

    def export(self, out: str | Path) -> Run:
        """Write the model as files to pass on: `model.safetensors`, `seqkit.json` and a model card.

        Args:
            out: A new or an empty folder; `seqkit.load` and every verb take it in place of a run folder.

        Returns:
            The exported model, as `seqkit.load(out)` gives it.
        """
        return Run(export_run(self.path, out, self._domain), self._domain)

    def generate(
        self, prompt: Any = None, steps: int | None = None, samples: int = 1, temperature: float = 1.0,
        top_k: int | None = None, top_p: float | None = None, seed: int = 0,
    ) -> Any:  # fmt: skip
        """Continue sequences in the domain's own terms: text, a waveform, bases, (T, F) values.

        Args:
            prompt: What to continue; a list of texts or of arrays is a batch, and gives a list; None starts as the
                training data does.
            steps: Steps to add.
            samples: Independent continuations; more than one gives a list for each prompt.
            temperature: 1 draws from the model, 0 takes the likeliest.
            top_k: Only the k likeliest symbols.
            top_p: Only the likeliest symbols that together reach this probability.
            seed: Of the draws.
        """
        several = isinstance(prompt, list) and bool(prompt) and isinstance(prompt[0], str | np.ndarray)
        prompts = prompt if several else [] if prompt is None else [prompt]
        records = [
            self.loaded.data.prompt(one) if isinstance(one, str) else Record(sequence=one, origin="prompt")
            for one in prompts
        ]
        sampling = Sampling(temperature, top_k, top_p)
        made = generate_records(self.loaded, records or None, steps, samples, sampling, seed)
        values = [generation.values[0] if samples == 1 else generation.values for generation in made]
        return values if several else values[0]

    def forecast(
        self, path: Any = None, steps: int | None = None, samples: int = 100, seed: int = 0, **data: Any
    ) -> list[Generation]:
        """The future of each series of `path` (of the training data's path for None), as samples (H, F) or (H,).

        Args:
            path: Series to continue.
            steps: Steps to forecast; None takes the horizon.
            samples: Sample paths; samples a step of a model that forecasts all steps at once.
            seed: Of the draws.
            data: Options of the data module that replace the saved ones.
        """
        changes = data | ({} if path is None else {"path": path})
        loaded = workflow.reload(self.path, with_text_paths(changes), self._domain)
        require_forecaster(loaded)
        records = list(loaded.data.accepted("predict"))
        return list(generate_records(loaded, records, steps, samples, Sampling(), seed))

    def _evaluate(self, split: Split, positive: str | None, beam: int | None, data: dict[str, Any]) -> dict[str, float]:
        changes = with_text_paths(data)
        return workflow.evaluate(self.path, split, changes, self._domain, positive=positive, beam=beam)["metrics"]
