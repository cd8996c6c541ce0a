"""Files of the `.ts` format and tables of a series a row that are malformed."""

import gzip

from tests.plugins.malformed import Case, file
from tests.plugins.timeseries.bad_making import CLASSIFY, FORECAST, rows_of_series
from tests.plugins.timeseries.bad_making import ts as cases_of

_HEAD = "@problemName p\n@univariate true\n@classLabel true a b\n"


def _ts(
    *says: str, at: str = "", header: str = "", cases: dict[int, str] | None = None, raw: str | None = None
) -> Case:
    content = cases_of(cases, header) if raw is None else raw
    return Case(file("t.ts", content), says, at, CLASSIFY)


CASES_OF_TS = {
    "ts-good": _ts(),
    "ts-no-cases": _ts("no cases", at="t.ts", raw=_HEAD + "@data\n"),
    "ts-no-data-line": _ts("before @data", at="t.ts, line 4", header=_HEAD),
    "ts-header-only": _ts("no @data line", at="t.ts", raw=_HEAD),
    "ts-two-dimensions": _ts("2 dimensions where 1", at="t.ts, line 9", cases={5: "1,2:3,4:a"}),
    "ts-dimensions-differ": _ts("2 columns where t.ts:1 has 1", at="t.ts:5", header="@classLabel true a b\n@data\n",
                                cases={5: "1,2:3,4:a"}),
    "ts-lengths-differ": _ts("unequal length", at="t.ts, line 7", cases={5: "1,2:3:a"},
                             header="@classLabel true a b\n@data\n"),
    "ts-class-unknown": _ts("class 'c' is not in @classLabel", at="t.ts, line 9", cases={5: "1,2,3,4:c"}),
    "ts-class-missing": _ts("is not in @classLabel", at="t.ts, line 9", cases={5: "1,2,3,4"}),
    "ts-class-empty": _ts("the class is missing", at="t.ts, line 7", cases={5: "1,2,3,4:"},
        header="@targetlabel true\n@data\n"),
    "ts-no-values": _ts("no values", at="t.ts, line 9", cases={5: ":a"}),
    "ts-text": _ts("'x' is not a finite number (dimension 1, step 2)", at="t.ts, line 9", cases={5: "1,x,3,4:a"}),
    "ts-inf": _ts("'inf' is not a finite", at="t.ts, line 9", cases={5: "1,inf,3,4:a"}),
    "ts-missing-though-not": _ts("@missing false", at="t.ts", cases={5: "1,?,3,4:a"},
                                 header="@missing false\n@classLabel true a b\n@data\n"),
    "ts-missing": _ts(cases={5: "1,?,3,4:a"}),
    "ts-all-missing": _ts(cases={5: "?,?,?,?:a"}),
    "ts-length-broken": _ts("3 steps where @seriesLength is 4", at="t.ts, line 9", cases={5: "1,2,3:a"},
                            header="@equalLength true\n@seriesLength 4\n@classLabel true a b\n@data\n"),
    "ts-unknown-header": _ts("unknown header @univariat", "univariate", at="t.ts, line 1",
                             header="@univariat true\n@data\n"),
    "ts-bad-flag": _ts("@univariate must be true or false", at="t.ts, line 1", header="@univariate yes\n@data\n"),
    "ts-bad-count": _ts("positive number", at="t.ts, line 1", header="@dimensions two\n@data\n"),
    "ts-timestamps": _ts("timestamps of their own", at="t.ts, line 1", header="@timeStamps true\n@data\n"),
    "ts-not-utf8": Case(file("t.ts", cases_of({5: "1,2,3,4:é"}).encode("latin1")), ("not valid UTF-8",), "t.ts, line 9",
        CLASSIFY),
    "ts-header-not-utf8": Case(file("t.ts", b"# \xe9\n" + cases_of().encode()), (), "", CLASSIFY),
    "ts-utf16": Case(file("t.ts", cases_of().encode("utf-16")), ("is UTF-16, not the .ts",), "t.ts, line 1", CLASSIFY),
    "ts-html": _ts("is a web page", "download failed", at="t.ts, line 2", raw="\n <HTML lang='en'>\n@data\n"),
    "ts-nul": _ts("'\\x00' is not", at="t.ts, line 9", cases={5: "1,2,\0,4:a"}),
    "ts-cr": _ts("lines end in CR alone", "end lines in \\n", at="t.ts, line 1", raw=cases_of().replace("\n", "\r")),
    "ts-cr-after-a-comment": _ts(
        "lines end in CR alone", at="t.ts, line 2", raw="# by hand\n" + cases_of().replace("\n", "\r")
    ),
    "ts-data-twice": _ts("class '@data' is not in @classLabel", at="t.ts, line 9", cases={5: "@data"}),
    "ts-gz-cut": Case(file("t.ts.gz", gzip.compress(cases_of().encode())[:-20]), ("cannot be read",), "t.ts.gz",
        CLASSIFY),
    "ts-empty": _ts("no @data", at="t.ts", raw=""),
}  # fmt: skip


def _rows(*says: str, at: str = "", rows: dict[int, str] | None = None, raw: str | None = None) -> Case:
    return Case(file("t.csv", rows_of_series(rows) if raw is None else raw), says, at, {**FORECAST, "layout": "rows"})


ROWS_OF_SERIES = {
    "rows-good": _rows(),
    "rows-id-twice": _rows("'H1' occurs twice", at="t.csv, line 4", rows={3: "H1,1,2,3,4,5,6,7,8,9"}),
    "rows-id-empty": _rows("id is empty", at="t.csv, line 4", rows={3: ",1,2,3,4,5,6,7,8,9"}),
    "rows-text": _rows("'x' is not a finite number", at="t.csv, line 4, step 2", rows={3: "H9,1,x,3,4,5,6,7,8,9"}),
    "rows-inf": _rows("'inf' is not a finite", at="t.csv, line 4, step 2", rows={3: "H9,1,inf,3,4,5,6,7,8,9"}),
    "rows-too-long": _rows("22 cells where the header has 21", at="t.csv, line 4", rows={3: "H9" + ",1" * 21}),
    "rows-no-values": _rows("no values", at="t.csv, line 4", rows={3: "H9,,,"}),
    "rows-header-only": _rows("no rows", at="t.csv", raw="V1,V2,V3\n"),
    "rows-ids-only": _rows("no values", at="t.csv, line 2", raw="V1\nH1\nH2\n"),
    "rows-quote": _rows("quote", at="t.csv, line 4", rows={3: '"H9,1,2,3,4'}),
    "rows-not-utf8": Case(file("t.csv", rows_of_series({3: "é,1,2,3,4,5,6,7"}).encode("latin1")), ("not valid UTF-8",),
                          "t.csv, line 4", {**FORECAST, "layout": "rows"}),
    "rows-nul": _rows("'\\x00' is not", at="t.csv, line 4", rows={3: "H9,1,\0,3,4,5,6,7,8,9"}),
}  # fmt: skip
