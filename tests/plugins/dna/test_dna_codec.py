"""Bases and k-mers as symbols, and the reverse complement of symbols."""

import numpy as np
import pytest
import torch
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st

from seqkit import ConfigError, DataError, Discrete
from seqkit_dna import codec as codec_module
from seqkit_dna.codec import BaseCodec

BASES = st.text("ACGT", max_size=60)
WITH_N = st.text("ACGTN", max_size=60)
_DIGITS = str.maketrans("ACGT", "0123")


@given(WITH_N)
def test_single_bases_come_back(bases: str) -> None:
    codec = BaseCodec()
    assert codec.decode(codec.encode(bases)) == bases


@given(BASES)
def test_whole_triplets_come_back_and_what_is_left_over_is_dropped(bases: str) -> None:
    codec = BaseCodec(k=3)
    assert codec.decode(codec.encode(bases)) == bases[: len(bases) // 3 * 3]


@given(BASES, st.integers(1, 5), st.integers(1, 5))
def test_overlapping_kmers_spell_the_bases_they_cover(bases: str, k: int, stride: int) -> None:
    codec = BaseCodec(k, min(stride, k))
    steps = codec.encode(bases)
    expected = [bases[i : i + k] for i in range(0, len(bases) - k + 1, codec.stride)]
    assert [codec.decode(step[None]) for step in steps] == expected
    assert codec.num_steps(len(bases)) == len(expected)
    covered = (len(expected) - 1) * codec.stride + k if expected else 0
    assert codec.decode(steps) == bases[:covered]


@given(WITH_N, st.integers(1, 4), st.integers(1, 4))
def test_encoding_is_stable_where_an_n_hides_its_neighbours(bases: str, k: int, stride: int) -> None:
    codec = BaseCodec(k, min(stride, k))
    steps = codec.encode(bases)
    assert torch.equal(codec.encode(codec.decode(steps)), steps)


def test_symbols_count_in_base_four_and_n_is_the_last() -> None:
    assert BaseCodec().encode("ACGTN").tolist() == [0, 1, 2, 3, 4]
    assert BaseCodec(k=2).encode("AAACTTGNCA").tolist() == [0, 1, 15, 16, 4]
    assert BaseCodec(k=3, stride=1).encode("AACTN").tolist() == [1, 7, 64]
    assert BaseCodec(k=3).spec == Discrete(65)
    assert BaseCodec(k=3, with_n=False).spec == Discrete(64)


def test_lower_case_rna_white_space_and_iupac_letters_are_understood() -> None:
    codec = BaseCodec()
    assert codec.decode(codec.encode("acgU u\n")) == "ACGTT"
    assert codec.decode(codec.encode("RYSWKMBDHVN" + "ryswkmbdhvn")) == "N" * 22


def test_an_ambiguous_letter_is_refused_with_its_place_where_there_is_no_n() -> None:
    with pytest.raises(DataError, match="letter 'r' stands for more than one base: base 3"):
        BaseCodec(with_n=False).encode("ACrT")


@pytest.mark.parametrize(
    ("bases", "message"),
    [
        ("ACGT-A", "'-' is no nucleotide: base 5(.|\n)*alignment"),
        ("MKLV", "'L' is no nucleotide: base 3(.|\n)*protein"),
        ("AC1", "'1' is no nucleotide: base 3"),
        ("A\0", "byte 0x00 is no nucleotide: base 2"),
        ("Aé", "byte 0xc3 is no nucleotide: base 2"),
    ],
)
def test_a_foreign_letter_is_named_with_its_place(bases: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        BaseCodec().encode(bases)


@pytest.mark.parametrize(("k", "stride"), [(0, None), (9, None), (3, 0), (3, 4)])
def test_impossible_kmers_are_refused(k: int, stride: int | None) -> None:
    with pytest.raises(ConfigError):
        BaseCodec(k, stride)


@pytest.mark.parametrize(("k", "stride"), [(1, 1), (3, 3), (3, 1), (4, 2)])
def test_mirror_is_the_reverse_complement_of_each_row_within_its_length(k: int, stride: int) -> None:
    codec = BaseCodec(k, stride, both_strands=True)
    rows = ["GATTACAGGCTAAC", "ACNTGGGTCA", "CCCAAA", ""]
    encoded = [codec.encode(row) for row in rows]
    lengths = torch.tensor([len(steps) for steps in encoded])
    steps = torch.nn.utils.rnn.pad_sequence(encoded, batch_first=True)
    mirrored = codec.mirror(steps, lengths)
    assert mirrored is not None
    for row, image, length in zip(encoded, mirrored, lengths.tolist(), strict=True):
        assert codec.decode(image[:length]) == str(Seq(codec.decode(row)).reverse_complement())  # type: ignore[no-untyped-call]
        assert not image[length:].any()
    again = codec.mirror(mirrored, lengths)
    assert again is not None
    assert torch.equal(again, steps)


def test_one_strand_has_no_mirror_image() -> None:
    assert BaseCodec().mirror(torch.zeros(1, 3, dtype=torch.int64), torch.tensor([3])) is None


def test_state_holds_all_that_decides_what_a_symbol_means() -> None:
    codec, other = BaseCodec(4, 2, with_n=False, both_strands=True), BaseCodec()
    other.restore(codec.state())
    assert other.state() == {"k": 4, "stride": 2, "with_n": False, "both_strands": True}
    assert other.encode("ACGTAC").tolist() == codec.encode("ACGTAC").tolist()


@pytest.mark.parametrize("k", range(1, 9))
def test_kmers_of_many_blocks_are_those_counted_one_by_one(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_module, "_BLOCK_STEPS", 7)
    random = np.random.default_rng(k)
    bases = "".join("ACGTN"[place] for place in random.choice(5, 101, p=[0.24, 0.24, 0.24, 0.24, 0.04]))
    for stride in {1, (k + 1) // 2, k}:
        for with_n in (True, False):
            given = bases if with_n else bases.replace("N", "T")
            kmers = [given[i : i + k] for i in range(0, len(given) - k + 1, stride)]
            expected = [4**k if "N" in kmer else int(kmer.translate(_DIGITS), base=4) for kmer in kmers]
            encoded = BaseCodec(k, stride, with_n).encode_array(given)
            assert encoded.tolist() == expected
            assert encoded.itemsize == (1 if 4**k + with_n <= 2**8 else 2 if 4**k + with_n <= 2**16 else 4)
