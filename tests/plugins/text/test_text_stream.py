"""Text through a pipe: the same steps, and the same surprisal, however the bytes arrive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqkit import ConfigError, DataError, ModelOptions, join_parts
from seqkit.build import build_model
from seqkit.inference.stream import read_stream
from seqkit_text import DOMAIN
from seqkit_text.data import TextData
from seqkit_text.stream import after_space, before_space, everywhere, read_text

TEXT = "Onde há fumo, há fogo.\r\n\r\n  ΟΔΟΣ ΣΑΣ.\tİstanbul — 東京 🎵  one  two\n the end\n"
PIECES = ["a", "É", "Σ", "ς", "'s", "1", ".", "€", "🎵", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\x1c", "İ"]


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[begin : begin + size] for begin in range(0, len(content), size))


def module(**options: Any) -> TextData:
    """A data module whose codec has learned from the text."""
    data: TextData = TextData(**options)
    if options.get("tokens") != "bytes":
        data.codec.fit([TEXT.lower() if options.get("lowercase") else TEXT, "one two a a É 1. fogo\n" * 5])
    return data


@pytest.mark.parametrize("tokens", ["characters", "bytes", "words", "bpe"])
@pytest.mark.parametrize("lowercase", [False, True])
@settings(max_examples=25, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=30), size=st.integers(1, 9))
def test_parts_encode_to_the_steps_of_the_whole(tokens: str, lowercase: bool, pieces: list[str], size: int) -> None:
    data = module(tokens=tokens, lowercase=lowercase)
    text = "".join(pieces)
    parts = list(data.parts(cut(text.encode(), size)))
    form = text.lower() if lowercase else text
    assert "".join(part.sequence for part in parts) == form
    assert [part.continues for part in parts] == [n > 0 for n in range(len(parts))]
    steps = [step for part in parts for step in data.codec.encode(part.sequence).tolist()]
    assert steps == data.codec.encode(form).tolist()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (everywhere, list("ab c\n d")),
        (after_space, ["ab ", "c\n", " ", "d"]),
        (before_space, ["ab", " c", "\n d"]),
    ],
)
def test_a_part_is_handed_on_as_soon_as_its_steps_are_known(rule: Any, expected: list[str]) -> None:
    assert [part.sequence for part in read_text(cut(b"ab c\n d", 1), "utf-8", rule)] == expected


def test_a_character_cut_in_two_waits_for_its_rest() -> None:
    content = "é€🎵".encode()
    assert [
        part.sequence for part in read_text(iter([content[:1], content[1:4], content[4:]]), "utf-8", everywhere)
    ] == [
        "é",
        "€🎵",
    ]
    assert [part.sequence for part in read_text(iter(["é".encode("latin-1")]), "latin-1", everywhere)] == ["é"]
    assert "".join(p.sequence for p in read_text(cut("é🎵".encode("utf-16"), 1), "utf-16", everywhere)) == "é🎵"


def test_a_byte_order_mark_is_no_step() -> None:
    assert [p.sequence for p in read_text(cut(b"\xef\xbb\xbfab", 4), "utf-8", everywhere)] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message", "at"),
    [
        (b"ab\nc\xe9 d", "byte 0xe9 is not valid utf-8", "stdin, line 2"),
        (b"ab\n\xc3", "byte 0xc3 is not valid utf-8", "stdin, line 2"),
        (b"a\nb\0", "NUL", "stdin, line 2"),
    ],
)
def test_what_is_no_text_is_named_with_its_line(content: bytes, message: str, at: str) -> None:
    for size in (1, 100):
        with pytest.raises(DataError, match=message) as caught:
            list(read_text(cut(content, size), "utf-8", everywhere))
        assert caught.value.at == at


@pytest.mark.parametrize("size", [1, 4, 100])
def test_where_lines_are_records_each_is_one(size: int, tmp_path: Path) -> None:
    content = "ab c\r\n\n  \nd é\nlast".encode()
    (tmp_path / "stdin").write_bytes(content)
    for task, options in (("next_step", {"documents": "lines"}), ("classify", {})):
        data = TextData(task=task, **options)
        offline = TextData(path=str(tmp_path / "stdin"), task=task, **options).records("predict")
        parts = list(data.parts(cut(content, size)))
        assert [(p.sequence, p.origin, p.continues) for p in parts] == [(r.sequence, r.origin, False) for r in offline]


@pytest.mark.parametrize("tokens", ["characters", "bytes", "words", "bpe"])
@torch.no_grad()
def test_surprisal_is_that_of_the_whole_text(tokens: str) -> None:
    torch.manual_seed(0)
    data = module(tokens=tokens)
    model = build_model(DOMAIN, data, ModelOptions(hidden_size=12, num_layers=2)).eval()
    text = (TEXT * 4)[:300]
    steps = data.codec.encode(text)
    outputs, lengths, _, _ = model(steps[None, :-1], torch.tensor([len(steps) - 1]))
    shares = model.task(outputs, lengths)[0].log_softmax(-1)
    expected = -shares[torch.arange(len(steps) - 1), steps[1:]]
    for size, chunk in ((1, 256), (5, 1), (64, 7), (10**6, 256)):
        chunks = list(read_stream(model, data, cut(text.encode(), size), chunk))
        nll = [nats for part in chunks for nats in part.columns["nll_nats"]]
        assert nll[0] is None
        torch.testing.assert_close(torch.tensor(nll[1:]), expected, rtol=0, atol=1e-6)
        assert sum(part.num_steps for part in chunks) == len(steps)


def test_the_classifier_of_reviews_needs_to_read_one_way() -> None:
    data = TextData(task="classify")
    data.setup("fit")
    options: dict[str, Any] = {"hidden_size": 8, "pooling": "max"}
    with pytest.raises(ConfigError, match="from its end, too"):
        read_stream(build_model(DOMAIN, data, ModelOptions(bidirectional=True, **options)), data, [b"a"])
    model = build_model(DOMAIN, data, ModelOptions(**options))
    chunks = list(read_stream(model, data, [b"good, not dull\ndull, not good\n"]))
    assert [part.columns["record"] for part in chunks] == [["stdin:1"], ["stdin:2"]]
    assert {part.columns["prediction"][0] for part in chunks} <= set(data.target_codec.labels)


def test_parts_joined_are_the_text() -> None:
    data = module(tokens="words")
    (whole,) = join_parts(data.parts(cut(TEXT.encode(), 3)))
    assert whole.sequence == TEXT and whole.origin == "stdin"
