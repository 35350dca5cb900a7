"""The effect of interviewers, against arithmetic written out."""

import pytest

from analysis.interviewers import BadWorkloads, interviewer_effect


def test_the_intra_interviewer_correlation_of_a_small_table() -> None:
    """Workloads 4 and 6 with 4 and 3 satisfied: p = .7; MSB = (4*.09 + 6*.04)/1 = .6; MSW = 3*.5/8 = .1875;
    m0 = (10 - 52/10)/1 = 4.8; rho = (.6 - .1875)/(.6 + 3.8*.1875) = .4125/1.3125 = 11/35; deff = 1 + 4*11/35."""
    effect = interviewer_effect([4, 6], [4, 3])
    assert effect.rho == pytest.approx(11 / 35)
    assert effect.deff == pytest.approx(1 + 44 / 35)
    assert (effect.interviewers, effect.lowest, effect.highest) == (2, 0.5, 1.0)


def test_interviewers_who_are_alike_have_no_effect() -> None:
    effect = interviewer_effect([10, 10, 10], [8, 8, 8])
    assert effect.rho == pytest.approx(-1 / 9)
    assert effect.deff == 1.0


def test_one_interviewer_tells_nothing() -> None:
    with pytest.raises(BadWorkloads):
        interviewer_effect([12, 0], [10, 0])
