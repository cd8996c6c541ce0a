"""Codecs of the text domain: what comes back, what stays, what is refused."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqkit import Codec, ConfigError, DataError, Discrete, SymbolCodec
from seqkit_text.bpe_codec import BytePairCodec
from seqkit_text.byte_codec import ByteCodec
from seqkit_text.word_codec import WordCodec

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
SAMPLE = "the cat saw the dog\r\n\n  the dög ran 😀\n" * 3


def fitted(codec: Codec, *values: str) -> Codec:
    codec.fit(values or (SAMPLE,))
    return codec


BYTE_PAIRS = fitted(BytePairCodec(300))
WORDS = fitted(WordCodec())


@given(ANY_TEXT)
def test_bytes_come_back_as_they_were(text: str) -> None:
    assert ByteCodec().decode(ByteCodec().encode(text)) == text


@given(ANY_TEXT)
def test_byte_pairs_come_back_as_they_were_with_all_white_space(text: str) -> None:
    assert BYTE_PAIRS.decode(BYTE_PAIRS.encode(text)) == text


@pytest.mark.parametrize(
    "text", ["", " lead", "tail \n", "a\r\nb\rc", "\n\n\n", "\t x", "👩‍👩‍👧 ünïcode", "<eos> <unk>"]
)
@pytest.mark.parametrize("codec", [ByteCodec(), BYTE_PAIRS], ids=["bytes", "bpe"])
def test_awkward_texts_come_back(codec: Codec, text: str) -> None:
    steps = codec.encode(text)
    assert steps.dtype == torch.int64
    assert codec.decode(steps) == text


@given(st.text(st.sampled_from("abé😀\n\r "), max_size=40))
def test_characters_of_the_training_text_come_back(text: str) -> None:
    codec = fitted(SymbolCodec(unknown="\ufffd"), "abé😀\n\r ")
    assert codec.decode(codec.encode(text)) == text


@given(ANY_TEXT)
def test_encoding_decoded_words_gives_the_same_ids(text: str) -> None:
    steps = WORDS.encode(text)
    assert torch.equal(WORDS.encode(WORDS.decode(steps)), steps)


@given(st.lists(st.integers(0, len(WORDS.words) - 1), max_size=12))  # type: ignore[attr-defined]
def test_any_word_ids_survive_decoding(ids: list[int]) -> None:
    steps = torch.tensor(ids, dtype=torch.int64)
    assert torch.equal(WORDS.encode(WORDS.decode(steps)), steps)


def test_bytes_are_utf8() -> None:
    assert ByteCodec().encode("é€").tolist() == [0xC3, 0xA9, 0xE2, 0x82, 0xAC]
    assert ByteCodec().spec == Discrete(256)


def test_half_a_character_decodes_to_the_replacement_character() -> None:
    assert ByteCodec().decode(torch.tensor([0x61, 0xC3])) == "a\ufffd"


@pytest.mark.parametrize("codec", [ByteCodec(), BYTE_PAIRS], ids=["bytes", "bpe"])
def test_half_a_surrogate_pair_is_refused_with_its_place(codec: Codec) -> None:
    with pytest.raises(DataError, match="position 2 is half of a surrogate pair"):
        codec.encode("ab\ud83d")


def test_words_are_ordered_by_frequency_then_alphabet_after_the_special_ones() -> None:
    codec = fitted(WordCodec(), "pear fig pear\nfig plum apple <unk>\n")
    assert codec.state()["words"] == ["<unk>", "<eos>", "fig", "pear", "apple", "plum"]


def test_words_count_one_line_end_each_and_share_the_text_s_own_unknown() -> None:
    codec = fitted(WordCodec(), "a b\n")
    # Blank lines, with or without spaces, are one <eos> each; CR is white space; <unk> in the text is id 0.
    assert codec.encode(" \n\n a <unk>\r\nzebra b").tolist() == [1, 1, 2, 0, 1, 0, 3]
    assert codec.decode(torch.tensor([1, 1, 2, 0, 1, 0, 3])) == "\n\na <unk>\n<unk> b"


def test_line_ends_can_be_plain_white_space() -> None:
    codec = fitted(WordCodec(end_of_line=False), "a\nb a\n")
    assert codec.state() == {"words": ["<unk>", "a", "b"], "end_of_line": False}
    assert codec.encode("b\n\na").tolist() == [2, 1]


def test_vocabulary_size_counts_the_special_words() -> None:
    codec = fitted(WordCodec(vocabulary_size=4), "x x x y y z\n")
    assert codec.state()["words"] == ["<unk>", "<eos>", "x", "y"]
    assert codec.encode("z y").tolist() == [0, 3]


def test_rare_words_become_unknown() -> None:
    codec = fitted(WordCodec(min_count=2), "x x y\n")
    assert codec.encode("x y\n").tolist() == [2, 0, 1]


def test_byte_pairs_join_what_is_frequent() -> None:
    codec = fitted(BytePairCodec(300), "the the the the")
    assert codec.decode(codec.encode(" the")[:1]) == " the"
    assert isinstance(codec.spec, Discrete)
    assert codec.spec.num_classes < 300  # Two words hold too few pairs to fill it.


def test_byte_pairs_know_every_byte() -> None:
    codec = fitted(BytePairCodec(256), "abc")
    assert codec.spec == Discrete(256)
    assert len(codec.encode("ж 語")) == len("ж 語".encode())


@pytest.mark.parametrize("text", ["a word <unk>\n", "žluťoučký kůň\n\n"])
@pytest.mark.parametrize(
    ("codec", "fresh"),
    [
        (WORDS, WordCodec()),
        (fitted(WordCodec(end_of_line=False)), WordCodec()),
        (BYTE_PAIRS, BytePairCodec()),
        (ByteCodec(), ByteCodec()),
        (fitted(SymbolCodec(unknown="\ufffd")), SymbolCodec(unknown="\ufffd")),
    ],
    ids=["words", "words without line ends", "bpe", "bytes", "characters"],
)
def test_state_survives_json(codec: Codec, fresh: Codec, text: str) -> None:
    fresh.restore(json.loads(json.dumps(codec.state())))
    assert fresh.spec == codec.spec
    assert torch.equal(fresh.encode(text), codec.encode(text))
    assert fresh.decode(codec.encode(text)) == codec.decode(codec.encode(text))


def test_learning_byte_pairs_twice_gives_the_same_tokenizer() -> None:
    assert fitted(BytePairCodec(400)).state() == fitted(BytePairCodec(400)).state()


@pytest.mark.parametrize("codec", [WordCodec(), BytePairCodec()])
def test_use_before_fitting_is_refused(codec: Codec) -> None:
    with pytest.raises(ConfigError, match="before it was fitted"):
        codec.encode("a")
    with pytest.raises(ConfigError, match="before it was fitted"):
        _ = codec.spec


def test_fewer_byte_pairs_than_bytes_are_refused() -> None:
    with pytest.raises(ConfigError, match="vocabulary_size is 255"):
        BytePairCodec(255)
