"""Persons leave with their design and without what would tell who they are; four formats say the same."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from requirements import skip_or_fail

from analysis import Design, rate
from survey.actions.estimating import CannotEstimate
from survey.actions.exporting import Exported, export_wave
from survey.actions.releasing import release_wave
from survey.actions.replicate_weights import GROUPS, replicate_factors
from survey.actions.reproducing import reproduce, write_bundle
from survey.documents.microdata import NO_ANSWER, WITHHELD
from survey.keys import Keys
from survey.proof import Signer
from survey.store import audits, ledger
from survey.store.audits import By
from survey.store.database import Database

BY = By("os:lan", datetime(2026, 11, 24, tzinfo=UTC))
POPULATIONS = {("A", "land"): 400, ("B", "land"): 600, ("A", "certification"): 50, ("B", "certification"): 9}
ANSWERS = {
    "A.land": "5" * 30 + "2" * 4,
    "B.land": "4" * 20 + "1" * 6,
    "A.certification": "5" * 12,
    "B.certification": "51",
}
DDI = "{ddi:codebook:2_5}"


def answered(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    work = begin_fieldwork(database, keys, signer, POPULATIONS, invited=60, questionnaire="procedures@1")
    work.answer_all(ANSWERS)
    for token in work.tokens["A.land"][:12]:
        work.answer(token, "4", A1="3", A2="na", F1="2", I1="relative")
    work.seal_and_tally()
    return work


@pytest.fixture(scope="module")
def work(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer
) -> Iterator[Fieldwork]:
    folder = tmp_path_factory.mktemp("exporting")
    shutil.copy(migrated_file, folder / "hailong.sqlite")
    database = Database(f"sqlite:///{folder / 'hailong.sqlite'}", folder / "write.lock")
    yield answered(database, keys, signer)
    database.close()


@pytest.fixture(scope="module")
def exported(work: Fieldwork, tmp_path_factory: pytest.TempPathFactory) -> tuple[Exported, Path]:
    """To be read only: whoever changes a file takes a copy."""
    folder = tmp_path_factory.mktemp("out")
    return export_wave(work.database, "W", folder, formats=("csv", "parquet", "sav", "dta"), by=BY), folder


def read_csv(folder: Path, name: str = "microdata.csv") -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_person_is_there_with_stratum_and_weight(exported: tuple[Exported, Path]) -> None:
    """A.land: 46 of 400 answered, so each weighs 400 / 46."""
    made, folder = exported
    rows = read_csv(folder)
    assert made.persons == len(rows) == 34 + 26 + 12 + 2 + 12
    weights = {float(row["weight"]) for row in rows if row["stratum"] == "A.land"}
    assert weights == {400 / 46}
    assert sum(float(row["weight"]) for row in rows) == pytest.approx(1059)
    assert {row["population"] for row in rows if row["stratum"] == "B.certification"} == {"9"}


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_the_same_answers_give_the_same_bytes_from_either_database(
    database: Database, keys: Keys, signer: Signer, exported: tuple[Exported, Path], tmp_path: Path
) -> None:
    answered(database, keys, signer)
    export_wave(database, "W", tmp_path, formats=("csv",), by=BY)
    for name in ("microdata.csv", "codebook.xml", "disclosure.json"):
        assert (tmp_path / name).read_bytes() == (exported[1] / name).read_bytes(), name


def test_four_formats_say_the_same_with_labels_in_both_languages(exported: tuple[Exported, Path]) -> None:
    _, folder = exported
    csv_rows = pd.read_csv(folder / "microdata.csv", keep_default_na=False)
    sav, spss = pyreadstat.read_sav(folder / "microdata.sav", user_missing=True)
    dta, stata = pyreadstat.read_dta(folder / "microdata.dta")
    duckdb = pytest.importorskip("duckdb")
    parquet = duckdb.sql(f"SELECT * FROM '{folder / 'microdata.parquet'}'").df()
    for name in ("G1", "A1", "F1", "month", "assisted", "weight", "population"):
        for other in (sav, dta, parquet):
            assert np.array_equal(csv_rows[name].to_numpy(float), other[name].to_numpy(float)), name
    for described in (spss, stata):
        labels = described.variable_value_labels
        assert labels["G1"][5] == "Rất hài lòng / Very satisfied"
        assert labels["A1"][WITHHELD].endswith("Withheld to protect the person")
        assert [labels["stratum"][code] for code in sav["stratum"]] == csv_rows["stratum"].tolist()
        assert described.column_names_to_labels["weight"] == "Trọng số / Sampling weight"
    assert spss.missing_ranges["A1"], "codes that are no answer are missing for SPSS"


def test_the_codebook_has_each_variable_with_its_counts(exported: tuple[Exported, Path]) -> None:
    made, folder = exported
    book = ElementTree.parse(folder / "codebook.xml").getroot()
    variables = {each.get("name"): each for each in book.iter(f"{DDI}var")}
    assert list(variables) == list(read_csv(folder)[0])
    counts = [int(each.text or 0) for each in variables["G1"].iter(f"{DDI}catStat")]
    assert sum(counts) == made.persons
    labels = [each.text for each in variables["G1"].iter(f"{DDI}qstnLit")]
    assert len(labels) == 2
    assert labels[1] == "Overall, how satisfied are you with how this procedure was handled?"
    page = (folder / "codebook.html").read_text(encoding="utf-8")
    assert "Disclosure control" in page
    assert "<script" not in page


def test_nothing_joins_a_row_to_the_ledger(work: Fieldwork, exported: tuple[Exported, Path]) -> None:
    """No position, nonce or half-month; rows stand in the order of their contents."""
    _, folder = exported
    rows = read_csv(folder)
    assert not {"position", "period", "nonce1", "receipt", "comment"} & set(rows[0])
    told = [[int(row[name]) for name in list(row) if name.isidentifier() and row[name].isdigit()] for row in rows]
    assert len(told) == len(rows)
    text = (folder / "microdata.csv").read_text() + (folder / "codebook.xml").read_text()
    with work.database.reading() as connection:
        for row in ledger.iterate_rows(connection):
            assert row.nonce1.hex() not in text
    assert "2026-11b" not in text
    assert rows == sorted(rows, key=lambda row: (row["stratum"], int(row["month"]), int(row["channel"])))


def test_a_stratum_of_two_keeps_its_main_answers_only(exported: tuple[Exported, Path]) -> None:
    made, folder = exported
    alone = [row for row in read_csv(folder) if row["stratum"] == "B.certification"]
    assert sorted(row["G1"] for row in alone) == ["1", "5"]
    assert {row[name] for row in alone for name in ("A1", "F1", "month", "language", "assisted")} == {str(WITHHELD)}
    assert (made.report.small_strata, made.report.emptied) == (1, 2)
    report = json.loads((folder / "disclosure.json").read_text())
    assert report["emptied"] == 2
    assert report["homogeneous_strata"] == 1, "everybody at A.certification said 5"


def test_what_nobody_answered_differs_from_what_is_withheld(exported: tuple[Exported, Path]) -> None:
    _, folder = exported
    inside = [row for row in read_csv(folder) if row["stratum"] == "A.land"]
    assert [row["A1"] for row in inside].count("3") == 12
    assert [row["A1"] for row in inside].count(str(NO_ANSWER)) == 34


def test_an_export_is_in_the_audit_trail_before_anything_is_read(work: Fieldwork, exported: object) -> None:
    with work.database.reading() as connection:
        (entry,) = audits.list_entries(connection)
    assert (entry.event, entry.subject, entry.actor) == ("microdata-exported", "W", "os:lan")


def test_checksums_cover_every_file(exported: tuple[Exported, Path]) -> None:
    made, folder = exported
    lines = {line[66:]: line[:64] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert set(lines) == {*made.files} - {"SHA256SUMS"} == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    for name, digest in lines.items():
        assert sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_exported_file_gives_the_figure_of_the_wave(work: Fieldwork, exported: tuple[Exported, Path]) -> None:
    """(400 x 42/46 + 600 x 20/26 + 50 + 9/2) / 1059."""
    _, folder = exported
    frame = pd.read_csv(folder / "microdata.csv").assign(y=lambda f: f["G1"].isin([4, 5]).astype(float))
    found = rate(frame, Design(weight="weight", stratum="stratum", lonely_psu="adjust"), "y")
    assert found.rate == pytest.approx((400 * 42 / 46 + 600 * 20 / 26 + 50 + 4.5) / 1059, rel=1e-12)


def test_replicate_weights_give_the_variance_that_the_design_gives(exported: tuple[Exported, Path]) -> None:
    """For strata of n < 30 the extended jackknife is unbiased for a total; it is near Taylor's for a rate."""
    _, folder = exported
    frame = pd.read_csv(folder / "microdata.csv").assign(y=lambda f: f["G1"].isin([4, 5]).astype(float))
    duckdb = pytest.importorskip("duckdb")
    replicates = duckdb.sql(f"SELECT * FROM '{folder / 'replicates.parquet'}' ORDER BY id").df()
    assert list(replicates["id"]) == list(frame["id"])
    weights = replicates.filter(like="rw").to_numpy()
    assert weights.shape[1] == GROUPS
    totals = weights.T @ frame["y"].to_numpy()
    whole = (frame["weight"] * frame["y"]).sum()
    jackknife = (GROUPS - 1) / GROUPS * ((totals - whole) ** 2).sum()
    strata = frame.groupby("stratum")
    variance = sum(len(g) * (g["weight"].iloc[0] ** 2) * g["y"].var(ddof=1) for _, g in strata)
    assert jackknife == pytest.approx(variance, rel=0.15)


def test_small_strata_replicate_exactly() -> None:
    """n = 5 < 30: 29/30 (4 (1+Z-1)^2 ... ) gives n w^2 s^2 exactly, whatever the answers (Kott 2001)."""
    y = np.array([1.0, 0.0, 0.0, 1.0, 1.0])
    frame = pd.DataFrame({"variance_stratum": 1, "psu": 0, "jk_group": range(1, 6)})
    factors = replicate_factors(frame).iloc[0]
    totals = []
    for r in range(1, GROUPS + 1):
        weight = np.where(frame["jk_group"] == r, factors["inside"], factors[f"outside_{r}"])
        totals.append((weight * y).sum())
    found = (GROUPS - 1) / GROUPS * ((np.array(totals) - y.sum()) ** 2).sum()
    assert found == pytest.approx(5 * y.var(ddof=1), rel=1e-12)


def test_the_persons_are_held_against_the_release(
    work: Fieldwork, exported: tuple[Exported, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(exported[1], tmp_path / "out"))
    made = release_wave(work.database, "W", by="lan", today=TODAY)
    assert made is not None
    write_bundle(reproduce(work.database, made.code, by=BY), folder / "release")
    python = subprocess.run([sys.executable, "load.py"], cwd=folder, capture_output=True, text=True)
    assert "86 persons are those of the release" in python.stdout, python.stderr
    if not shutil.which("Rscript"):
        skip_or_fail("No R: install the packages r-base-core and r-cran-survey, or run `make setup-all`.")
    code = 'source("load.R"); cat(coef(svymean(~I(G1_code %in% 4:5), design))[2], levels(persons$G1)[5])'
    r = subprocess.run(["Rscript", "-e", code], cwd=folder, capture_output=True, text=True)
    assert "86 persons are those of the release" in r.stdout, r.stderr
    assert r.stdout.endswith("Very satisfied")
    rows = (folder / "microdata.csv").read_text().splitlines()
    (folder / "microdata.csv").write_text("\n".join(rows[:-1]) + "\n")
    assert subprocess.run([sys.executable, "load.py"], cwd=folder, capture_output=True).returncode == 1


def test_what_cannot_be_exported_is_told(work: Fieldwork, tmp_path: Path) -> None:
    with pytest.raises(CannotEstimate, match="Choose the formats"):
        export_wave(work.database, "W", tmp_path, formats=("xlsx",), by=BY)
    with pytest.raises(CannotEstimate, match="no item Z9"):
        export_wave(work.database, "W", tmp_path, formats=("csv",), by=BY, more_keys=("Z9",))
