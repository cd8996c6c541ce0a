import argparse
import importlib
import math
import re
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "benchmarks/peers"

FAKE = """#!{python}
import json, sys
if "skorch" in sys.argv[1]:
    sys.exit("no module named skorch")
print(json.dumps({{"seconds": 1.0, "characters_per_second": 10.0, "versions": {{"fake": "1.2"}}, "threads": 1}}))
"""


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.syspath_prepend(str(PEERS))


def test_quick_measures_ours_and_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = tmp_path / "python"
    fake.write_text(FAKE.format(python=sys.executable))
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "argv", ["characters.py", "--quick", "--peers", str(fake), "--threads", "1"])
    importlib.import_module("characters").main()
    rows = {line.split("|")[1].strip(): line.split("|") for line in capsys.readouterr().out.splitlines() if "|" in line}
    assert {"seqkit", "bare torch", "Keras"} <= set(rows) and "skorch" not in rows
    speed = float(rows["seqkit"][3].replace(",", ""))
    assert float(rows["Keras"][4].split()[0]) == pytest.approx(speed / 10, rel=0.1)


def test_without_the_peers_it_leaves_with_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["characters.py", "--peers", str(tmp_path / "none")])
    with pytest.raises(SystemExit) as left:
        importlib.import_module("characters").main()
    assert left.value.code == 3


def test_windows_of_a_row_follow_each_other_and_targets_are_the_next_characters() -> None:
    worker = importlib.import_module("worker")
    options = argparse.Namespace(batch_size=2, window=3, warmup=1, steps=2)
    inputs, targets = worker.windows(np.arange(14), options)  # two rows of 6 characters, two windows each
    assert inputs.tolist() == [[0, 1, 2], [6, 7, 8], [3, 4, 5], [9, 10, 11], [0, 1, 2], [6, 7, 8]]
    assert np.array_equal(targets, inputs + 1)


def test_requirements_are_pinned_as_they_were_measured_and_draw_no_other_torch() -> None:
    asked = [line for line in (PEERS / "requirements.txt").read_text().splitlines() if line and line[0] not in "#-"]
    pins = dict(re.sub(r"\[.*\]", "", line).split("==") for line in asked)
    locked = dict(line.split("==") for line in (PEERS / "constraints.txt").read_text().splitlines() if line[0] != "#")
    core = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if line[0] != "#")
    assert len(pins) == 8 and pins.items() <= locked.items()
    assert pins["torch"] == core["torch"].partition("+")[0]
    assert {pins["lightning"], pins["pytorch-lightning"]} == {"2.6.6"}
    assert not [name for name in locked if re.match("nvidia|torchvision|triton|cuda", name)]


def test_the_gpt_is_causal_has_the_published_size_and_counts_nats_of_every_character() -> None:
    nanogpt = importlib.import_module("nanogpt")
    torch.manual_seed(0)
    whole = nanogpt.SmallGPT(65, argparse.Namespace(features=128, block=64, layers=4, heads=4))
    assert sum(p.numel() for p in whole.parameters()) - whole.places.weight.numel() == 795_904  # "0.80M"
    model = nanogpt.SmallGPT(5, argparse.Namespace(features=8, block=4, layers=2, heads=2))
    ids = torch.tensor([[0, 1, 2, 3]])
    changed = torch.tensor([[0, 1, 4, 3]])
    same = torch.isclose(model(ids), model(changed)).all(-1)[0].tolist()
    assert same == [True, True, False, False]
    torch.nn.init.zeros_(model.symbols.weight)  # every symbol as likely as any other
    assert nanogpt.nats(model, torch.randint(5, (23,)), 4) == pytest.approx(math.log(5), rel=1e-5)


def test_the_learning_rate_rises_to_its_peak_and_ends_at_a_tenth_of_it() -> None:
    nanogpt = importlib.import_module("nanogpt")
    options = argparse.Namespace(rate=1e-3, warmup=100, steps=2000)
    rates = [nanogpt.rate(step, options) for step in (0, 99, 100, 1050, 2000)]
    assert rates == pytest.approx([1e-3 / 101, 1e-1 / 101, 1e-3, 5.5e-4, 1e-4])


def test_the_first_validation_at_the_target_counts_and_a_training_without_one_is_a_bound() -> None:
    language_model = importlib.import_module("language_model")
    found: dict[str, Any] = {
        language_model.GPT: ([(50, 20.0, 2.2), (100, 40.0, 1.9)], 800),
        "seqkit": ([(50, 4.0, 2.0), (100, 8.0, 1.87), (150, 12.0, 1.7)], 900),
    }
    gpt, seqkit = language_model.compare(found, 1.88).rows
    assert gpt[2:] == ["> 40.0", "100", "1.900", "1.00"]
    assert seqkit[2:] == ["8.0", "100", "1.870", "0.20"]


def test_the_clock_stands_still_during_validation_and_ends_at_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    language_model = importlib.import_module("language_model")
    now = iter([10.0, 13.0, 20.0, 24.0, 30.0])  # training 10-13 and 20-24, validation between and after
    monkeypatch.setattr(language_model.time, "perf_counter", lambda: next(now))
    clock = language_model.ValidationClock(1.88)
    trainer = argparse.Namespace(should_stop=False, global_step=50, callback_metrics={"valid/loss": torch.tensor(1.9)})
    clock.on_validation_start(trainer, torch.nn.Linear(2, 3))
    clock.on_validation_end(trainer, None)
    assert not trainer.should_stop
    trainer.global_step, trainer.callback_metrics = 100, {"valid/loss": torch.tensor(1.8)}
    clock.on_validation_start(trainer, torch.nn.Linear(2, 3))
    clock.on_validation_end(trainer, None)
    assert trainer.should_stop and clock.num_parameters == 9
    assert [(step, seconds) for step, seconds, _ in clock.found] == [(50, 3.0), (100, 7.0)]


def test_quick_trains_both_language_models(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["language_model.py", "--quick", "--threads", "1"])
    importlib.import_module("language_model").main()
    said = capsys.readouterr().out
    assert said.count("| > ") == 2  # neither reaches the target in four steps
    assert "seqkit, text/tiny-shakespeare-quick, " in said


def test_the_readme_names_every_script_and_worker_and_the_command_that_installs_the_peers() -> None:
    readme = (ROOT / "benchmarks/README.md").read_text()
    scripts = [*(ROOT / "benchmarks").glob("*.py"), *PEERS.glob("*.py")]
    named = set(re.findall(r"^\| `(\w+\.py)` \|", readme, re.MULTILINE))
    run = {path.name for path in scripts if "\ndef main(" in path.read_text()}
    assert len(run) >= 20 and named == run
    install = importlib.import_module("peer_process").INSTALL
    commands = [line.strip() for line in install.splitlines() if "pip install" in line or "venv" in line]
    assert len(commands) == 3 and all(command in readme.splitlines() for command in commands)
