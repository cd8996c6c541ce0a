"""Tokens as they are given, and what unknown ones become."""

import json
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqkit import ConfigError
from seqkit_text.token_codec import TokenCodec

TRAINING = [["The", "3", "dogs", "of", "Mrs", "Wilson"], ["The", "dogs", "of", "Jackson", "and", "Li", "Wu", "41"]]


def fitted(**options: int) -> TokenCodec:
    codec = TokenCodec(**options)
    codec.fit(TRAINING)
    return codec


def test_known_tokens_come_back_as_they_were() -> None:
    codec = fitted(min_count=1)
    for tokens in TRAINING:
        assert codec.decode(codec.encode(tokens)) == tokens
    assert codec.encode(["of"]).dtype == torch.int64


def test_unknown_tokens_become_what_they_look_like() -> None:
    codec = fitted(min_count=2)
    # Seen once: 3, Mrs, Wilson, Jackson, and, Li, Wu, 41. By their form twice: capitals, numbers, -son.
    assert codec.state() == {"words": ["<unk>", "<unk 0>", "<unk Xx son>", "<unk Xx>", "The", "dogs", "of"]}
    assert codec.decode(codec.encode(["Samson", "Ng", "1984", "cat", "IBM", "The"])) == [
        "<unk Xx son>", "<unk Xx>", "<unk 0>", "<unk>", "<unk>", "The",
    ]  # fmt: skip


def test_white_space_belongs_to_a_token() -> None:
    codec = TokenCodec()
    codec.fit([["New York", "is"]])
    assert codec.decode(codec.encode(["New York"])) == ["New York"]


def test_the_vocabulary_has_a_limit() -> None:
    assert len(fitted(min_count=2, vocabulary_size=6).state()["words"]) == 6
    assert fitted(min_count=2, vocabulary_size=5).spec.num_classes == 5


@given(st.lists(st.text(min_size=1, max_size=8), max_size=6))
def test_encoding_is_stable_for_any_tokens(tokens: list[str]) -> None:
    codec = fitted(min_count=2)
    steps = codec.encode(tokens)
    assert len(steps) == len(tokens) and bool(((0 <= steps) & (steps < codec.spec.num_classes)).all())
    assert torch.equal(codec.encode(codec.decode(steps)), steps)


def test_its_state_is_json_and_comes_back() -> None:
    codec, other = fitted(min_count=2), TokenCodec()
    other.restore(json.loads(json.dumps(codec.state())))
    assert other.spec == codec.spec and torch.equal(other.encode(TRAINING[0]), codec.encode(TRAINING[0]))
    assert pickle.loads(pickle.dumps(codec)).state() == codec.state()


def test_it_must_be_fitted_first() -> None:
    with pytest.raises(ConfigError, match="before it was fitted"):
        TokenCodec().encode(["a"])
