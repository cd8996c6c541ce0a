"""The domain through the whole toolkit: train on demo data, then name and continue recordings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import seqkit
from seqkit_audio.demo import demo_clips

# Lightning's CSV logger warns about the run folder that it is told to write to.
pytestmark = pytest.mark.filterwarnings("ignore:Experiment logs directory")


def trained(tmp_path: Path, **options: Any) -> seqkit.Run:
    return seqkit.fit("audio", run=str(tmp_path / "run"), quiet=True, accelerator="cpu", **options)


def test_a_classifier_of_the_demo_data_names_sounds(tmp_path: Path) -> None:
    run = trained(tmp_path, hidden_size=48, max_epochs=15)
    assert run.test()["accuracy"] > 0.9
    # A file at four times the rate is brought to the model's own.
    clips = {label: clip for clip in demo_clips() for label in [clip.target]}
    for label in ("rise", "fall"):
        soundfile.write(tmp_path / f"{label}.wav", np.repeat(clips[label].sequence, 4), 32000)
    rows = run.predict([str(tmp_path / "rise.wav"), str(tmp_path / "fall.wav")])
    assert [(row["origin"], row["prediction"]) for row in rows] == [("rise.wav", "rise"), ("fall.wav", "fall")]


def test_a_model_of_melodies_continues_a_recording(tmp_path: Path, write_sound: Callable[..., Path]) -> None:
    run = trained(tmp_path, task="next_step", hidden_size=48, max_epochs=2, learning_rate=0.01)
    result = run.result
    assert result["metrics"]["bits_per_step"] < result["baselines"]["unigram"]["bits_per_step"] - 1
    sound, _ = soundfile.read(write_sound("a.wav", duration_s=0.1), dtype="float32")
    more = run.generate(sound, steps=40, seed=3)
    assert more.shape == (40,) and np.abs(more).max() <= 1
    assert np.array_equal(more, run.generate(sound, steps=40, seed=3))
    assert not np.array_equal(more, run.generate(sound, steps=40, seed=4))
