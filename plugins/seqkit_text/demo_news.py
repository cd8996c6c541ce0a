"""Demo text for tag: short news with the names of persons, places and amounts, tagged in BIO.

The same word may be a person or a place (Florence, Jordan), and `to` leads to either: what comes before decides. Many
names are made of syllables, so that held-out sentences have words that training has not.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from seqkit import Record

NUM_SENTENCES = 1500

_BOTH = ("Florence", "Jordan", "Paris", "Austin", "Sofia", "Chelsea", "Lincoln", "Victoria")
_FIRST = ("Marta", "Ahmed", "Ingrid", "Paulo", "Yuki", "Nadia", "Oskar", "Lena")
_TITLES = ("Mr", "Mrs", "Dr")
_PLACES = ("Lisbon", "Oslo", "Kyoto", "Lagos", "Quito", "Ghent")
_OF_PLACES = ("New", "Port", "Upper")
_SYLLABLES = ("ba", "ren", "mo", "kel", "tis", "ro", "van", "dal", "gu", "per", "lim", "so")
_ENDS_OF_NAMES = ("son", "mann", "ova", "ski", "ez")
_ENDS_OF_PLACES = ("ville", "burg", "stad", "ton")
_UNITS = ("euros", "dollars", "kronor", "pounds")
_SCALES = ("million", "thousand")
_OPENINGS = ("", "", "yesterday ,", "on {D} ,", "last {D} ,", "as {P} put it :", "at noon ,", "{H} days ago ,")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PATTERNS = (
    "{P} flew to {L} .",
    "{P} wrote to {P} .",
    "{P} flew from {L} to {L} in {Y} .",
    "{P} sent {A} to {P} .",
    "{P} paid {A} for a house in {L} .",
    "in {L} , {P} owes {A} to {P} .",
    "the bank of {L} lent {P} {A} in {Y} .",
    "{P} , born in {L} , was fined {A} .",
    "the mayor of {L} met {P} at {H} o'clock .",
    "{P} and {P} moved to {L} .",
    "{A} , said {P} , would save {L} .",
    "nobody in {L} had heard of {P} before {Y} .",
    "trains from {L} to {L} were {H} hours late , said {P} .",
)


def demo_news(seed: int = 0) -> Iterator[Record]:
    """Sentences of tokens with a tag each, the same for the same seed."""
    random = Random(seed)
    for number in range(NUM_SENTENCES):
        tokens: list[str] = []
        tags: list[str] = []
        for word in f"{random.choice(_OPENINGS)} {random.choice(_PATTERNS)}".split():
            kind, made = _fill(random, word)
            tokens += made
            tags += [f"{'I' if place else 'B'}-{kind}" if kind else "O" for place in range(len(made))]
        yield Record(tokens, tags, f"demo:{number}")


def _fill(random: Random, word: str) -> tuple[str, list[str]]:
    """The kind of a slot and its tokens; no kind for a plain word."""
    if word == "{P}":
        return "PER", _person(random)
    if word == "{L}":
        return "LOC", _place(random)
    if word == "{A}":
        scale = [random.choice(_SCALES)] if random.random() < 0.4 else []
        return "AMT", [_number(random), *scale, random.choice(_UNITS)]
    if word == "{D}":
        return "", [random.choice(_DAYS)]
    if word == "{Y}":
        return "", [str(random.randrange(1950, 2020))]
    return "", [str(random.randrange(2, 12)) if word == "{H}" else word]


def _person(random: Random) -> list[str]:
    draw = random.random()
    if draw < 0.3:
        return [random.choice(_BOTH)]
    if draw < 0.5:
        return [random.choice(_TITLES), _made(random, _ENDS_OF_NAMES)]
    return [random.choice(_FIRST + _BOTH), _made(random, _ENDS_OF_NAMES)]


def _place(random: Random) -> list[str]:
    draw = random.random()
    if draw < 0.4:
        return [random.choice(_BOTH)]
    if draw < 0.6:
        return [random.choice(_PLACES)]
    name = _made(random, _ENDS_OF_PLACES)
    return [random.choice(_OF_PLACES), name] if draw < 0.7 else [name]


def _number(random: Random) -> str:
    if random.random() < 0.3:
        return f"{random.randrange(1, 100)}.{random.randrange(10)}"
    return f"{random.randrange(2, 9000):,}"


def _made(random: Random, ends: tuple[str, ...]) -> str:
    return ("".join(random.sample(_SYLLABLES, random.randint(1, 2))) + random.choice(ends)).capitalize()
