import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from seqkit_music.codec import ScoreCodec
from seqkit_music.score import BAR, END, HOLD, REST, Note, bar_starts, from_text, notes, sounding, to_text

from seqkit import DataError, Discrete

values = st.one_of(st.integers(0, 127), st.sampled_from([HOLD, REST]))
steps = st.lists(values, min_size=4, max_size=4)
rows = st.lists(st.one_of(steps, st.just([BAR] * 4)), max_size=12)
scores = st.builds(
    lambda body, over: np.array(body + [[END] * 4] * over, dtype=np.int16).reshape(-1, 4), rows, st.booleans()
)


def test_a_step_is_four_symbols_and_a_mark_or_a_step_of_holds_is_one() -> None:
    codec = ScoreCodec()
    rows = [[BAR] * 4, [72, 67, 64, 48], [HOLD] * 4, [HOLD, HOLD, REST, HOLD], [END] * 4]
    score = np.array(rows, dtype=np.int16)
    assert codec.encode(score).tolist() == [130, 72, 67, 64, 48, 132, 128, 128, 129, 128, 131]
    assert codec.spec == Discrete(133)


@given(scores)
def test_any_score_comes_back(score: np.ndarray) -> None:
    decoded = ScoreCodec().decode(ScoreCodec().encode(score))
    assert decoded.dtype == np.int16
    assert np.array_equal(decoded, score)


@given(st.lists(st.integers(0, 132), max_size=40))
def test_any_symbols_give_a_score_that_can_be_encoded(symbols: list[int]) -> None:
    codec = ScoreCodec()
    score = codec.decode(torch.tensor(symbols, dtype=torch.int64))
    assert np.array_equal(codec.decode(codec.encode(score)), score)


def test_a_mark_in_the_middle_of_a_step_holds_the_voices_that_are_left() -> None:
    decoded = ScoreCodec().decode(torch.tensor([72, 67, 130, 132, 60, 131, 71, 65]))
    assert decoded.tolist() == [[72, 67, HOLD, HOLD], [BAR] * 4, [HOLD] * 4, [60, HOLD, HOLD, HOLD], [END] * 4]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((2, 3), dtype=np.int16), r"shape \(2, 3\)"),
        (np.zeros((2, 4)), "float64"),
        ("C4 E4", "no score"),
        (np.array([[128, 0, 0, 0]]), "128"),
        (np.array([[BAR, 60, 60, 60]]), "some voices only"),
        (np.array([[END] * 4, [60] * 4]), "after its end"),
    ],
)
def test_what_is_no_score_is_refused(value: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ScoreCodec().encode(value)


@given(scores.filter(len))
def test_text_comes_back_as_the_same_score(score: np.ndarray) -> None:
    assert np.array_equal(from_text(to_text(score), "here"), score)


def test_text_is_read_as_musicians_write_it() -> None:
    score = from_text("| C4 Bb3 f#3 E2 . r . .", "here")
    assert score.tolist() == [[BAR] * 4, [60, 58, 54, 40], [HOLD, REST, HOLD, HOLD]]
    assert to_text(score) == "|  C4 A#3 F#3 E2  . r . ."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C4 E4 G4", "3 voices"),
        ("C4 X4 G4 C3", "'X4'"),
        ("C4 E4 | G4 C3", "2 voices"),
        ("G9 G#9 C4 C4", "'G#9'"),
        ("", "no"),
    ],
)
def test_text_that_is_no_score_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        from_text(text, "--prompt")
    assert error.value.at == "--prompt"


def test_notes_last_until_their_voice_changes() -> None:
    score = from_text("| C5 r E4 C3  . G4 . r | D5 . r .", "here")
    assert sounding(score).tolist() == [[72, REST, 64, 48], [72, 67, 64, REST], [74, 67, REST, REST]]
    assert list(notes(score)) == [
        Note(0, 72, 0, 2),
        Note(0, 74, 2, 3),
        Note(1, 67, 1, 3),
        Note(2, 64, 0, 2),
        Note(3, 48, 0, 1),
    ]
    assert bar_starts(score) == [0, 2]
