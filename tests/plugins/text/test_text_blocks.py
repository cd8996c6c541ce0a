"""Reading in blocks: the same text and the same steps as reading at once."""

import gzip
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import seqkit_text.decoding as decoding
from seqkit import Codec, DataError, SourceFile, SymbolCodec
from seqkit_text.blocks import WholeWords, last_word_end, read_blocks, read_lines
from seqkit_text.bpe_codec import BytePairCodec
from seqkit_text.byte_codec import ByteCodec
from seqkit_text.word_codec import WordCodec

TEXT = "One two  three.\n\n\n  four\tfive é😀 \r\n\r\n six's\nseven\n \n" * 20
SOME_TEXT = st.text(st.sampled_from("ab'1. \n\r\té\x1c\u00a0"), max_size=50)


def source(tmp_path: Path, content: bytes, name: str = "a.txt") -> SourceFile:
    path = tmp_path / name
    path.write_bytes(content)
    return SourceFile(path)


def fitted(codec: Codec) -> Codec:
    codec.fit([TEXT])
    return codec


CODECS = [fitted(c) for c in (SymbolCodec(unknown="\ufffd"), ByteCodec(), WordCodec(), BytePairCodec(400))]
CODEC_NAMES = [type(codec).__name__ for codec in CODECS]


@pytest.mark.parametrize("block_bytes", [2, 7, 64, 1 << 20])
def test_blocks_make_up_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    monkeypatch.setattr(decoding, "BLOCK_BYTES", block_bytes)
    parts = list(read_blocks(source(tmp_path, TEXT.encode())))
    assert "".join(parts) == TEXT
    assert len(parts) > 1 or block_bytes > len(TEXT)
    assert all(part for part in parts)


@pytest.mark.parametrize("codec", CODECS, ids=CODEC_NAMES)
@pytest.mark.parametrize("block_bytes", [3, 8, 50])
def test_steps_of_the_blocks_are_those_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: Codec, block_bytes: int
) -> None:
    monkeypatch.setattr(decoding, "BLOCK_BYTES", block_bytes)
    parts = [codec.encode(part) for part in read_blocks(source(tmp_path, TEXT.encode()))]
    assert len(parts) > 10
    assert torch.equal(torch.cat(parts), codec.encode(TEXT))


@given(SOME_TEXT, st.integers(0, 60))
@pytest.mark.parametrize("codec", CODECS, ids=CODEC_NAMES)
def test_cutting_at_a_word_end_changes_no_step(codec: Codec, text: str, place: int) -> None:
    words = WholeWords(text)
    assert words[:place] + words[place:] == text
    cut = torch.cat([codec.encode(words[:place]), codec.encode(words[place:])])
    assert torch.equal(cut, codec.encode(text))


@pytest.mark.parametrize(
    ("text", "limit", "place"),
    [
        ("ab cd", None, 2),
        ("ab cd ", None, 5),
        ("ab cd", 1, 0),
        ("ab cd", 2, 2),
        ("abcd", None, 0),
        ("a\r\nb", 2, 1),
        ("\n\n", None, 0),
    ],
)
def test_last_word_end(text: str, limit: int | None, place: int) -> None:
    assert last_word_end(text, limit) == place


def test_whole_words_index_like_text() -> None:
    assert WholeWords("abc")[1] == "b"
    assert WholeWords("abc def")[:] == "abc def"


def test_text_without_white_space_is_one_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 4)
    assert list(read_blocks(source(tmp_path, b"x" * 50))) == ["x" * 50]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("é\r\nb\n".encode(), "utf-8"),
        ("\ufeffé\r\nb\n".encode(), "utf-8"),
        ("é\r\nb\n".encode("latin-1"), "latin-1"),
        ("é\r\nb\n".encode("utf-16"), "utf-16"),
    ],
    ids=["utf-8", "byte order mark", "latin-1", "utf-16"],
)
def test_encodings_give_the_same_text_with_its_line_ends(tmp_path: Path, content: bytes, encoding: str) -> None:
    assert "".join(read_blocks(source(tmp_path, content), encoding)) == "é\r\nb\n"


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    assert "".join(read_blocks(source(tmp_path, gzip.compress(TEXT.encode()), "a.txt.gz"))) == TEXT


@pytest.mark.parametrize("block_bytes", [2, 1 << 20])
def test_lines_have_numbers_and_no_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    monkeypatch.setattr(decoding, "BLOCK_BYTES", block_bytes)
    lines = list(read_lines(source(tmp_path, b"one\r\n\n  two \nthree\x0bfour")))
    assert lines == [(1, "one"), (2, ""), (3, "  two "), (4, "three\x0bfour")]


@pytest.mark.parametrize("block_bytes", [3, 1 << 20])
def test_invalid_bytes_are_named_with_their_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(decoding, "BLOCK_BYTES", block_bytes)
    with pytest.raises(DataError, match=r"byte 0xe9 is not valid utf-8(.|\n)*a.txt, line 3(.|\n)*--data.encoding"):
        list(read_blocks(source(tmp_path, "é ok\nfine\ncaf".encode() + b"\xe9 x\n")))


def test_a_character_cut_at_the_end_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="byte 0xc3"):
        list(read_blocks(source(tmp_path, b"ab\xc3")))


def test_utf16_read_as_utf8_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--data\.encoding utf-16"):
        list(read_blocks(source(tmp_path, "ab".encode("utf-16"))))


def test_nul_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"NUL(.|\n)*a.txt, line 2"):
        list(read_blocks(source(tmp_path, b"ab\nc\0d\n")))


def test_a_gzip_file_cut_short_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(TEXT.encode() * 50)
    with pytest.raises(DataError, match=r"cannot be read to its end(.|\n)*cut.txt.gz"):
        list(read_blocks(source(tmp_path, whole[: len(whole) // 2], "cut.txt.gz")))
