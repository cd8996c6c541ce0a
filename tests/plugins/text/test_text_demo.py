"""Demo data: the same each time, and with something to learn at each distance."""

import re

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from seqkit_text.demo_reviews import LABELS, demo_reviews
from seqkit_text.demo_stories import demo_stories

REVIEWS = list(demo_reviews())
STORIES = list(demo_stories())


def test_the_seed_decides_all() -> None:
    assert list(demo_stories()) == STORIES
    assert list(demo_reviews()) == REVIEWS
    assert list(demo_stories(seed=1)) != STORIES
    assert list(demo_reviews(seed=1)) != REVIEWS


def test_stories_are_about_200_kilobytes_in_two_languages() -> None:
    num_bytes = sum(len(story.sequence.encode()) for story in STORIES)
    assert 190_000 < num_bytes < 220_000
    english = sum("was born in" in story.sequence for story in STORIES)
    portuguese = sum(" nasceu " in story.sequence for story in STORIES)
    assert english + portuguese == len(STORIES)
    assert abs(english - portuguese) < 0.2 * len(STORIES)
    assert [story.origin for story in STORIES[:2]] == ["demo:0", "demo:1"]


def test_the_country_of_birth_decides_the_language_spoken_at_the_end() -> None:
    pairs: dict[str, set[str]] = {}
    distances = []
    for story in STORIES:
        born = re.search(r"(?:was born in|nasceu) ((?:n[ao] )?\w+)", story.sequence)
        speaks = re.search(r"(?:still speaks|ainda fala) (\w+)", story.sequence)
        assert born and speaks
        pairs.setdefault(born[1], set()).add(speaks[1])
        distances.append(speaks.start() - born.end())
    assert len(pairs) == 16
    assert all(len(languages) == 1 for languages in pairs.values())
    assert min(distances) > 200


def test_labels_are_balanced() -> None:
    assert {label: sum(review.target == label for review in REVIEWS) for label in LABELS} == dict.fromkeys(LABELS, 600)


@pytest.mark.parametrize(("longest", "least", "most"), [(1, 0.55, 0.85), (2, 0.97, 1.0)])
def test_words_alone_do_not_tell_the_label_but_their_order_does(longest: int, least: float, most: float) -> None:
    vectors = CountVectorizer(ngram_range=(1, longest), token_pattern=r"\S+", min_df=2).fit_transform(
        [review.sequence for review in REVIEWS]
    )
    labels = [review.target for review in REVIEWS]
    model = LogisticRegression(C=10, max_iter=200).fit(vectors[:1300], labels[:1300])
    assert least <= model.score(vectors[1300:], labels[1300:]) <= most


def test_some_reviews_are_the_same_bag_of_words_with_opposite_labels() -> None:
    bags: dict[tuple[str, ...], set[str]] = {}
    for review in demo_reviews():
        bags.setdefault(tuple(sorted(review.sequence.split())), set()).add(review.target)
    assert any({"positive", "negative"} <= labels for labels in bags.values())
