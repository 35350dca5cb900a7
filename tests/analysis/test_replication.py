"""Replicate weights: the jackknife of classes, balanced half-samples, and given columns."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from analysis import (
    Design,
    Replicates,
    calibrate,
    chi_square,
    difference,
    mean,
    post_stratify,
    rake,
    rate,
    rate_by,
    ratio,
    total,
    trend,
    trim,
)
from analysis.balanced import balance
from analysis.errors import BadDesign, CalibrationFailed
from analysis.hadamard import find_hadamard
from analysis.replication import find_rank

REFERENCE = Path(__file__).parent / "reference"
JKN = Replicates("JKn")


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "apistrat.csv")
    return frame.assign(wide=(frame["sch.wide"] == "Yes") * 1.0)


@pytest.fixture(scope="module")
def clusters() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "apiclus1.csv")
    return frame.assign(wide=(frame["sch.wide"] == "Yes") * 1.0)


STRATIFIED = Design(weight="pw", stratum="stype", population="fpc")


@pytest.mark.parametrize("strata", [1, 3, 4, 7, 11, 15, 19, 23, 27, 28, 35, 36, 51, 55, 67, 71, 91, 120, 151, 200])
def test_a_hadamard_matrix_has_orthogonal_rows(strata: int) -> None:
    matrix = find_hadamard(strata)
    signs = np.where(matrix, 1, -1)
    assert (signs @ signs.T == len(matrix) * np.eye(len(matrix))).all()
    assert matrix[0].all()
    assert len(matrix) > strata


def test_hadamard_matrices_are_those_of_r() -> None:
    """Order, and Σ of the ones' places modulo 997, of R's hadamard(n) for n = 1..420 (reference/make_hadamard.R)."""
    with (REFERENCE / "hadamard.csv").open() as file:
        for row in csv.DictReader(file):
            matrix = find_hadamard(int(row["n"]))
            ones = matrix.ravel()
            assert (len(matrix), int(((np.arange(ones.size) % 997 + 1) * ones).sum())) == (
                int(row["order"]),
                int(row["checksum"]),
            ), row["n"]


def test_too_many_strata_for_balance_are_refused() -> None:
    with pytest.raises(BadDesign, match="too many"):
        find_hadamard(16_384)


def test_balanced_half_samples_take_one_unit_of_each_pair() -> None:
    """Levy and Lemeshow's half-samples of three pairs (Sampling of Populations, 12.2), in some order."""
    factors = balance(np.array([0, 0, 1, 1, 2, 2]), np.arange(6), 0.0)
    halves = {tuple(column) for column in (factors.T / 2).astype(int)}
    assert halves == {(1, 0, 1, 0, 1, 0), (1, 0, 0, 1, 0, 1), (0, 1, 1, 0, 0, 1), (0, 1, 0, 1, 1, 0)}


@pytest.mark.parametrize("replicates", [Replicates("BRR"), Replicates("Fay", rho=0.3)])
def test_balanced_replicates_give_the_stratified_variance_of_a_total(replicates: Replicates) -> None:
    """Full balance: for a linear estimate, exactly Σ (y1 - y2)² of the pairs."""
    frame = pd.DataFrame({"h": [1, 1, 2, 2, 3, 3], "psu": [1, 2, 3, 4, 5, 6], "w": 1.0, "y": [5.0, 2, 7, 7, 1, 9]})
    design = Design(weight="w", stratum="h", psu="psu")
    found = total(frame, design.with_replicates(replicates), "y")
    assert found.variance == pytest.approx(3**2 + 0 + 8**2)
    assert found.variance == pytest.approx(total(frame, design, "y").variance)
    without_labels = Design(weight="w", stratum="h").with_replicates(replicates)
    assert total(frame, without_labels, "y").variance == pytest.approx(73.0)


def test_four_lonely_strata_form_two_balanced_pairs() -> None:
    """R's brrweights(small = "merge") gives strata 1 and 3 the same half in every replicate: they never differ."""
    for strata in (2, 4, 6):
        factors = balance(np.arange(strata), np.arange(strata), 0.0, small="merge")
        assert (factors[0::2] + factors[1::2] == 2).all()
    three = balance(np.arange(3), np.arange(3), 0.0, small="merge")
    assert (three[0] + three[1] == 2).all()
    assert (three[0] == three[2]).all()
    assert (balance(np.arange(3), np.arange(3), 0.3, small="split") == 1).all()


def test_large_strata_are_split_into_pairs() -> None:
    factors = balance(np.array([0, 0, 0, 0]), np.arange(4), 0.5)
    assert set(np.unique(factors)) == {0.5, 1.5}
    assert (factors[0] + factors[1] == 2).all()
    assert (factors[2] + factors[3] == 2).all()


def test_a_jackknife_of_counts_is_the_jackknife_of_rows(schools: pd.DataFrame) -> None:
    """Six classes (stratum x answer) stand for 200 replicates."""
    counted = schools.groupby(["stype", "pw", "fpc", "wide"]).size().rename("n").reset_index()
    assert len(counted) == 6
    design = Design(weight="pw", stratum="stype", population="fpc", count="n").with_replicates(JKN)
    rows, classes = (rate(f, d, "wide") for f, d in ((schools, STRATIFIED.with_replicates(JKN)), (counted, design)))
    assert classes.se == pytest.approx(rows.se, rel=1e-12)
    assert classes.se == pytest.approx(0.0243447801130748, rel=1e-12)  # R
    assert classes.df == rows.df == 197


def test_a_jackknife_of_a_mean_is_the_linearised_variance_where_strata_are_alike(schools: pd.DataFrame) -> None:
    plain = Design(weight="pw", stratum="stype")
    linear, jackknife = rate(schools, plain, "wide"), rate(schools, plain.with_replicates(JKN), "wide")
    assert jackknife.se == pytest.approx(linear.se, rel=1e-9)


def test_domains_and_their_difference_come_from_the_same_replicates(clusters: pd.DataFrame) -> None:
    design = Design(weight="pw", psu="dnum", population="fpc").with_replicates(Replicates("JK1"))
    table = rate_by(clusters, design, "wide", "stype")
    one = rate(clusters, design, "wide", within="stype == 'E'")
    assert table.loc["E", "se"] == pytest.approx(one.se, rel=1e-12)
    found = difference(clusters, design, "wide", "stype", "E", "H")
    assert found.difference == pytest.approx(table.loc["E", "rate"] - table.loc["H", "rate"])
    assert found.se == pytest.approx(
        difference(clusters, Design(weight="pw", psu="dnum", population="fpc"), "wide", "stype", "E", "H").se, rel=0.1
    )


def test_other_questions_take_replicates_too(clusters: pd.DataFrame) -> None:
    """Close to the linearised answers, which R confirms elsewhere."""
    plain = Design(weight="pw", psu="dnum", population="fpc")
    design = plain.with_replicates(Replicates("JK1"))
    for question in (
        lambda d: ratio(clusters, d, "api.stu", "enroll").se,
        lambda d: total(clusters, d, "enroll").se,
        lambda d: trend(clusters, d, "wide", "meals").slope_se,
        lambda d: chi_square(clusters, d, "stype", "comp.imp").f,
    ):
        assert question(design) == pytest.approx(question(plain), rel=0.25)
    assert trend(clusters, design, "wide", "meals").df == trend(clusters, plain, "wide", "meals").df == 13
    assert chi_square(clusters, design, "stype", "comp.imp").ddf == pytest.approx(
        chi_square(clusters, design, "stype", "comp.imp").ndf * 14
    )


def test_a_calibration_is_repeated_in_every_replicate(clusters: pd.DataFrame) -> None:
    """Post-stratification, calibration to the same totals and raking to one margin are one and the same."""
    base = Design(weight="pw", psu="dnum", population="fpc").with_replicates(Replicates("JK1"))
    totals = {"stype": {"E": 4421.0, "H": 755.0, "M": 1018.0}}
    stratified = mean(clusters, post_stratify(clusters, base, totals), "api00")
    calibrated = mean(clusters, calibrate(clusters, base, totals), "api00")
    assert stratified.se == pytest.approx(calibrated.se, rel=1e-9)
    assert stratified.df == calibrated.df == 14
    assert total(clusters, post_stratify(clusters, base, totals), "pw").df == 14


def test_a_calibration_before_the_replicates_is_not_repeated(clusters: pd.DataFrame) -> None:
    base = Design(weight="pw", psu="dnum", population="fpc")
    totals = {"stype": {"E": 4421.0, "H": 755.0, "M": 1018.0}}
    calibrated = post_stratify(clusters, base, totals)
    given = clusters.assign(
        pw=clusters["stype"].map({"E": 4421.0, "H": 755.0, "M": 1018.0})
        / clusters.groupby("stype")["pw"].transform("size")
    )
    frozen = mean(clusters, calibrated.with_replicates(Replicates("JK1")), "api00")
    assert frozen.se == pytest.approx(mean(given, base.with_replicates(Replicates("JK1")), "api00").se, rel=1e-9)


def test_trimming_is_repeated_in_every_replicate(schools: pd.DataFrame) -> None:
    design = trim(schools, Design(weight="pw", stratum="stype").with_replicates(JKN), upper=40)
    assert mean(schools, design, "api00").se > 0


@pytest.mark.parametrize("kind", ["JK1", "BRR", "bootstrap"])
def test_given_columns_have_their_usual_scale(schools: pd.DataFrame, kind: str) -> None:
    """(R-1)/R, 1/R and 1/(R-1) times the sum of squares."""
    factors = pd.read_csv(REFERENCE / "apistrat_bootreps.csv").add_prefix("r")
    frame = pd.concat([schools, factors], axis=1)
    columns = tuple(factors.columns)
    found = mean(frame, Design(weight="pw").with_replicates(Replicates(kind, columns=columns)), "api00")
    scale = {"JK1": 39 / 40, "BRR": 1 / 40, "bootstrap": 1 / 39}[kind]
    weighted = factors.mul(schools["pw"], axis=0)
    means = weighted.mul(schools["api00"], axis=0).sum() / weighted.sum()
    assert found.variance == pytest.approx(scale * ((means - means.mean()) ** 2).sum())
    whole = pd.concat([schools, weighted], axis=1)
    combined = Replicates(kind, columns=columns, combined=True)
    assert mean(whole, Design(weight="pw").with_replicates(combined), "api00").se == pytest.approx(found.se)


@pytest.mark.parametrize(("rule", "df"), [("remove", 148), ("average", 148), ("adjust", 149), ("collapse", 149)])
def test_a_lonely_stratum_in_a_jackknife_follows_the_rule(rule: str, df: int) -> None:
    """150 or 151 replicates; two whole strata of the three share one dimension; R's "average" is 151/150 here."""
    frame = pd.read_csv(REFERENCE / "apistrat_lonely.csv")
    base = Design(weight="pw", stratum="stype", lonely_psu=rule)
    found = mean(frame, base.with_replicates(JKN), "api00")
    plain = mean(frame, Design(weight="pw", stratum="stype", lonely_psu="remove").with_replicates(JKN), "api00")
    assert found.df == df
    if rule == "average":
        assert found.variance == pytest.approx(plain.variance * 151 / 150)
    else:
        assert found.se == pytest.approx(mean(frame, base, "api00").se, rel=0.06)


def test_a_domain_without_a_replicated_stratum_has_no_degrees_of_freedom() -> None:
    frame = pd.read_csv(REFERENCE / "apistrat_lonely.csv")
    design = Design(weight="pw", stratum="stype", lonely_psu="remove").with_replicates(JKN)
    found = mean(frame, design, "api00", within="stype == 'H'")
    assert (found.df, found.se, found.low) == (0, 0, -np.inf)


def test_raking_is_repeated_in_every_replicate(clusters: pd.DataFrame) -> None:
    """Exact raking and calibration by the raking distance have the same weights in every replicate."""
    base = Design(weight="pw", psu="dnum", population="fpc").with_replicates(Replicates("JK1"))
    margins = {"stype": {"E": 4421.0, "H": 755.0, "M": 1018.0}, "sch.wide": {"No": 1072.0, "Yes": 5122.0}}
    raked = mean(clusters, rake(clusters, base, margins), "api00")
    calibrated = mean(clusters, calibrate(clusters, base, margins, calfun="raking"), "api00")
    assert raked.se == pytest.approx(calibrated.se, rel=1e-9)


def test_a_lonely_stratum_is_left_out_whole_before_a_calibration() -> None:
    frame = pd.read_csv(REFERENCE / "apistrat_lonely.csv")
    base = Design(weight="pw", stratum="stype", lonely_psu="adjust").with_replicates(JKN)
    size = float(frame["pw"].sum())
    scaled = post_stratify(frame.assign(all=1), base, {"all": {1: size}})
    assert mean(frame.assign(all=1), scaled, "api00").se == pytest.approx(mean(frame, base, "api00").se)


def test_given_jackknife_columns_use_their_rscales() -> None:
    """Leaving out one of two units of one stratum: rscales 1/2 each, v = (y1 - y2)²/4 for the mean."""
    frame = pd.DataFrame({"w": 1.0, "y": [3.0, 7.0], "r1": [0.0, 2.0], "r2": [2.0, 0.0]})
    replicates = Replicates("JKn", columns=("r1", "r2"), rscales=(0.5, 0.5))
    found = mean(frame, Design(weight="w").with_replicates(replicates), "y")
    assert (found.variance, found.df) == (pytest.approx(4.0), 1)


def test_the_rank_stops_at_the_number_of_rows() -> None:
    assert find_rank(np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 1.0]])) == 2
    assert find_rank(np.array([[1.0, 1.0 + 1e-7], [1.0, 1.0]])) == 1


def test_a_calibrated_jackknife_has_the_degrees_of_freedom_of_its_responses(
    schools: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R (survey 4.1-1): calibrated to api99 and the size 198, raked to two margins 197; alike rows count one by one."""
    base = STRATIFIED.with_replicates(JKN)
    regressed = calibrate(schools, base, {"(Intercept)": 6194.0, "api99": 3914069.0})
    assert mean(schools, regressed, "wide").df == 198
    margins = {"sch.wide": {"No": 1072.0, "Yes": 5122.0}, "awards": {"No": 2000.0, "Yes": 4194.0}}
    raked = rake(schools, base, margins)
    assert mean(schools, raked, "wide").df == 197
    monkeypatch.setattr("analysis.replication._ENTRIES", 0)
    assert mean(schools, regressed, "wide").df == 197


def test_a_lazy_frame_pairs_units_in_the_order_of_their_labels() -> None:
    """A database has no order of rows: its pairs are those of the sorted labels, here the same."""
    frame = pd.DataFrame({"h": [1, 1, 1, 1], "psu": [1, 2, 3, 4], "w": 1.0, "y": [5.0, 2, 7, 6]})
    design = Design(weight="w", stratum="h", psu="psu").with_replicates(Replicates("BRR"))
    found = mean(pl.from_pandas(frame).lazy(), design, "y")
    assert found.variance == pytest.approx(mean(frame, design, "y").variance)
    turned = mean(frame.iloc[[0, 2, 1, 3]], design, "y")  # pairs (1, 3) and (2, 4) instead
    assert turned.variance == pytest.approx(((5 - 7) ** 2 + (2 - 6) ** 2) / 16)
    assert found.variance == pytest.approx(((5 - 2) ** 2 + (7 - 6) ** 2) / 16)


def test_a_category_that_a_replicate_loses_cannot_be_raked(schools: pd.DataFrame) -> None:
    """Leaving out the only school of a category: its total cannot be met, and nobody is told otherwise."""
    frame = schools.head(6).assign(psu=range(6), kind=["a", "b", "b", "b", "b", "b"], other=["c", "d"] * 3)
    base = Design(weight="pw", psu="psu").with_replicates(Replicates("JK1"))
    size = float(frame["pw"].sum())
    margins = {"kind": {"a": size / 5, "b": size * 4 / 5}, "other": {"c": size / 2, "d": size / 2}}
    with pytest.raises(CalibrationFailed, match="Raking did not converge"):
        mean(frame, rake(frame, base, margins), "api00")
