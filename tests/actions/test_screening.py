"""The fraud screen on the conveyor: signals in, counts apart, a list for auditors, calls and canaries."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fieldwork import AFTER, CLOSES, OPENS, TODAY, Fieldwork, begin_fieldwork

from survey.actions.answering import answer
from survey.actions.calling_back import NotRecorded, TooFewToCall, draw_callbacks, list_standings, record_callback
from survey.actions.canaries import NoCanary, Plan, check_canaries, commit_canaries, exclude_canaries, read_plan
from survey.actions.folding import fold_arrivals, make_patterns
from survey.actions.screening import (
    NothingToScreen,
    NotScreened,
    read_screening,
    screen_due_waves,
    screen_wave,
)
from survey.actions.screening_table import write_csv
from survey.actions.signalling import Arrivals, Sighting, new_form_key, part_of_day, seconds_open
from survey.actions.signing_in import add_staff, sign_in
from survey.actions.simulating_wave import NoDemo, simulate_wave
from survey.keys import Keys
from survey.proof import Signer
from survey.store import arrivals as arrival_store
from survey.store import audits, ledger
from survey.store.arrivals import Arrival, Device
from survey.store.database import Database

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
SECRET = bytes(32)
AGENCIES = [f"CQ-{number:02}" for number in range(24)]
CHEAT = AGENCIES[7]
PASSWORD = "correct horse battery"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def country(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer
) -> Iterator[Fieldwork]:
    """24 agencies with 130 invitations each, one of which stuffs 40 % of its answers; made once, on SQLite."""
    folder = tmp_path_factory.mktemp("country")
    shutil.copy(migrated_file, folder / "hailong.sqlite")
    database = Database(f"sqlite:///{folder / 'hailong.sqlite'}", folder / "write.lock")
    work = make_country(database, keys, signer, {CHEAT: 0.4})
    yield work
    database.close()


def make_country(database: Database, keys: Keys, signer: Signer, stuffing: dict[str, float]) -> Fieldwork:
    frame = {(agency, "land"): 200 for agency in AGENCIES}
    work = begin_fieldwork(database, keys, signer, frame, invited=130, questionnaire="procedures@1", purpose="demo")
    simulate_wave(database, keys, "W", seed=3, stuffing=stuffing, now=NOON, today=TODAY, actor="test")
    work.seal_and_tally()
    return work


def screen(work: Fieldwork):
    return screen_wave(work.database, "W", by="thanh", now=NOON, today=TODAY)


def sight(work: Fieldwork, seconds: int | None, at: datetime = NOON) -> tuple[Sighting, Arrivals]:
    arrivals = Arrivals(work.database)
    return Sighting(seconds, at, b"a telephone", arrivals), arrivals


def answer_as_seen(work: Fieldwork, sighting: Sighting) -> None:
    answer(
        work.database,
        work.writer,
        work.keys,
        token=work.tokens["A.land"].pop(),
        key=secrets.token_hex(16),
        language="vi",
        answers={"G1": "5"},
        today=TODAY,
        sighting=sighting,
    )


def test_who_stuffs_leads_the_list_and_the_reasons_say_how(country: Fieldwork) -> None:
    screened = screen(country)
    assert [each.agency_code for each in screened.listed] == [CHEAT]
    first = screened.suspects[0]
    assert (first.place, first.agency_code) == (1, CHEAT)
    assert {"devices", "speed"} <= {reason.test for reason in first.reasons}
    assert all(reason.low <= reason.effect <= reason.high for reason in first.reasons)
    assert len(screened.suspects) == len(AGENCIES)
    assert {each.place for each in screened.suspects} == set(range(1, len(AGENCIES) + 1))


@ON_SQLITE
def test_nobody_is_listed_where_nobody_cheats(database: Database, keys: Keys, signer: Signer) -> None:
    """The control of the test above: the same country without the fraud."""
    work = make_country(database, keys, signer, {})
    assert screen(work).listed == ()


def test_a_screening_is_frozen_bound_to_the_ledger_and_entered_in_the_audit_trail(country: Fieldwork) -> None:
    screened = screen(country)
    assert read_screening(country.database, "W") == screened
    with country.database.reading() as connection:
        assert screened.leaves == ledger.count_leaves(connection)
        entry = audits.list_entries(connection)[-1]
    assert (entry.actor, entry.event, entry.subject) == ("thanh", "screened", "W")
    assert screen(country).number == screened.number + 1


def test_a_screening_excludes_nobody(country: Fieldwork) -> None:
    screen(country)
    with country.database.reading() as connection:
        assert ledger.list_exclusions(connection) == []


def test_the_table_holds_every_reason_and_no_formula(country: Fieldwork) -> None:
    screened = screen(country)
    lines = write_csv(screened, "vi").splitlines()
    assert lines[0].startswith('"place","agency","name"')
    assert len(lines) == 1 + sum(max(1, len(each.reasons)) for each in screened.suspects)
    named = type(screened.suspects[0])(
        **{**{n: getattr(screened.suspects[0], n) for n in screened.suspects[0].__slots__}, "name": {"vi": "=1+1"}}
    )
    other = type(screened)(**{**{n: getattr(screened, n) for n in screened.__slots__}, "suspects": (named,)})
    assert '"\'=1+1"' in write_csv(other, "vi")


def test_a_wave_without_responses_is_not_screened(database: Database, keys: Keys, signer: Signer) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 50})
    with pytest.raises(NothingToScreen, match="no sealed responses"):
        screen_wave(database, "W", by="thanh", now=NOON, today=TODAY)
    with pytest.raises(NotScreened, match="hailong screen W"):
        read_screening(database, "W")


def test_a_wave_that_is_over_is_screened_once(database: Database, keys: Keys, signer: Signer) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 50}, invited=12)
    work.answer_all({"A.land": "5" * 12})
    work.seal_and_tally()
    assert screen_due_waves(database, NOON, TODAY) == 0
    assert screen_due_waves(database, NOON, AFTER + timedelta(days=40)) == 1
    assert screen_due_waves(database, NOON, AFTER + timedelta(days=40)) == 0


@ON_SQLITE
def test_only_a_demonstration_takes_synthetic_answers(database: Database, keys: Keys, signer: Signer) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 50}, invited=12)
    with pytest.raises(NoDemo, match="--purpose demo"):
        simulate_wave(database, keys, "W", seed=1, stuffing={}, now=NOON, today=TODAY, actor="test")


def test_a_fast_form_leaves_one_bit_and_no_time(database: Database, keys: Keys, signer: Signer) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 50}, invited=3)
    for seconds in (0, 30, None):
        answer_as_seen(work, sight(work, seconds)[0])
    work.seal_and_tally(AFTER)
    with database.reading() as connection:
        codes = [json.loads(row.codes) for row in ledger.iterate_rows(connection)]
    assert sorted(str(each.get("signals")) for each in codes) == ["None", "['fast']", "[]"]
    assert not any("second" in json.dumps(each) or "05:00" in json.dumps(each) for each in codes)


def test_a_forms_key_tells_how_long_it_was_open_and_cannot_be_made_older() -> None:
    key = new_form_key(SECRET, NOON)
    assert key.isalnum()
    assert len(key) <= 64
    assert seconds_open(SECRET, key, NOON + timedelta(seconds=42)) == 42
    older = key[:24] + f"{int(NOON.timestamp()) - 600:08x}" + key[32:]
    assert seconds_open(SECRET, older, NOON) is None
    assert seconds_open(bytes([1]) * 32, key, NOON) is None
    assert seconds_open(SECRET, secrets.token_hex(16), NOON) is None


@pytest.mark.parametrize(
    ("hour", "part"), [(6, "late"), (7, "morning"), (11, "morning"), (12, "afternoon"), (17, "late")]
)
def test_a_day_has_two_office_halves_and_the_rest(hour: int, part: str) -> None:
    assert part_of_day(datetime(2026, 11, 24, hour, 59, tzinfo=UTC)) == part


def test_counts_are_written_later_apart_from_answers_and_tokens(database: Database, keys: Keys, signer: Signer) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 50}, invited=12)
    sighting, arrivals = sight(work, 30)
    for _ in range(12):
        answer_as_seen(work, sighting)
    with database.reading() as connection:
        assert arrival_store.list_open_periods(connection) == []
    arrivals.write()
    with database.reading() as connection:
        counted = arrival_store.list_arrivals(connection, "W", "2026-11b")
        devices = arrival_store.list_devices(connection, "W", "2026-11b")
    assert counted == [(Arrival("W", "A", "link", "2026-11b", TODAY, "late", False), 12)]
    assert [(device.agency_code, len(device.mark), n) for device, n in devices] == [("A", 2, 12)]


def test_a_device_has_another_mark_the_next_day(database: Database, keys: Keys, signer: Signer) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 50})
    arrivals = Arrivals(database)
    for day in range(4):
        at = NOON + timedelta(days=day)
        arrivals.count("W", "A.land", "slip", at=at, overdue=False, traits=b"the same telephone")
    arrivals.write()
    with database.reading() as connection:
        devices = arrival_store.list_devices(connection, "W", "2026-11b")
    assert len({device.mark for device, _ in devices}) == 4


def test_when_a_period_is_over_no_day_and_no_device_is_left(database: Database, keys: Keys, signer: Signer) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 50, ("B", "land"): 50})
    arrivals = Arrivals(database)
    for number in range(12):
        at = NOON + timedelta(days=number % 2, hours=4 * (number % 3 == 0))
        arrivals.count("W", "A.land", "slip", at=at, overdue=number < 3, traits=b"%d" % (number % 6))
    arrivals.count("W", "B.land", "slip", at=NOON, overdue=False, traits=b"alone")
    arrivals.write()
    assert fold_arrivals(database, date(2026, 12, 2)) == 0
    assert fold_arrivals(database, date(2026, 12, 3)) == 1
    with database.reading() as connection:
        patterns = arrival_store.list_patterns(connection, "W")
        assert arrival_store.list_open_periods(connection) == []
        assert arrival_store.list_devices(connection, "W", "2026-11b") == []
    assert [(each.agency_code, each.arrivals, each.overdue) for each in patterns] == [("A", 12, 3)]


def test_pairs_are_counted_by_hand() -> None:
    """Half-days of 3 and 2, and 1 the next day: 3 + 1 pairs together, 10 of one day; one device twice, one thrice."""
    key = ("W", "A", "slip", "2026-11b")
    days = [(TODAY, "morning", 3), (TODAY, "late", 2), (date(2026, 11, 30), "morning", 5)]
    counted = [(Arrival(*key, day, part, False), n) for day, part, n in days]
    devices = [(Device(*key, bytes(2)), 2), (Device(*key, b"ab"), 3), (Device(*key, b"cd"), 1)]
    (found,) = make_patterns("W", "2026-11b", counted, devices)
    assert (found.crowded, found.device_pairs, found.same_device) == (3 + 1 + 10, 10 + 10, 1 + 3)
    assert (found.late, found.closing, found.half_days) == (2, 5, 3)


def test_calls_are_drawn_among_the_answered_recorded_once_and_analysed(country: Fieldwork) -> None:
    drawn = draw_callbacks(
        country.database, "W", exclusion_level=0.05, agency_code=CHEAT, seed="7", by="thanh", now=NOON, today=TODAY
    )
    assert len(drawn.places) == 59
    assert {stratum for stratum, _ in drawn.places} == {f"{CHEAT}.land"}
    for number, place in enumerate(drawn.places):
        outcome = "denied" if number < 10 else "unreached" if number < 20 else "confirmed"
        record_callback(country.database, drawn.draw.code, place, outcome, by="thanh", now=NOON, today=TODAY)
    (standing,) = list_standings(country.database, "W")
    assert (standing.rate.reached, standing.rate.contradicted) == (49, 10)
    with pytest.raises(NotRecorded, match="already"):
        record_callback(country.database, drawn.draw.code, drawn.places[0], "confirmed", by="x", now=NOON, today=TODAY)
    with pytest.raises(NotRecorded, match="not in sample"):
        record_callback(country.database, drawn.draw.code, ("X", 1), "denied", by="x", now=NOON, today=TODAY)


def test_calls_are_drawn_only_where_a_contact_can_be_opened(country: Fieldwork) -> None:
    everybody = [(f"{CHEAT}.land", position) for position in range(1, 131)]
    args = {"exclusion_level": 0.3, "seed": "7", "by": "thanh", "now": NOON, "today": TODAY}
    drawn = draw_callbacks(country.database, "W", contacts=everybody, **args)
    assert {place for place in drawn.places} <= {*everybody}
    with pytest.raises(TooFewToCall, match=r"9 calls exclude 30%, but 0 "):
        draw_callbacks(country.database, "W", contacts=[], **args)


def test_canaries_arrive_unchanged_are_missed_or_found_changed_and_leave_the_rate(
    database: Database, keys: Keys, signer: Signer
) -> None:
    work = begin_fieldwork(
        database, keys, signer, {("A", "land"): 50}, questionnaire="procedures@1", opens_on=OPENS, closes_on=CLOSES
    )
    plan = commit_canaries(database, keys, "W", 3, seed="s", by="thanh", now=NOON, today=TODAY)
    assert read_plan(plan.serialise()) == plan
    good, changed, _ = plan.canaries
    other = "1" if changed.answers["A1"] != "1" else "2"
    for canary, answers in ((good, good.answers), (changed, {**changed.answers, "A1": other})):
        answer(
            database,
            work.writer,
            keys,
            token=canary.token,
            key=secrets.token_hex(16),
            language="vi",
            answers={**answers, "K1": canary.comment},
            today=TODAY,
        )
    work.seal_and_tally()
    found = check_canaries(database, plan, by="thanh", now=NOON)
    assert [each.state for each in found] == ["arrived", "changed", "missing"]
    assert found[1].differs == ("A1",)
    for name in ("thanh", "binh"):
        add_staff(database, name, "auditor", PASSWORD, now=NOON, actor="test")
    sessions = [sign_in(database, keys, name, PASSWORD, NOON) for name in ("thanh", "binh")]
    for expected in (2, 0):
        excluded = exclude_canaries(database, keys, signer, found, sessions=sessions, now=NOON, today=TODAY)
        assert excluded == expected
    with database.reading() as connection:
        assert {each["excluded_position"] for each in ledger.list_exclusions(connection)} == {
            found[0].position,
            found[1].position,
        }


def test_a_plan_that_was_fitted_afterwards_is_refused(database: Database, keys: Keys, signer: Signer) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 50}, questionnaire="procedures@1")
    plan = commit_canaries(database, keys, "W", 2, seed="s", by="thanh", now=NOON, today=TODAY)
    with pytest.raises(NoCanary, match="made afterwards"):
        check_canaries(database, Plan("W", plan.salt, plan.canaries[:1]), by="thanh", now=NOON)
    with pytest.raises(NoCanary, match="no plan of canaries"):
        read_plan('{"wave": "W"}')
