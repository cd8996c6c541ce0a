"""Task tag: pieces of genomes with a tag a base, their splits and strands, the baseline, and a training."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import seqkit
from seqkit import ConfigError, DataError, Discrete, Record, SourceFile, Split
from seqkit.inference.rows import write_rows
from seqkit_dna.bed import read_bed, write_bed
from seqkit_dna.coding import CodonFrequency, coding_figures
from seqkit_dna.data import DnaData
from seqkit_dna.encoder import MotifEncoder, _words, dna_encoder
from seqkit_dna.legend import Legend

# Lightning's CSV logger warns about the run folder that it is told to write to.
pytestmark = pytest.mark.filterwarnings("ignore:Experiment logs directory")

SPLITS: tuple[Split, ...] = ("train", "valid", "test")


LETTERS = np.array(list("ACGT"))


def bases(size: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(LETTERS, size))


def genome(folder: Path, genes: str = "CDS 5 18 +", **contigs: str) -> dict[str, Any]:
    """A FASTA and a GFF file; genes as `KIND FIRST LAST STRAND`, divided by commas, all on the first contig."""
    (folder / "g.fa").write_text("".join(f">{name} text\n{letters}\n" for name, letters in contigs.items()))
    lines = [gene.split() for gene in genes.split(",")]
    contig = next(iter(contigs))
    (folder / "g.gff").write_text(
        "".join(f"{contig}\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t0\t.\n" for kind, start, end, strand in lines)
    )
    return {"path": str(folder / "g.fa"), "task": "tag", "annotation": str(folder / "g.gff")}


def pieces(data: DnaData, split: Split = "predict") -> list[tuple[str, str, str | None]]:
    return [(record.origin, record.sequence, record.target) for record in data.records(split)]


def baselines(**options: Any) -> dict[str, dict[str, float]]:
    data = DnaData(**options)
    found: dict[str, dict[str, float]] = data.baselines("test", data)
    return found


def test_each_piece_says_where_it_lies_and_has_its_tags(tmp_path: Path) -> None:
    letters = bases(24)
    whole = "." * 4 + "C" * 14 + "." * 6
    data = DnaData(**genome(tmp_path, c=letters), piece=10, valid_fraction=0, test_fraction=0, reverse_complement=False)
    assert pieces(data, "train") == [
        ("g.fa:c:1-10", letters[:10], whole[:10]),
        ("g.fa:c:11-24", letters[10:], whole[10:]),  # less than one and a half pieces are not cut
    ]


def test_the_other_strand_has_its_tags_in_reverse_and_its_strands_exchanged(tmp_path: Path) -> None:
    options = genome(tmp_path, genes="CDS 1 2 +,CDS 5 7 -", c="ACGTTGCA") | {"valid_fraction": 0, "test_fraction": 0}
    assert pieces(DnaData(**options), "train")[1] == ("g.fa:c:1-8 (reverse complement)", "TGCAACGT", ".CCC..CC")
    separate = pieces(DnaData(**options, strand="separate"), "train")
    assert [tags for _, _, tags in separate] == ["CC..ccc.", ".CCC..cc"]


@pytest.mark.parametrize("piece", [7, 64, 1000])
def test_pieces_of_all_splits_make_up_the_genome_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr("seqkit_dna.fasta.BLOCK_BASES", 50)
    contigs = {"c": bases(400), "d": bases(101, seed=1)}
    options = genome(tmp_path, genes="CDS 5 18 +,CDS 390 400 -", **contigs)
    data = DnaData(**options, piece=piece, reverse_complement=False)
    found = [record for split in SPLITS for record in data.records(split)]
    assert "".join(record.sequence for record in found) == contigs["c"] + contigs["d"]
    assert "".join(record.target for record in found) == (
        "." * 4 + "C" * 14 + "." * 371 + "C" * 11 + "." * 101
    )  # fmt: skip
    for record in found:
        contig, place = record.origin.split(":")[1:]
        first, last = map(int, place.split("-"))
        assert contigs[contig][first - 1 : last] == record.sequence
        assert len(record.sequence) < 1.5 * piece
    sizes = {split: sum(len(record.sequence) for record in data.records(split)) for split in SPLITS}
    assert sizes == {"train": 401, "valid": 50, "test": 50}


def test_only_the_training_part_is_read_from_both_strands(tmp_path: Path) -> None:
    data = DnaData(**genome(tmp_path, c=bases(100)), piece=20)
    assert [len(pieces(data, split)) for split in SPLITS] == [8, 1, 1]
    assert {origin for origin, _, _ in pieces(data, "test")} == {"g.fa:c:91-100"}


def test_a_contig_may_be_held_out(tmp_path: Path) -> None:
    data = DnaData(**genome(tmp_path, c=bases(60), d=bases(30)), piece=20, test_match=":d$")
    assert [origin for origin, _, _ in pieces(data, "test")] == ["g.fa:d:1-20", "g.fa:d:21-30"]
    assert not any(origin.startswith("g.fa:d") for origin, _, _ in pieces(data, "train") + pieces(data, "valid"))


def test_prediction_needs_no_annotation(tmp_path: Path) -> None:
    options = genome(tmp_path, c=bases(30))
    found = pieces(DnaData(options["path"], task="tag"))
    assert [(origin, tags) for origin, _, tags in found] == [("g.fa:c:1-30", None)]
    with pytest.raises(ConfigError, match=r"needs to know where the features lie(.|\n)*--data.annotation"):
        pieces(DnaData(options["path"], task="tag"), "train")


def test_skip_cuts_pieces_at_letters_for_several_bases(tmp_path: Path) -> None:
    options = genome(tmp_path, genes="CDS 3 6 +", c="ACGTNNGTRA") | {"ambiguous": "skip", "reverse_complement": False}
    found = pieces(DnaData(**options, valid_fraction=0, test_fraction=0), "train")
    assert found == [("g.fa:c:1-4", "ACGT", "..CC"), ("g.fa:c:7-8", "GT", ".."), ("g.fa:c:10-10", "A", ".")]


def test_genbank_carries_its_own_features(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "genomics" / "small-genomes" / "NC_005816.gb"
    if not path.exists():
        pytest.skip("the small genomes are not beside this checkout (../shared/data/genomics)")
    data = DnaData(str(path), task="tag", feature=["CDS", "repeat_region"], strand="separate", reverse_complement=False)
    tags = "".join(record.target for split in SPLITS for record in data.records(split))
    assert len(tags) == 9_609
    # CDS 87..1109 on the forward strand, the last one complement(8088..8360); repeat_region 1..1954 lies below.
    assert tags[86:1109] == "C" * 1023
    assert tags[:86] == "R" * 86
    assert tags[8087:8360] == "c" * 273


def test_the_genome_of_e_coli_has_its_known_share_of_coding_bases(shared_data: Path) -> None:
    folder = shared_data / "genomics" / "ecoli-k12"
    if not folder.is_dir():
        pytest.skip("the genome is not beside this checkout (../shared/data/genomics)")
    name = str(folder / "GCF_000005845.2_ASM584v2_genomic.")
    data = DnaData(name + "fna.gz", task="tag", annotation=name + "gff.gz")
    counts: Counter[str] = Counter()
    for split in SPLITS[1:]:
        for record in data.records(split):
            counts.update(record.target)
    features = data.tagging.records(data.path)
    stretch = next(iter(features)).sequence
    whole = stretch.features.paint(0, 4_641_652)
    assert round(whole.count("C") / len(whole), 3) == 0.862
    assert whole[-928_330:].count("C") == counts["C"]
    assert (whole[188], whole[189:255], whole[255]) == (".", "C" * 66, ".")  # thrL, 190 to 255


def test_names_and_coordinates_of_another_assembly_are_refused(tmp_path: Path) -> None:
    options = genome(tmp_path, c=bases(30))
    (tmp_path / "g.fa").write_text(f">chrom_c\n{bases(30)}\n")
    with pytest.raises(DataError, match=r"contig 'chrom_c' is not in the annotation, which names c\n"):
        pieces(DnaData(**options), "train")
    (tmp_path / "g.fa").write_text(f">c\n{bases(17)}\n")
    with pytest.raises(DataError, match=r"ends at base 18, but contig 'c' has 17(.|\n)*g.gff, line 1; g.fa:c"):
        pieces(DnaData(**options), "train")
    (tmp_path / "g.fa").write_text(f">c\n{bases(30)}\n" * 2)
    with pytest.raises(DataError, match=r"two contigs are called 'c'(.|\n)*g.fa:c and g.fa:c #2"):
        pieces(DnaData(**options), "train")


@pytest.mark.parametrize(
    ("options", "message"), [({"k": 3}, "answers each base, not each 3-mer"), ({"piece": 1}, "piece is 1")]
)
def test_options_that_tags_cannot_have_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DnaData(task="tag", **options)


def test_encoded_data_is_made_anew_when_the_annotation_changes(tmp_path: Path) -> None:
    options = genome(tmp_path, c=bases(200))
    before = np.asarray(DnaData(**options).store("train").targets)
    genome(tmp_path, genes="CDS 5 100 +", c=bases(200))
    after = np.asarray(DnaData(**options).store("train").targets)
    assert (before.sum(), after.sum()) == (2 * 14, 2 * 96)
    store = DnaData(**options).store("test")
    assert (store.steps.dtype, store.targets.dtype) == (np.uint8, np.uint8)


def codons_of(data: DnaData) -> np.ndarray:
    learnt = CodonFrequency(Legend(("CDS",)), skip_n=False)
    learnt.fit(lambda: data.divide(data.read, "train"))
    return learnt.log_odds


def test_codon_usage_is_counted_in_frame_on_both_strands(tmp_path: Path) -> None:
    # Forward AAA CCC at 2..7; reverse, of GGGTTT at 9..14: AAA CCC again. Nothing: GT, G, and G at the end: no triple.
    options = genome(tmp_path, genes="CDS 3 8 +,CDS 10 15 -", c="GTAAACCCGGGGTTTG")
    found = codons_of(DnaData(**options, valid_fraction=0, test_fraction=0))
    # Twice each and one more, of 4 + 64; of nothing no codon was seen, so that each has one in 64.
    assert found[0] == found[0b010101] == pytest.approx(np.log(3 / 68 * 64))
    assert found[1] == pytest.approx(np.log(1 / 68 * 64))
    assert found[64] == 0


def test_codon_usage_finds_the_genes_of_the_demo_genome() -> None:
    figures = baselines(task="tag")["codon_frequency"]
    assert figures["matthews"] > 0.7
    assert figures["accuracy"] > 0.9
    both = baselines(task="tag", strand="separate")
    separate = both["codon_frequency"]
    assert separate["matthews"] > 0.8
    assert both["all_coding"]["coding_matthews"] == 0
    assert 0.8 < both["all_coding"]["coding_accuracy"] < 0.9
    framed = baselines(task="tag", strand="frame")["codon_frequency"]
    assert framed["matthews"] > 0.85
    # What is said of coding or not does not depend on what else the tags say.
    for one in (separate, framed):
        assert {name: one[f"coding_{name}"] for name in figures} == pytest.approx(figures)
    assert baselines(task="tag", feature="gene") == {}
    assert baselines(task="classify") == {}


@pytest.mark.parametrize(("step", "dilation", "word", "windows"), [(3, 1, 1, []), (2, 2, 2, [3, 7]), (5, 3, 3, [5])])
def test_features_of_a_step_of_several_bases_do_not_depend_on_the_batch(
    step: int, dilation: int, word: int, windows: list[int]
) -> None:
    torch.manual_seed(3)
    shape = {"kernel_size": 5, "num_convolutions": 4, "step": step, "dilation": dilation}
    model = dna_encoder(Discrete(5), 6, "tag", **shape, word=word, windows=windows)
    model = model.double().eval()
    lengths = torch.tensor([23, 1, 9, 4])
    steps = torch.randint(5, (4, 31), generator=torch.Generator().manual_seed(1))  # Garbage past the ends.
    features, sizes = model(steps, lengths)
    assert model.stride == step
    assert sizes.tolist() == [-(-length // step) for length in lengths.tolist()]
    for row, length in enumerate(lengths.tolist()):
        alone, _ = model(steps[row : row + 1, :length], lengths[row : row + 1])
        assert alone.shape[1] == sizes[row]
        torch.testing.assert_close(features[row, : sizes[row]], alone[0], rtol=1e-12, atol=1e-12)


def test_words_are_those_around_each_base() -> None:
    model = dna_encoder(Discrete(5), 6, "tag", word=3)
    assert isinstance(model, MotifEncoder)
    words = _words(torch.tensor([[0, 1, 2, 3, 4, 3, 2, 1, 3]]), torch.tensor([[True] * 8 + [False]]), 3)
    # A C G T N T G C, then padding: ACG, CGT, and TGC; with the 65th word at the ends and where an N is near.
    assert words.tolist() == [[64, 0b000110, 0b011011, 64, 64, 64, 0b111001, 64, 64]]
    assert (model.embed.num_embeddings, model.embed_words) == (65, None)
    longer = dna_encoder(Discrete(5), 6, "tag", word=4)
    assert isinstance(longer, MotifEncoder)
    assert longer.embed_words is not None
    assert (longer.embed.num_embeddings, longer.embed_words.num_embeddings) == (65, 257)
    with pytest.raises(ConfigError, match="words of 2 steps"):
        dna_encoder(Discrete(4**3 + 1), 6, "classify", word=2)


def test_windows_are_means_of_the_steps_that_are_there() -> None:
    model = dna_encoder(Discrete(5), 6, "tag", num_filters=2, windows=[3])
    assert isinstance(model, MotifEncoder)
    features = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 9.0], [7.0, 7.0]]])
    found = model._with_means(features, torch.tensor([[[True], [True], [True], [False]]]))
    # At the ends the mean is of two steps; the last step lies past the record's end.
    torch.testing.assert_close(found[0, :3, 2:], torch.tensor([[2.0, 3.0], [3.0, 5.0], [4.0, 6.5]]))
    torch.testing.assert_close(found[..., :2], features)
    with pytest.raises(ConfigError, match=r"windows are \[4\]"):
        dna_encoder(Discrete(5), 6, "tag", windows=[4])


def test_a_step_sees_its_own_bases_and_those_on_either_side() -> None:
    torch.manual_seed(3)
    model = dna_encoder(Discrete(5), 6, "tag", kernel_size=9, num_convolutions=1, step=3).double().eval()
    steps, lengths = torch.zeros(1, 30, dtype=torch.int64), torch.tensor([30])
    before, _ = model(steps, lengths)
    reached = []
    for base in range(30):
        changed = steps.clone()
        changed[0, base] = 2
        if (model(changed, lengths)[0] != before).any(dim=2)[0, 4]:  # the step of bases 12, 13 and 14
            reached.append(base)
    assert reached == list(range(9, 18))


def test_a_short_fit_tags_each_base_of_new_sequences(tmp_path: Path) -> None:
    run = seqkit.fit(
        "dna", task="tag", limit_train_batches=3, max_epochs=1, hidden_size=16, quiet=True, accelerator="cpu",
        num_filters=8, run=str(tmp_path / "r"),
    )  # fmt: skip
    assert {"majority", "codon_frequency"} <= set(run.result["baselines"])
    assert -1 <= run.result["metrics"]["matthews"] <= 1
    (tmp_path / "new.fa").write_text(f">one\n{bases(2300)}\n>two\nACGTA\n")
    rows = run.predict(str(tmp_path / "new.fa"))
    assert [row["origin"] for row in rows] == ["new.fa:one:1-1500", "new.fa:one:1501-2300", "new.fa:two:1-5"]
    assert [len(row["prediction"]) for row in rows] == [1500, 800, 5]
    assert set("".join(row["prediction"] for row in rows)) <= {".", "C"}


def test_predicted_intervals_go_on_from_piece_to_piece(tmp_path: Path) -> None:
    rows = [
        {"origin": "g.fa:c:1-5", "prediction": "..CCC"},
        {"origin": "g.fa:c:6-9", "prediction": "CCcc"},
        {"origin": "z.zip:g.fa:chr:2:1-3", "prediction": "c.C"},
        {"origin": "z.zip:g.fa:chr:2:9-10", "prediction": "CC"},  # bases 4 to 8 were left out
    ]
    writers = DnaData(task="tag", strand="separate").row_writers()
    assert write_rows(rows, tmp_path / "p.bed", writers) == 4
    assert (tmp_path / "p.bed").read_text() == (
        "c\t2\t7\tCDS\t0\t+\nc\t7\t9\tCDS\t0\t-\n"
        "chr:2\t0\t1\tCDS\t0\t-\nchr:2\t2\t3\tCDS\t0\t+\nchr:2\t8\t10\tCDS\t0\t+\n"
    )
    with pytest.raises(ConfigError, match=r"cannot write \.bed(.|\n)*use \.csv"):
        write_rows(rows, tmp_path / "p.bed", DnaData(task="classify").row_writers())
    with pytest.raises(ConfigError, match=r"cannot write \.gff(.|\n)*or \.bed"):
        write_rows(rows, tmp_path / "p.gff", writers)


def test_gaps_shorter_than_a_codon_are_closed(tmp_path: Path) -> None:
    rows = [{"origin": "g.fa:c:1-9", "prediction": "C..C...c."}, {"origin": "g.fa:d:1-2", "prediction": "cC"}]
    write_bed(rows, tmp_path / "p.bed", Legend(("CDS",), "separate"))
    starts_and_ends = [line.split("\t")[:3] for line in (tmp_path / "p.bed").read_text().splitlines()]
    assert starts_and_ends == [["c", "0", "4"], ["c", "7", "8"], ["d", "0", "1"], ["d", "1", "2"]]


def test_frames_are_one_interval(tmp_path: Path) -> None:
    write_bed([{"origin": "g.fa:c:1-9", "prediction": ".DSCDcsd."}], tmp_path / "p.bed", Legend(("CDS",), "frame"))
    assert (tmp_path / "p.bed").read_text() == "c\t1\t5\tCDS\t0\t+\nc\t5\t8\tCDS\t0\t-\n"


def test_figures_of_coding_are_told_from_those_of_strands_and_other_features() -> None:
    truth, guess = ["CCcc", "R..."], ["cCc.", "R.C."]
    legend = Legend(("CDS", "rRNA"), "separate")
    # Coding or not: right but for the fourth base of the first record and the third of the second.
    found = coding_figures(truth, guess, legend)
    assert found["coding_accuracy"] == 6 / 8
    # Of coding bases three are found, one is missed, one is too many: F1 is 6 / 8, and so it is for the others.
    assert found["coding_macro_f1"] == pytest.approx(0.75)
    assert found["coding_matthews"] == pytest.approx((3 * 3 - 1 * 1) / 16)
    assert coding_figures(truth, guess, Legend(("CDS",))) == {}


def test_what_is_written_as_bed_is_read_back(tmp_path: Path) -> None:
    write_bed([{"origin": "g.fa:c:1-9", "prediction": ".CC...CC."}], tmp_path / "p.bed", Legend(("CDS",)))
    found = [(f.contig, f.kind, f.start, f.end) for f in read_bed(SourceFile(tmp_path / "p.bed"))]
    assert found == [("c", "CDS", 1, 3), ("c", "CDS", 6, 8)]


def test_pieces_follow_each_other(tmp_path: Path) -> None:
    found: list[Record] = list(DnaData(**genome(tmp_path, c=bases(500)), piece=30).records("predict"))
    ends = [tuple(map(int, record.origin.rpartition(":")[2].split("-"))) for record in found]
    assert all(one[1] + 1 == two[0] for one, two in pairwise(ends))
    assert (ends[0][0], ends[-1][1]) == (1, 500)
