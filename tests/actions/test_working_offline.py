"""What an interviewer did at doors without a network arrives once, under the interviewer's code, or is told why not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from tablets import Tablet, clock_of

from survey.actions import household, interviewing
from survey.actions.importing_places import import_agencies
from survey.actions.kiosks import accept_pairing, describe_work, pair_device
from survey.actions.replaying import Told, replay
from survey.actions.waves import WrongChannel, open_wave
from survey.envelopes import public_point, server_key
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.store.audits import By
from survey.store.database import Database
from survey.store.devices import Device
from survey.store.tables import household as household_table
from survey.store.tables import household_call, inbox, spent

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
AGENCY, WAVE, WHO = "TTPVHCC-31507", "H", "dtv1"
VILLAGES = "".join(f"v{n},Ấp {n},s,{AGENCY},50,120\n" for n in range(1, 13))


@dataclass
class Team:
    """A household wave of ten villages, the interviewer `dtv1` with two of them, and that interviewer's device."""

    database: Database
    keys: Keys
    device: Device
    tablet: Tablet
    villages: list[dict[str, Any]] = field(default_factory=list)

    def work(self) -> dict[str, Any]:
        return describe_work(self.database, self.keys, self.device, TODAY)

    def put(self, number: int, outcome: str, *, psu: str = "", key: str | None = None, **others: Any) -> Any:
        """An attempt as the device keeps it; an interview of a woman of two adults unless it says otherwise."""
        door = {"psu": psu or self.villages[0]["code"], "number": number, "outcome": outcome, "adults": 2}
        door |= {"sex": "f", "age": "30-44"} | {name: others.pop(name) for name in ("adults", "sex") if name in others}
        answers = {"G1": "4", "S1": "yes"} if outcome == "1.1" else {}
        said = {"answers": answers, "wave": WAVE, "agency": AGENCY, "questionnaire": "household@1", "door": door}
        return self.tablet.put(None, on=TODAY, key=key, **{**said, **others})

    def send(self, *entries: Any, now: datetime = NOON) -> list[Told]:
        return replay(self.database, self.keys, self.device, entries, clock=clock_of(now), now=now, today=now.date())

    def count(self, table: Any) -> int:
        with self.database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0

    def codes(self) -> list[dict[str, Any]]:
        with self.database.reading() as connection:
            return [json.loads(each) for each in connection.scalars(select(inbox.c.codes))]

    def numbers(self, village: int = 0) -> list[int]:
        return [door["number"] for door in self.villages[village]["doors"]]


@pytest.fixture
def team(database: Database, keys: Keys, tmp_path: Path) -> Team:
    by, file = By("op", NOON), tmp_path / "villages.csv"
    file.write_text("psu,name,stratum,agency,households,adults\n" + VILLAGES)
    import_agencies(database, EXAMPLES / "agencies.csv")
    begin_wave(database, WAVE)
    household.import_psus(database, file, wave_code=WAVE, today=TODAY, by=by)
    drawn = household.draw_psus(database, WAVE, {"s": 9}, seed=1, by=by)
    for place, village in enumerate(drawn[:3]):
        addresses = [f"Số {number}" for number in range(1, 31)]
        household.keep_list(database, WAVE, village.identifier, addresses, today=TODAY, by=By("lister", NOON))
        household.draw_households(database, WAVE, village.identifier, 4, seed=7, today=TODAY, by=by)
        household.assign(database, WAVE, village.identifier, WHO if place < 2 else "dtv2", by=by)
    return pair(database, keys)


def begin_wave(database: Database, code: str, channels: tuple[str, ...] = ()) -> None:
    open_wave(
        database,
        code=code,
        name={"vi": "Hộ gia đình"},
        questionnaire="household@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(),
        population="public",
        channels=channels,
    )


def pair(database: Database, keys: Keys, channel: str = "interviewer", name: str = WHO) -> Team:
    tablet = Tablet(public_point(server_key(keys.device)), name)
    code = pair_device(database, keys, name, agency=AGENCY, wave=WAVE, now=NOON, actor="test", channel=channel)
    device = accept_pairing(database, keys, code, tablet.point, tablet.sign_pairing(code), NOON)
    team = Team(database, keys, device, tablet)
    team.villages = team.work()["villages"]
    return team


def outcomes(told: list[Told]) -> list[str]:
    return [each.outcome for each in told]


def test_a_device_takes_along_the_doors_of_its_interviewer_and_no_others(team: Team) -> None:
    assert [len(village["doors"]) for village in team.villages] == [4, 4]
    mine = interviewing.list_work(team.database, WHO, TODAY)
    assert {each["code"] for each in team.villages} == {each.psu.code for each in mine}
    other = pair(team.database, team.keys, name="dtv3")
    assert other.villages == []
    kiosk = pair(team.database, team.keys, channel="kiosk", name="KIOSK")
    assert kiosk.villages is None


def test_the_adult_drawn_on_the_device_is_the_one_that_the_server_draws(team: Team) -> None:
    village = team.villages[0]
    door = village["doors"][0]
    by = By(WHO, NOON)
    for other in team.villages[1]["doors"]:
        assert len(other["drawn"]) == 30
        assert all(1 <= drawn <= adults for adults, drawn in enumerate(other["drawn"], start=1))
    on_server = interviewing.draw_adult(team.database, WAVE, village["code"], door["number"], 5, interviewer=WHO, by=by)
    assert door["drawn"][4] == on_server


def test_an_interview_and_an_attempt_arrive_once_with_the_interviewers_code(team: Team) -> None:
    first, second, *_ = team.numbers()
    sent = [team.put(first, "1.1"), team.put(second, "2.2")]
    told = team.send(*sent)
    assert (outcomes(told), outcomes(team.send(*sent))) == (["stored", "noted"], ["replayed", "noted"])
    assert [bool(each.receipt) for each in told] == [True, False]
    assert (team.count(inbox), team.count(spent), team.count(household_call)) == (1, 1, 2)
    (codes,) = team.codes()
    assert (codes["channel"], codes["assisted"], codes["interviewer"]) == ("interviewer", 1, WHO)
    assert (codes["psu"], codes["class"]) == (team.villages[0]["code"], "2.f.30-44.1")
    doors = {door["number"]: door for door in team.work()["villages"][0]["doors"]}
    assert (doors[first]["done"], doors[first]["outcome"], doors[first]["adults"]) == (True, "1.1", 2)
    assert (doors[second]["done"], doors[second]["outcome"], doors[second]["calls"]) == (False, "2.2", 1)


def test_a_callers_screen_is_the_same_and_says_phone(team: Team) -> None:
    household.assign(team.database, WAVE, team.villages[0]["code"], "goi1", by=By("op", NOON))
    caller = pair(team.database, team.keys, channel="phone", name="goi1")
    assert outcomes(caller.send(caller.put(caller.numbers()[0], "1.1"))) == ["stored"]
    assert [(each["channel"], each["assisted"], each["interviewer"]) for each in caller.codes()] == [
        ("phone", 1, "goi1")
    ]


def test_a_number_out_of_service_is_met_on_the_telephone_alone_and_closes_no_door(team: Team) -> None:
    household.assign(team.database, WAVE, team.villages[0]["code"], "goi1", by=By("op", NOON))
    caller = pair(team.database, team.keys, channel="phone", name="goi1")
    number = caller.numbers()[0]
    assert outcomes(caller.send(caller.put(number, "4.3"), caller.put(number, "1.1"))) == ["noted", "stored"]
    at_door = team.put(team.numbers(1)[0], "4.3", psu=team.villages[1]["code"])
    assert outcomes(team.send(at_door)) == ["malformed"]


def test_whoever_was_there_first_wins_and_the_second_is_counted(team: Team) -> None:
    first, second, *_ = team.numbers()
    assert outcomes(team.send(team.put(first, "2.1"), team.put(first, "1.1"))) == ["noted", "spent"]
    village = team.villages[0]["code"]
    interviewing.draw_adult(team.database, WAVE, village, second, 3, interviewer=WHO, by=By(WHO, NOON))
    assert outcomes(team.send(team.put(second, "1.1"))) == ["spent"], "another count of adults draws somebody else"
    assert outcomes(team.send(team.put(second, "1.1", adults=3))) == ["stored"]
    assert team.count(inbox) == 1


def test_a_door_of_somebody_else_is_not_taken(team: Team) -> None:
    with team.database.reading() as connection:
        mine = {village["code"] for village in team.villages}
        drawn = select(household_table.c.psu_code, household_table.c.number).where(household_table.c.drawn)
        psu, number = next(row for row in connection.execute(drawn) if row.psu_code not in mine)
    assert outcomes(team.send(team.put(number, "1.1", psu=psu), team.put(99, "2.2"))) == ["unknown_code"] * 2
    assert (team.count(inbox), team.count(household_call)) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "9.9"},
        {"outcome": "1.1", "sex": "x"},
        {"outcome": "1.1", "adults": None},
        {"outcome": "1.1", "adults": 31},
        {"outcome": "1.1", "answers": {"G1": "9"}},
        {"outcome": "1.1", "answers": {"NO": "1"}},
        {"outcome": "1.1", "door": []},
        {"outcome": "1.1", "door": {"psu": 1, "number": 1, "outcome": "1.1"}},
        {"outcome": "2.2", "door": {"psu": "v", "number": True, "outcome": "2.2"}},
    ],
)
def test_what_makes_no_sense_is_stored_neither_whole_nor_half(team: Team, wrong: dict[str, Any]) -> None:
    number = team.numbers()[0]
    assert outcomes(team.send(team.put(number, **wrong))) == ["malformed"]
    assert (team.count(inbox), team.count(spent), team.count(household_call)) == (0, 0, 0)
    door = team.work()["villages"][0]["doors"][0]
    assert door["adults"] is None, "not even the count of adults"
    assert outcomes(team.send(team.put(number, "1.1"))) == ["stored"], "the control"


def test_after_the_wave_a_device_brings_what_it_holds_and_takes_no_addresses_along(team: Team) -> None:
    late = NOON + timedelta(days=10)
    assert outcomes(team.send(team.put(team.numbers()[0], "1.1"), now=late)) == ["stored"]
    over = NOON + timedelta(days=20)
    assert describe_work(team.database, team.keys, team.device, over.date())["villages"] == []
    assert outcomes(team.send(team.put(team.numbers()[1], "1.1"), now=over)) == ["closed"]


def test_a_wave_without_interviewers_has_no_villages(database: Database, keys: Keys, tmp_path: Path) -> None:
    file = tmp_path / "villages.csv"
    file.write_text("psu,name,stratum,agency,households,adults\n" + VILLAGES)
    import_agencies(database, EXAMPLES / "agencies.csv")
    begin_wave(database, "L", channels=("link",))
    with pytest.raises(WrongChannel):
        household.import_psus(database, file, wave_code="L", today=TODAY, by=By("op", NOON))


def test_each_number_of_adults_draws_each_of_them_alike(team: Team) -> None:
    """Eight doors of thirty counts each: no draw is always the oldest, none beyond the last."""
    drawn = Counter(door["drawn"][1] for village in team.villages for door in village["doors"])
    assert set(drawn) == {1, 2}
