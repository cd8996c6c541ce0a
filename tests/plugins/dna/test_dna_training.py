"""The encoder, the demo data, and both tasks through the whole toolkit."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from Bio.Seq import Seq

import seqkit
from seqkit import ConfigError, Discrete, Encoder
from seqkit_dna import DOMAIN
from seqkit_dna.data import DnaData
from seqkit_dna.demo import demo_genome, demo_promoters
from seqkit_dna.encoder import dna_encoder

# Lightning's CSV logger warns about the run folder that it is told to write to.
pytestmark = pytest.mark.filterwarnings("ignore:Experiment logs directory")

SHORT: dict[str, Any] = {
    "limit_train_batches": 3,
    "max_epochs": 1,
    "hidden_size": 16,
    "quiet": True,
    "accelerator": "cpu",
}
LENGTHS = [23, 1, 9, 4]


def encoder(pool: int, num_positions: int) -> Encoder:
    torch.manual_seed(3)
    return dna_encoder(Discrete(5), 6, "classify", pool=pool, num_positions=num_positions).double().eval()


@pytest.mark.parametrize(("pool", "num_positions"), [(1, 0), (4, 0), (1, 8)])
def test_a_record_has_the_same_features_alone_and_padded(pool: int, num_positions: int) -> None:
    model = encoder(pool, num_positions)
    lengths = torch.tensor(LENGTHS)
    steps = torch.randint(5, (len(LENGTHS), 31), generator=torch.Generator().manual_seed(1))  # Garbage past the ends.
    features, sizes = model(steps, lengths)
    assert sizes.tolist() == [-(-length // pool) for length in LENGTHS]
    for row, length in enumerate(LENGTHS):
        alone, size = model(steps[row : row + 1, :length], lengths[row : row + 1])
        assert size.tolist() == [alone.shape[1]] == [sizes[row]]
        torch.testing.assert_close(features[row, : sizes[row]], alone[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("pool", "num_positions"), [(1, 0), (4, 0), (1, 8)])
def test_gradients_reach_every_parameter(pool: int, num_positions: int) -> None:
    model = encoder(pool, num_positions)
    steps = torch.arange(5).repeat(4, 5)[:, :23]
    features, _ = model(steps, torch.tensor(LENGTHS))
    assert features.shape[2] == model.d_model == 6
    features.sin().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_next_step_sees_no_neighbour() -> None:
    model = dna_encoder(Discrete(5), 6, "next_step")
    assert model.pointwise
    steps = torch.tensor([[0, 1, 2, 3]])
    before, _ = model(steps, torch.tensor([4]))
    after, _ = model(torch.tensor([[0, 1, 4, 3]]), torch.tensor([4]))
    assert (before != after).any(dim=2).tolist() == [[False, False, True, False]]


def test_demo_data_is_the_same_on_every_machine() -> None:
    contigs, promoters = list(demo_genome()), list(demo_promoters())
    assert [len(contig.sequence) for contig in contigs] == [50_000] * 4
    assert len(promoters) == 1_500
    bases = "".join(record.sequence for record in contigs + promoters)
    assert (
        hashlib.sha256(bases.encode()).hexdigest() == "df1b0077cd9e0334974ee0ca4ba84b472f0e529ac2302498d509b70a48f1aaa5"
    )
    assert list(demo_promoters()) == promoters


def test_demo_promoters_differ_in_their_boxes_only() -> None:
    has_box = {True: 0, False: 0}
    number = {True: 0, False: 0}
    for record in demo_promoters():
        is_promoter = record.target == "promoter"
        number[is_promoter] += 1
        has_box[is_promoter] += any(record.sequence[start : start + 6] == "TATAAT" for start in range(44, 53))
    assert 650 < number[True] < 850
    assert has_box[True] > 0.5 * number[True]
    assert has_box[False] < 0.05 * number[False]


def test_demo_genes_lie_on_both_strands() -> None:
    genome = "".join(record.sequence for record in demo_genome())
    codon = max({genome[i : i + 3] for i in range(len(genome) - 2)}, key=genome.count)
    other = str(Seq(codon).reverse_complement())  # type: ignore[no-untyped-call]
    assert 0.7 < genome.count(codon) / genome.count(other) < 1.4


@pytest.mark.parametrize("task", DOMAIN.tasks)
def test_defaults_are_given_for_each_task(task: str) -> None:
    assert "trainer.max_epochs" in DOMAIN.defaults[task]


def test_a_short_fit_learns_to_continue_a_genome(tmp_path: Path) -> None:
    run = seqkit.fit(
        "dna",
        task="next_step",
        limit_train_batches=3,
        max_epochs=1,
        quiet=True,
        accelerator="cpu",
        run=str(tmp_path / "r"),
    )
    assert run.result["metrics"]["bits_per_step"] < run.result["baselines"]["uniform"]["bits_per_step"]
    made = run.generate("ATGGCG", steps=20, seed=1)
    assert len(made) == 20
    assert set(made) <= set("ACGTN")
    assert made == run.generate("ATGGCG", steps=20, seed=1)


def test_a_short_fit_of_kmers_from_a_file_generates_fasta_letters(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">g\n" + "ACGTTGCATC" * 1500 + "\n")
    run = seqkit.fit(
        "dna",
        path=str(tmp_path / "g.fa"),
        k=3,
        limit_train_batches=3,
        max_epochs=1,
        quiet=True,
        accelerator="cpu",
        run=str(tmp_path / "r"),
    )
    assert len(run.generate("ACGTTG", steps=4, seed=1)) == 12


def test_a_short_fit_of_promoters_answers_with_their_labels(tmp_path: Path) -> None:
    run = seqkit.fit(
        "dna",
        task="classify",
        limit_train_batches=3,
        max_epochs=1,
        quiet=True,
        accelerator="cpu",
        run=str(tmp_path / "r"),
    )
    assert 0 <= run.result["metrics"]["accuracy"] <= 1
    (tmp_path / "new.fa").write_text(">one\nTTGACAATCGATCGATTACGATTATAAT\n>two\nACGTTTAC\n")
    rows = run.predict(str(tmp_path / "new.fa"))
    assert [row["origin"] for row in rows] == ["new.fa:one", "new.fa:two"]
    assert {row["prediction"] for row in rows} <= {"promoter", "shuffled"}


def test_a_model_of_bases_is_not_asked_about_kmers() -> None:
    trained = DnaData(task="classify")
    changes: list[dict[str, Any]] = [{"k": 3}, {"ambiguous": "error"}, {"reverse_complement": True}]
    for options in changes:
        with pytest.raises(ConfigError, match=r"the model was trained with(.|\n)*--data\.k"):
            DnaData(task="classify", **options).restore_codecs(trained.codec.state(), {"labels": ["a", "b"]})
