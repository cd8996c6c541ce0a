"""A judge says how likely values are, alone and against others."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from seqkit import (
    ConfigError,
    Domain,
    Judge,
)
from tests.core.scoring import build, offline


@pytest.mark.parametrize("chunk", [3, 1000])
def test_a_judge_says_how_likely_values_are(melody: Domain, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    model, data = build(melody)
    monkeypatch.setattr("seqkit.inference.likelihood._READ_TOGETHER", chunk)
    monkeypatch.setattr("seqkit.inference.judge._ROWS", 2)
    words = ["abcdefgh", "a", "hgfedcbaab", "cc", "abc"]
    for word, nats in zip(words, Judge(model, data).log_likelihoods(iter(words)), strict=True):
        assert nats.dtype == np.float64
        expected = offline(model, data.codec.encode(word)) if len(word) > 1 else np.zeros(0)
        np.testing.assert_allclose(nats, expected, atol=1e-12)


OTHERS = {
    "abcdefgh": ["abcdefgh", "abcdefga", "bbcdefgh", "abc", "abcdaefgh", "abcdefghh", "a", "hhhhhhh", "aacdefgh"],
    "cab": ["cabb", "dab"],
    "ef": [],
    "g": ["gg", "a"],
}


@pytest.mark.parametrize("rows", [2, 64])
def test_alternatives_are_what_reading_each_alone_gives(
    melody: Domain, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    model, data = build(melody, cell="lstm")
    monkeypatch.setattr("seqkit.inference.judge._ROWS", rows)
    judge = Judge(model, data)
    found = list(judge.alternatives(OTHERS.items()))
    for (value, others), (own, judged) in zip(OTHERS.items(), found, strict=True):
        (expected,) = judge.log_likelihoods([value])
        np.testing.assert_allclose(own, expected, atol=1e-12)
        assert len(judged) == len(others)
        for nats, alone in zip(judged, judge.log_likelihoods(others), strict=True):
            np.testing.assert_allclose(nats, alone, atol=1e-12)


def test_what_alternatives_share_is_read_once(melody: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = build(melody)
    steps: list[int] = []
    forward = model.forward

    def counted(inputs: Tensor, lengths: Tensor, *rest: Any) -> Any:
        steps.append(int(lengths.sum()))
        return forward(inputs, lengths, *rest)

    monkeypatch.setattr(model, "forward", counted)
    value = "abcdefgh" * 5
    list(Judge(model, data).alternatives([(value, [value[:30] + "aaa" + value[33:]])]))
    # 39 inputs of the value; of the alternative those from step 29 on, which predicts the first that differs.
    assert sum(steps) == 39 + 10


def test_alternatives_of_numbers_carry_the_running_scale(series: Domain) -> None:
    model, data = build(series)
    values = np.linspace(1.0, 9.0, 17) ** 2
    changed = values.copy()
    changed[11] = 500.0
    ((own, (other,)),) = Judge(model, data).alternatives([(values, [changed])])
    np.testing.assert_allclose(own, offline(model, data.codec.encode(values)), rtol=2e-4, atol=1e-4)
    np.testing.assert_allclose(other, offline(model, data.codec.encode(changed)), rtol=2e-4, atol=1e-4)


def test_a_judge_answers_what_whole_values_are(melody: Domain) -> None:
    model, data = build(melody, "classify")
    words = ["abc", "hgfedcba", "d"]
    for word, answer in zip(words, Judge(model, data).answers(words), strict=True):
        with torch.no_grad():
            raw, lengths, _, _ = model(data.codec.encode(word)[None], torch.tensor([len(word)]))
            expected = model.task(raw, lengths)[0].log_softmax(-1).numpy()
        np.testing.assert_allclose(answer, expected, atol=1e-12)
    with pytest.raises(ConfigError, match="trained on next_step, not on classify"):
        next(Judge(model, data).log_likelihoods(words))
