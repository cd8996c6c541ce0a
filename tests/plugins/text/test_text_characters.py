"""Characters of steps, counted without decoding, are those that decoding gives."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import seqkit
from seqkit import Codec, SymbolCodec
from seqkit_text import characters
from seqkit_text.bpe_codec import BytePairCodec
from seqkit_text.byte_codec import ByteCodec
from seqkit_text.characters import count_characters
from seqkit_text.word_codec import WordCodec

TEXTS = ["Olá mundo — çedilha €5 \n\n fim da linha\nnada mais 𝄞 fim", "x", "a b\n", "\n\n\n", "", "língua \n nada"]
CODECS: list[Codec] = [
    WordCodec(), WordCodec(end_of_line=False), WordCodec(6), ByteCodec(), BytePairCodec(300),
    SymbolCodec("".join(sorted(set("".join(TEXTS))))),
]  # fmt: skip
for codec in CODECS:
    codec.fit(TEXTS)


def decoded_length(codec: Codec, record: np.ndarray) -> int:
    """Characters that the steps after the first add to the text."""
    steps = torch.from_numpy(record)
    return len(codec.decode(steps)) - len(codec.decode(steps[:1])) if len(record) else 0


def counted(codec: Codec, records: list[np.ndarray]) -> int:
    offsets = np.concatenate([[0], np.cumsum([len(record) for record in records])]).astype(np.int64)
    return count_characters(codec, np.concatenate(records).astype(np.uint32), offsets)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
@pytest.mark.parametrize("together", [1, 3, 7, 1 << 20])
def test_characters_are_those_of_the_decoded_text_however_much_is_read_at_once(
    codec: Codec, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(characters, "_READ_TOGETHER", together)
    records = [codec.encode(text).numpy() for text in TEXTS]
    assert counted(codec, records) == sum(decoded_length(codec, record) for record in records) > 40


@given(st.lists(st.text("aé€𝄞 \n", max_size=9), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_text_is_counted_exactly(texts: list[str]) -> None:
    for codec in CODECS[:5]:
        records = [codec.encode(text).numpy() for text in texts]
        assert counted(codec, records) == sum(decoded_length(codec, record) for record in records)


def test_a_token_is_the_bytes_it_stands_for() -> None:
    codec = BytePairCodec(300)
    codec.fit(TEXTS)
    tokens = codec.token_bytes()
    assert len(tokens) == codec.spec.num_classes and len(set(tokens)) == len(tokens)
    for text in TEXTS:
        assert b"".join(tokens[number] for number in codec.encode(text)) == text.encode()


def test_models_over_bytes_and_words_get_bits_a_character(tmp_path: Path) -> None:
    text = "the cat saw the dog .\nthe dog saw a cat — é .\n" * 12
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    figures = {}
    for tokens in ("characters", "bytes", "words"):
        run = seqkit.fit(
            "text", path=tmp_path / "a.txt", tokens=tokens, run=tmp_path / tokens, max_epochs=1, hidden_size=4,
            batch_size=4, window=32, accelerator="cpu", quiet=True,
        )  # fmt: skip
        figures[tokens] = run.result["metrics"]
    assert "bits_per_character" not in figures["characters"]
    tail = seqkit.load(tmp_path / "bytes").loaded.data.store("valid")
    held_out = bytes(np.asarray(tail.steps).tolist()).decode()
    ratio = (len(held_out.encode()) - 1) / (len(held_out) - 1)
    assert figures["bytes"]["bits_per_character"] == pytest.approx(figures["bytes"]["bits_per_step"] * ratio)
    assert 1 < ratio < 1.2
    assert figures["words"]["bits_per_character"] < figures["words"]["bits_per_step"] / 2
