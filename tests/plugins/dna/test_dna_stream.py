"""Bases through a pipe: FASTA or letters, the same steps and surprisal however the bytes arrive."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqkit import ConfigError, DataError, ModelOptions, join_parts
from seqkit.build import build_model
from seqkit.inference.stream import read_stream
from seqkit_dna import DOMAIN
from seqkit_dna.data import DnaData

FASTA = b">one the first\nACGTNNacgu\nRYAC\n\n>two\r\nTTGACA\r\nTATAAT\r\n>three\nA\n"


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[begin : begin + size] for begin in range(0, len(content), size))


def test_each_header_begins_a_record() -> None:
    for size in (1, 3, 1000):
        whole = list(join_parts(DnaData().parts(cut(FASTA, size))))
        assert [(r.origin, r.sequence) for r in whole] == [
            ("stdin:one", "ACGTNNACGTNNAC"),
            ("stdin:two", "TTGACATATAAT"),
            ("stdin:three", "A"),
        ]


def test_letters_alone_are_one_record() -> None:
    assert [(p.sequence, p.origin, p.continues) for p in DnaData().parts(iter([b" acg", b"t\n", b"\n", b"N"]))] == [
        ("ACG", "stdin", False),
        ("T", "stdin", True),
        ("N", "stdin", True),
    ]
    (first, second) = join_parts(DnaData().parts(cut(b"ac\n>x\ngt", 2)))
    assert (first.sequence, second.sequence, second.origin) == ("AC", "GT", "stdin:x")


@pytest.mark.parametrize(
    "options",
    [{"k": 1}, {"k": 3}, {"k": 3, "kmer_stride": 1, "task": "classify"}, {"k": 2, "ambiguous": "skip"}],
)
@settings(max_examples=25, deadline=None)
@given(bases=st.text("ACGTN", max_size=40), size=st.integers(1, 9))
def test_parts_encode_to_the_steps_of_the_whole(options: dict[str, Any], bases: str, size: int) -> None:
    data = DnaData(**options)
    made: list[list[int]] = []
    for part in data.parts(cut(f">r\n{bases}A\n".encode(), size)):
        steps = data.codec.encode(part.sequence).tolist()
        made = [*made[:-1], made[-1] + steps] if part.continues else [*made, steps]
    wholes = (bases + "A").split("N") if data.reading.ambiguous == "skip" else [bases + "A"]
    expected = [data.codec.encode(whole).tolist() for whole in wholes]
    assert made == [steps for steps in expected if steps]


@pytest.mark.parametrize(
    ("content", "message", "at"),
    [
        (b">a\nACG\nAXG\n", "'X' is no nucleotide", "stdin:a, line 3, base 5"),
        (b">a\n>b\nA\n", "a header and no sequence", "stdin:a, line 1"),
        (b"A\n>b\n", "a header and no sequence", "stdin:b, line 2"),
        (b"MKV", "'M' stands for", "stdin, line 1, base 1"),
    ],
)
def test_what_is_no_nucleotide_is_named(content: bytes, message: str, at: str) -> None:
    for size in (1, 100):
        with pytest.raises(DataError, match=message) as caught:
            list(DnaData(ambiguous="error").parts(cut(content, size)))
        assert caught.value.at == at


@pytest.mark.parametrize("k", [1, 3])
@torch.no_grad()
def test_surprisal_is_that_of_each_whole_record(k: int) -> None:
    torch.manual_seed(0)
    data = DnaData(k=k)
    model = build_model(DOMAIN, data, ModelOptions(hidden_size=12)).eval()
    content = FASTA + b">four\n" + b"ACGGTCATTACGNCT\n" * 40
    expected: list[float] = []
    for record in join_parts(data.parts(iter([content]))):
        steps = data.codec.encode(record.sequence)
        outputs, lengths, _, _ = model(steps[None], torch.tensor([len(steps)]))
        shares = model.task(outputs, lengths)[0].log_softmax(-1)
        expected += [float("nan"), *(-shares[torch.arange(len(steps) - 1), steps[1:]]).tolist()]
    for size, chunk in ((1, 256), (7, 1), (100, 7), (10**6, 256)):
        chunks = list(read_stream(model, data, cut(content, size), chunk))
        nll = [float("nan") if n is None else n for part in chunks for n in part.columns["nll_nats"]]
        torch.testing.assert_close(torch.tensor(nll), torch.tensor(expected), rtol=0, atol=1e-6, equal_nan=True)
        assert chunks[-1].columns["record"][-1] == "stdin:four"


def test_motifs_and_both_strands_need_the_whole_record() -> None:
    data = DnaData(task="classify")
    data.setup("fit")
    with pytest.raises(ConfigError, match="MotifEncoder looks at later steps"):
        read_stream(build_model(DOMAIN, data, ModelOptions(hidden_size=6)), data, [b"A"])
