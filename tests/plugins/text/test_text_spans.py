"""Spans of BIO tags, and their figures, worked by hand."""

import pytest

from seqkit_text.data import TextData
from seqkit_text.spans import are_spans, find_spans, span_figures


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("O O", []),
        ("B-PER I-PER O B-LOC", [("PER", 0, 2), ("LOC", 3, 4)]),
        ("B-PER B-PER I-PER", [("PER", 0, 1), ("PER", 1, 3)]),
        ("B-PER I-LOC I-LOC", [("PER", 0, 1), ("LOC", 1, 3)]),  # no tag fits: conlleval begins a new span
        ("I-PER I-PER O I-PER", [("PER", 0, 2), ("PER", 3, 4)]),  # IOB1
        ("S-PER B-LOC I-LOC E-LOC S-LOC", [("PER", 0, 1), ("LOC", 1, 4), ("LOC", 4, 5)]),  # IOBES
        ("U-PER B-LOC L-LOC I-LOC", [("PER", 0, 1), ("LOC", 1, 3), ("LOC", 3, 4)]),  # BILOU
        ("B-A-B I-A-B", [("A-B", 0, 2)]),
        ("", []),
    ],
)
def test_spans_are_found_as_conlleval_finds_them(tags: str, spans: list[tuple[str, int, int]]) -> None:
    assert find_spans(tags.split()) == spans


def test_figures_are_those_worked_by_hand() -> None:
    truth = ["B-PER I-PER O B-LOC".split(), "B-ORG O".split(), "O O B-LOC".split()]
    guess = ["B-PER I-PER O B-PER".split(), "B-ORG I-ORG".split(), "B-PER O B-LOC".split()]
    # Right: PER 0-2 of the first and LOC of the third. Five are guessed, four are there.
    figures = span_figures(truth, guess)
    assert figures == pytest.approx({"span_precision": 2 / 5, "span_recall": 2 / 4, "span_f1": 4 / 9})


def test_no_spans_give_zeros_rather_than_errors() -> None:
    nothing = {"span_precision": 0.0, "span_recall": 0.0, "span_f1": 0.0}
    assert span_figures([["O"]], [["O"]]) == span_figures([["B-X"]], [["O"]]) == nothing


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"O", "B-PER", "I-PER"}, True),
        ({"O", "I-PER"}, True),
        ({"O"}, False),
        ({"NOUN", "VERB"}, False),
        ({"B-X", "I-X"}, False),
        ({"O", "B-X", "NOUN"}, False),
    ],
)
def test_tags_of_spans_are_told_from_others(tags: set[str], expected: bool) -> None:
    assert are_spans(tags) is expected


def test_the_data_module_gives_figures_of_spans_only() -> None:
    data = TextData(task="tag")
    truth = [["B-PER", "O"]]
    data.target_codec.restore({"labels": ["B-PER", "O"]})
    assert data.figures(truth, truth)["span_f1"] == 1.0
    data.target_codec.restore({"labels": ["NOUN", "VERB"]})
    assert data.figures([["NOUN"]], [["VERB"]]) == {}
