"""Configurations that a stranger might send: each tries to run, import, read, fill or hang something."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

CANARY = "canary"
"""A file that every payload tries to write, in the working folder."""

PAYLOAD = f"touch {CANARY}"
MARKED = "seqkit_canary_module"
"""A module on the path that writes the canary when it is imported."""


def _callback(class_path: str, init_args: str = "{}") -> str:
    return f"trainer:\n  callbacks:\n  - class_path: {class_path}\n    init_args: {init_args}\n"


def _logger(class_path: str, init_args: str = "{}") -> str:
    return f"trainer:\n  logger:\n    class_path: {class_path}\n    init_args: {init_args}\n"


CLASSES = {
    "os.system as a callback": _callback("os.system", f"{{command: '{PAYLOAD}'}}"),
    "posix.system": _callback("posix.system", f"{{command: '{PAYLOAD}'}}"),
    "subprocess as a logger": _logger("subprocess.Popen", f"{{args: '{PAYLOAD}', shell: true}}"),
    "eval": _callback("builtins.eval", f"{{source: \"__import__('os').system('{PAYLOAD}')\"}}"),
    "import": _callback("builtins.__import__", f"{{name: {MARKED}}}"),
    "a module that acts when imported": _callback(f"{MARKED}.Thing"),
    "its submodule": _callback(f"{MARKED}.deeper.Thing"),
    "a list of names": f"trainer: {{callbacks: [{MARKED}.Thing, os.system]}}\n",
    "a name alone": f"trainer: {{callbacks: {MARKED}.Thing}}\n",
    "a logger's name alone": f"trainer: {{logger: {MARKED}.Thing}}\n",
    "loggers in a list": f"trainer: {{logger: [{{class_path: {MARKED}.Thing}}]}}\n",
    "the strategy": f"trainer: {{strategy: {{class_path: {MARKED}.Thing}}}}\n",
    "the accelerator": f"trainer: {{accelerator: {{class_path: {MARKED}.Thing}}}}\n",
    "the profiler": f"trainer: {{profiler: {{class_path: {MARKED}.Thing}}}}\n",
    "through seqkit to os": _callback("seqkit.cli.main.sys.exit"),
    "through seqkit to a library": _callback("seqkit.recipes.stat.os.system"),
    "through lightning to subprocess": _logger("pytorch_lightning.loggers.csv_logs.os.system"),
    "through lightning to its own": _callback("pytorch_lightning.cli.LightningCLI"),
    "through torch to pickle": _callback("torch.nn.modules.module.pickle.loads"),
    "through torch to its loader": _callback("torch.serialization.load", "{f: evil.pt}"),
    "the program itself": _callback("seqkit.__main__.main"),
    "a verb": _callback("seqkit.cli.fit.run"),
    "a function as an argument": _callback("LambdaCallback", "{on_train_start: os.system}"),
    "a function of ours as an argument": _callback(
        "pytorch_lightning.callbacks.LambdaCallback", "{setup: seqkit.cli.main.main}"
    ),
    "an import deeper down": _callback("pytorch_lightning.callbacks.ModelPruning", f"{{pruning_fn: {MARKED}.run}}"),
    "the parser's own settings": _callback("jsonargparse.set_parsing_settings", "{import_path_allowlist: [os]}"),
    "the allow-list's neighbour": _callback("pytorch_lightning_evil.Thing"),
    "a prefix of the allow-list": _callback("seqkit_canary_module.Thing"),
    "dots": _callback("..os.system"),
    "a name that is no name": _callback("'os; import subprocess'"),
    "a further class path in init_args": _callback(
        "pytorch_lightning.callbacks.EarlyStopping", f"{{monitor: {{class_path: {MARKED}.Thing}}}}"
    ),
    "dict_kwargs": f"trainer: {{callbacks: [{{class_path: {MARKED}.Thing, dict_kwargs: {{a: 1}}}}]}}\n",
    "a scheduler of the model": f"model: {{scheduler: {{class_path: {MARKED}.Thing}}}}\n",
    "a class in a plain option": f"model: {{cell: {{class_path: {MARKED}.Thing}}}}\n",
    "a class as a path": f"data: {{path: {{class_path: {MARKED}.Thing}}}}\n",
    "a plugin of the trainer": f"trainer: {{plugins: [{{class_path: {MARKED}.Thing}}]}}\n",
    "another root folder": "trainer: {default_root_dir: /}\n",
}
"""Names of classes and functions that must be refused before they are imported."""

TEXTS = {
    "a python object": f"data: !!python/object/apply:os.system ['{PAYLOAD}']\n",
    "a python name": "model: {cell: !!python/name:os.system ''}\n",
    "a python module": f"seed: !!python/module:{MARKED} ''\n",
    "a python object by its state": "data: !!python/object/new:type {args: ['z', !!python/tuple [], {}]}\n",
    "an include": "data: !include /etc/passwd\n",
    "a tag of an unknown kind": "data: !ENV ${HOME}\n",
    "hydra": f"data: {{_target_: {MARKED}.Thing}}\n",
    "hydra at the top": f"_target_: {MARKED}.Thing\n",
    "billion laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n" for before, after in pairwise("abcdefghi")),
    "an alias of itself": "data: &a {path: *a}\n",
    "an alias of nothing": "data: *nothing\n",
    "nesting": "data: {path: " + "[" * 50_000 + "]" * 50_000 + "}\n",
    "mappings in mappings": "data: " + "{a: " * 5_000 + "1" + "}" * 5_000 + "\n",
    "a key twice": "seed: 1\nseed: 2\n",
    "a key twice deep down": "model:\n  hidden_size: 8\n  num_layers: 1\n  hidden_size: 4096\n",
    "a key that is a list": "? [seed, run]\n: 1\n",
    "a key that is a number": "1: 2\n",
    "two documents": "seed: 1\n---\nseed: 2\n",
    "no mapping": "- seed\n- 1\n",
    "text alone": "seed\n",
    "nothing": "",
    "a further file for a group": "model: other.yaml\n",
    "a further file for the trainer": "trainer: /etc/passwd\n",
    "a further configuration": "config: other.yaml\n",
    "ten megabytes": "data: {path: '" + "x" * 10_000_000 + "'}\n",
    "a number of 5,000 digits": "seed: " + "9" * 5_000 + "\n",
    "not a number": "model: {learning_rate: .nan}\n",
    "infinity": "model: {learning_rate: .inf}\n",
    "a negative size": "model: {hidden_size: -8}\n",
    "a huge size": "model: {hidden_size: 1000000000000}\n",
    "a huge number of layers": "model: {num_layers: 99999999999999999999}\n",
    "a huge batch": "data: {batch_size: 1000000000000000000000}\n",
    "a negative seed": "seed: -1\n",
    "a seed beyond the generators": "seed: 99999999999999999999999\n",
    "the environment": "data: {path: '${oc.env:HOME}/${PATH}'}\n",
    "an empty tag of a number": "seed: !!int ''\n",
    "a NUL by its escape": 'run: "a\\0b"\n',
    "bytes": "data: {path: !!binary aGVsbG8=}\n",
    "a domain that is a module": "domain: os\n",
    "a domain that is a path": "domain: ../../etc\n",
    "a domain that is a list": "domain: [text, audio]\n",
}
"""What the reader of YAML or of options must refuse."""

BYTES: dict[str, bytes] = {
    "UTF-16": "seed: 1\n".encode("utf-16"),
    "UTF-32": "seed: 1\n".encode("utf-32"),
    "latin-1": "run: ärger\n".encode("latin-1"),
    "NUL": b"seed: 1\x00\n",
    "control characters": b"run: \x1b[2J\n",
    "a gzip": b"\x1f\x8b\x08\x00" + bytes(64),
    "a pickle": b"\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
    "a wrong version": b"%YAML 9.9\n---\nseed: 1\n",
    "a tabulator": b"data:\n\tpath: x\n",
}
"""Contents that are no text, or no YAML."""


def places(folder: Path) -> dict[str, Callable[[], str]]:
    """What may stand in the place of a configuration file: makers of it, each of which returns its name.

    Args:
        folder: Where they may be made.
    """
    import os
    import socket

    def pipe() -> str:
        os.mkfifo(folder / "pipe.yaml")
        return "pipe.yaml"

    def to_pipe() -> str:
        os.mkfifo(folder / "other-pipe")
        (folder / "link.yaml").symlink_to("other-pipe")
        return "link.yaml"

    def loop() -> str:
        (folder / "loop.yaml").symlink_to("loop.yaml")
        return "loop.yaml"

    def listening() -> str:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(folder / "s.yaml"))
        return "s.yaml"

    return {
        "a pipe": pipe,
        "a link to a pipe": to_pipe,
        "a link to itself": loop,
        "a socket": listening,
        "a folder": lambda: str(folder),
        "a device": lambda: "/dev/zero",
        "a terminal": lambda: "/dev/tty",
        "nothing": lambda: "absent.yaml",
        "no name": lambda: "",
        "a name with NUL": lambda: "a\0b.yaml",
        "a recipe outside": lambda: "../../../../../../etc/passwd",
        "a recipe by a way round": lambda: "text/../../configs/text/tiny-shakespeare",
        "a very long name": lambda: "x" * 10_000,
        "options in place of a file": lambda: '{"seed": 1}',
        "standard input": lambda: "-",
        "a URL": lambda: "https://example.org/c.yaml",
    }
