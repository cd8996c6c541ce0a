"""Entry point: finds the verb, shows help without loading torch, turns errors into one message and an exit code."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Callable, Sequence

from seqkit.cli import help as texts
from seqkit.cli.early_signals import ending_early
from seqkit.cli.threads import check_threads, run_on_threads, wait_briefly
from seqkit.errors import (
    NOTHING_YET,
    ConfigError,
    DependencyError,
    EndedBySignal,
    SeqkitError,
    did_you_mean,
    ended_means,
)
from seqkit.own_imports import import_own
from seqkit.version import __version__

VERBS: dict[str, str] = {
    "check": texts.CHECK,
    "fit": texts.FIT,
    "crossval": texts.CROSSVAL,
    "compare": texts.COMPARE,
    "validate": texts.EVALUATE.format(verb="validate", split="valid"),
    "test": texts.EVALUATE.format(verb="test", split="test"),
    "predict": texts.PREDICT,
    "score": texts.SCORE,
    "generate": texts.GENERATE,
    "forecast": texts.FORECAST,
    "embed": texts.EMBED,
    "stream": texts.STREAM,
    "diagnose": texts.DIAGNOSE,
    "export": texts.EXPORT,
    "make": texts.MAKE,
    "domains": texts.DOMAINS,
    "bench": texts.BENCH,
}
_MODULES = {"validate": "evaluate", "test": "evaluate"}
_OWN = {
    "crossval": ("folds", "leave_one_group_out"),
    "compare": ("rungs", "across", "seeds", "split", "json"),
    "check": ("json", "out"),
}
"""Options of verbs that otherwise take those of fit."""

_SHORT = {"--on-bad-record": "--data.on_bad_record", "--max-bad": "--data.max_bad"}
_POLICY = "--data.on_bad_record"
_PLAIN = (
    "domain", "config", "seed", "run", "probe", "threads", "resume", "fresh", "checkpoint_minutes", "print_config",
    "help",
)  # fmt: skip
_HELP = ("-h", "--help")
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "alloc_cpu")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the process's exit code.

    Args:
        arguments: Words after the program's name; None takes the process's own.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [_in_full(word) for word in words if word != "--debug"]
    try:
        with ending_early(at_end=arguments is None):
            return _run(words)
    except EndedBySignal as error:
        print(f"seqkit: interrupted{error.said and f': {error.said}'}", file=sys.stderr)
        return error.exit_code
    except SeqkitError as error:
        if debug:
            traceback.print_exc()
        print(f"seqkit: error: {_with_its_place(error, words)}", file=sys.stderr)
        if getattr(error, "of_a_record", False) and not any(word.startswith(_POLICY) for word in words):
            print("  or: --on-bad-record skip leaves such records out", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("seqkit: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0  # The reader of our output has gone, as `| head` does.
    except Exception as error:
        if debug:
            raise
        if (refusal := _of_the_machine(error)) is not None:
            print(f"seqkit: error: {refusal}", file=sys.stderr)
            return refusal.exit_code
        if (refusal := _of_a_plugin(error)) is not None:
            print(f"seqkit: error: {refusal}", file=sys.stderr)
            return refusal.exit_code
        print(
            f"seqkit: error: unexpected {type(error).__name__}: {error}\n"
            "  fix: this is a fault of seqkit or of a plugin; run again with --debug and report the traceback",
            file=sys.stderr,
        )
        return 1


def _in_full(word: str) -> str:
    """The full name of an option that also has a short one."""
    name, sign, value = word.partition("=")
    return _SHORT.get(name, name) + sign + value


def _with_its_place(error: SeqkitError, words: list[str]) -> SeqkitError:
    """An error about an option that a configuration file gives names the file and the line."""
    if not any(word.partition("=")[0] == "--config" for word in words):
        return error
    from seqkit.config_places import in_its_file

    return SeqkitError(error.what, at=in_its_file(error.at, error.what, words), fix=error.fix)


def _of_the_machine(error: Exception) -> SeqkitError | None:
    """What the machine refused: a file that cannot be written, a full disk, too little memory; None for our faults."""
    if isinstance(error, OSError) and (error.filename is not None or error.errno == errno.ENOSPC):
        what = f"cannot be written or read: {error.strerror or error}"
        return DependencyError(what, at=str(error.filename or "the output"), fix="name another place")
    if isinstance(error, MemoryError) or any(sign in str(error) for sign in _OUT_OF_MEMORY):
        return DependencyError(
            "the memory is too small for this",
            at=type(error).__name__,
            fix="lower --model.hidden_size, --data.batch_size or --data.window",
        )
    return None


def _of_a_plugin(error: Exception) -> SeqkitError | None:
    """A fault in the code of another package's plugin, with the package; None if it is ours."""
    from seqkit import plugins

    plugin = plugins.at_fault(error)
    if plugin is None:
        return None
    return DependencyError(
        f"domain {plugin.name!r} failed: {type(error).__name__}: {error}",
        at=f"package {plugin.package} {plugin.version}",
        fix="report it to the package's author, with the traceback that --debug shows",
    )


def _run(words: list[str]) -> int:
    if not words or words[0] in _HELP:
        print(texts.OVERVIEW, end="")
        return 0
    verb, *rest = words
    if verb in ("--version", "version"):
        print(f"seqkit {__version__}")
        return 0
    if verb not in VERBS:
        raise ConfigError(
            f"no verb {verb!r}", at="the first word", fix=did_you_mean(verb, VERBS) or f"verbs: {', '.join(VERBS)}"
        )
    if any(word in _HELP for word in rest) and not _wants_long_help(verb, rest):
        print(VERBS[verb], end="")
        return 0
    wait_briefly()
    with ended_means(NOTHING_YET if verb in ("fit", "crossval", "compare") else ""):
        _check_early(verb, rest)
        run: Callable[[str, list[str]], int] = import_own(f"seqkit.cli.{_MODULES.get(verb, verb)}").run
    return run_on_threads(verb, rest, run)


def _wants_long_help(verb: str, words: list[str]) -> bool:
    """`fit --domain NAME --help` and `score RUN --help` list the domain's options, for which it must be imported."""
    if verb == "score":
        return not words[0].startswith("-")
    return verb == "fit" and any(word.startswith(("--domain", "--config")) for word in words)


def _check_early(verb: str, words: list[str]) -> None:
    """Mistakes that can be found before torch is loaded."""
    from pathlib import Path

    from seqkit import plugins

    check_threads(verb, words)
    if verb in ("fit", "crossval", "compare", "check"):
        if words and words[0] in plugins.installed():
            raise ConfigError(
                f"unexpected word {words[0]!r}", at=f"seqkit {verb}", fix=f"did you mean '--domain {words[0]}'?"
            )
        _check_groups(words, _OWN.get(verb, ()))
        for number, word in enumerate(words):
            if word == "--domain" or word.startswith("--domain="):
                name = word.partition("=")[2] or (words[number + 1] if number + 1 < len(words) else "")
                plugins.find(name)
        if not any(word.startswith(("--domain", "--config")) for word in words):
            known = ", ".join(plugins.installed()) or "none"
            raise ConfigError("no domain given", at=f"seqkit {verb}", fix=f"add --domain NAME; installed: {known}")
    elif verb not in ("make", "domains", "bench"):
        runs = [word for word in words[:1] if not word.startswith("-")]
        if not runs:
            raise ConfigError(f"no run given: seqkit {verb} RUN", at="RUN", fix="name a run folder or checkpoint first")
        if not Path(runs[0]).exists():
            from seqkit.training.folder import find_checkpoint

            find_checkpoint(runs[0])


def _check_groups(words: list[str], own: tuple[str, ...]) -> None:
    """A typo in an option's group, or in an option without a group; `own` are those of the verb."""
    groups = ("data", "model", "encoder", "trainer")
    plain = (*_PLAIN, *own)
    for word in words:
        if not word.startswith("--"):
            continue
        name = word[2:].partition("=")[0]
        group, dot, _ = name.partition(".")
        if dot and group not in groups:
            raise ConfigError(f"unknown option '--{name}'", at=f"--{name}", fix=did_you_mean(group, groups))
        if not dot and name.replace("-", "_") not in plain and name not in groups:
            fix = did_you_mean(name, plain) or "options of the data, model and trainer begin with --data. and so on"
            raise ConfigError(f"unknown option '--{name}'", at=f"--{name}", fix=fix)
