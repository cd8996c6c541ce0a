from pathlib import Path

import numpy as np
import pytest

from seqkit import DataError, SourceFile
from seqkit_timeseries.series import Series
from seqkit_timeseries.ts_format import read_ts

HEADER = "#a comment\n@problemName Toy\n@timeStamps false\n@univariate false\n@classLabel true up down\n@data\n"


def read(tmp_path: Path, text: str) -> list[Series]:
    path = tmp_path / "toy.ts"
    path.write_text(text)
    return list(read_ts(SourceFile(path)))


def test_dimensions_become_features_and_the_class_comes_last(tmp_path: Path) -> None:
    first, second = read(tmp_path, HEADER + "1,2,3:4,5,6:up\n\n7:8:down\n")
    assert first.values.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert second.values.tolist() == [[7, 8]]
    assert [(s.origin, s.label) for s in (first, second)] == [("toy.ts:1", "up"), ("toy.ts:2", "down")]


def test_a_question_mark_is_a_missing_value(tmp_path: Path) -> None:
    (record,) = read(tmp_path, HEADER + "1,?,3:?,5,6:up\n")
    assert np.array_equal(record.values, np.array([[1, np.nan], [np.nan, 5], [3, 6]]), equal_nan=True)


def test_without_class_labels_every_field_is_a_dimension(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "@classLabel false\n@data\n1,2:3,4\n")
    assert record.values.tolist() == [[1, 3], [2, 4]] and record.label is None


def test_a_numeric_target_comes_last(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "@targetLabel true\n@univariate true\n@data\n1,2:-3.5\n")
    assert record.values.tolist() == [[1], [2]] and record.label == "-3.5"


def test_a_comment_in_another_encoding_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "toy.ts"
    path.write_bytes(b"# na\xefve\n" + HEADER.encode() + b"1:2:up\n")
    assert len(list(read_ts(SourceFile(path)))) == 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEADER + "1,2:3,4:upp\n", 7, "class 'upp' is not in @classLabel: did you mean 'up'"),
        (HEADER + "1,2:3,x:up\n", 7, r"'x' is not a finite number \(dimension 2, step 2\)"),
        (HEADER + "1,inf:3,4:up\n", 7, "'inf' is not a finite number"),
        (HEADER + "1,2:3,4:up\n1,2:3:up\n", 8, "unequal length 1 and 2"),
        (HEADER + "1,2\n", 7, "class '1,2' is not in @classLabel"),
        (HEADER.replace("@univariate false", "@univariate true") + "1:2:up\n", 7, "2 dimensions where 1 are expected"),
        (HEADER.replace("@univariate", "@dimensions 3\n@univariate") + "1:2:up\n", 8, "2 dimensions where 3"),
        ("@equalLength true\n@seriesLength 3\n@classLabel false\n@data\n1,2\n", 5, "2 steps where @seriesLength is 3"),
        ("@missing false\n@classLabel false\n@data\n1,?\n", 4, "@missing false"),
        ("@timeStamps true\n@data\n1\n", 1, "timestamps of their own are not read"),
        ("@univariat true\n@data\n1\n", 1, "unknown header @univariat; did you mean 'univariate'"),
        ("@univariate maybe\n@data\n1\n", 1, "@univariate must be true or false"),
        ("@dimensions two\n@data\n1\n", 1, "@dimensions must be a positive number"),
        ("1,2:up\n", 1, "a case before @data"),
    ],
)
def test_what_breaks_the_format_is_named_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, text)
    assert caught.value.at == f"toy.ts, line {line}"


@pytest.mark.parametrize(("text", "message"), [(HEADER, "holds no cases"), ("@univariate true\n", "has no @data line")])
def test_a_file_without_cases_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)
