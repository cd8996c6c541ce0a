"""Tagged sentences: CoNLL columns, lists in rows, and what is wrong with either, by file and line."""

import json
from pathlib import Path
from typing import Any

import pytest

from seqkit import ConfigError, DataError
from seqkit_text.conll import write_conll
from seqkit_text.data import TextData

CONLL_2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
# SYM O O

Peter NNP B-NP B-PER
Blackburn NNP I-NP I-PER
"""
CONLL_U = """# sent_id = 1
# text = Vámonos al mar
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\t_\t_\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_
2.1\tx\tx\tX\t_\t_\t_\t_\t_\t_
3\t#\t#\tSYM\t_\t_\t1\tobl\t_\t_
"""


def tagged(path: object, **options: Any) -> TextData:
    data: TextData = TextData(str(path), task="tag", valid_fraction=0.0, test_fraction=0.0, **options)
    return data


def sentences(path: object, **options: Any) -> list[tuple[str, list[str], list[str]]]:
    return [(r.origin, r.sequence, r.target) for r in tagged(path, **options).records("train")]


def written(tmp_path: Path, text: str, name: str = "x.conll") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_first_column_is_the_token_and_the_last_the_tag(tmp_path: Path) -> None:
    assert sentences(written(tmp_path, CONLL_2003)) == [
        ("x.conll:1", ["EU", "rejects", "#"], ["B-ORG", "O", "O"]),
        ("x.conll:2", ["Peter", "Blackburn"], ["B-PER", "I-PER"]),
    ]
    assert [tags for _, _, tags in sentences(tmp_path / "x.conll", tag_column="1")] == [
        ["NNP", "VBZ", "SYM"],
        ["NNP", "NNP"],
    ]
    assert [tokens for _, tokens, _ in sentences(tmp_path / "x.conll", token_column="-2", tag_column="-1")] == [
        ["B-NP", "B-VP", "O"],
        ["B-NP", "I-NP"],
    ]


def test_conll_u_has_names_comments_ranges_and_empty_nodes(tmp_path: Path) -> None:
    path = written(tmp_path, CONLL_U, "es.conllu")
    assert sentences(path) == [("es.conllu:1", ["Vamos", "nos", "#"], ["VERB", "PRON", "SYM"])]
    assert sentences(path, token_column="LEMMA", tag_column="DEPREL") == [
        ("es.conllu:1", ["ir", "nosotros", "#"], ["root", "obj", "obl"])
    ]
    plus = "# global.columns = FORM PARSEME:NE\nA\tB-X\nB\tO\n"
    assert sentences(written(tmp_path, plus, "p.conllup"), token_column="FORM", tag_column="PARSEME:NE") == [
        ("p.conllup:1", ["A", "B"], ["B-X", "O"])
    ]


def test_a_line_that_begins_with_a_hash_may_be_a_token(tmp_path: Path) -> None:
    text = "# id = 7\n#hashtag\tO\nby\tO\n@you\tB-person\n\n# id = 8 or 9\n#\tO\nof Oz\tB-group\n"
    assert sentences(written(tmp_path, text, "w.tsv")) == [
        ("w.tsv:1", ["#hashtag", "by", "@you"], ["O", "O", "B-person"]),
        ("w.tsv:2", ["#", "of Oz"], ["O", "B-group"]),
    ]


def test_rows_hold_lists(tmp_path: Path) -> None:
    rows = [{"tokens": ["a", "b c"], "tags": ["O", "B-X"]}, {"tokens": ["d"], "tags": ["O"]}]
    path = written(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "x.jsonl")
    assert sentences(path) == [("x.jsonl:1", ["a", "b c"], ["O", "B-X"]), ("x.jsonl:2", ["d"], ["O"])]
    named = written(tmp_path, json.dumps({"words": ["a"], "ner_tags": [3]}) + "\n", "n.jsonl")
    assert sentences(named, token_column="words", tag_column="ner_tags") == [("n.jsonl:1", ["a"], ["3"])]


def test_a_folder_is_read_with_all_its_files(tmp_path: Path) -> None:
    written(tmp_path, "a O\n", "set/train/a.iob2")
    written(tmp_path, "b O\n", "set/b.conll")
    assert [origin for origin, _, _ in sentences(tmp_path / "set")] == ["set:b.conll:1", "set:train/a.iob2:1"]


@pytest.mark.parametrize(
    ("name", "text", "options", "message"),
    [
        ("x.conll", "a O\nb X O\n", {}, r"3 columns, the lines before have 2\n  at: x\.conll, line 2"),
        ("x.conll", "a\tO\n\tO\n", {}, r"the token is empty\n  at: x\.conll, line 2"),
        ("x.conll", "a\tO\nb\t\n", {}, r"the tag is empty\n  at: x\.conll, line 2"),
        ("x.conll", "a\nb\n", {}, r"token and tag are in the same column\n  at: x\.conll, line 1"),
        ("x.conll", "a O\n", {"tag_column": "2"}, r"no column 2: the line has 2(.|\n)*--data\.tag_column(.|\n)*0 to 1"),
        ("x.conllu", CONLL_U, {"tag_column": "UPS"}, r"no column UPS(.|\n)*line 3(.|\n)*did you mean 'UPOS'"),
        ("x.conllu", "a O\n", {}, r"2 columns, not 10\n  at: x\.conllu, line 1"),
        ("x.conll", "\n\n", {}, r"holds no text\n  at: x\.conll"),
        ("x.jsonl", '{"tokens": ["a"], "tags": ["O", "O"]}', {}, r"2 tags for 1 token\n  at: x\.jsonl:1"),
        ("x.jsonl", '{"tokens": "a b", "tags": ["O"]}', {}, r"column 'tokens' holds 'a b', no list\n  at: x\.jsonl:1"),
        ("x.jsonl", '{"tokens": ["a", ""], "tags": ["O", "O"]}', {}, r"entry 2 of column 'tokens' is ''"),
        ("x.jsonl", '{"token": ["a"], "tags": ["O"]}', {}, r"no column 'tokens'(.|\n)*--data\.token_column"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, name: str, text: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        sentences(written(tmp_path, text, name), **options)


def test_plain_text_given_for_columns_is_told_how_it_is_read(tmp_path: Path) -> None:
    data = tagged(written(tmp_path, "a b c\nd e\n", "plain.txt"))
    with pytest.raises(DataError, match=r"2 columns, the lines before have 3(.|\n)*--data\.documents lines"):
        list(data.records("predict"))


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("v.conll", "a O\n\nb O\nc B-LOC\n", r"v\.conll:2, line 4"),
        ("v.jsonl", '{"tokens": ["b", "c"], "tags": ["O", "B-LOC"]}', r"v\.jsonl:1, token 2"),
    ],
)
def test_a_tag_that_training_does_not_have_is_named(tmp_path: Path, name: str, text: str, place: str) -> None:
    train = written(tmp_path, "a O\nb B-LOK\n")
    data = TextData(str(train), task="tag", valid_path=str(written(tmp_path, text, name)), test_fraction=0.0)
    data.setup("fit")
    message = rf"(?s)tag 'B-LOC' does not occur in the training data.*at: {place}.*did you mean 'B-LOK'"
    with pytest.raises(DataError, match=message):
        data.store("valid")


def test_prediction_needs_no_tags(tmp_path: Path) -> None:
    data = tagged(written(tmp_path, "Anna\nsings\n\nBo\n"))
    assert [(r.sequence, r.target) for r in data.records("predict")] == [(["Anna", "sings"], None), (["Bo"], None)]
    plain = tagged(written(tmp_path, "Anna sings .\n\nBo\n", "x.txt"), documents="lines")
    assert [(r.origin, r.sequence) for r in plain.records("predict")] == [
        ("x.txt:1", ["Anna", "sings", "."]),
        ("x.txt:3", ["Bo"]),
    ]
    with pytest.raises(ConfigError, match="lines of text have no tags"):
        plain.setup("fit")


def test_tokens_are_lowered_as_asked(tmp_path: Path) -> None:
    data = tagged(written(tmp_path, "ANNA B-PER\nSings O\n"), lowercase=True)
    assert next(iter(data.records("train"))).sequence == ["anna", "sings"]


def test_tags_do_not_belong_to_bytes() -> None:
    with pytest.raises(ConfigError, match=r"(?s)not to bytes.*--data\.tokens"):
        TextData(task="tag", tokens="bytes")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = [{"steps": ["a", "b c"], "prediction": ["O", "B-X"]}, {"steps": ["d"], "prediction": ["O"]}]
    write_conll(iter(rows), tmp_path / "out.conll")
    assert [(tokens, tags) for _, tokens, tags in sentences(tmp_path / "out.conll")] == [
        (row["steps"], row["prediction"]) for row in rows
    ]
