"""Demo text for classify: opinions in English and Portuguese, `positive`, `negative` or `mixed`.

For most positive and negative records the words alone do not tell: "good, not dull" and "dull, not good" are the same
bag of words, as are "dull at first, good in the end" and "good at first, dull in the end". For the rest they do.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from seqkit import Record

LABELS = ("positive", "negative", "mixed")
NUM_REVIEWS = 1800


class _Language(NamedTuple):
    """Words and sentence patterns; `{x}` and `{y}` are the two judgements, `{a}` and `{b}` two things judged."""

    things: tuple[str, ...]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    plain: tuple[str, ...]
    """One judgement: its words decide."""
    first_counts: tuple[str, ...]
    """Two judgements, the first of which holds."""
    last_counts: tuple[str, ...]
    """Two judgements, the last of which holds."""
    both_count: tuple[str, ...]
    """Two things, judged differently."""


_ENGLISH = _Language(
    things=("the play", "the music", "the dinner", "the hotel", "the museum", "the lecture", "the trip"),
    good=("good", "lovely", "clever", "warm", "brilliant", "fresh"),
    bad=("bad", "dull", "clumsy", "cold", "tiring", "stale"),
    openings=(
        "",
        "",
        "we went on a rainy sunday with friends .",
        "i had read about it before .",
        "my brother chose it .",
    ),
    closings=("", "", "that is all i can say .", "we took the last bus home .", "tickets are sold at the door ."),
    plain=("{a} was {x} and {x2} .", "what a {x} evening , {a} felt {x2} .", "everyone called {a} {x} ."),
    first_counts=("{a} was {x} , not {y} .", "{x} , never {y} : that is {a} .", "{a} was {x} , nothing {y} about it ."),
    last_counts=("{a} was {y} at first and {x} in the end .", "{a} seemed {y} , but turned out {x} ."),
    both_count=("{a} was {x} , {b} was {y} .", "{x} , {a} , whereas {b} felt {y} ."),
)
_PORTUGUESE = _Language(
    things=("a peça", "a música", "a comida", "a viagem", "a aula", "a exposição"),
    good=("boa", "linda", "esperta", "alegre", "ótima"),
    bad=("ruim", "chata", "fraca", "fria", "cansativa"),
    openings=("", "", "fomos no domingo com chuva .", "eu já conhecia o lugar .", "foi ideia da minha irmã ."),
    closings=("", "", "é o que tenho a dizer .", "voltamos de ônibus .", "a entrada fica na praça ."),
    plain=("{a} foi {x} e {x2} .", "todos acharam {a} {x} .", "que noite {x} , {a} estava {x2} ."),
    first_counts=("{a} foi {x} , nada {y} .", "{x} , e não {y} : assim foi {a} ."),
    last_counts=("{a} começou {y} e terminou {x} .", "{a} parecia {y} , mas foi {x} ."),
    both_count=("{a} foi {x} , {b} foi {y} .", "{x} , {a} , enquanto {b} foi {y} ."),
)


def demo_reviews(seed: int = 0) -> Iterator[Record]:
    """As many reviews of each label, none twice, in a fixed order, the same for the same seed."""
    random = Random(seed)
    seen: set[str] = set()
    while len(seen) < NUM_REVIEWS:
        number = len(seen)
        label = LABELS[number % len(LABELS)]
        language = _ENGLISH if random.random() < 0.5 else _PORTUGUESE
        review = _review(random, language, label)
        if review not in seen:  # the split must not put the same review on both sides
            seen.add(review)
            yield Record(sequence=review, target=label, origin=f"demo:{number}")


def _review(random: Random, language: _Language, label: str) -> str:
    positive = label == "positive" or (label == "mixed" and random.random() < 0.5)
    holding, other = (language.good, language.bad) if positive else (language.bad, language.good)
    if label == "mixed":
        patterns = language.both_count
    else:
        patterns = random.choice((language.plain, language.first_counts, language.last_counts))
    a, b = random.sample(language.things, 2)
    x, x2 = random.sample(holding, 2)
    opinion = random.choice(patterns).format(a=a, b=b, x=x, x2=x2, y=random.choice(other))
    return " ".join(filter(None, (random.choice(language.openings), opinion, random.choice(language.closings))))
