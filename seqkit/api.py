"""seqkit from Python: `fit`, `load`, and what a trained run can do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from seqkit import plugins
from seqkit.build import require_task
from seqkit.domain import Domain
from seqkit.errors import ConfigError, did_you_mean
from seqkit.inference.continuing import generate_records
from seqkit.inference.embed import EmbedPooling, embed_records, gather_embeddings
from seqkit.inference.judge import Judge
from seqkit.inference.predict import predict_records
from seqkit.inference.score import Scoring, score_rows
from seqkit.inference.scorers import choose_question, option_owners
from seqkit.inference.stream import Source, read_stream
from seqkit.settings import Settings, build_parser, option_names, parse_values
from seqkit.steps import Record, Split
from seqkit.tasks.distributions import Sampling
from seqkit.training import workflow
from seqkit.training.checkpoint import Loaded
from seqkit.training.crossval import cross_validate
from seqkit.training.folder import RunFolder

_GROUPS = ("data", "model", "encoder", "trainer")


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

    def validate(self, **data: Any) -> dict[str, float]:
        """Figures on the validation split; options of the data module replace the saved ones."""
        return workflow.evaluate(self.path, "valid", _with_text_paths(data), self._domain)["metrics"]

    def test(self, **data: Any) -> dict[str, float]:
        """Figures on the test split; options of the data module replace the saved ones."""
        return workflow.evaluate(self.path, "test", _with_text_paths(data), self._domain)["metrics"]

    def predict(self, path: Any = None, **data: Any) -> list[dict[str, Any]]:
        """One row a record of `path` (of the training data's path for None): origin and prediction."""
        changes = data | ({} if path is None else {"path": path})
        loaded = workflow.reload(self.path, _with_text_paths(changes), self._domain)
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
        loaded = workflow.reload(self.path, _with_text_paths(changes), self._domain)
        return gather_embeddings(embed_records(loaded.model, loaded.data, pooling, split), pooling)

    def stream(self, source: Source, chunk: int = 256) -> Iterator[dict[str, Any]]:
        """What the model says of bytes while they come: the lines of `seqkit stream`, one dictionary each.

        Args:
            source: A binary file, of which what has arrived is read, or blocks of bytes.
            chunk: Steps that are read at once at most.
        """
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
        asked = {name: value for name, value in _with_text_paths(options).items() if name in known}
        question = choose_question(domain, asked)
        if question is not None:
            if path is not None or len(asked) < len(options) or per_step or split != "predict":
                raise ConfigError(f"{question.name}= reads nothing else", at="Run.score", fix="leave out other options")
            return question.rows(Judge(self.loaded.model, self.loaded.data))
        changes = options | ({} if path is None else {"path": path})
        loaded = workflow.reload(self.path, _with_text_paths(changes), self._domain)
        return score_rows(Scoring(loaded.model, loaded.data, split), per_step)

    def generate(
        self, prompt: Any = None, steps: int | None = None, samples: int = 1, temperature: float = 1.0,
        top_k: int | None = None, top_p: float | None = None, seed: int = 0,
    ) -> Any:  # fmt: skip
        """Continue one sequence in the domain's own terms: text, a waveform, bases, (T, F) values.

        Args:
            prompt: What to continue; None starts as the training data does.
            steps: Steps to add.
            samples: Independent continuations; more than one gives a list.
            temperature: 1 draws from the model, 0 takes the likeliest.
            top_k: Only the k likeliest symbols.
            top_p: Only the likeliest symbols that together reach this probability.
            seed: Of the draws.
        """
        data = self.loaded.data
        records = None
        if prompt is not None:
            records = [data.prompt(prompt) if isinstance(prompt, str) else Record(sequence=prompt, origin="prompt")]
        sampling = Sampling(temperature, top_k, top_p)
        (generation,) = generate_records(self.loaded, records, steps, samples, sampling, seed)
        return generation.values[0] if samples == 1 else generation.values


def fit(
    domain: str | Domain, *, run: str | Path | None = None, seed: int = 0, quiet: bool = False, **options: Any
) -> Run:
    """Train a model.

    Args:
        domain: A domain's name, or its value.
        run: The run folder; None takes the next free `runs/NAME-N`.
        seed: Of weights, order and dropout.
        quiet: Print nothing.
        options: Any option of the command line by its last name (`path`, `task`, `hidden_size`, `max_epochs`), or
            with its group where two share a name (`model_dropout`, `encoder_dropout`).

    Raises:
        ConfigError: For an unknown or ambiguous option; names the nearest one.

    Example:
        >>> run = seqkit.fit("text", path="corpus.txt", hidden_size=512)  # doctest: +SKIP
        >>> run.generate("Once", steps=200)  # doctest: +SKIP
    """
    value = domain if isinstance(domain, Domain) else plugins.load(domain)
    settings = settings_from(value, options, seed, run)
    say: Callable[[str], None] = (lambda line: None) if quiet else print
    if quiet:
        settings.trainer["enable_progress_bar"] = False
    folder, _ = workflow.fit(settings, say)
    return Run(folder.path, None if isinstance(domain, str) else domain)


def crossval(
    domain: str | Domain,
    *,
    folds: int | None = None,
    leave_one_group_out: bool = False,
    run: str | Path | None = None,
    seed: int = 0,
    quiet: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Train and test once for each fold, or for each group left out.

    Args:
        domain: A domain's name, or its value.
        folds: How many (10), made by a hash of each record's file and number; not stratified.
        leave_one_group_out: A round for each group of `group_match`, which is then the test split.
        run: Folder of all rounds; None takes the next free `runs/NAME-crossval-N`.
        seed: Of each round.
        quiet: Print nothing.
        options: As for `fit`.

    Returns:
        `folds` with their metrics, `mean` and `deviation` of each figure; also in `crossval.json`.

    Example:
        >>> seqkit.crossval("text", folds=10, path=["good=pos.txt", "bad=neg.txt"], task="classify")  # doctest: +SKIP
    """
    value = domain if isinstance(domain, Domain) else plugins.load(domain)
    say: Callable[[str], None] = (lambda line: None) if quiet else print
    return cross_validate(settings_from(value, options, seed, run), folds, leave_one_group_out, say)


def load(run: str | Path, domain: Domain | None = None) -> Run:
    """A run that was trained before.

    Args:
        run: Run folder or checkpoint.
        domain: The domain's value, when it is not installed as a plugin.
    """
    handle = Run(run, domain)
    _ = handle.loaded
    return handle


def settings_from(domain: Domain, options: dict[str, Any], seed: int = 0, run: str | Path | None = None) -> Settings:
    """Settings from flat names, each sent to the group that knows it."""
    task = options.get("task", options.get("data_task", domain.tasks[0]))
    require_task(domain, task)
    known = [name for name in option_names(build_parser(domain, task)) if name.count(".") == 1]
    nested: dict[str, Any] = {group: {} for group in _GROUPS} | {"seed": seed, "run": None if run is None else str(run)}
    for name, value in _with_text_paths(options).items():
        group, _, own = _place(name, known).partition(".")
        nested[group][own] = value
    nested["data"]["task"] = task
    return parse_values(domain, {key: value for key, value in nested.items() if value != {}})


def _with_text_paths(options: dict[str, Any]) -> dict[str, Any]:
    """The same options with text for each path object, also in lists: options are plain JSON."""

    def plain(value: Any) -> Any:
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    return {name: plain(value) for name, value in options.items()}


def _place(name: str, known: list[str]) -> str:
    """The dotted option that a flat name means."""
    for group in _GROUPS:
        own = name.removeprefix(f"{group}_")
        if own != name and f"{group}.{own}" in known:
            return f"{group}.{own}"
    places = [option for option in known if option.partition(".")[2] == name]
    if len(places) == 1:
        return places[0]
    if places:
        names = " or ".join(place.replace(".", "_") for place in places)
        raise ConfigError(f"option {name!r} is ambiguous", at=f"{name}=", fix=f"write {names}")
    near = did_you_mean(name, [option.partition(".")[2] for option in known])
    raise ConfigError(f"unknown option {name!r}", at=f"{name}=", fix=near or "see seqkit fit --domain NAME --help")
