"""Two phases against R's `twophase(method = "full")` (survey 4.1-1), and at their two ends."""

from __future__ import annotations

import math

import pytest

from analysis.twophase import BadTwoPhase, TwoPhaseStratum, estimate_two_phases

# Each stratum invites 60: with unequal numbers R 4.1-1 reads the first phase's sample sizes from the wrong rows.
STRATA = [
    TwoPhaseStratum("A", 400, 30, 27, 30, 10, 7),
    TwoPhaseStratum("B", 900, 24, 20, 36, 12, 8),
    TwoPhaseStratum("C", 250, 32, 31, 28, 6, 4),
]
R_MEAN, R_SE = 0.76577060931899632, 0.05803356638233968
R_PHASES = (0.001276405298866013, 0.002091489528187412)


def test_the_mean_its_error_and_its_two_parts_are_those_of_r() -> None:
    found = estimate_two_phases(STRATA, finite=True)
    assert found.rate == pytest.approx(R_MEAN, rel=1e-12)
    assert found.se == pytest.approx(R_SE, rel=1e-12)
    assert (found.first_phase, found.second_phase) == pytest.approx(R_PHASES, rel=1e-12)


def test_when_everybody_silent_is_asked_again_only_the_first_phase_is_left() -> None:
    """n = 60, 48 satisfied: s² = n p q / (n - 1), v = s² / n."""
    found = estimate_two_phases([TwoPhaseStratum("A", 400, 30, 27, 30, 30, 21)])
    assert found.rate == pytest.approx(0.8)
    assert found.second_phase == 0
    assert found.se == pytest.approx(math.sqrt(0.8 * 0.2 / 59), rel=1e-12)


def test_one_silent_person_who_was_asked_again_adds_no_second_phase() -> None:
    """59 answered, 47 satisfied; the one silent is satisfied: 48 of 60 again."""
    found = estimate_two_phases([TwoPhaseStratum("A", 400, 59, 47, 1, 1, 1)])
    assert (found.rate, found.second_phase) == (pytest.approx(0.8), 0)
    assert found.se == pytest.approx(math.sqrt(0.8 * 0.2 / 59), rel=1e-12)


def test_the_silent_pull_the_rate_by_their_share() -> None:
    """30 answered at 0.9, 30 were silent of whom 7 in 10 are satisfied: (0.9 + 0.7) / 2."""
    found = estimate_two_phases([STRATA[0]])
    assert (found.first_rate, found.silent_rate, found.rate) == pytest.approx((0.9, 0.7, 0.8))
    assert found.low < 0.8 < found.high


@pytest.mark.parametrize(
    "bad",
    [
        TwoPhaseStratum("A", 400, 30, 31, 30, 10, 7),
        TwoPhaseStratum("A", 400, 30, 27, 30, 31, 7),
        TwoPhaseStratum("A", 40, 30, 27, 30, 10, 7),
        TwoPhaseStratum("A", 400, 30, 27, 30, 1, 1),
    ],
)
def test_counts_that_contradict_one_another_are_refused_by_name(bad: TwoPhaseStratum) -> None:
    with pytest.raises(BadTwoPhase, match="A:"):
        estimate_two_phases([bad])
