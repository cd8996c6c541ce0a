"""Delimited tables of series that are malformed, degenerate or merely unusual: rows, cells and times."""

from __future__ import annotations

from tests.plugins.malformed import Case, file
from tests.plugins.timeseries.bad_making import days, hours, long, timed, wide

GAPS = "--data.fill_gaps"


def _times(*changed: tuple[int, str], count: int = 30) -> list[str]:
    times = days(count)
    for number, time in changed:
        times[number - 1] = time
    return times


ROWS = {
    "row-short-first": Case(file("t.csv", long({1: "a,2024-01-01"})), ("2 cells where 3",), "t.csv, line 2"),
    "row-short-middle": Case(file("t.csv", long({31: "b"})), ("1 cell where 3",), "t.csv, line 32"),
    "row-short-last": Case(file("t.csv", long({60: "b,2024-01-30"})), ("2 cells where 3",), "t.csv, line 61"),
    "row-long-first": Case(file("t.csv", long({1: "a,2024-01-01,1,9"})), ("4 cells where 3",), "t.csv, line 2"),
    "row-long-every": Case(file("t.csv", wide().replace("\n2", "\n9,2")), ("4 cells where 3",), "t.csv, line 2"),
    "row-trailing-comma": Case(file("t.csv", long({7: "a,2024-01-07,7,"})), ("4 cells where 3",), "t.csv, line 8"),
    "row-total-at-end": Case(file("t.csv", wide() + "Total,9,9\n"), ("'Total' is not a timestamp",), "t.csv, line 32"),
    "row-comment": Case(file("t.csv", long() + "# end\n"), ("1 cell where 3",), "t.csv, line 62"),
    "header-again": Case(file("t.csv", wide({9: "ds,p,q"})), ("'ds' is not a timestamp",), "t.csv, line 10"),
    "header-only": Case(file("t.csv", "unique_id,ds,y\n"), ("no rows",), "t.csv"),
    "header-only-unended": Case(file("t.csv", "unique_id,ds,y"), ("no rows",), "t.csv"),
    "header-none": Case(file("t.csv", long().partition("\n")[2]), ("not a finite number", "no header"),
        "t.csv, line 2"),
    "header-names-twice": Case(file("t.csv", long().replace("_id,ds,y", "_id,ds,ds")), ("'ds' occurs twice",), "t.csv"),
    "header-names-twice-trimmed": Case(file("t.csv", wide().replace("p,q", "p, p")), ("'p' occurs twice",), "t.csv"),
    "empty": Case(file("t.csv", b""), ("no rows",), "t.csv"),
    "blank-lines-only": Case(file("t.csv", "\n\n  \n"), ("no rows",), "t.csv"),
    "no-value-column": Case(file("t.csv", timed(days(9)).replace(",", "").replace("dsy", "ds")),
        ("no column is left",)),
    "blank-lines-at-end": Case(file("t.csv", long(more="\n\n\n"))),
    "blank-line-of-spaces": Case(file("t.csv", long(more="   \n")), ("1 cell where 3",), "t.csv, line 62"),
    "quote-never-closed": Case(file("t.csv", long({20: '"a,2024-01-20,1'})),
                               ("is a quote never closed",), "t.csv, line 21"),
    "quote-in-last-cell": Case(file("t.csv", long({20: 'a,2024-01-20,"1'})),
                               ("a quote is never closed",), "t.csv, line 21"),
    "delimiter-semicolon": Case(file("t.csv", wide().replace(",", ";"))),
    "delimiter-tab-in-csv": Case(file("t.csv", wide().replace(",", "\t"))),
    "delimiter-pipe": Case(file("t.csv", wide().replace(",", "|")), ("'|' is the delimiter",), "t.csv, header"),
    "delimiter-space": Case(file("t.csv", wide().replace(",", " ")), ("not a finite number",), "column 'ds p q'"),
    "lines-mixed": Case(file("t.csv", long().replace("\n", "\r\n", 20))),
    "lines-cr": Case(file("t.csv", long().replace("\n", "\r")), ("end lines in \\n",), "t.csv, header"),
    "mark": Case(file("t.csv", long().encode("utf-8-sig"))),
    "utf16": Case(file("t.csv", long().encode("utf-16")), ("is UTF-16",), "t.csv"),
    "utf16-unmarked": Case(file("t.csv", long().encode("utf-16-le")), ("holds NUL",), "t.csv, line 1"),
    "latin1-id": Case(file("t.csv", long({3: "é,2024-01-03,1"}).encode("latin1")),
                      ("not valid UTF-8",), "t.csv, line 4"),
    "latin1-header": Case(file("t.csv", wide().replace("p", "é").encode("latin1")), ("not valid UTF-8",), "t.csv"),
    "latin1-number": Case(file("t.csv", long({3: "a,2024-01-03,1\xa0"}).encode("latin1")),
                          ("not valid UTF-8",), "t.csv, line 4"),
    "nul-in-number": Case(file("t.csv", long({3: "a,2024-01-03,\0"})), ("'\\x00' is not",), "t.csv, line 4"),
    "nul-in-id": Case(file("t.csv", long({3: "a\0,2024-01-03,1"})), ("control characters",), "t.csv, line 4"),
    "line-too-long": Case(file("t.csv", wide({5: "9" * 5_000_000})), ("1 cell where 3",), "t.csv"),
    "line-without-end": Case(file("t.csv", b"7" * 9_000_000), ("is no row",), "t.csv, header or first row"),
    "columns-20000": Case(file("t.csv", ",".join(f"c{n}" for n in range(20_000)) + "\n" + "1,2\n" * 3),
                          ("2 cells where 20000",), "t.csv, line 2"),
}  # fmt: skip

_NUMBER = "is not a finite number"


def _cell(cell: str, *says: str) -> Case:
    return Case(file("t.csv", long({5: f"a,2024-01-05,{cell}"})), says, "t.csv, line 6, column 'y'" if says else "")


CELLS = {
    "cell-text": _cell("oops", f"'oops' {_NUMBER}"),
    "cell-text-in-last-row": Case(file("t.csv", long({60: "b,2024-01-30,?!"})), ("'?!' is not",), "t.csv, line 61"),
    "cell-comma-decimal": _cell('"1,5"', f"'1,5' {_NUMBER}", "point"),
    "cell-comma-decimal-semicolons": Case(
        file("t.csv", wide({4: "2024-01-04,1,2"}).replace(",", ";").replace("1;2\n", "1,5;2\n")),
        (f"'1,5' {_NUMBER}",), "t.csv, line 5, column 'p'"),
    "cell-thousands": _cell('"1,234.5"', _NUMBER),
    "cell-thousands-space": _cell("1 234", _NUMBER),
    "cell-thousands-apostrophe": _cell("1'234", _NUMBER),
    "cell-underscore": _cell("1_000", _NUMBER),
    "cell-hex": _cell("0x1F", _NUMBER),
    "cell-percent": _cell("5%", _NUMBER),
    "cell-currency": _cell("€5", _NUMBER),
    "cell-two-points": _cell("1.234.567", _NUMBER),
    "cell-half-exponent": _cell("1e", _NUMBER),
    "cell-true": _cell("true", _NUMBER),
    "cell-inf": _cell("inf", _NUMBER),
    "cell-minus-infinity": _cell("-Infinity", _NUMBER),
    "cell-1e400": _cell("1e400", _NUMBER),
    "cell-1e39": _cell("1e39", "float32 cannot reckon"),
    "cell-1e300": _cell("1e300", "float32 cannot reckon"),
    "cell-excel-error": _cell("#DIV/0!", _NUMBER),
    "cell-arabic-digits": _cell("١٢"),
    "cell-nan": _cell("NaN"),
    "cell-empty": _cell(""),
    "cell-spaces": _cell("  3.5 "),
    "id-empty": Case(file("t.csv", long({33: ",2024-01-03,1"})), ("id is empty",), "t.csv, line 34, column 'unique_id"),
    "id-of-spaces": Case(file("t.csv", long({33: "  ,2024-01-03,1"})), ("id is empty",), "t.csv, line 34"),
    "id-padded": Case(file("t.csv", long({4: "a ,2024-01-04,1"}))),
}  # fmt: skip

TIMES = {
    "time-february-30": Case(file("t.csv", wide({5: "2024-02-30,1,2"})), ("'2024-02-30' is not",),
        "line 6, column 'ds'"),
    "time-month-13": Case(file("t.csv", wide({5: "2024-13-01,1,2"})), ("not a timestamp",), "t.csv, line 6"),
    "time-25-hours": Case(file("t.csv", timed([*hours(24), "2024-01-02 25:00:00"])), ("not a timestamp",), "line 26"),
    "time-other-format": Case(file("t.csv", wide({5: "05/01/2024,1,2"})), ("'05/01/2024'", "time_format"), "line 6"),
    "time-german": Case(file("t.csv", timed(["01.01.2024", "02.01.2024"])), ("time_format",), "t.csv, first row"),
    "time-wrong-format": Case(file("t.csv", wide()), ("is not a timestamp",), "t.csv, line 2",
                              {"task": "forecast", "horizon": 2, "time_format": "%d/%m/%Y", "time_column": "ds"}),
    "time-missing": Case(file("t.csv", wide({5: ",1,2"})), ("the timestamp is missing",), "t.csv, line 6"),
    "time-nat": Case(file("t.csv", wide({5: "NaT,1,2"})), ("'NaT' is not a timestamp",), "t.csv, line 6"),
    "time-number-among-dates": Case(file("t.csv", wide({5: "5,1,2"})), ("'5' is not a timestamp",), "t.csv, line 6"),
    "time-date-among-numbers": Case(file("t.csv", timed([*map(str, range(9)), "2024-01-10"])), ("2024-01-10",),
        "line 11"),
    "time-year-only-among-dates": Case(file("t.csv", wide({5: "2024,1,2"})), ("not in order",), "t.csv:t"),
    "time-fraction": Case(file("t.csv", timed(["0", "1", "1.5", "3"])), ("'1.5' is not a timestamp",), "t.csv, line 4"),
    "time-huge": Case(file("t.csv", timed(["0", "1", "1e300"])), ("not a timestamp",), "t.csv, line 4"),
    "time-far-apart": Case(file("t.csv", timed([*map(str, range(20)), str(2**53 - 1)])),
                           ("index missing in 1 place",), "t.csv:t"),
    "time-year-9999": Case(file("t.csv", timed([*days(20), "9999-12-31"])), ("missing", GAPS), "t.csv:t"),
    "time-year-1": Case(file("t.csv", timed(["0001-01-01", *days(20)])), ("0001-01-01",), "t.csv"),
    "time-zones-mixed-with-none": Case(
        file("t.csv", timed([*hours(9, "+02:00"), *hours(12)[9:]])), ("time zone",), "t.csv, line 11, column 'ds'"),
    "time-none-mixed-with-zones": Case(
        file("t.csv", timed([*hours(9), *hours(12, "Z")[9:]])), ("time zone",), "t.csv, line 11, column 'ds'"),
    "time-summer-and-winter": Case(file("t.csv", timed([
        f"2024-03-{day:02d}T12:00:00+0{1 if day < 31 else 2}:00" if day < 31 else "2024-03-31T13:00:00+02:00"
        for day in range(1, 32)]))),
    "time-zone-name": Case(file("t.csv", timed([f"{time} Berlin" for time in hours(9)])), ("not a timestamp",),
        "first row"),
    "times-twice": Case(file("t.csv", timed(_times((5, "2024-01-04")))),
                        ("2024-01-04 occurs more than once (1 row", "--data.duplicates"), "t.csv:t"),
    "times-twice-no-id": Case(file("t.csv", "shop,ds,y\n" + long().partition("\n")[2]),
                              ("not a finite number",), "t.csv, line 2"),
    "times-twice-two-series": Case(file("t.csv", "ds,y\n" + "\n".join(f"{t},{n}" for t in days(20) for n in (1, 2))),
                                   ("occurs more than once (20 rows", "--data.id_column"), "t.csv:t"),
    "times-backwards": Case(file("t.csv", timed(days(20)[::-1])), ("not in order", "19", "--data.sort"), "t.csv:t"),
    "times-one-backwards": Case(file("t.csv", timed(_times((5, "2024-01-06"), (6, "2024-01-05")))),
                                ("2024-01-05 follows 2024-01-06", "1 such place"), "t.csv:t"),
    "times-gap": Case(file("t.csv", timed(days(10) + days(10, "2024-01-13"))), ("2 steps of 1 day", GAPS), "t.csv:t"),
    "times-gap-of-series": Case(file("t.csv", long().replace("b,2024-01-09,2\n", "")), ("1 step", GAPS), "t.csv:b"),
    "times-gap-too-wide": Case(file("t.csv", timed([*days(10), "2054-01-01"])), ("would become",), "t.csv:t",
                               {"task": "forecast", "horizon": 2, "fill_gaps": True}),
    "times-off-grid": Case(file("t.csv", timed(_times((20, "2024-01-20T07:00:00")))),
                           ("2024-01-20 07:00:00 is not a whole number of steps of 1 day",), "t.csv:t"),
    "times-series-again": Case(file("t.csv", long() + "a,2024-02-01,1\n"), ("series 'a' come again", "--data.sort")),
    "times-by-time": Case(file("t.csv", "unique_id,ds,y\n" + "".join(f"{n},{t},1\n" for t in days(20) for n in "ab")),
                          ("come again", "--data.sort true"), "t.csv"),
}  # fmt: skip

TABLES = {**ROWS, **CELLS, **TIMES}
