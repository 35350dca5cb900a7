"""Household waves from the list of villages to the estimate, against the same computed by hand from what was done."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from survey.actions import household, interviewing
from survey.actions.household_estimating import _eligible, estimate_households
from survey.actions.importing_places import import_agencies
from survey.actions.interviewing import Interview
from survey.actions.reading_csv import ImportRefused
from survey.actions.retaining import retain
from survey.actions.sealing import seal
from survey.actions.tallying import tally
from survey.actions.waves import open_wave
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.proof import Signer
from survey.store.audits import By
from survey.store.database import Database
from survey.store.fieldwork import HouseholdList, Psu
from survey.store.tables import audit, household_call, inbox, invitation
from survey.store.tables import household as household_table

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TODAY, AFTER = date(2026, 11, 24), date(2026, 12, 20)
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
SIZES = {
    "wards": [120, 90, 150, 80, 110, 130, 95],
    "khmer": [60, 75, 50, 90, 85, 70, 65],
}
LISTED, TAKEN = 40, 6


@dataclass
class Told:
    """One interview as it was done."""

    stratum: str
    psu: str
    adults: int
    sex: str
    age: str
    level: int
    contact: bool


@dataclass
class Work:
    """A household wave with ten drawn villages of fourteen."""

    database: Database
    keys: Keys
    told: list[Told] = field(default_factory=list)
    eligible: Counter[str] = field(default_factory=Counter)

    def interview(self, psu: str, number: int, who: str, told: Told, key: str | None = None) -> str:
        return interviewing.answer(
            self.database,
            self.keys,
            "H",
            psu,
            number,
            Interview({"G1": str(told.level), "S1": "yes" if told.contact else "no"}, told.sex, told.age, "vi"),
            key=key or secrets.token_hex(16),
            interviewer=who,
            today=TODAY,
        )


def by(who: str) -> By:
    return By(who, NOON)


@pytest.fixture
def frame_file(tmp_path: Path) -> Path:
    rows = [
        f"{stratum[0]}{number},Ấp {number},{stratum},TTPVHCC-31507,{size},{size * 3}"
        for stratum, sizes in SIZES.items()
        for number, size in enumerate(sizes, start=1)
    ]
    path = tmp_path / "villages.csv"
    path.write_text("psu,name,stratum,agency,households,adults\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def work(database: Database, keys: Keys, frame_file: Path) -> Work:
    import_agencies(database, EXAMPLES / "agencies.csv")
    open_wave(
        database,
        code="H",
        name={"vi": "Hộ gia đình"},
        questionnaire="household@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(calibration_variables=("adults", "sex", "age", "contact")),
        population="public",
    )
    assert household.import_psus(database, frame_file, wave_code="H", today=TODAY, by=by("op")) == 14
    household.draw_psus(database, "H", {"wards": 5, "khmer": 5}, seed=2026, by=by("op"))
    return Work(database, keys)


def drawn_psus(work: Work) -> list[Psu]:
    return [each.psu for each in household.list_reports(work.database, "H") if each.psu.probability is not None]


def list_and_draw(work: Work) -> None:
    for place, psu in enumerate(drawn_psus(work)):
        addresses = [f"Số {number}" for number in range(1, LISTED + 1)]
        household.keep_list(work.database, "H", psu.code, addresses, today=TODAY, by=by("lister"))
        household.draw_households(work.database, "H", psu.code, TAKEN, seed=7, today=TODAY, by=by("op"))
        household.assign(work.database, "H", psu.code, f"dtv{place % 3}", by=by("op"))


def ask_everybody(work: Work) -> None:
    """Each fifth door refuses, each seventh house is empty; the others answer in a fixed pattern."""
    levels = cycle([5, 4, 4, 2, 5, 3, 4, 5, 4, 1, 4])
    adults, contacts = cycle([1, 2, 3, 2, 4]), cycle([True, False, True])
    sexes, ages = cycle(["f", "m"]), cycle(interviewing.AGES)
    doors = 0
    for who in ("dtv0", "dtv1", "dtv2"):
        for assignment in interviewing.list_work(work.database, who, TODAY):
            psu = assignment.psu
            for door in assignment.doors:
                doors += 1
                number = door.household.number
                outcome = "2.1" if doors % 5 == 0 else "4.6" if doors % 7 == 0 else None
                if outcome:
                    interviewing.record_call(
                        work.database, "H", psu.code, number, outcome, interviewer=who, on=TODAY, by=by(who)
                    )
                    work.eligible[psu.code] += outcome == "2.1"
                    continue
                count = next(adults)
                interviewing.draw_adult(work.database, "H", psu.code, number, count, interviewer=who, by=by(who))
                told = Told(psu.stratum_code, psu.code, count, next(sexes), next(ages), next(levels), next(contacts))
                work.interview(psu.code, number, who, told)
                work.told.append(told)
                work.eligible[psu.code] += 1


def weights_by_hand(work: Work) -> np.ndarray:
    """n_h M_i / M_h is the chance of a village, 6/40 that of its household."""
    sizes = {f"{stratum[0]}{n}": m for stratum, of in SIZES.items() for n, m in enumerate(of, start=1)}
    answered = Counter(each.psu for each in work.told)
    return np.array(
        [
            each.adults
            / (5 * sizes[each.psu] / sum(SIZES[each.stratum]) * TAKEN / LISTED)
            * work.eligible[each.psu]
            / answered[each.psu]
            for each in work.told
        ]
    )


def variance_by_hand(work: Work, z: np.ndarray) -> float:
    """Between the totals of villages, stratum by stratum: n/(n-1) Σ (z_i - z̄)²."""
    total = 0.0
    for stratum in SIZES:
        villages = sorted({each.psu for each in work.told if each.stratum == stratum})
        sums = np.array([sum(v for v, each in zip(z, work.told, strict=True) if each.psu == psu) for psu in villages])
        total += len(villages) / (len(villages) - 1) * float(((sums - sums.mean()) ** 2).sum())
    return total


def rate_by_hand(work: Work, w: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    y = np.array([float(each.level >= 4) for each in work.told])
    w = np.where(inside, w, 0.0)
    rate = float((w * y).sum() / w.sum())
    return rate, variance_by_hand(work, w * (y - rate) / w.sum()) ** 0.5


def finish(work: Work, signer: Signer) -> None:
    list_and_draw(work)
    ask_everybody(work)
    seal(work.database, signer, AFTER)
    tally(work.database)


def test_from_the_lists_to_the_estimate_as_by_hand(work: Work, signer: Signer) -> None:
    finish(work, signer)
    found = estimate_households(work.database, "H")
    w = weights_by_hand(work)
    everybody = np.ones(len(work.told), dtype=bool)
    contacted = np.array([each.contact for each in work.told])
    assert len(work.told) == 41
    assert (found.everybody.rate, found.everybody.se) == pytest.approx(rate_by_hand(work, w, everybody))
    assert found.everybody.df == 8
    assert found.contacted is not None
    assert (found.contacted.rate, found.contacted.se) == pytest.approx(rate_by_hand(work, w, contacted))
    assert float((found.frame["weight"] * found.frame["n"]).sum()) == pytest.approx(w.sum())
    assert found.outcome_rates["RR1"] == pytest.approx(41 / 53)
    assert found.effect is not None
    assert found.effect.interviewers == 3


def test_calibrated_to_area_sex_and_age_as_by_hand(work: Work, signer: Signer) -> None:
    """Post-stratification by hand: the weights of a cell are scaled to its people, and the residual of the cell's mean
    takes the place of the value in the variance (Särndal, Swensson and Wretman 1992, 7.9)."""
    finish(work, signer)
    w = weights_by_hand(work)
    cells = [(each.stratum, each.sex, each.age) for each in work.told]
    margins = {cell: 500.0 + 100 * place for place, cell in enumerate(sorted(set(cells)))}
    sums = {cell: sum(v for v, c in zip(w, cells, strict=True) if c == cell) for cell in margins}
    g = w * np.array([margins[cell] / sums[cell] for cell in cells])
    y = np.array([float(each.level >= 4) for each in work.told])
    rate = float((g * y).sum() / g.sum())
    u = (y - rate) / g.sum()
    means = {
        cell: sum(v * x for v, x, c in zip(w, u, cells, strict=True) if c == cell) / sums[cell] for cell in margins
    }
    residual = g * (u - np.array([means[cell] for cell in cells]))
    found = estimate_households(work.database, "H", margins=margins)
    assert found.everybody.rate == pytest.approx(rate)
    assert found.everybody.se == pytest.approx(variance_by_hand(work, residual) ** 0.5)
    plain = estimate_households(work.database, "H")
    assert abs(found.everybody.rate - plain.everybody.rate) > 1e-4, "the control: the margins move the rate"


def test_a_response_holds_its_village_and_class_and_never_the_household(work: Work) -> None:
    list_and_draw(work)
    ask_everybody(work)
    with work.database.reading() as connection:
        kept = [json.loads(codes) for codes in connection.scalars(select(inbox.c.codes))]
        places = connection.execute(select(invitation.c.probability)).scalars().all()
    assert {each["channel"] for each in kept} == {"interviewer"}
    assert {each["assisted"] for each in kept} == {1}
    assert {each["interviewer"] for each in kept} == {"dtv0", "dtv1", "dtv2"}
    assert Counter(each["psu"] for each in kept) == Counter(each.psu for each in work.told)
    assert {"number", "address", "household", "position"} & {name for each in kept for name in each} == set()
    chances = {5 * p.households / sum(SIZES[p.stratum_code]) * TAKEN / LISTED for p in drawn_psus(work)}
    assert sorted(set(places)) == pytest.approx(sorted(chances))


def test_one_household_answers_once_and_the_same_key_is_the_same_answer(work: Work) -> None:
    list_and_draw(work)
    (psu, *_) = interviewing.list_work(work.database, "dtv0", TODAY)
    number = psu.doors[0].household.number
    told = Told(psu.psu.stratum_code, psu.psu.code, 2, "f", "18-29", 5, True)
    with pytest.raises(interviewing.NoRoster):
        work.interview(psu.psu.code, number, "dtv0", told)
    interviewing.draw_adult(work.database, "H", psu.psu.code, number, 2, interviewer="dtv0", by=by("dtv0"))
    with pytest.raises(interviewing.RosterFixed):
        interviewing.draw_adult(work.database, "H", psu.psu.code, number, 1, interviewer="dtv0", by=by("dtv0"))
    receipt = work.interview(psu.psu.code, number, "dtv0", told, key="k" * 20)
    assert work.interview(psu.psu.code, number, "dtv0", told, key="k" * 20) == receipt
    with pytest.raises(interviewing.CallRefused, match="one answer a household"):
        work.interview(psu.psu.code, number, "dtv0", told)
    with pytest.raises(interviewing.CallRefused, match="closed"):
        interviewing.record_call(
            work.database, "H", psu.psu.code, number, "2.1", interviewer="dtv0", on=TODAY, by=by("dtv0")
        )
    with pytest.raises(interviewing.NotAssigned):
        work.interview(psu.psu.code, number, "dtv1", told)


def test_whoever_listed_does_not_draw_and_nobody_is_replaced(work: Work) -> None:
    psu = drawn_psus(work)[0].code
    household.keep_list(work.database, "H", psu, ["Số 1", "Số 2", "Số 3"], today=TODAY, by=by("lister"))
    with pytest.raises(household.CannotDraw, match="somebody else draws"):
        household.draw_households(work.database, "H", psu, 2, seed=1, today=TODAY, by=by("lister"))
    household.draw_households(work.database, "H", psu, 2, seed=1, today=TODAY, by=by("op"))
    with pytest.raises(household.CannotDraw, match="not replaced"):
        household.draw_households(work.database, "H", psu, 1, seed=2, today=TODAY, by=by("op"))
    with pytest.raises(household.CannotDraw, match="stays as it is"):
        household.keep_list(work.database, "H", psu, ["Số 9"], today=TODAY, by=by("lister"))


@pytest.mark.parametrize(
    ("allocation", "says"),
    [
        ({"wards": 1, "khmer": 9}, "at least 2 villages"),
        ({"wards": 4, "khmer": 5}, "leave 7 degrees of freedom"),
        ({"wards": 10}, "Name every stratum once: khmer, wards"),
    ],
)
def test_a_sample_without_a_variance_is_not_drawn(
    database: Database, keys: Keys, frame_file: Path, allocation: dict[str, int], says: str
) -> None:
    import_agencies(database, EXAMPLES / "agencies.csv")
    open_wave(
        database,
        code="H",
        name={"vi": "Hộ"},
        questionnaire="household@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(),
        population="public",
    )
    household.import_psus(database, frame_file, wave_code="H", today=TODAY, by=by("op"))
    with pytest.raises(household.CannotDraw, match=says):
        household.draw_psus(database, "H", allocation, seed=1, by=by("op"))


def test_a_bad_file_of_villages_is_refused_whole(work: Work, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("psu,name,stratum,agency,households,adults\nv1,Ấp 1,s,nobody,0,10\nv1,Ấp 1,s,nobody,5,10\n")
    with pytest.raises(household.CannotDraw, match="villages already"):
        household.import_psus(work.database, path, wave_code="H", today=TODAY, by=by("op"))
    open_wave(
        work.database,
        code="H2",
        name={"vi": "Hộ"},
        questionnaire="household@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(),
        population="public",
    )
    with pytest.raises(ImportRefused, match="there is no agency 'nobody'"):
        household.import_psus(work.database, path, wave_code="H2", today=TODAY, by=by("op"))


def test_each_adult_has_the_same_chance() -> None:
    """3,000 households of three adults: chi-square with 2 degrees of freedom stays below 13.8 (p = 0.001)."""
    listed = HouseholdList("H", "v1", "lister", TODAY, 3000, b"", "op", TODAY, "5", 1.0)
    drawn = Counter(interviewing.choose_adult(listed, number, 3) for number in range(1, 3001))
    assert sum((drawn[adult] - 1000) ** 2 / 1000 for adult in (1, 2, 3)) < 13.8


def test_a_number_out_of_service_is_noted_where_a_wave_calls_and_leaves_the_household_of_unknown_eligibility(
    work: Work,
) -> None:
    list_and_draw(work)
    door = interviewing.list_work(work.database, "dtv0", TODAY)[0].doors[0]
    at = ("H", door.psu.code, door.household.number)
    assert interviewing.record_call(work.database, *at, "4.3", interviewer="dtv0", on=TODAY, by=by("dtv0")) == 1
    assert not interviewing.list_work(work.database, "dtv0", TODAY)[0].doors[0].is_done
    visit = interviewing.find_door(work.database, *at, "dtv0")
    assert visit.allows("4.3")
    assert not replace(visit, channels=("interviewer",)).allows("4.3")
    # 4 eligible and 1 not are known: of the 2 unknown four fifths count
    assert _eligible({"1.1": 4, "4.6": 1, "4.3": 1, "3.1": 1}) == pytest.approx(4 + 2 * 4 / 5)


def test_a_wave_that_calls_nobody_has_no_number_out_of_service(work: Work, frame_file: Path) -> None:
    open_wave(
        work.database,
        code="H2",
        name={"vi": "Hộ"},
        questionnaire="household@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(),
        population="public",
        channels=("interviewer",),
    )
    household.import_psus(work.database, frame_file, wave_code="H2", today=TODAY, by=by("op"))
    village = household.draw_psus(work.database, "H2", {"wards": 5, "khmer": 5}, seed=1, by=by("op"))[0].identifier
    household.keep_list(work.database, "H2", village, ["Số 1", "Số 2"], today=TODAY, by=by("lister"))
    household.draw_households(work.database, "H2", village, 2, seed=7, today=TODAY, by=by("op"))
    household.assign(work.database, "H2", village, "dtv9", by=by("op"))
    with pytest.raises(interviewing.CallRefused, match="calls nobody"):
        interviewing.record_call(work.database, "H2", village, 1, "4.3", interviewer="dtv9", on=TODAY, by=by("dtv9"))
    assert (
        interviewing.record_call(work.database, "H2", village, 1, "2.2", interviewer="dtv9", on=TODAY, by=by("dtv9"))
        == 1
    )


def test_addresses_and_rosters_are_forgotten_after_the_wave(work: Work) -> None:
    list_and_draw(work)
    with pytest.raises(household.CannotDraw, match="still takes answers"):
        household.forget(work.database, "H", today=TODAY, by=by("op"))
    assert household.forget(work.database, "H", today=AFTER, by=by("op")) == 10 * LISTED


def test_thirty_days_after_the_wave_the_job_destroys_addresses_and_keeps_the_outcomes(work: Work) -> None:
    list_and_draw(work)
    psu, number = drawn_psus(work)[0].code, interviewing.list_work(work.database, "dtv0", TODAY)[0].doors[0]
    interviewing.record_call(
        work.database, "H", psu, number.household.number, "2.1", interviewer="dtv0", on=TODAY, by=by("dtv0")
    )
    closes = date(2026, 11, 30)
    assert retain(work.database, NOON, closes + timedelta(days=30)) == 0
    assert retain(work.database, NOON, closes + timedelta(days=31)) == 10 * LISTED
    with work.database.reading() as connection:
        assert set(connection.scalars(select(household_table.c.address))) == {""}
        assert connection.scalar(select(func.count()).select_from(household_call)) == 1
        details = connection.scalars(select(audit.c.detail).where(audit.c.event == "retention")).all()
    assert len(details) == 1
    assert '"rule":"households"' in details[0]
    assert retain(work.database, NOON, closes + timedelta(days=32)) == 0
