"""Demo text for next_step: short lives in English and Portuguese, made from a small grammar.

What can be learned lies at three distances: spelling, agreement within a sentence (number, gender, quotation marks),
and one fact to be kept through a whole story: whoever was born in Greece speaks Greek at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from seqkit import Record

NUM_STORIES = 280

_COUNTRIES = (
    ("Germany", "German"), ("Japan", "Japanese"), ("Greece", "Greek"), ("Poland", "Polish"),
    ("France", "French"), ("Italy", "Italian"), ("Norway", "Norwegian"), ("Turkey", "Turkish"),
)  # fmt: skip
_PAISES = (
    ("na Alemanha", "alemão"), ("no Japão", "japonês"), ("na Grécia", "grego"), ("na Polônia", "polonês"),
    ("na França", "francês"), ("na Itália", "italiano"), ("na Noruega", "norueguês"), ("na Turquia", "turco"),
)  # fmt: skip
_WOMEN = ("Marta", "Ingrid", "Clara", "Yuki", "Sofia", "Nadia", "Helena")
_MEN = ("Pedro", "Otto", "Bruno", "Kenji", "Luca", "Omar", "Jonas")
_CITIES = ("Recife", "Olinda", "Porto", "Santos", "Belém", "Coimbra", "Faro")
_NUMBERS = (
    ("two", "dois"),
    ("three", "três"),
    ("six", "seis"),
    ("nine", "nove"),
    ("twelve", "doze"),
    ("twenty", "vinte"),
)
_DAYS = ("Monday", "Tuesday", "Thursday", "Friday", "Sunday")
_PLACES = ("bridge", "harbour", "market", "school", "station", "mill", "tower")
_THINGS = ("boat", "clock", "garden", "lamp", "letter", "window", "kite", "bell", "chair", "map")
_STATES = ("slow", "green", "quiet", "full of light", "older than the town", "wet with rain", "cheap", "far away")
_DEEDS = (
    ("waters the plants", "rega as plantas"), ("bakes bread", "faz pão"), ("reads old maps", "lê mapas antigos"),
    ("mends the nets", "conserta as redes"), ("hears the radio", "ouve rádio"), ("counts the ships", "conta os navios"),
)  # fmt: skip
# Article, noun, plural; adjectives as (masculine, feminine).
_COISAS = (
    ("a", "casa", "casas"), ("o", "barco", "barcos"), ("a", "janela", "janelas"), ("o", "relógio", "relógios"),
    ("a", "ponte", "pontes"), ("o", "jardim", "jardins"), ("a", "cadeira", "cadeiras"), ("o", "mapa", "mapas"),
)  # fmt: skip
_QUALIDADES = (
    ("amarelo", "amarela"),
    ("antigo", "antiga"),
    ("pequeno", "pequena"),
    ("bonito", "bonita"),
    ("novo", "nova"),
)


def demo_stories(seed: int = 0) -> Iterator[Record]:
    """About 200 kB of stories, half of them in each language; the same for the same seed."""
    random = Random(seed)
    for number in range(NUM_STORIES):
        name, is_woman = random.choice([(name, True) for name in _WOMEN] + [(name, False) for name in _MEN])
        tell = _english if random.random() < 0.5 else _portuguese
        yield Record(sequence=tell(random, name, is_woman), origin=f"demo:{number}")


def _english(random: Random, name: str, is_woman: bool) -> str:
    pick = random.choice
    they, their = ("she", "her") if is_woman else ("he", "his")
    country, language = pick(_COUNTRIES)

    def walk() -> str:
        first, second = random.sample(_PLACES, 2)
        return f"From the {first} to the {second} and from the {second} to the {first}, {they} never takes the tram."

    sentences = (
        walk,
        lambda: f"Every {pick(_DAYS)} {they} {pick(_DEEDS)[0]} and writes to {their} sister.",
        lambda: f"The {pick(_THINGS)} near the {pick(_PLACES)}s was {pick(_STATES)}.",
        lambda: f"The {pick(_THINGS)}s near the {pick(_PLACES)} were {pick(_STATES)}.",
        lambda: f'"Where is my {pick(_THINGS)}?" asks {name}. "It is {pick(_STATES)}," says {their} neighbour.',
        lambda: f"{name} sold {pick(_NUMBERS)[0]} {pick(_THINGS)}s and kept one {pick(_THINGS)}.",
    )
    opening = f"{name} was born in {country} and came to {pick(_CITIES)} at the age of {pick(_NUMBERS)[0]}."
    closing = f"Many years have passed, but at home {name} still speaks {language}, as everyone from {country} does."
    return _tell(random, opening, sentences, closing)


def _portuguese(random: Random, name: str, is_woman: bool) -> str:
    pick = random.choice
    they, neighbour = ("ela", "vizinha") if is_woman else ("ele", "vizinho")
    country, language = pick(_PAISES)

    def one() -> str:
        article, thing, _ = pick(_COISAS)
        quality = pick(_QUALIDADES)[article == "a"]
        return f"{article.upper()} {thing} de {name} é {quality}, e não há outr{article} tão {quality} na rua."

    def many() -> str:
        article, _, things = pick(_COISAS)
        return f"{article.upper()}s {things} são {pick(_QUALIDADES)[article == 'a']}s e foram vist{article}s de longe."

    def ask() -> str:
        article, thing, _ = pick(_COISAS)
        return (
            f'"Onde está {article} {thing}?", pergunta {name}. "É {pick(_QUALIDADES)[article == "a"]}?", diz '
            f"{'a' if is_woman else 'o'} {neighbour}."
        )

    sentences = (
        one,
        many,
        ask,
        lambda: f"Todo domingo {they} {pick(_DEEDS)[1]} antes de sair de casa.",
        lambda: f"Às {pick(_NUMBERS)[1]} horas {they} {pick(_DEEDS)[1]} e depois {pick(_DEEDS)[1]}.",
    )
    opening = f"{name} nasceu {country} e chegou a {pick(_CITIES)} com {pick(_NUMBERS)[1]} anos."
    closing = f"Muitos anos passaram, mas em casa {name} ainda fala {language}, como todos que nasceram {country}."
    return _tell(random, opening, sentences, closing)


def _tell(random: Random, opening: str, middle: tuple[Callable[[], str], ...], closing: str) -> str:
    """Opening, five to fifteen sentences in paragraphs, closing; each paragraph is a line."""
    paragraphs, sentences = [], [opening]
    for _ in range(random.randint(5, 15)):
        sentences.append(random.choice(middle)())
        if random.random() < 0.3:
            paragraphs.append(" ".join(sentences))
            sentences = []
    return "\n".join([*paragraphs, " ".join([*sentences, closing])]) + "\n"
