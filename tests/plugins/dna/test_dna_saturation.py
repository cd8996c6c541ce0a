"""Saturation: each figure against likelihoods or answers of whole mutated sequences, read one by one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqkit import ConfigError, DataError, Judge, LabelCodec, ModelOptions
from seqkit.build import build_model
from seqkit_dna import DOMAIN, saturation
from seqkit_dna.saturation import Region, read_stretches, score_saturation
from seqkit_dna.saturation_map import effects, plot_saturation

BASES = "GATTNACAGGCCTATGA"


def judge(task: str = "next_step", **data: Any) -> Judge:
    """An untrained model of bases, in float64."""
    torch.manual_seed(3)
    module = DOMAIN.datamodule(task=task, **data)
    module.setup("fit")
    options = ModelOptions(hidden_size=6, bidirectional=task == "classify", pooling="max")
    model = build_model(DOMAIN, module, options).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.6)
    return Judge(model, module)


@torch.no_grad()
def offline(asked: Judge, bases: str) -> float:
    steps = asked.data.codec.encode(bases)[None]
    model = asked._model
    outputs, lengths, _, _ = model(steps[:, :-1], torch.tensor([steps.shape[1] - 1]))
    return float(model.task(outputs, lengths).log_softmax(-1).gather(-1, steps[:, 1:, None]).sum())


@torch.no_grad()
def answer(asked: Judge, bases: str) -> np.ndarray:
    """Log-probabilities of the classes, the mean of both strands if the codec says so."""
    steps = asked.data.codec.encode(bases)[None]
    model, lengths = asked._model, torch.tensor([len(bases)])
    mirrored = asked.data.codec.mirror(steps, lengths)
    shares = [model.task(model(x, lengths)[0], lengths)[0].softmax(-1) for x in (steps, mirrored) if x is not None]
    return torch.stack(shares).mean(0).log().numpy()


def turned(bases: str) -> str:
    return bases[::-1].translate(str.maketrans("ACGT", "TGCA"))


def fasta(folder: Path, **records: str) -> str:
    (folder / "s.fa").write_text("".join(f">{name} x\n{bases}\n" for name, bases in records.items()))
    return str(folder / "s.fa")


def mutated(bases: str, place: int, base: str) -> str:
    return bases[:place] + base + bases[place + 1 :]


def test_each_ratio_is_the_difference_of_two_likelihoods_on_each_strand(tmp_path: Path) -> None:
    asked = judge()
    rows = list(score_saturation(asked, fasta(tmp_path, one=BASES, two="ACG")))
    places = [(row["origin"], row["position"], row["ref"], row["alt"]) for row in rows]
    assert places == [
        (f"s.fa:{name}", place + 1, bases[place], base)
        for name, bases in (("one", BASES), ("two", "ACG"))
        for place in range(len(bases))
        for base in "ACGT"
        if bases[place] not in (base, "N")
    ]
    for row in rows:
        bases = BASES if row["origin"].endswith("one") else "ACG"
        other = mutated(bases, row["position"] - 1, row["alt"])
        ahead = offline(asked, other) - offline(asked, bases)
        back = offline(asked, turned(other)) - offline(asked, turned(bases))
        assert row["llr_forward"] == pytest.approx(ahead, abs=1e-6)
        assert row["llr_reverse"] == pytest.approx(back, abs=1e-6)
        assert row["llr"] == pytest.approx((ahead + back) / 2, abs=1e-6)


def test_a_region_is_read_with_its_flanks_and_counted_in_the_record(tmp_path: Path) -> None:
    asked, path = judge(), fasta(tmp_path, one=BASES, two=BASES[::-1])
    rows = list(score_saturation(asked, path, region="one:8-9", flank=3))
    assert [(row["position"], row["ref"]) for row in rows] == [(8, "A")] * 3 + [(9, "G")] * 3
    window = BASES[4:12]  # bases 5 to 12
    for row in rows:
        expected = offline(asked, mutated(window, row["position"] - 5, row["alt"])) - offline(asked, window)
        assert row["llr_forward"] == pytest.approx(expected, abs=1e-6)
    assert len(list(score_saturation(asked, path, region="8-9"))) == 12  # of both records


def test_flanks_end_with_the_record_and_long_records_come_in_fragments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqkit_dna.fasta.BLOCK_BASES", 5)
    path = fasta(tmp_path, one=BASES)
    for region, flank, start, end in ((Region(None, 2, 3), 9, 0, 12), (Region("one", 16, 17), 4, 11, 17)):
        (found,) = read_stretches(path, region, flank, whole=False)
        assert (found.bases, found.start) == (BASES[start:end], start)
        assert (found.start + found.begin + 1, found.start + found.end) == (region.first, region.last)
    (found,) = read_stretches(path, Region("one", 16, 17), 0, whole=True)
    assert found.bases == BASES and (found.begin, found.end) == (15, 17)
    (found,) = read_stretches(path, None, 0, whole=False)
    assert found.bases == BASES and (found.begin, found.end) == (0, 17)


@pytest.mark.parametrize("both_strands", [False, True])
def test_a_classifier_gives_the_change_in_the_log_odds_of_its_answer(tmp_path: Path, both_strands: bool) -> None:
    asked = judge("classify", reverse_complement=both_strands)
    assert isinstance(asked.data.target_codec, LabelCodec)
    rows = list(score_saturation(asked, fasta(tmp_path, one=BASES), region="3-6"))
    before = answer(asked, BASES)
    best = int(before.argmax())
    assert len(rows) == 9  # an N among four bases
    for row in rows:
        after = answer(asked, mutated(BASES, row["position"] - 1, row["alt"]))
        odds = [float(shares[best] - np.log1p(-np.exp(shares[best]))) for shares in (before, after)]
        assert row["class"] == asked.data.target_codec.decode(torch.tensor([best]))
        assert row["log_odds"] == pytest.approx(odds[1], abs=2e-6)
        assert row["log_odds_change"] == pytest.approx(odds[1] - odds[0], abs=2e-6)


@pytest.mark.parametrize(
    ("region", "error", "message"),
    [
        ("9-8", ConfigError, "region is '9-8'"),
        ("0-3", ConfigError, "region is '0-3'"),
        ("abc", ConfigError, "write FIRST-LAST"),
        ("9-18", DataError, r"the region ends at base 18, the record has 17(.|\n)*s\.fa:one"),
        ("oen:1-3", DataError, "did you mean 'one'"),
    ],
)
def test_a_wrong_region_is_named(region: str, error: type[Exception], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        list(score_saturation(judge(), fasta(tmp_path, one=BASES), region=region))


def test_what_would_take_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saturation, "_MOST_STEPS", 3 * 16 * 17)
    path = fasta(tmp_path, one=BASES)
    with pytest.raises(DataError, match=r"17 bases to mutate of 17 to read: too many(.|\n)*--region"):
        list(score_saturation(judge(), path))
    assert len(list(score_saturation(judge(), path, region="1-16"))) == 45
    monkeypatch.setattr(saturation, "_LONGEST", 10)
    with pytest.raises(DataError, match="more than 10 bases"):
        list(score_saturation(judge(), path))


def test_other_tasks_and_negative_flanks_are_refused(tmp_path: Path) -> None:
    asked: Any = judge()
    with pytest.raises(ConfigError, match="flank is -1"):
        list(score_saturation(asked, fasta(tmp_path, one=BASES), flank=-1))
    asked.data.task = "tag"
    with pytest.raises(ConfigError, match="not of tag"):
        list(score_saturation(asked, fasta(tmp_path, one=BASES)))


def test_a_map_holds_each_effect_at_its_base_and_position(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    rows = [
        {"origin": origin, "position": place, "ref": "ACG"[place - 7], "alt": base, "llr": place + "ACGT".index(base)}
        for origin in ("s.fa:one", "s.fa:two")
        for place in (7, 8, 9)
        for base in "ACGT"
        if base != "ACG"[place - 7]
    ]
    values, bases, first = effects(rows[:9])
    assert bases == "ACG" and first == 7
    nan = np.nan
    np.testing.assert_array_equal(values, [[nan, 8, 9], [8, nan, 10], [9, 10, nan], [10, 11, 12]])
    assert [file.name for file in plot_saturation(rows, tmp_path / "map.csv")] == ["map-1.png", "map-2.png"]
    (file,) = plot_saturation(rows[:9], tmp_path / "map.csv")
    assert file == tmp_path / "map.png" and file.read_bytes().startswith(b"\x89PNG")
