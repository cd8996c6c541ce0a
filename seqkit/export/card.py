"""The model card of an exported model: what it is, of which data, how good, what it is not, how to load it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from torch import Tensor

from seqkit.training.leakage import describe_leaks
from seqkit.training.plain import printable

_LIMITS = {
    "next_step": "It continues what it was trained on. What it makes is likely, not true, and it repeats what the "
    "training data were like, errors and bias included.",
    "classify": "It answers with one of its classes whatever it is given: there is no answer for what belongs to none.",
    "tag": "It gives one of its labels at each step whatever it is given.",
    "ctc": "It writes with the symbols of its training transcripts only, and writes something for noise, too.",
    "forecast": "It assumes that the future goes on as the past that it was trained on did.",
}
_MOST_BASELINES = 4


def write_card(
    blueprint: dict[str, Any],
    trained_on: str,
    results: dict[str, dict[str, Any]],
    weights: dict[str, Tensor],
    sha: str,
) -> str:
    """The card as Markdown, with the front matter that model hubs read.

    Args:
        blueprint: What is exported.
        trained_on: What the data were called.
        results: What was measured, by split: `metrics`, `baselines`, `num_records`, `leaked`, and in `changed_data`
            the options of the data, if they were others than those of the training.
        weights: The model's.
        sha: SHA-256 of their file.
    """
    domain, task = blueprint["domain"], blueprint["task"]
    parts = [
        f"---\nlibrary_name: seqkit\ntags:\n- seqkit\n- {domain}\n- {task}\n- {blueprint['model']['cell']}\n---",
        f"# {domain} · {task} · {blueprint['model']['cell']}",
        "## How to load it\n\n" + _loading(task),
        "## Model\n\n" + _rows(_facts(blueprint, weights, sha)),
        "## Data\n\n" + _data(blueprint, trained_on, results),
        "## Figures\n\n" + ("\n\n".join(_figures(*item) for item in results.items()) or "None were measured."),
        "## Limits\n\n" + _limits(task, results),
        "## Licence\n\nTo be stated by whoever passes the model on; that of the training data may bind it.",
    ]
    return "\n\n".join(parts) + "\n"


def _loading(task: str) -> str:
    verb = {"next_step": "generate", "forecast": "forecast"}.get(task, "predict")
    given = "steps=200" if verb == "generate" else '"new-data"'
    return (
        f'```python\nimport seqkit\n\nmodel = seqkit.load("FOLDER")\nmodel.{verb}({given})\n```\n\n'
        f"```\nseqkit {verb} FOLDER --help\nseqkit test FOLDER --data.path new-data\n```\n\n"
        "The weights are safetensors and the rest is JSON: nothing in this folder is run when it is loaded."
    )


def _facts(blueprint: dict[str, Any], weights: dict[str, Tensor], sha: str) -> dict[str, Any]:
    model, plugin = blueprint["model"], blueprint.get("plugin") or {}
    storages = {tensor.data_ptr(): tensor.numel() for tensor in weights.values()}
    facts = {
        "cell": f"{model['cell']}, {model['num_layers']} × {model['hidden_size']} units"
        + (", both directions" if model["bidirectional"] else ""),
        "numbers in the weights": f"{sum(storages.values()):,}",
        "domain given by": f"{plugin.get('package') or 'no package'} {plugin.get('version') or ''}".strip(),
        "level of the plugin contract": plugin.get("api_level"),
    }
    facts |= {name: number for name, number in (blueprint.get("versions") or {}).items()}
    return facts | {"SHA-256 of model.safetensors": f"`{sha}`"}


def _data(blueprint: dict[str, Any], trained_on: str, results: dict[str, dict[str, Any]]) -> str:
    facts: dict[str, Any] = {"trained on": f"`{printable(trained_on)}`", "task": blueprint["task"]}
    for option in ("test_match", "test_every", "group_match", "test_group", "fold", "valid_fraction", "test_fraction"):
        value = blueprint["data"].get(option)
        if value is not None:
            facts[option] = f"`{value}`"
    for split, result in results.items():
        facts[f"records of {split}"] = f"{result['num_records']:,}"
    fit = results.get("valid", {})
    if bad := fit.get("bad_records"):
        facts["bad records left out"] = bad
    note = "The data are not part of this folder, and neither is where they lay; what codecs learnt of them is"
    return f"{_rows(facts)}\n\n{note} (alphabets, vocabularies, names of classes: in `seqkit.json`)."


def source_name(given: str | list[str] | None) -> str:
    """What data were called, several with commas between them, without the folders they lay in.

    Example:
        >>> source_name(["old=/home/me/a.fa", "new=/home/me/b.fa"])
        'old=a.fa, new=b.fa'
    """
    return ", ".join(_name(entry) for entry in ([given] if given is None or isinstance(given, str) else given))


def _name(entry: str | None) -> str:
    if entry is None:
        return "demo data of seqkit"
    if entry.startswith(("hf://", "made:")):
        return entry
    label, sign, path = entry.partition("=")
    return f"{label}={Path(path).name}" if sign else Path(entry).name


def _figures(split: str, result: dict[str, Any]) -> str:
    """A table of figures, with the first baselines beside them."""
    baselines = list(result.get("baselines", {}).items())[:_MOST_BASELINES]
    head = ["figure", "model", *(name.replace("_", " ") for name, _ in baselines)]
    changed = ", ".join(f"{name} `{printable(str(value))}`" for name, value in result["changed_data"].items())
    other = f", of other data than those of the training ({changed})" if changed else ""
    lines = [f"Split `{split}`{other}, {result['num_records']:,} records:", "", _line(head), _line(["---"] * len(head))]
    for name, value in result["metrics"].items():
        lines.append(
            _line([name.replace("_", " "), *(_number(v) for v in (value, *(b.get(name) for _, b in baselines)))])
        )
    return "\n".join(lines)


def _limits(task: str, results: dict[str, dict[str, Any]]) -> str:
    limits = [_LIMITS.get(task, "")]
    limits.append("The figures hold for data like those of the training; on other data they are unknown.")
    if "test" not in results:
        limits.append("It was not scored on a test split: figures of `valid` chose its weights, and flatter it.")
    for split, result in results.items():
        if line := describe_leaks(result["leaked"], result["num_records"], split):
            limits.append(line)
    limits.append("It was not looked at for fairness between groups of people, nor for private data it may give away.")
    return "\n".join(f"- {limit}" for limit in limits if limit)


def _rows(facts: dict[str, Any]) -> str:
    return "\n".join(["| | |", "| --- | --- |", *(_line([name, str(value)]) for name, value in facts.items())])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(printable(str(cell)).replace('|', '/') for cell in cells)} |"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "–"
