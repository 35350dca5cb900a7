"""Files that anybody may bring: R's numbers from CSV, the same from every format, and what each fault is told."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis import Design
from analysis.errors import AnalysisError
from survey.actions import opening_tables
from survey.actions.coding_outcomes import Coding
from survey.actions.estimating import CannotEstimate
from survey.actions.estimating_file import FileEstimate, FileQuestion, estimate_file
from survey.actions.opening_tables import CannotRead, NoSuchColumn
from survey.mandate.indicators import load_indicator

REFERENCE = Path(__file__).parents[1] / "analysis" / "reference"
R = json.loads((REFERENCE / "reference.json").read_text(encoding="utf-8"))
DESIGNS = [name for name, given in R["designs"].items() if not given.get("base")]
EVERY = 1 if os.environ.get("HAILONG_FULL_COUNTS") == "1" else 4
LOOSE = {"logit", "likelihood"}  # R stops its own iterations near 1e-7


def describe(name: str) -> Design:
    given = R["designs"][name]
    return Design(
        weight=given.get("weights"),
        stratum=given.get("strata"),
        psu=given.get("ids"),
        population=given.get("fpc"),
        lonely_psu=given["lonely_psu"],
        nest=bool(given.get("nest")),
    )


def list_records(design: str) -> list[dict[str, Any]]:
    """R's records of shares in this design: rates, by domain or not, with intervals or not."""
    return [
        record
        for record in R["records"]
        if record["design"] == design
        and record["estimand"] in {"mean", "by", "ci", "byci"}
        and R["variables"].get(record["variable"], {}).get("equals")
        and record["variable"] in R["variables"]
        and R["variables"][record["variable"]]["column"].replace(".", "").isalnum()
        and not (record.get("boundary") or record.get("r_defect"))
    ]


def answer(record: dict[str, Any]) -> FileEstimate:
    variable = R["variables"][record["variable"]]
    by = record.get("by") or ()
    return estimate_file(
        FileQuestion(
            path=REFERENCE / R["designs"][record["design"]]["data"],
            outcome=variable["column"],
            design=describe(record["design"]),
            coding=Coding(satisfied=tuple(map(str, variable["equals"]))),
            by=(by,) if isinstance(by, str) else tuple(by),
            within=record.get("domain"),
            method=record.get("method", "guarded"),
            confidence_level=record.get("level", 0.95),
        )
    )


def differ(record: dict[str, Any], theirs: dict[str, Any], ours: Any) -> list[str]:
    tolerance = 1e-6 if record.get("method") in LOOSE else 1e-9
    named = {"est": ours.rate, "se": ours.se, "df": ours.df, "deff_wr": ours.deff, "lo": ours.low, "hi": ours.high}
    if record["estimand"] in {"mean", "by"}:
        named = {name: named[name] for name in ("est", "se", "df")}
    return [
        f"{record['id']} {theirs} {name}: ours {mine!r}"
        for name, mine in named.items()
        if isinstance(theirs.get(name), float | int)
        and not math.isclose(mine, theirs[name], rel_tol=tolerance, abs_tol=1e-9)
    ]


def compare(record: dict[str, Any]) -> list[str]:
    found = answer(record).domains
    rows = record["value"].get("rows")
    if rows is None:
        return differ(record, record["value"], found[0].estimate)
    ours = {tuple(domain.keys.values()): domain.estimate for domain in found}
    by = list(found[0].keys)
    usual = [row for row in rows if not (row.get("boundary") or row.get("r_defect"))]
    return [fault for row in usual for fault in differ(record, row, ours[tuple(str(row[name]) for name in by)])]


@pytest.mark.parametrize("design", [name for name in DESIGNS if list_records(name)])
@pytest.mark.thorough
def test_a_csv_file_gets_the_numbers_of_r(design: str) -> None:
    """What R `survey` estimated under the design: rate, se, df, limits, to 1e-9; by night every share.

    `tests/analysis/test_reference.py` holds the estimates to all of them each time; here it is the way through a file.
    """
    faults = [fault for record in list_records(design)[::EVERY] for fault in compare(record)]
    assert faults == []


def test_the_designs_of_the_reference_are_all_asked() -> None:
    assert sum(len(list_records(name)) for name in DESIGNS) > 150


def ask(path: Path, **changes: Any) -> FileEstimate:
    given: dict[str, Any] = {"outcome": "answer", "design": Design(), "coding": Coding(("4", "5"))}
    return estimate_file(FileQuestion(path=path, **{**given, **changes}))


@pytest.fixture
def csat() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "csat.csv")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Eight answers in two strata of 40 and 60 people."""
    path = tmp_path / "small.csv"
    rows = [("01", 40, value) for value in (5, 4, 1, 5)] + [("1", 60, value) for value in (4, 2, 5, "")]
    path.write_text("stratum,N,answer\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows), encoding="utf-8")
    return path


CSAT = Design(weight="w0", stratum="stratum", population="N_h", lonely_psu="adjust")


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pyarrow"])
def test_parquet_gives_what_csv_gives(
    csat: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    pytest.importorskip(engine)
    monkeypatch.setattr(opening_tables, "ENGINES", {engine: opening_tables.ENGINES[engine]})
    csat.to_parquet(tmp_path / "csat.parquet")
    check_same(ask(tmp_path / "csat.parquet", design=CSAT, by=("unit",)), by=("unit",))


def test_stata_gives_what_csv_gives(csat: pd.DataFrame, tmp_path: Path) -> None:
    csat.to_stata(tmp_path / "csat.dta", write_index=False)
    check_same(ask(tmp_path / "csat.dta", design=CSAT, by=("unit",)), by=("unit",))


def check_same(found: FileEstimate, by: tuple[str, ...]) -> None:
    known = ask(REFERENCE / "csat.csv", design=CSAT, by=by)
    assert [domain.keys for domain in found.domains] == [domain.keys for domain in known.domains]
    assert found.rows == known.rows
    for mine, theirs in zip(found.domains, known.domains, strict=True):
        assert mine.estimate.rate == pytest.approx(theirs.estimate.rate, rel=1e-10)
        assert mine.estimate.low == pytest.approx(theirs.estimate.low, rel=1e-10)


def test_weights_default_to_population_over_respondents(small: Path) -> None:
    """40 × 3/4 and 60 × 2/3 of those who answered, one of the second stratum did not: (10·3 + 15·2) / (40 + 45)."""
    found = ask(small, design=Design(stratum="stratum", population="N"))
    assert found.domains[0].estimate.rate == pytest.approx(60 / 85, rel=1e-12)


def test_codes_keep_their_leading_zeros(small: Path) -> None:
    """ "01" and "1" are two strata."""
    found = ask(small, design=Design(stratum="stratum"), by=("stratum",))
    assert [domain.keys for domain in found.domains] == [{"stratum": "01"}, {"stratum": "1"}]


def test_every_row_is_accounted_for(small: Path) -> None:
    found = ask(small, within="N == 60").rows
    assert (found.read, found.kept, found.outside, found.unanswered, found.counted) == (8, 8, 4, 1, 3)
    assert found.explain()[0] == "Rows: 8 read, 0 dropped, 8 kept, 3 counted."


def test_a_row_may_stand_for_many(tmp_path: Path) -> None:
    path = write(tmp_path, "answer,n\n5,30\n1,10\n3,0\n")
    found = ask(path, design=Design(count="n"))
    assert found.domains[0].estimate.rate == pytest.approx(0.75)
    assert (found.rows.counted, found.rows.weightless, found.rows.responses) == (2, 1, 40)


def test_an_indicator_scores_the_levels(tmp_path: Path) -> None:
    """(5 + 4 + 1 - 3) / 3 / 4 on the scale of 0 to 1."""
    found = ask(write(tmp_path, "answer\n5\n4\n1\n"), coding=Coding(indicator=load_indicator("rescaled_mean")))
    assert found.domains[0].estimate.rate == pytest.approx((5 + 4 + 1 - 3) / 3 / 4)


def test_a_binary_outcome_needs_no_satisfied_values(tmp_path: Path) -> None:
    assert ask(write(tmp_path, "answer\n1\n0\n1\n1\n"), coding=Coding()).domains[0].estimate.rate == 0.75
    assert ask(write(tmp_path, "answer\nTRUE\nFALSE\n"), coding=Coding()).domains[0].estimate.rate == 0.5


def test_answers_may_be_named_by_their_labels(tmp_path: Path) -> None:
    frame = pd.DataFrame({"answer": pd.Categorical(["Hài lòng", "Không", "Hài lòng"])})
    frame.to_stata(tmp_path / "labels.dta", write_index=False, version=118)
    assert ask(tmp_path / "labels.dta", coding=Coding(("Hài lòng",))).domains[0].estimate.rate == pytest.approx(2 / 3)


def test_5000_columns_are_no_trouble(tmp_path: Path) -> None:
    names = ["answer", *(f"q{place}" for place in range(4_999))]
    row = ",".join(["5", *["x"] * 4_999])
    assert ask(write(tmp_path, "\n".join([",".join(names), row, row]))).domains[0].estimate.n == 2
    with pytest.raises(NoSuchColumn, match="Did you mean 'q4998' or"):
        ask(tmp_path / "file.csv", outcome="Q49988")


def test_missing_weights_are_counted_and_named_and_dropped_only_when_asked(tmp_path: Path) -> None:
    path = write(tmp_path, "answer,w\n5,1\n4,\n1,2\n2,1\n")
    with pytest.raises(CannotEstimate, match=r"'w' in 1 rows.*--drop-incomplete"):
        ask(path, design=Design(weight="w"))
    found = ask(path, design=Design(weight="w"), drop_incomplete=True)
    assert (found.rows.dropped, found.rows.kept, found.domains[0].estimate.n) == (1, 3, 3)
    assert found.domains[0].estimate.rate == pytest.approx(1 / 4)


def test_values_without_a_label_are_refused_until_explained(tmp_path: Path) -> None:
    frame = pd.DataFrame({"answer": [1.0, 4.0, 5.0, 9.0]})
    labels = {"answer": {1: "bad", 4: "good", 5: "very good"}}
    frame.to_stata(tmp_path / "labels.dta", write_index=False, value_labels=labels)
    with pytest.raises(CannotEstimate, match=r"without a label: 9 \(1 rows\).*--missing 9"):
        ask(tmp_path / "labels.dta")
    found = ask(tmp_path / "labels.dta", coding=Coding(("4", "5"), ("9",)))
    assert (found.rows.unanswered, found.rows.counted) == (1, 3)


def test_a_missing_code_is_not_counted_as_dissatisfied(tmp_path: Path) -> None:
    with pytest.raises(CannotEstimate, match=r"'no answer': 99 \(2 rows\).*--missing 99"):
        ask(write(tmp_path, "answer\n5\n4\n99\n99\n1\n"))


def test_a_scale_of_ten_holds_no_missing_code(tmp_path: Path) -> None:
    path = write(tmp_path, "answer\n" + "\n".join(map(str, range(1, 11))))
    assert ask(path, coding=Coding(("8", "9", "10"))).domains[0].estimate.n == 10


FAULTS = {
    "an outcome that is not binary": ("answer\n1\n2\n5\n", {"coding": Coding()}, "not 0/1: it holds 1, 2, 5.*--satis"),
    "a satisfied value that nobody gave": ("answer\n1\n2\n", {}, "no such value; it holds 1, 2"),
    "text among numbers": ("answer\n5\n4\nn/s\n", {}, r"not numbers as the others are: n/s \(1 rows\).*--missing n/s"),
    "a decimal comma": (
        "answer;w\n5;1,5\n4;2\n",
        {"design": Design(weight="w")},
        "holds '1,5': write decimals with a p",
    ),
    "a row too short": ("answer,w\n5,1\n4\n", {}, "line 3: 1 values where the header names 2"),
    "a column named twice": ("answer,answer\n5,1\n", {}, "named twice"),
    "a header alone": ("answer\n", {}, "no rows"),
    "an empty file": ("", {}, "is empty"),
    "nobody in the domain": ("answer,a\n5,1\n4,2\n", {"within": "a > 5"}, "No row is counted.*2 outside"),
    "only gaps": ("answer,w\n5,\n", {"design": Design(weight="w"), "drop_incomplete": True}, "No row is left"),
    "a level off the scale": ("answer\n0\n5\n", {"coding": Coding(indicator=load_indicator("mean5"))}, "also holds 0"),
    "silence": ("answer\n3\n5\n", {"coding": Coding(indicator=load_indicator("silence766"))}, "how many were asked"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_input_is_told_what_to_do(tmp_path: Path, fault: str) -> None:
    content, changes, message = FAULTS[fault]
    with pytest.raises((CannotEstimate, CannotRead), match=message):
        ask(write(tmp_path, content), **changes)


def test_a_stratum_column_that_is_nearly_unique(csat: pd.DataFrame) -> None:
    with pytest.raises(CannotEstimate, match=r"1,107 values in 1,107 rows.*--psu resp"):
        ask(REFERENCE / "csat.csv", design=Design(stratum="resp"))


def test_an_outcome_with_a_value_for_everybody(tmp_path: Path) -> None:
    path = write(tmp_path, "answer\n" + "\n".join(f"{place}.5" for place in range(1_200)))
    with pytest.raises(CannotEstimate, match="more than 1,000 different values"):
        ask(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("answer,place\n5,Trà Vinh\n".encode() + "4,Cầu Kè\n".encode("utf-16-le")[:6], "NUL bytes"),
        ("answer,place\n5,Trà Vinh\n".encode() + "4,Trà Cú\n".encode("latin-1"), "line 3, byte 5: encodings are mixed"),
        ("answer,place\n5,Trà Cú\n".encode("latin-1"), "line 2, byte 5: not UTF-8"),
        ("answer\n5\n".encode("utf-16"), "is UTF-16"),
    ],
)
def test_mixed_encodings_are_named_by_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(CannotRead, match=message):
        ask(path)


def test_a_missing_column_is_told_the_nearest_one_without_accents() -> None:
    with pytest.raises(NoSuchColumn, match=r"no column 'answr'. Did you mean 'answer'\?"):
        ask(REFERENCE / "csat.csv", outcome="answr")


def test_a_missing_file_and_a_form_that_nobody_reads(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"There is no file .*Did you mean 'csat.csv'"):
        ask(REFERENCE / "csatt.csv")
    with pytest.raises(CannotRead, match=r"only .csv, .tsv.* files can be read"):
        ask(tmp_path / "answers.ods")


@pytest.mark.parametrize("suffix", [".parquet", ".dta"])
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_text("this is text, long enough to look at", encoding="utf-8")
    with pytest.raises(CannotRead, match="is not a"):
        ask(path)


def test_spss_says_which_package_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_tables, "find_spec", lambda name: None)
    (tmp_path / "a.sav").write_bytes(b"$FL2")
    with pytest.raises(CannotRead, match="pip install pyreadstat"):
        ask(tmp_path / "a.sav")


def test_what_the_design_contradicts_is_refused_by_name(small: Path) -> None:
    """Four responses of a stratum of three people."""
    small.write_text(small.read_text(encoding="utf-8").replace(",40,", ",3,"), encoding="utf-8")
    with pytest.raises(AnalysisError, match="01"):
        ask(small, design=Design(stratum="stratum", population="N"))


def write(folder: Path, content: str) -> Path:
    path = folder / "file.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_an_spss_file_gives_the_figures_of_the_csv_file(tmp_path: Path) -> None:
    """Codes with labels in Vietnamese; 9 is a user-missing value of the file, and so no answer."""
    pyreadstat = pytest.importorskip("pyreadstat")
    csat = pd.read_csv(REFERENCE / "csat.csv")
    labels = {1: "Rất không hài lòng", 2: "Không hài lòng", 3: "Bình thường", 4: "Hài lòng", 5: "Rất hài lòng"}
    filled = csat.assign(answer=csat["answer"].fillna(9))
    pyreadstat.write_sav(
        filled,
        str(tmp_path / "csat.sav"),
        variable_value_labels={"answer": {**labels, 9: "Không trả lời"}},
        missing_ranges={"answer": [9]},
    )
    expected = ask(REFERENCE / "csat.csv", outcome="answer", coding=Coding(("4", "5")), design=CSAT, by=("unit",))
    for satisfied in (("4", "5"), ("Hài lòng", "Rất hài lòng")):
        found = ask(tmp_path / "csat.sav", outcome="answer", coding=Coding(satisfied), design=CSAT, by=("unit",))
        assert found.rows == expected.rows
        for one, other in zip(found.domains, expected.domains, strict=True):
            assert one.estimate.rate == pytest.approx(other.estimate.rate, rel=1e-12)
            assert one.estimate.low == pytest.approx(other.estimate.low, rel=1e-12)
