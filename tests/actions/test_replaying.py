"""What a device kept while it was alone is taken exactly once; second uses are counted; no rate holds open voice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from fieldwork import CLOSES, Fieldwork, begin_fieldwork
from sqlalchemy.exc import DBAPIError
from tablets import Sent, Tablet, clock_of

from survey.actions.kiosks import (
    BadDevice,
    Contact,
    NotPaired,
    UnknownDevice,
    accept_pairing,
    ask_for_new_key,
    clear_unreadable,
    describe_work,
    find_device,
    find_signer,
    find_skew,
    list_reports,
    note_contact,
    pair_device,
    read_contact,
    renew_key,
    unpair_device,
)
from survey.actions.open_voice import NothingOpen, list_voices, open_voice, speak
from survey.actions.releasing import compute_release
from survey.actions.replaying import BadReplay, Told, find_held, read_replay, replay
from survey.actions.sealing import seal
from survey.actions.tallying import tally
from survey.actions.waves import WrongChannel
from survey.envelopes import public_point, request_message, server_key
from survey.keys import Keys, new_code
from survey.proof import Signer
from survey.store import devices, ledger, responses, waves
from survey.store.database import Database
from survey.store.devices import Device

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
STRATUM = "A.land"
RIGHT = {"code": "X", "on": "2026-11-24", "answers": {"G1": "5"}, "language": "vi"}
RIGHT |= {"wave": "W", "agency": "A", "questionnaire": "onequestion@1"}
WRONG = [{"code": 5}, {"on": "yesterday"}, {"on": 5}, {"answers": {"G1": 5}}, {"answers": []}, {"wave": None}]
RUBBISH = [
    *(json.dumps({**RIGHT, **wrong}).encode() for wrong in WRONG),
    *(json.dumps({name: told for name, told in RIGHT.items() if name != left_out}).encode() for left_out in RIGHT),
    *(b"no json", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000),
]


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "land"): 40, ("B", "land"): 40}, invited=12)


@pytest.fixture
def tablet(keys: Keys) -> Tablet:
    return Tablet(public_point(server_key(keys.device)))


@pytest.fixture
def device(database: Database, keys: Keys, work: Fieldwork, tablet: Tablet) -> Device:
    code = pair_device(database, keys, tablet.name, agency="A", wave=work.wave, now=NOON, actor="test")
    return accept_pairing(database, keys, code, tablet.point, tablet.sign_pairing(code), NOON)


@pytest.fixture
def send(database: Database, keys: Keys, device: Device) -> Callable[..., list[Told]]:
    def sent(*entries: Sent, clock: int | None = None, now: datetime = NOON) -> list[Told]:
        told = clock_of(now) if clock is None else clock
        return replay(database, keys, device, entries, clock=told, now=now, today=now.date())

    return sent


def outcomes(told: list[Told]) -> list[str]:
    return [each.outcome for each in told]


def count_inbox(database: Database) -> int:
    with database.reading() as connection:
        return sum(responses.count_waiting(connection).values())


def read_codes(work: Fieldwork, today: date = TODAY) -> list[dict[str, object]]:
    """The codes of every sealed response."""
    seal(work.database, work.signer, today)
    with work.database.reading() as connection:
        return [json.loads(row.codes) for row in ledger.iterate_rows(connection) if row.kind == "response"]


def test_an_answer_is_stored_once_however_often_it_is_sent(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    entries = [tablet.put(token, on=TODAY) for token in work.tokens[STRATUM][:5]]
    first, again = send(*entries), send(*entries)
    assert (outcomes(first), outcomes(again)) == (["stored"] * 5, ["replayed"] * 5)
    assert [each.receipt for each in again] == [each.receipt for each in first]
    assert count_inbox(work.database) == 5
    assert find_held(work.database, [each.receipt or "" for each in first]) == ["not_yet"] * 5
    work.seal_and_tally()
    assert find_held(work.database, [each.receipt or "" for each in first]) == ["included"] * 5
    assert outcomes(send(*entries)) == ["replayed"] * 5


def test_the_first_use_of_a_slip_wins_and_losers_are_counted_once(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    token, other = work.tokens[STRATUM][:2]
    work.answer(other, "1")
    entries = [
        tablet.put(token, on=TODAY, answers={"G1": "2"}),
        tablet.put(token, on=TODAY),
        tablet.put(other, on=TODAY),
    ]
    assert outcomes(send(*entries)) == ["stored", "spent", "spent"]
    assert outcomes(send(*entries)) == ["replayed", "spent", "spent"]
    assert [report.refused for report in list_reports(work.database)] == [{work.wave: {"spent": 2}}]
    assert [report.device.stored for report in list_reports(work.database)] == [1]
    levels = sorted(str(each["answers"]) for each in read_codes(work))
    assert levels == ["{'G1': '1'}", "{'G1': '2'}"]
    with work.database.reading() as connection:
        newest = ledger.find_latest_checkpoint(connection)
    assert newest is not None
    assert json.loads(newest.accounting)[work.wave][STRATUM]["second_uses"] == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE refused_replay SET outcome = 'closed'", "DELETE FROM refused_replay WHERE outcome = 'spent'"]
)
def test_nobody_uncounts_a_second_use(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]], statement: str
) -> None:
    token = work.tokens[STRATUM][0]
    send(tablet.put(token, on=TODAY), tablet.put(token, on=TODAY))
    with pytest.raises(DBAPIError, match="is append-only"), work.database.writing("test") as connection:
        connection.exec_driver_sql(statement)
    assert [report.refused for report in list_reports(work.database)] == [{work.wave: {"spent": 1}}]


def test_what_is_kept_says_kiosk_its_language_and_the_half_month_it_was_given_in(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    token = work.tokens[STRATUM][0]
    assert outcomes(send(tablet.put(token, on=date(2026, 11, 10), language="km"))) == ["stored"]
    (codes,) = read_codes(work)
    told = {name: codes[name] for name in ("channel", "assisted", "language", "period", "stratum", "wave")}
    assert told == {
        "channel": "kiosk",
        "assisted": 0,
        "language": "km",
        "period": "2026-11a",
        "stratum": STRATUM,
        "wave": work.wave,
    }


def test_a_slip_of_another_wave_counts_there_if_it_asks_the_same(
    database: Database, keys: Keys, work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    same = begin_fieldwork(database, keys, work.signer, {("B", "health"): 9}, code="SAME", invited=1)
    other = begin_fieldwork(
        database, keys, work.signer, {("B", "health"): 9}, code="OTHER", invited=1, questionnaire="procedures@1"
    )
    slips = [same.tokens["B.health"][0], other.tokens["B.health"][0]]
    assert outcomes(send(*(tablet.put(slip, on=TODAY) for slip in slips))) == ["stored", "other_wave"]
    assert [codes["wave"] for codes in read_codes(work)] == ["SAME"]
    assert [report.refused for report in list_reports(database)] == [{"OTHER": {"other_wave": 1}}]


def test_a_wave_asks_only_by_the_channels_that_were_chosen_for_it(
    database: Database, keys: Keys, work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    """The wave of the device asks by every channel, so its own slip is the control."""
    links = begin_fieldwork(
        database, keys, work.signer, {("A", "health"): 9}, code="LINKS", invited=1, channels=("link", "slip")
    )
    with pytest.raises(WrongChannel):
        pair_device(database, keys, "K2", agency="A", wave="LINKS", now=NOON, actor="test")
    with pytest.raises(WrongChannel):
        open_voice(database, "LINKS")
    slips = [links.tokens["A.health"][0], work.tokens[STRATUM][0]]
    assert outcomes(send(*(tablet.put(slip, on=TODAY) for slip in slips))) == ["other_wave", "stored"]
    links.answer(slips[0])
    assert count_inbox(database) == 2, "the slip is still good where its wave asks"


def test_open_voice_and_devices_fall_silent_when_a_wave_gives_up_their_channel(
    database: Database, keys: Keys, work: Fieldwork
) -> None:
    """A wave may still change while nobody was invited to it."""
    begin_fieldwork(database, keys, work.signer, {("A", "health"): 9}, code="NEW")
    open_voice(database, "NEW")
    speak_up = {"agency": "A", "key": "k" * 32, "language": "vi", "answers": {"G1": "1"}, "today": TODAY}
    speak(database, keys, **speak_up)  # type: ignore[arg-type]
    pair_device(database, keys, "K2", agency="A", wave="NEW", now=NOON, actor="test")
    asking = find_device(database, "K2")
    assert describe_work(database, keys, asking, TODAY)["open"]
    with database.writing("test") as connection:
        wave = waves.find_wave(connection, "NEW")
        assert wave is not None
        waves.change_wave(connection, replace(wave, channels="link"))
    with pytest.raises(NothingOpen):
        speak(database, keys, **speak_up)  # type: ignore[arg-type]
    told = describe_work(database, keys, asking, TODAY)
    assert (told["open"], told["voice"]) == (False, False)


def test_what_cannot_be_read_is_cleared_when_an_operator_asks_and_stays_counted(
    database: Database, keys: Keys, device: Device, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    with pytest.raises(BadDevice):
        clear_unreadable(database, device.name, now=NOON, actor="op")
    lost = ("a" * 32, b"rubbish" * 30)
    assert outcomes(send(lost)) == ["malformed"]
    note_contact(database, device, Contact(clock_of(NOON), unreadable=1), NOON)
    clear_unreadable(database, device.name, now=NOON, actor="op")
    asked = find_device(database, device.name)
    assert describe_work(database, keys, asked, TODAY)["clear_unreadable"] is True
    assert outcomes(send(lost)) == ["malformed"], "the device may let go of it"
    note_contact(database, asked, Contact(clock_of(NOON)), NOON)
    cleared = list_reports(database)[0]
    assert (cleared.device.unreadable, cleared.device.clear_unreadable) == (0, False)
    assert cleared.refused == {device.wave_code: {"malformed": 1}}


def test_a_device_that_was_given_other_work_still_brings_what_it_took_before(
    database: Database, keys: Keys, work: Fieldwork, tablet: Tablet, device: Device, send: Callable[..., list[Told]]
) -> None:
    begin_fieldwork(database, keys, work.signer, {("C", "land"): 9}, code="NEXT", questionnaire="procedures@1")
    open_voice(database, work.wave)
    kept = [tablet.put(work.tokens[STRATUM][0], on=TODAY), tablet.put(None, on=TODAY)]
    pair_device(database, keys, device.name, agency="C", wave="NEXT", now=NOON, actor="test")
    assert outcomes(send(*kept)) == ["stored", "stored"]
    found = sorted((str(codes["wave"]), str(codes["stratum"])) for codes in read_codes(work, CLOSES + 20 * DAY))
    assert found == [(work.wave, STRATUM), (f"{work.wave}.open", "A")]


@pytest.mark.parametrize(
    ("channel", "assisted", "interviewer"), [("kiosk", 0, None), ("phone", 1, "DTV-07"), ("interviewer", 1, "DTV-07")]
)
def test_whoever_asks_the_questions_is_recorded_as_help(
    database: Database,
    keys: Keys,
    work: Fieldwork,
    tablet: Tablet,
    channel: str,
    assisted: int,
    interviewer: str | None,
) -> None:
    code = pair_device(database, keys, "DTV-07", agency="A", wave=work.wave, now=NOON, actor="test", channel=channel)
    paired = accept_pairing(database, keys, code, tablet.point, tablet.sign_pairing(code), NOON)
    sent = [tablet.put(work.tokens[STRATUM][0], on=TODAY)]
    replay(database, keys, paired, sent, clock=clock_of(NOON), now=NOON, today=TODAY)
    told = [(codes["channel"], codes["assisted"], codes.get("interviewer")) for codes in read_codes(work)]
    assert told == [(channel, assisted, interviewer)]


def test_whoever_says_that_somebody_else_worked_the_kiosk_is_recorded_as_helped(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    tokens = work.tokens[STRATUM]
    said: list[object] = [True, "1", False]
    send(*(tablet.put(token, on=TODAY, helped=told) for token, told in zip(tokens, said, strict=False)))
    assert sorted(str(codes["assisted"]) for codes in read_codes(work)) == ["0", "0", "1"]


def test_a_device_whose_clock_is_wrong_is_flagged_and_its_days_are_not_believed(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]], database: Database, device: Device
) -> None:
    wrong = clock_of(NOON - 30 * DAY)
    assert outcomes(send(tablet.put(work.tokens[STRATUM][0], on=TODAY - 20 * DAY), clock=wrong)) == ["stored"]
    assert [codes["period"] for codes in read_codes(work)] == ["2026-11b"]
    note_contact(database, device, read_contact(b'{"waiting": 3, "waiting_since": "2026-11-20"}', str(wrong)), NOON)
    (report,) = list_reports(database)
    assert (report.device.skew, report.device.waiting, report.device.waiting_since) == ("slow", 3, date(2026, 11, 20))


@pytest.mark.parametrize(("minutes", "skew"), [(0, "none"), (9, "none"), (-9, "none"), (11, "fast"), (-11, "slow")])
def test_a_clock_may_be_ten_minutes_off(minutes: int, skew: str) -> None:
    assert find_skew(clock_of(NOON + timedelta(minutes=minutes)), NOON) == skew


def test_late_answers_are_taken_for_seven_days_after_the_last_one_if_they_were_given_in_time(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    in_time, too_late, never = work.tokens[STRATUM][:3]
    grace_ends = NOON + 13 * DAY
    assert grace_ends.date() == CLOSES + 7 * DAY
    assert outcomes(send(tablet.put(in_time, on=CLOSES), now=grace_ends)) == ["stored"]
    assert outcomes(send(tablet.put(too_late, on=CLOSES + DAY), now=grace_ends)) == ["closed"]
    assert outcomes(send(tablet.put(never, on=CLOSES), now=grace_ends + DAY)) == ["closed"]


def test_nothing_small_is_sealed_while_a_device_may_still_hold_answers(
    work: Fieldwork, device: Device, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    """Else a late answer would be sealed alone, and who was late is known."""
    with work.database.writing("test") as connection:
        connection.exec_driver_sql("UPDATE wave SET seal_minimum = 10 WHERE code = 'W'")
    send(tablet.put(work.tokens[STRATUM][0], on=TODAY))
    assert seal(work.database, work.signer, CLOSES + DAY) == 0
    assert seal(work.database, work.signer, CLOSES + 8 * DAY) == 1


def test_an_envelope_with_rubbish_is_told_so_and_holds_nobody_back(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    good = tablet.put(work.tokens[STRATUM][0], on=TODAY)
    rubbish = [tablet.seal(content) for content in RUBBISH]
    assert outcomes(send(*rubbish, good)) == ["malformed"] * len(RUBBISH) + ["stored"]


def test_answers_that_the_questionnaire_does_not_know_are_malformed_and_codes_that_nobody_has_unknown(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    token = work.tokens[STRATUM][0]
    told = send(
        tablet.put(token, on=TODAY, answers={"G1": "9"}),
        tablet.put(token, on=TODAY, answers={"NO": "1", "G1": "5"}),
        tablet.put(token, on=TODAY, answers={"K1": "only a comment"}),
        tablet.put(new_code(), on=TODAY),
        tablet.put("\ud800\x00", on=TODAY),
        tablet.put(token, on=TODAY, answers={"G1": "5", "K1": "half \ud800 a letter"}, language="\ud800"),
        tablet.put(token, on=TODAY, key="short"),
    )
    expected = ["malformed"] * 3 + ["unknown_code"] * 2 + ["stored", "malformed"]
    assert outcomes(told) == expected


def test_an_envelope_passed_off_under_another_key_or_sealed_to_another_server_is_malformed(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]]
) -> None:
    (_, envelope), (other, _) = (tablet.put(token, on=TODAY) for token in work.tokens[STRATUM][:2])
    stranger = Tablet(public_point(server_key(bytes(32))))
    told = send((other, envelope), stranger.put(work.tokens[STRATUM][2], on=TODAY), ("a" * 32, b""))
    assert outcomes(told) == ["malformed"] * 3
    assert count_inbox(work.database) == 0


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'[{"key": 1, "envelope": ""}]', b'[{"key": "a"}]', b"\xff"])
def test_a_body_that_is_no_list_of_answers_is_refused(body: bytes) -> None:
    with pytest.raises(BadReplay):
        read_replay(body)


def test_a_code_pairs_one_device_once_within_a_day(database: Database, keys: Keys, work: Fieldwork) -> None:
    tablet, thief = Tablet(b""), Tablet(b"")
    code = pair_device(database, keys, "K", agency="A", wave=work.wave, now=NOON, actor="test")
    with pytest.raises(NotPaired):
        accept_pairing(database, keys, code, tablet.point, thief.sign_pairing(code), NOON)
    with pytest.raises(NotPaired):
        accept_pairing(database, keys, code, tablet.point, tablet.sign_pairing(code), NOON + 25 * timedelta(hours=1))
    assert accept_pairing(database, keys, code, tablet.point, tablet.sign_pairing(code), NOON).state == "paired"
    with pytest.raises(NotPaired):
        accept_pairing(database, keys, code, thief.point, thief.sign_pairing(code), NOON)


def test_only_the_paired_key_signs_until_it_is_renewed_or_the_device_unpaired(
    database: Database, keys: Keys, device: Device, tablet: Tablet
) -> None:
    def is_known(by: Tablet, body: bytes = b"[]", path: str = "/kiosk/replay") -> bool:
        signature = by.sign(request_message("/kiosk/replay", device.name, "1", b"[]"))
        try:
            return find_signer(database, device.name, path, "1", body, signature).name == device.name
        except UnknownDevice:
            return False

    newer = Tablet(b"")
    assert (is_known(tablet), is_known(newer), is_known(tablet, b"[1]"), is_known(tablet, path="/kiosk/held")) == (
        True,
        False,
        False,
        False,
    )
    ask_for_new_key(database, device.name, now=NOON, actor="test")
    with database.reading() as connection:
        asked = devices.find_device(connection, device.name)
    assert asked is not None
    assert describe_work(database, keys, asked, TODAY)["renew_key"] is True
    message = request_message("/kiosk/renew", device.name, "", newer.point)
    with pytest.raises(NotPaired):
        renew_key(database, device, newer.point, tablet.sign(message), NOON)
    renew_key(database, device, newer.point, newer.sign(message), NOON)
    assert (is_known(tablet), is_known(newer)) == (False, True)
    unpair_device(database, device.name, now=NOON, actor="test")
    assert not is_known(newer)


def test_open_voice_is_kept_apart_and_moves_no_figure(
    work: Fieldwork, tablet: Tablet, send: Callable[..., list[Told]], keys: Keys, database: Database
) -> None:
    assert outcomes(send(tablet.put(None, on=TODAY))) == ["closed"]
    with pytest.raises(NothingOpen):
        speak(database, keys, agency="A", key="k" * 16, language="vi", answers={"G1": "1"}, today=TODAY)
    work.answer_all({"A.land": "5555444332", "B.land": "5554443322"})
    work.seal_and_tally()
    with database.reading() as connection:
        before = compute_release(connection, work.wave)[1]

    open_voice(database, work.wave)
    entries = [tablet.put(None, on=TODAY, answers={"G1": "1"}) for _ in range(9)]
    assert outcomes(send(*entries)) == ["stored"] * 9
    assert outcomes(send(*entries)) == ["replayed"] * 9
    receipt = speak(database, keys, agency="A", key="k" * 16, language="vi", answers={"G1": "2"}, today=TODAY)
    assert speak(database, keys, agency="A", key="k" * 16, language="vi", answers={"G1": "2"}, today=TODAY) == receipt
    speak(database, keys, agency="B", key="b" * 16, language="vi", answers={"G1": "5"}, today=TODAY)
    assert seal(database, work.signer, TODAY) == 11
    tally(database)
    assert find_held(database, [receipt]) == ["included"]
    with database.reading() as connection:
        assert compute_release(connection, work.wave)[1] == before
    heard = {each.agency_code: (each.count, each.levels) for each in list_voices(database, work.wave)}
    assert heard == {"A": (10, {"1": 9, "2": 1}), "B": (1, {})}


def test_the_same_answers_with_slips_do_move_the_figure(work: Fieldwork, database: Database) -> None:
    """The control of the test above: its comparison can see ten answers."""
    work.answer_all({"A.land": "5555444332", "B.land": "5554443322"})
    work.seal_and_tally()
    with database.reading() as connection:
        before = compute_release(connection, work.wave)[1]
    work.answer_all({"A.land": "11"})
    work.seal_and_tally()
    with database.reading() as connection:
        assert compute_release(connection, work.wave)[1] != before
