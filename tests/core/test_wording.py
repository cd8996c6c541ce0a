"""Counts and values in messages."""

import pytest

from seqkit import plural, quoted


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [(1, "cell", "1 cell"), (2, "cell", "2 cells"), (0, "bad record", "0 bad records"), (1, "class", "1 class"),
     (3, "class", "3 classes"), (1000, "series", "1,000 series"), (2, "index", "2 indexes")],
)  # fmt: skip
def test_a_noun_agrees_with_its_number(number: int, noun: str, said: str) -> None:
    assert plural(number, noun) == said


def test_a_long_value_is_cut_and_a_short_one_stands_as_it_is() -> None:
    assert quoted("a" * 40) == repr("a" * 40)
    assert quoted("a" * 41) == f"'{'a' * 40}'..."
    assert quoted("it's\n") == '"it\'s\\n"'
    assert quoted({"a": 1}) == "{'a': 1}" and len(quoted(list(range(1000)))) == 43
