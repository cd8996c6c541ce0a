"""Long memory as made data: a country at the beginning, another one on the way, the language of the first at the end.

The lecture's example: "Nasci na Alemanha e lá vivi por muitos anos, mas agora vivo em São Paulo. Falo fluentemente ..."
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from seqkit import Known, Made
from seqkit_text.made_rows import pick, require, split_sizes, write_splits


class _Language(NamedTuple):
    """Words and patterns; `{c}` is a country with its preposition. Punctuation stands alone, as a word of its own."""

    countries: tuple[tuple[str, str], ...]
    """Where, and what is spoken there."""
    birth: str
    stayed: str
    now: str
    moved: str
    ending: str
    around: tuple[tuple[str, ...], tuple[str, ...]]
    """Phrases of four words each that go before and after both countries, to disguise them."""
    people: tuple[str, ...]
    deeds: tuple[str, ...]
    """Two words each, as people are: the shortest clause is these four and its mark."""
    places: tuple[str, ...]
    times: tuple[str, ...]
    single: tuple[str, ...]
    """Of one word each: they fill what is left."""


_PORTUGUESE = _Language(
    countries=(
        ("na Alemanha", "alemão"), ("no Japão", "japonês"), ("na Itália", "italiano"), ("na Rússia", "russo"),
        ("na Grécia", "grego"), ("na França", "francês"), ("na China", "chinês"), ("na Polônia", "polonês"),
        ("na Suécia", "sueco"), ("na Turquia", "turco"), ("na Hungria", "húngaro"), ("na Finlândia", "finlandês"),
        ("na Noruega", "norueguês"), ("na Dinamarca", "dinamarquês"), ("na Holanda", "holandês"),
        ("na Ucrânia", "ucraniano"), ("no Vietnã", "vietnamita"), ("na Tailândia", "tailandês"),
        ("na Romênia", "romeno"), ("na Bulgária", "búlgaro"),
    ),
    birth="Nasci {c}",
    stayed="e lá vivi por muitos anos ,",
    now="mas agora vivo {c} {pad} .",
    moved="Agora vivo {pad} {c}",
    ending="Falo fluentemente",
    around=(
        ("como toda a família", "por causa do trabalho", "com dois irmãos pequenos", "por vontade dos pais"),
        ("um país que admiro", "terra de muita chuva", "lugar de gente simples", "um país muito bonito"),
    ),
    people=("meu pai", "minha irmã", "um amigo", "a vizinha", "o professor", "meu avô", "uma prima", "o padeiro",
            "meu chefe", "a carteira"),
    deeds=("pinta quadros", "toca violão", "estuda música", "vende livros", "planta rosas", "conserta relógios",
           "cria abelhas", "joga xadrez", "constrói barcos", "escreve cartas", "faz pão", "coleciona selos"),
    places=("perto do rio", "na rua ao lado", "no centro da cidade", "em uma casa antiga"),
    times=("aos domingos", "de manhã", "quando chove", "há dez anos", "todos os dias"),
    single=("aqui", "hoje", "agora", "sempre", "também", "assim", "talvez", "ali"),
)  # fmt: skip
_ENGLISH = _Language(
    countries=(
        ("in Germany", "German"), ("in Japan", "Japanese"), ("in Italy", "Italian"), ("in Russia", "Russian"),
        ("in Greece", "Greek"), ("in France", "French"), ("in China", "Chinese"), ("in Poland", "Polish"),
        ("in Sweden", "Swedish"), ("in Turkey", "Turkish"), ("in Hungary", "Hungarian"), ("in Finland", "Finnish"),
        ("in Norway", "Norwegian"), ("in Denmark", "Danish"), ("in Holland", "Dutch"), ("in Ukraine", "Ukrainian"),
        ("in Vietnam", "Vietnamese"), ("in Thailand", "Thai"), ("in Romania", "Romanian"),
        ("in Bulgaria", "Bulgarian"),
    ),
    birth="I was born {c}",
    stayed="and lived there for years ,",
    now="but now live {c} {pad} .",
    moved="I live {pad} {c}",
    ending="I speak",
    around=(
        ("like my whole family", "because of my parents", "with two small brothers", "almost by pure chance"),
        ("a country I like", "a land of rain", "home of kind people", "a very beautiful place"),
    ),
    people=("my father", "my sister", "a friend", "the neighbour", "the teacher", "my grandfather", "a cousin",
            "the baker", "my boss", "the postman"),
    deeds=("paints houses", "plays guitar", "studies music", "sells books", "grows roses", "repairs watches",
           "keeps bees", "plays chess", "builds boats", "writes letters", "bakes bread", "collects stamps"),
    places=("near the river", "around the corner", "in the middle of town", "in an old house"),
    times=("on Sundays", "in the morning", "when it rains", "for ten years", "every day"),
    single=("here", "today", "now", "always", "too", "again", "perhaps", "there"),
)  # fmt: skip

_Meeting = tuple[tuple[str, str], tuple[str, str]]
"""Two countries, each with its language."""

_SHORTEST_CLAUSE = 5
_TRIES = 20
"""Fillers drawn for two countries before one is used again: short lags have few."""

_LANGUAGES = {"pt": _PORTUGUESE, "en": _ENGLISH}


class _Filler(NamedTuple):
    """What stands before the second country, in its clause after it, and before the end."""

    before: str = ""
    pad: str = ""
    after: str = ""
    around: tuple[str, str] | None = None
    """The phrases before and after both countries, if they are disguised."""


def write_memory(
    folder: Path,
    seed: int,
    *,
    lag: int = 20,
    language: Literal["pt", "en"] = "pt",
    num_countries: int = 8,
    disguise: bool = False,
    size: int = 4000,
) -> Made:
    """Lives that begin in one country and go on in another; the label is the language of the first.

    After the country of birth come exactly `lag` words (steps of the words codec), punctuation counted, and the
    label is the word that would be next. Each record has a twin in its own split with the two countries exchanged:
    so whatever looks at counts alone is right on at most half of them, and its loss is at least ln 2. All else that
    follows the country of birth is drawn without looking at it: who sees no more than the last `lag` words can at
    best leave the second country out and is right once in `num_countries` - 1.

    As the lecture has the sentence, neighbouring words do tell: "Alemanha e" speaks of the first country. Disguised
    they do not: both countries stand among the same words, and a record and its twin have the same counts of all
    phrases of up to seven words.

    Args:
        folder: Where to write.
        seed: Of the random choices.
        lag: Words from the country of birth to the end; 8 or more, disguised 24 or more.
        language: Portuguese or English.
        num_countries: Countries, each with a language of its own: from 2 to 20.
        disguise: Put both countries among the same words.
        size: Records for training, an even number; validation and test have a quarter each.
    """
    require(language in _LANGUAGES, f"language is {language!r}", fix=f"one of {', '.join(_LANGUAGES)}")
    words = _LANGUAGES[language]
    shortest = _fixed_words(words, disguise)
    require(lag >= shortest, f"lag is {lag}", fix=f"give {shortest} or more: so many words say where one lives now")
    most = len(words.countries)
    require(2 <= num_countries <= most, f"num_countries is {num_countries}", fix=f"from 2 to {most}")
    sizes = split_sizes(size, together=2)
    random = np.random.default_rng(seed)
    meetings = list(combinations(words.countries[:num_countries], 2))
    pairs = _pairs(words, random, meetings, (lag, disguise), sum(sizes.values()) // 2)
    chance = {"loss": math.log(num_countries), "accuracy": 1 / num_countries}
    known = Known(optimum={"loss": 0.0, "accuracy": 1.0}, chance=chance)
    return write_splits(folder, (row for pair in pairs for row in pair), sizes, known)


def _pairs(
    words: _Language, random: np.random.Generator, meetings: list[_Meeting], form: tuple[int, bool], num_pairs: int
) -> Iterator[list[dict[str, str]]]:
    """Twins; each two countries meet as often as any other two, to within one."""
    seen: set[tuple[_Meeting, _Filler]] = set()
    for number in range(num_pairs):
        if number % len(meetings) == 0:
            order = random.permutation(len(meetings))
        meeting = meetings[order[number % len(meetings)]]
        for _ in range(_TRIES):
            filler = _filler(words, random, *form)
            if (meeting, filler) not in seen:
                break
        seen.add((meeting, filler))
        one, two = meeting
        rows = [_record(words, one, two, filler), _record(words, two, one, filler)]
        yield rows if random.random() < 0.5 else rows[::-1]


def _record(words: _Language, birth: tuple[str, str], now: tuple[str, str], filler: _Filler) -> dict[str, str]:
    if filler.around is None:
        first, second = words.birth.format(c=birth[0]), words.now.format(c=now[0], pad=filler.pad)
    else:
        before, after = filler.around
        places = [f", {before} , {country} , {after} ." for country in (birth[0], now[0])]
        first, second = words.birth.format(c=places[0]), words.moved.format(c=places[1], pad=filler.pad)
    text = " ".join([first, filler.before, second, filler.after, words.ending])
    return {"text": " ".join(text.split()), "label": birth[1]}


def _filler(words: _Language, random: np.random.Generator, lag: int, disguise: bool) -> _Filler:
    """As many words as are missing, so that `lag` of them follow the first country in all."""
    around = (pick(random, words.around[0]), pick(random, words.around[1])) if disguise else None
    room, stayed = lag - _fixed_words(words, disguise), ""
    if not disguise and room >= len(words.stayed.split()):
        stayed, room = words.stayed, room - len(words.stayed.split())
    if room < _SHORTEST_CLAUSE:
        return _Filler(stayed, _singles(words, random, room), "", around)
    cuts = [cut for cut in range(room + 1) if all(n == 0 or n >= _SHORTEST_CLAUSE for n in (cut, room - cut))]
    cut = cuts[int(random.integers(len(cuts)))]
    before = _sentences(words, random, cut) if disguise else _clauses(words, random, cut, ",")
    return _Filler(f"{stayed} {before}", "", _sentences(words, random, room - cut), around)


def _sentences(words: _Language, random: np.random.Generator, count: int) -> str:
    return re.sub(r"(^|\. )(\w)", lambda found: found[0].upper(), _clauses(words, random, count, "."))


def _clauses(words: _Language, random: np.random.Generator, count: int, mark: str) -> str:
    """Exactly so many words, 0 or `_SHORTEST_CLAUSE` at least: clauses that end with the mark."""
    found: list[str] = []
    while room := count - len(found):
        parts = [words.people, words.deeds, *(part for part in (words.places, words.times) if random.random() < 0.5)]
        clause = " ".join(pick(random, part) for part in parts).split()
        if len(clause) + 1 > room:
            clause = clause[: _SHORTEST_CLAUSE - 1]
        left = room - len(clause) - 1
        if left < _SHORTEST_CLAUSE:
            clause += _singles(words, random, left).split()
        found += [*clause, mark]
    return " ".join(found)


def _singles(words: _Language, random: np.random.Generator, count: int) -> str:
    return " ".join(random.permutation(words.single)[:count])


def _fixed_words(words: _Language, disguise: bool) -> int:
    """Words after the first country that no life is without."""
    filler = _Filler(around=(words.around[0][0], words.around[1][0])) if disguise else _Filler()
    shortest = _record(words, ("in X", ""), ("in Y", ""), filler)["text"].split()
    return len(shortest) - shortest.index("X") - 1
