"""Many verdicts together keep the error rate of one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.decisions import Verdict
from analysis.multiplicity import FACTORS, BadP, adjust, judge_together


@pytest.mark.parametrize("method", FACTORS)
@given(p=st.lists(st.floats(0, 1), max_size=30))
def test_adjusting_never_lowers_a_p_value_nor_its_order(method, p):
    adjusted = adjust(p, method).tolist()
    assert all(raw <= new + 1e-15 <= 1 + 1e-15 for raw, new in zip(p, adjusted, strict=True))
    pairs = sorted(zip(p, adjusted, strict=True))
    assert all(a[1] <= b[1] for a, b in pairwise(pairs))


def test_one_claim_needs_no_adjustment():
    assert [adjust([0.03], method)[0] for method in FACTORS] == [0.03] * 4


def test_a_claim_that_does_not_survive_is_taken_back():
    """Holm over three: .02 * 2 = .04 holds; .03 * 2 > .05 does not. p = 2 min(p_met, p_not); too few makes no claim."""
    verdicts = {
        "A": Verdict("met", 0.001, 0.999, "r"),
        "B": Verdict("not_met", 0.98, 0.01, "r"),
        "C": Verdict("above", 0.024, 0.97, "r"),
        "D": Verdict("not_shown", 0.4, 0.5, "r"),
        "E": Verdict("too_few", 0.001, 0.999, "r"),
    }
    judged = judge_together(verdicts)
    assert {name: j.code for name, j in judged.items()} == {
        "A": "met",
        "B": "not_shown",
        "C": "cannot_tell",
        "D": "not_shown",
        "E": "too_few",
    }
    assert judged["A"].p_adjusted == pytest.approx(0.008)
    assert judged["B"].p_adjusted == pytest.approx(0.06)
    assert judged["E"].p == pytest.approx(0.002)
    screened = judge_together(verdicts, "bh")
    assert screened["B"].code == "not_met"


def test_bad_values_and_names_are_refused():
    with pytest.raises(BadP, match="between 0 and 1"):
        adjust([0.5, 1.2])
    with pytest.raises(BadP, match="choose one of holm"):
        adjust([0.5], "bonferoni")
