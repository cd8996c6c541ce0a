"""Codecs: what comes back, what is refused, what a checkpoint keeps."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqkit import Codec, ConfigError, Continuous, DataError, Discrete, LabelCodec, StandardCodec, SymbolCodec, TagCodec

ANY_TEXT = st.text(st.characters(), max_size=40)
NUMBERS = st.floats(-1e3, 1e3, width=32)


def restored(codec: Codec, fresh: Codec) -> Codec:
    """A codec that went through a checkpoint."""
    fresh.restore(json.loads(json.dumps(codec.state())))
    return fresh


@given(st.lists(ANY_TEXT.filter(bool), min_size=1, max_size=4))
def test_text_of_the_learned_alphabet_comes_back(texts: list[str]) -> None:
    codec = SymbolCodec()
    codec.fit(texts)
    again = restored(codec, SymbolCodec())
    for text in texts:
        steps = codec.encode(text)
        assert len(steps) == len(text) and steps.max() < codec.spec.num_classes
        assert again.decode(codec.encode(text)) == text and torch.equal(again.encode(text), steps)


@given(ANY_TEXT)
def test_characters_outside_become_the_unknown_symbol(text: str) -> None:
    codec = SymbolCodec("ACGT", unknown="N")
    decoded = codec.decode(codec.encode(text))
    assert decoded == "".join(c if c in "ACGTN" else "N" for c in text)
    assert torch.equal(codec.encode(decoded), codec.encode(text))
    assert codec.spec == Discrete(5)


def test_a_character_outside_is_refused_with_its_place() -> None:
    with pytest.raises(DataError, match=r"character 'x' at position 2"):
        SymbolCodec("ACGT").encode("ACxG")
    assert SymbolCodec("ACGT").encode("").shape == (0,)


def test_an_alphabet_is_learned_sorted_and_a_given_one_stays() -> None:
    codec, given = SymbolCodec(), SymbolCodec("zyx")
    codec.fit(["cab", "😀a"])
    given.fit(["abc"])
    assert codec.alphabet == "abc😀" and given.alphabet == "zyx"
    assert codec.encode("c😀a").tolist() == [2, 3, 0]


def test_an_alphabet_names_each_symbol_once() -> None:
    with pytest.raises(ConfigError, match="names a symbol twice"):
        SymbolCodec("abca")


@pytest.mark.parametrize("codec", [SymbolCodec(), LabelCodec(), TagCodec(), StandardCodec()])
def test_a_codec_that_saw_no_data_says_so(codec: Codec) -> None:
    with pytest.raises(ConfigError, match="used before it was fitted"):
        _ = codec.spec


def test_labels_are_sorted_and_come_back() -> None:
    codec = LabelCodec()
    codec.fit(["dog", "cat", "dog", 7])
    assert codec.labels == ["7", "cat", "dog"] and codec.spec == Discrete(3)
    assert codec.encode(7).tolist() == [0] and codec.encode("dog").tolist() == [2]
    assert restored(codec, LabelCodec()).decode(torch.tensor([1])) == "cat"
    assert codec.decode(torch.tensor(2)) == "dog"


def test_an_unknown_label_names_the_nearest() -> None:
    with pytest.raises(DataError, match=r"label 'dgo'(.|\n)*did you mean 'dog'"):
        LabelCodec(["cat", "dog"]).encode("dgo")


@pytest.mark.parametrize("values", [[], ["cat", "cat"]])
def test_fewer_than_two_labels_are_refused(values: list[str]) -> None:
    with pytest.raises(DataError, match="at least two labels"):
        LabelCodec().fit(values)


def test_tags_come_back_step_by_step() -> None:
    codec = TagCodec()
    codec.fit([["N", "V"], [], ["A"]])
    assert codec.encode(["V", "A", "N"]).tolist() == [2, 0, 1]
    assert restored(codec, TagCodec()).decode(torch.tensor([2, 0])) == ["V", "A"]
    assert codec.encode([]).tolist() == []


@given(st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=9), min_size=1, max_size=4))
def test_numbers_come_back_within_the_tolerance(series: list[list[tuple[float, float]]]) -> None:
    codec = StandardCodec()
    codec.fit(series)
    again = restored(codec, StandardCodec())
    for values in series:
        assert np.abs(again.decode(codec.encode(values)) - np.array(values)).max() <= codec.tolerance
    assert codec.spec == Continuous(2)


def fitted(*values: Any) -> StandardCodec:
    codec = StandardCodec()
    codec.fit(values)
    return codec


def test_mean_and_deviation_are_those_of_all_training_values() -> None:
    rng = np.random.default_rng(0)
    series = [rng.normal([3, -50], [2, 7], (n, 2)) for n in (4, 9, 1)]
    codec, flat = fitted(*series), np.concatenate(series)
    np.testing.assert_allclose(codec.mean, flat.mean(0), rtol=1e-12)
    np.testing.assert_allclose(codec.deviation, flat.std(0), rtol=1e-12)
    np.testing.assert_allclose(codec.encode(series[0]), (series[0] - flat.mean(0)) / flat.std(0), rtol=1e-5, atol=1e-6)


def test_values_far_from_zero_keep_their_spread() -> None:
    values = 1e9 + np.random.default_rng(0).normal(0, 1e-2, 1000)
    codec = fitted(values)
    assert codec.deviation[0] == pytest.approx(values.std(), rel=1e-4)
    assert codec.encode(values).std().item() == pytest.approx(1.0, abs=0.01)


def test_missing_values_stay_missing_and_count_nothing() -> None:
    codec = fitted(np.array([[np.nan, np.nan], [1.0, np.nan], [3.0, 8.0]]), np.array([[np.nan, 10.0]]))
    assert codec.mean == pytest.approx([2.0, 9.0]) and codec.deviation == pytest.approx([1.0, 1.0])
    steps = codec.encode(np.array([[np.nan, 9.0]]))
    assert steps[0, 0].isnan() and steps[0, 1] == 0


def test_a_feature_that_never_varies_is_only_centred() -> None:
    codec = fitted(np.full((5, 1), 1e6 + 0.1))
    assert codec.deviation == [1.0]
    assert codec.encode(np.array([1e6 + 0.1, 1e6 + 3.1])).flatten().tolist() == pytest.approx([0.0, 3.0], abs=1e-6)


def test_a_feature_that_was_never_observed_is_left_alone() -> None:
    codec = fitted(np.array([[1.0, np.nan], [3.0, np.nan]]))
    assert codec.mean[1] == 0.0 and codec.deviation[1] == 1.0


def test_a_long_record_is_summed_up_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqkit.standard_codec._BLOCK_BYTES", 7 * 16)
    values = np.random.default_rng(0).normal(1e6, 3, (100, 2))
    values[:9, 0] = values[50:60] = np.nan
    whole, parts = StandardCodec(), StandardCodec()
    whole.fit([values])
    parts.fit([values[:7], values[7:35], values[35:]])
    assert whole.state() == parts.state()
    np.testing.assert_allclose(whole.mean, np.nanmean(values, axis=0), rtol=1e-14)
    np.testing.assert_allclose(whole.deviation, np.nanstd(values, axis=0), rtol=1e-9)


def test_numbers_pass_unchanged_when_not_standardised() -> None:
    codec = StandardCodec(standardise=False)
    codec.fit([np.array([5.0, 7.0])])
    assert codec.encode([5.0, 7.0]).tolist() == [[5.0], [7.0]] and codec.mean == [0.0]


def test_series_of_another_width_or_shape_are_refused() -> None:
    with pytest.raises(DataError, match="3 features a step where 2 were trained on"):
        fitted(np.zeros((4, 2))).encode(np.zeros((4, 3)))
    with pytest.raises(DataError, match=r"shape \(1, 2, 3\)"):
        fitted(np.zeros((4, 2))).encode(np.zeros((1, 2, 3)))
    with pytest.raises(DataError, match="no training values"):
        fitted()


def test_records_of_unequal_width_are_refused_while_the_codec_learns() -> None:
    with pytest.raises(DataError, match="3 features a step where 2 were trained on"):
        StandardCodec().fit([np.zeros((4, 2)), np.zeros((5, 3))])


@pytest.mark.parametrize("text", ["plain ascii\n", "ação 漢😀", "", "a\0b"])
def test_the_array_for_a_store_holds_the_steps_of_encode(text: str) -> None:
    codec = SymbolCodec(unknown="\ufffd")
    codec.fit(["plain ascii text", "ação", text[:3]])
    assert codec.encode_array(text).tolist() == codec.encode(text).tolist()
    assert codec.encode(text).dtype == torch.int64


def test_an_alphabet_too_large_for_bytes_reads_ascii_all_the_same() -> None:
    codec = SymbolCodec("".join(map(chr, range(0x100, 0x100 + 300))) + "ab")
    assert codec.encode("ba").tolist() == [301, 300]
    with pytest.raises(DataError, match="'c' at position 1"):
        codec.encode("bc")
