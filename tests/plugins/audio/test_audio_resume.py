"""Training on sound of 16 bits that was ended and went on is training that was left alone, and that on float32."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from seqkit import Domain
from seqkit.data.store import open_store
from seqkit_audio import DOMAIN
from seqkit_audio.codecs import WaveformCodec
from seqkit_audio.data import AudioData
from tests.core.resuming import differences, trained

STREAMS: dict[str, Any] = {"task": "next_step", "batch_size": 3, "window": 40, "valid_fraction": 0.2}
RECORDS: dict[str, Any] = {"task": "classify", "batch_size": 4, "max_epochs": 2, "valid_fraction": 0.3}


class NumberedAudio(AudioData):
    """Under next_step the samples themselves, as a plugin of another kind of signal would have them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.codec = self.target_codec = WaveformCodec()


def sounds(folder: Path, subtype: str) -> Path:
    """Eight tones of 16 bits; a subtype of floating point holds the same numbers."""
    for number in range(8):
        time_s = np.arange(150 + 11 * number) / 4000
        samples = (2**14 * np.sin(2 * np.pi * (200 + 500 * (number % 2)) * time_s)).astype(np.int16)
        path = folder / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples if subtype == "PCM_16" else samples / 2**15, 4000, subtype=subtype)
    return folder


@pytest.mark.parametrize(
    ("domain", "options", "places", "kind"),
    [
        pytest.param(DOMAIN, RECORDS, [("training", 2), ("validation", 1)], "int16", id="records"),
        pytest.param(DOMAIN, STREAMS, [("training", 3), ("validation", 2)], "uint8", id="levels, carried state"),
        pytest.param(
            Domain("samples", NumberedAudio, tasks=("next_step",)), STREAMS, [("training", 3), ("validation", 2)],
            "int16", id="samples, carried state",
        ),
    ],
)  # fmt: skip
def test_it_ends_as_if_it_had_never_been_interrupted(
    domain: Domain,
    options: dict[str, Any],
    places: list[tuple[str, int]],
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEQKIT_CACHE", str(tmp_path / "cache"))
    whole, run, numbers = (tmp_path / name for name in ("whole", "run", "numbers"))
    path = str(sounds(tmp_path / "fixed" / "sounds", "PCM_16"))
    assert [trained(domain, run, at, path=path, **options) for at in places] == [False] * len(places)
    assert trained(domain, run, path=path, **options)
    assert {open_store(meta.parent).steps.dtype.name for meta in (tmp_path / "cache").glob("*/meta.json")} == {kind}
    assert trained(domain, whole, path=path, **options)
    assert differences(run, whole) == []
    assert trained(domain, numbers, path=str(sounds(tmp_path / "float" / "sounds", "FLOAT")), **options)
    assert [name for name in differences(run, numbers) if name.endswith(("state_dict", ".csv", "_states"))] == []
