"""Indicators: the same answers under several formulas, each with its own error."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from analysis import Design, Target, cells, post_stratify, rate, ratio
from analysis.errors import BadDesign, ColumnMissing, EmptyDomain
from analysis.formulas import (
    INDICATORS,
    MEAN_FIFTH,
    MEAN_OF_ITEM_SHARES,
    NET,
    POOLED_ITEM_SHARE,
    RESCALED_MEAN,
    SILENCE_SATISFIED,
    TOP_TWO,
    BadIndicator,
    Indicator,
)
from analysis.indicators import compare_indicators, measure

FOLDER = Path(__file__).parent / "reference"
RECORDS = {record["id"]: record for record in json.loads((FOLDER / "reference.json").read_text())["records"]}
DESIGN = Design(weight="w0", stratum="stratum", population="N_h", lonely_psu="adjust")
ITEMS = ["waiting", "staff", "result"]
DUE = date(2026, 1, 1)
SCORES = [indicator for indicator in INDICATORS.values() if indicator.kind == "score"]


@pytest.fixture(scope="module")
def answers():
    """R's reference survey, with three items made from the overall answer; some are left out."""
    frame = pd.read_csv(FOLDER / "csat.csv")
    place = np.arange(len(frame))
    for shift, item in enumerate(ITEMS):
        level = np.clip(frame["answer"] + (place * 7 + shift * 3) % 3 - 1, 1, 5)
        frame[item] = level.where((place + shift) % 9 != 0)
    return frame


def test_top_two_is_the_rate(answers):
    found, answer = measure(answers, DESIGN, TOP_TWO, overall="answer"), RECORDS["csat/sat/mean"]["value"]
    assert (found.rate, found.se) == (pytest.approx(answer["est"], rel=1e-9), pytest.approx(answer["se"], rel=1e-9))
    frame = answers.assign(sat=(answers["answer"] >= 4).where(answers["answer"].notna()).astype(float))
    plain = rate(frame, DESIGN, "sat")
    assert (found.low, found.high) == (pytest.approx(plain.low, rel=1e-12), pytest.approx(plain.high, rel=1e-12))
    assert found.name == "top2@1"


@pytest.mark.parametrize(("indicator", "shift", "scale"), [(MEAN_FIFTH, 0, 5), (RESCALED_MEAN, 1, 4)])
def test_means_are_r_s_mean_on_another_scale(answers, indicator, shift, scale):
    """R's mean score and standard error, (mean - shift) / scale."""
    found, answer = measure(answers, DESIGN, indicator, overall="answer"), RECORDS["csat/answer/mean"]["value"]
    assert found.rate == pytest.approx((answer["est"] - shift) / scale, rel=1e-9)
    assert found.se == pytest.approx(answer["se"] / scale, rel=1e-9)
    assert found.low < found.rate < found.high


def test_net_is_satisfied_minus_dissatisfied(answers):
    up = measure(answers, DESIGN, TOP_TWO, overall="answer").rate
    down = measure(answers, DESIGN, Indicator("low2", "", (1, 1, 0, 0, 0)), overall="answer").rate
    found = measure(answers, DESIGN, NET, overall="answer")
    assert found.rate == pytest.approx(up - down, rel=1e-12)
    assert NET.bounds == (-1, 1)


def test_pooled_items_are_a_ratio_estimate(answers):
    satisfied = sum((answers[item] >= 4).astype(float) for item in ITEMS)
    answered = sum(answers[item].notna().astype(float) for item in ITEMS)
    frame = answers.assign(up=satisfied.where(answered > 0), all=answered.where(answered > 0))
    plain, found = ratio(frame, DESIGN, "up", "all"), measure(answers, DESIGN, POOLED_ITEM_SHARE, items=ITEMS)
    assert (found.rate, found.se) == (pytest.approx(plain.rate, rel=1e-12), pytest.approx(plain.se, rel=1e-9))


def test_mean_of_item_shares_averages_the_items_own_rates(answers):
    own = [measure(answers, DESIGN, TOP_TWO, overall=item) for item in ITEMS]
    found = measure(answers, DESIGN, MEAN_OF_ITEM_SHARES, items=ITEMS)
    assert found.rate == pytest.approx(np.mean([e.rate for e in own]), rel=1e-12)
    assert found.se < np.mean([e.se for e in own])


def test_one_item_is_its_own_mean_and_pool(answers):
    own = measure(answers, DESIGN, TOP_TWO, overall="staff")
    for indicator in (MEAN_OF_ITEM_SHARES, POOLED_ITEM_SHARE):
        found = measure(answers, DESIGN, indicator, items=["staff"])
        assert (found.rate, found.se, found.low) == (
            pytest.approx(own.rate),
            pytest.approx(own.se, rel=1e-9),
            pytest.approx(own.low, rel=1e-6),
        )


def test_silence_raises_the_figure_and_is_only_a_comparison(answers):
    """Unweighted: 1 - dissatisfied / all who were asked, the silent included."""
    found = measure(answers, Design(), SILENCE_SATISFIED, overall="answer")
    assert found.rate == pytest.approx(1 - (answers["answer"] <= 2).sum() / len(answers), rel=1e-12)
    assert SILENCE_SATISFIED.comparison_only
    assert found.n == len(answers)


def test_other_frames_give_the_same_figures(answers):
    for indicator in (TOP_TWO, MEAN_OF_ITEM_SHARES):
        one = measure(answers, DESIGN, indicator, overall="answer", items=ITEMS, within="unit == 'U08'")
        other = measure(
            pl.from_pandas(answers), DESIGN, indicator, overall="answer", items=ITEMS, within="unit == 'U08'"
        )
        assert (one.rate, one.low) == (pytest.approx(other.rate, rel=1e-12), pytest.approx(other.low, rel=1e-12))


def test_kept_cells_give_the_figures_of_the_answers(answers):
    """Levels are key columns of the cells; every formula follows from the same few sums, to 1e-12."""
    clustered = Design(weight="w1", stratum="unit", psu="office", nest=True, lonely_psu="adjust")
    stratified = post_stratify(answers, DESIGN, {"sex": {"F": 6000, "M": 6061}})
    few = (SILENCE_SATISFIED, MEAN_OF_ITEM_SHARES)
    for design, chosen in ((DESIGN, INDICATORS.values()), (clustered, few), (stratified, few)):
        kept = cells(answers, design, by=["answer", *ITEMS, "month"])
        for indicator in chosen:
            one, other = (
                measure(source, design, indicator, overall="answer", items=ITEMS, within="month >= 3")
                for source in (answers, kept)
            )
            assert other.n == one.n
            for name in ("rate", "se", "low", "high", "n_effective", "kish_deff", "df"):
                assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-12, abs=1e-14)
    small = cells(answers, DESIGN, by="answer")
    assert len(small) < len(answers) / 4
    judged = [
        [
            (c.verdict.code, c.flips)
            for c in compare_indicators(source, DESIGN, Target(0.8), DUE, SCORES, overall="answer")
        ]
        for source in (answers, small)
    ]
    assert judged[0] == judged[1]


def test_cells_must_keep_the_levels(answers):
    with pytest.raises(ColumnMissing, match="made without 'answer'"):
        measure(cells(answers, DESIGN, by="month"), DESIGN, TOP_TWO, overall="answer")
    counted = answers.assign(sat=(answers["answer"] >= 4) * 1.0)
    with pytest.raises(BadDesign, match="keep the levels instead"):
        measure(cells(counted, DESIGN, "sat", by="answer"), DESIGN, TOP_TWO, overall="answer")
    with pytest.raises(BadDesign, match="another design"):
        measure(cells(answers, DESIGN, by="answer"), Design(), TOP_TWO, overall="answer")


def test_a_verdict_can_flip_with_the_formula(answers):
    compared = compare_indicators(
        answers, DESIGN, Target(0.8), DUE, list(INDICATORS.values()), overall="answer", items=ITEMS
    )
    codes = {c.indicator.code: c.verdict.code for c in compared}
    assert (codes["top2"], codes["top1"], codes["silence766"]) == ("met", "not_met", "met")
    assert [c.flips for c in compared] == [code != "met" for code in codes.values()]
    for c in compared:
        assert (c.verdict.code == "met") == (c.estimate.low >= 0.8)


def test_when_all_are_very_satisfied_the_figure_is_not_certain():
    frame = pd.DataFrame({"answer": [5] * 40})
    for indicator in INDICATORS.values():
        found = measure(frame, Design(), indicator, overall="answer", items=["answer"])
        assert found.rate == pytest.approx(indicator.bounds[1])
        assert found.low < found.rate
        worst = measure(frame.assign(answer=1), Design(), indicator, overall="answer", items=["answer"])
        assert worst.high > worst.rate == pytest.approx(indicator.bounds[0])


def test_incomplete_formulas_and_questions_are_refused(answers):
    with pytest.raises(BadIndicator, match="two different scores"):
        Indicator("flat", "", (1, 1, 1, 1, 1))
    with pytest.raises(BadIndicator, match="one overall item only"):
        Indicator("odd", "", kind="pooled_share", silence=1)
    with pytest.raises(BadIndicator, match="overall="):
        measure(answers, DESIGN, TOP_TWO)
    with pytest.raises(BadIndicator, match="items="):
        measure(answers, DESIGN, POOLED_ITEM_SHARE)
    with pytest.raises(ColumnMissing, match="no column 'mood'"):
        measure(answers, DESIGN, TOP_TWO, overall="mood")
    with pytest.raises(EmptyDomain, match="Nobody"):
        measure(answers.assign(answer=np.nan), DESIGN, TOP_TWO, overall="answer")
    with pytest.raises(EmptyDomain, match="item 2"):
        measure(answers.assign(staff=np.nan), DESIGN, POOLED_ITEM_SHARE, items=ITEMS)


@pytest.mark.parametrize(("level", "named"), [(0, "0"), (6, "6"), (2.5, "2.5"), (9, "9")])
@pytest.mark.parametrize("convert", [pd.DataFrame, pl.from_pandas, lambda frame: cells(frame, Design(), by="answer")])
def test_a_level_that_the_formula_does_not_know_is_refused_and_not_taken_for_silence(level, named, convert):
    """Levels coded 0 to 4, a 9 for "do not know": read as 1 to 5 they would be a wrong figure without a word."""
    frame = pd.DataFrame({"answer": [1.0, 2.0, np.nan, 5.0, level]})
    with pytest.raises(BadIndicator, match=f"'answer' has the level {named}, and levels are whole numbers from 1 to 5"):
        measure(convert(frame), Design(), TOP_TWO, overall="answer")
    with pytest.raises(BadIndicator, match=f"has the level {named}"):
        measure(convert(frame), Design(), POOLED_ITEM_SHARE, items=["answer"])


def test_levels_may_be_numbers_of_any_kind_and_no_words():
    for kind in ("float64", "Int64", "object"):
        frame = pd.DataFrame({"answer": pd.array([1, 2, None, 5], dtype=kind)})
        assert measure(frame, Design(), TOP_TWO, overall="answer").rate == pytest.approx(1 / 3)
    nan = pl.DataFrame({"answer": [1.0, 2.0, float("nan"), 5.0]})
    assert measure(nan, Design(), TOP_TWO, overall="answer").n == 3
    with pytest.raises(BadIndicator, match="'answer' holds String: code its levels as whole numbers, 1 to 5"):
        measure(pd.DataFrame({"answer": ["good", "bad"]}), Design(), TOP_TWO, overall="answer")
