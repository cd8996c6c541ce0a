"""Word order as made data: opinions that come in twins of the same words, one positive and one negative.

The lecture's example: "A comida estava boa, nada ruim" and "A comida estava ruim, nada boa".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from seqkit import Known, Made
from seqkit_text.made_rows import pick, require, split_sizes, write_splits

LABELS = ("positive", "negative")

_TRIES = 20
"""Sentences made for each one that is kept, before the grammar counts as used up."""


class _Language(NamedTuple):
    """Words and patterns; of a word with two forms, `a/b`, the first goes with things of the first gender.

    In a pattern `{t}` is what is judged, `{i}` an intensifier or nothing, `{x}` the judgement that holds and `{y}` the
    other. No pattern begins with a judgement: a capital letter would tell which of them came first.
    """

    things: tuple[tuple[str, ...], tuple[str, ...]]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    intensifiers: tuple[str, ...]
    patterns: tuple[str, ...]
    people: tuple[str, ...]
    deeds: tuple[str, ...]
    times: tuple[str, ...]


_PORTUGUESE = _Language(
    things=(
        ("a comida", "a festa", "a viagem", "a aula", "a peça", "a sopa", "a música", "a praia", "a casa", "a cidade",
         "a reunião", "a exposição"),
        ("o filme", "o jantar", "o livro", "o hotel", "o museu", "o passeio", "o café", "o bairro", "o concerto",
         "o curso", "o mercado", "o jardim"),
    ),
    good=("boa/bom", "bonita/bonito", "ótima/ótimo", "divertida/divertido", "limpa/limpo", "alegre", "agradável",
          "tranquila/tranquilo", "segura/seguro", "bela/belo", "excelente", "rica/rico"),
    bad=("ruim", "feia/feio", "péssima/péssimo", "chata/chato", "suja/sujo", "triste", "cansativa/cansativo",
         "confusa/confuso", "perigosa/perigoso", "fraca/fraco", "horrível", "pobre"),
    intensifiers=("", "", "muito", "bem", "bastante", "mesmo"),
    patterns=(
        "{t} estava {i} {x} , nada {y}",
        "{t} foi {i} {x} , e não {y}",
        "achei {t} {i} {x} , nunca {y}",
        "{t} parecia {y} , mas foi {i} {x}",
        "{t} não estava {y} , estava {i} {x}",
        "{t} começou {y} e terminou {i} {x}",
    ),
    people=("fui com amigos", "fomos todos juntos", "minha irmã veio também", "estive lá sem pressa",
            "um vizinho me levou", "voltamos de ônibus", "não paguei a entrada"),
    deeds=("", "outra vez", "como sempre", "por acaso", "sem avisar"),
    times=("no domingo", "na semana passada", "em maio", "depois do trabalho", "num dia de chuva", "de manhã cedo"),
)  # fmt: skip
_ENGLISH = _Language(
    things=(
        ("the food", "the party", "the journey", "the lesson", "the play", "the soup", "the music", "the beach"),
        ("the film", "the dinner", "the book", "the hotel", "the museum", "the walk", "the concert", "the market",
         "the garden", "the town", "the course", "the house"),
    ),
    good=("good", "pretty", "great", "funny", "clean", "cheerful", "pleasant", "quiet", "safe", "lovely", "excellent",
          "rich"),
    bad=("bad", "ugly", "terrible", "boring", "dirty", "sad", "tiring", "confusing", "dangerous", "weak", "horrible",
         "poor"),
    intensifiers=("", "", "very", "really", "rather", "quite"),
    patterns=(
        "{t} was {i} {x} , not at all {y}",
        "{t} was {i} {x} , and not {y}",
        "we found {t} {i} {x} , never {y}",
        "{t} seemed {y} , but was {i} {x}",
        "{t} was not {y} , it was {i} {x}",
        "{t} began {y} and ended {i} {x}",
    ),
    people=("I went with friends", "we all went together", "my sister came too", "I was there alone",
            "a neighbour took me", "we came back by bus", "nobody paid to enter"),
    deeds=("", "once more", "as always", "by chance", "without a plan"),
    times=("on Sunday", "last week", "in May", "after work", "on a rainy day", "early in the morning"),
)  # fmt: skip
_LANGUAGES = {"pt": _PORTUGUESE, "en": _ENGLISH}


def write_order(folder: Path, seed: int, *, language: Literal["pt", "en"] = "pt", size: int = 4000) -> Made:
    """Opinions, `positive` or `negative`, where the order of the words decides and nothing else.

    Each sentence has a twin in its own split: the same words, the two judgements exchanged, the other label. So
    whatever looks at counts alone is right on exactly half of them, and its loss is at least ln 2. No sentence is in
    two splits.

    Args:
        folder: Where to write.
        seed: Of the random choices.
        language: Portuguese or English.
        size: Sentences for training, an even number; validation and test have a quarter each.
    """
    require(language in _LANGUAGES, f"language is {language!r}", fix=f"one of {', '.join(_LANGUAGES)}")
    sizes = split_sizes(size, together=2)
    pairs = _pairs(_LANGUAGES[language], np.random.default_rng(seed), sum(sizes.values()) // 2)
    known = Known(optimum={"loss": 0.0, "accuracy": 1.0}, chance={"loss": math.log(2), "accuracy": 0.5})
    return write_splits(folder, (row for pair in pairs for row in pair), sizes, known)


def _pairs(language: _Language, random: np.random.Generator, num_pairs: int) -> Iterator[list[dict[str, str]]]:
    """Twins in either order, none twice."""
    seen: set[str] = set()
    for _ in range(_TRIES * num_pairs):
        if len(seen) == num_pairs:
            return
        texts = _twins(language, random)
        if texts[0] not in seen:
            seen.add(texts[0])
            rows = [{"text": text, "label": label} for text, label in zip(texts, LABELS, strict=True)]
            yield rows if random.random() < 0.5 else rows[::-1]
    require(len(seen) == num_pairs, f"the grammar has fewer than {2 * num_pairs} sentences", fix="a smaller size")


def _twins(language: _Language, random: np.random.Generator) -> tuple[str, str]:
    """The positive and the negative sentence of the same words."""
    gender = int(random.integers(len(language.things)))
    good, bad = (_form(pick(random, words), gender) for words in (language.good, language.bad))
    pattern, thing = pick(random, language.patterns), pick(random, language.things[gender])
    intensifier = pick(random, language.intensifiers)
    before, after = (_aside(language, random) if random.random() < 0.5 else "" for _ in range(2))

    def sentence(x: str, y: str) -> str:
        opinion = pattern.format(t=thing, i=intensifier, x=x, y=y)
        parts = [" ".join(part.split()) for part in (before, opinion, after) if part]
        return " ".join(f"{part[0].upper()}{part[1:]} ." for part in parts)

    return sentence(good, bad), sentence(bad, good)


def _aside(language: _Language, random: np.random.Generator) -> str:
    """A sentence that says nothing of the opinion."""
    return " ".join(pick(random, words) for words in (language.people, language.deeds, language.times))


def _form(word: str, gender: int) -> str:
    forms: Sequence[str] = word.split("/")
    return forms[min(gender, len(forms) - 1)]
