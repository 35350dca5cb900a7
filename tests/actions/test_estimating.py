"""Estimating a wave from its tally: weights N/n of the frame, hand-computed figures, real published counts."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork

from survey.actions.estimating import CannotEstimate, DomainEstimate, estimate_wave, judge_by_rule
from survey.actions.importing_counts import import_counts
from survey.actions.tallying import tally
from survey.keys import Keys
from survey.mandate.published import published_file
from survey.mandate.rules import Rule
from survey.proof import Signer
from survey.store.database import Database

Begin = Callable[..., Fieldwork]


@pytest.fixture
def begin(database: Database, keys: Keys, signer: Signer) -> Begin:
    """Agency A with 100 transactions, 3 of 4 satisfied; agency B with 300, 2 of 5 satisfied."""

    def begin(rule: Rule) -> Fieldwork:
        populations = {("A", "land"): 100, ("B", "land"): 300}
        work = begin_fieldwork(database, keys, signer, populations, invited=10, rule=rule)
        work.answer_all({"A.land": "5443", "B.land": "54321"})
        work.seal_and_tally()
        return work

    return begin


def test_a_rate_weighs_each_stratum_by_its_population(begin: Begin) -> None:
    """(100 x 3/4 + 300 x 2/5) / 400 = (75 + 120) / 400 = 0.4875, where 5 of 9 answers would give 0.5556.

    Variance without correction: (1/4)^2 (.75 x .25)/3 + (3/4)^2 (.4 x .6)/4 = .00390625 + .03375 = .03765625.
    Effective n of Korn and Graubard (1998): p(1-p)/v times the square of t with 9 - 1 over t with 7 degrees of
    freedom, 2.30600 and 2.36462 in any table.
    """
    work = begin(Rule())
    _, (found,) = estimate_wave(work.database, "W")
    assert found.estimate.rate == pytest.approx(0.4875, abs=1e-12)
    assert found.estimate.se == pytest.approx(math.sqrt(0.03765625), abs=1e-12)
    assert (found.estimate.n, found.estimate.successes, found.estimate.df) == (9, 5, 9 - 2)
    assert found.estimate.n_effective == pytest.approx(
        0.4875 * 0.5125 / 0.03765625 * (2.30600 / 2.36462) ** 2, rel=1e-5
    )


def test_a_finite_target_takes_off_what_was_observed(begin: Begin) -> None:
    """Each stratum's part times 1 - n/N: .00390625 x 96/100 + .03375 x 295/300 = .00375 + .0331875 = .0369375."""
    work = begin(Rule(target_population="finite"))
    _, (found,) = estimate_wave(work.database, "W")
    assert found.estimate.se == pytest.approx(math.sqrt(0.0369375), abs=1e-12)


def test_a_breakdown_gives_each_domain_its_own_share(begin: Begin) -> None:
    work = begin(Rule())
    _, found = estimate_wave(work.database, "W", by=("agency",))
    assert [(each.keys, each.estimate.n, each.estimate.rate) for each in found] == [
        ({"agency": "A"}, 4, pytest.approx(3 / 4)),
        ({"agency": "B"}, 5, pytest.approx(2 / 5)),
    ]


def test_other_definitions_read_the_same_tally(begin: Begin) -> None:
    """Levels 5 4 4 3 are worth 100 75 75 50 on the scale 0..100: .75 of A; 5 4 3 2 1 are .5 of B.
    (100 x .75 + 300 x .5) / 400 = .5625."""
    work = begin(Rule())
    _, (found,) = estimate_wave(work.database, "W", indicator="rescaled_mean")
    assert found.estimate.rate == pytest.approx(0.5625, abs=1e-12)


def test_a_stratum_without_answers_is_named_and_lowers_coverage(database: Database, keys: Keys, signer: Signer) -> None:
    """100 of 400 transactions lie in strata that answered: 25 %."""
    populations = {("A", "land"): 100, ("B", "land"): 300}
    work = begin_fieldwork(database, keys, signer, populations, invited=10)
    work.answer_all({"A.land": "5443"})
    work.seal_and_tally()
    data, (found,) = estimate_wave(database, "W")
    assert found.estimate.coverage == pytest.approx(0.25)
    assert found.estimate.strata_empty == ("B.land",)
    verdict = judge_by_rule(found.estimate, 0.9, data.rule, on=TODAY)
    assert verdict.code == "too_few"


def test_a_wave_without_answers_says_what_to_run(database: Database, keys: Keys, signer: Signer) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 10})
    with pytest.raises(CannotEstimate, match=r"no tallied answers yet. `hailong work --once`"):
        estimate_wave(database, "W")
    with pytest.raises(CannotEstimate, match=r"no wave with the code NOWHERE. `hailong waves` lists them"):
        estimate_wave(database, "NOWHERE")
    with pytest.raises(CannotEstimate, match="Cannot break down by moon"):
        estimate_wave(database, "W", by=("moon",))


def test_real_counts_give_the_published_share(database: Database, signer: Signer) -> None:
    """use-an-lpa, March 2021, from the published file: 6,055 answers, 5,710 of them satisfied or very satisfied."""
    import_counts(database, signer, published_file("opg_satisfaction.csv"), wave_code="OPG", today=TODAY)
    tally(database)
    data, found = estimate_wave(database, "OPG", by=("service", "month"))
    (march,) = [each for each in found if each.keys == {"service": "use-an-lpa", "month": "2021-03"}]
    assert march.estimate.n == 6055
    assert round(march.estimate.rate, 4) == 0.9430
    assert march.estimate.low < 0.9430 < march.estimate.high
    assert len(found) == 78
    assert not data.wave.is_official
    assert sum(count(each) for each in found) == sum(count(each) for each in estimate_wave(database, "OPG")[1])


def count(domain: DomainEstimate) -> int:
    return domain.estimate.n
