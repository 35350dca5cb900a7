"""Alerts are statistical: control limits, verdicts that turned, silence beyond chance; one mail a day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fieldwork import TODAY, begin_fieldwork
from outside import LOOPBACK, Mailbox, mail_server
from scipy import stats

from survey.actions import publishing
from survey.actions.alerting import find_outside, find_silent, find_turn, read_alerts
from survey.actions.mailing_alerts import mail_alerts, tell_alert
from survey.actions.releasing import release_wave
from survey.gateways.mailing import MailGateway
from survey.gateways.outbound import allow
from survey.keys import Keys
from survey.proof import Signer
from survey.store.audits import By
from survey.store.database import Database
from survey.store.places import EVERYTHING
from survey.store.releases import StoredFigure

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)


def agency(place: str, **numbers: Any) -> StoredFigure:
    return StoredFigure("agency", "land", place, False, json.dumps(numbers))


def judged(verdict: str, rate: float = 0.91, target: float = 0.9) -> dict[str, Any]:
    return {"rate": rate, "judgements": [{"kind": "in_force", "target": target, "verdict": verdict}]}


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ("not_shown", "met", "target_met"),
        ("not_met", "met", "target_met"),
        ("met", "not_shown", "target_lost"),
        ("met", "met", None),
        ("too_few", "met", None),
        ("met", "too_few", None),
    ],
)
def test_a_verdict_that_turned_is_told_and_too_few_answers_are_no_turn(before: str, now: str, kind: str | None) -> None:
    found = find_turn([judged(before), judged(now)])
    assert (found[0] if found else None) == kind


def test_another_target_or_a_first_wave_is_no_turn() -> None:
    assert find_turn([judged("met")]) is None
    assert find_turn([judged("not_met", target=0.85), judged("met")]) is None


def test_an_agency_beyond_the_control_limits_is_told_and_one_at_them_is_not() -> None:
    """Of 100 answers around 90 %, 80 and 98 lie within the binomial's outer 0.1 % points, 79 and 99 do not; neither do
    20 of 20, which happen one time in eight."""
    assert stats.binom.ppf(0.001, 100, 0.9) == 80
    assert stats.binom.sf(98 - 1, 100, 0.9) > 0.001 > stats.binom.sf(99 - 1, 100, 0.9)
    whole = {"rate": 0.9}
    places = [agency("low", rate=0.79, n_effective=100.0), agency("edge", rate=0.80, n_effective=100.0)]
    places += [agency("all", rate=1.0, n_effective=20.0), agency("high edge", rate=0.98, n_effective=100.0)]
    places.append(agency("high", rate=0.99, n_effective=100.0))
    assert [(kind, each.place) for kind, each, _ in find_outside(whole, places)] == [
        ("outside_low", "low"),
        ("outside_high", "high"),
    ]
    assert list(find_outside(whole, places[:1])) == []


def test_silence_is_less_than_chance_explains() -> None:
    """Of 200 invited at a response of 40 %, the lower 0.1 % point is 59."""
    assert stats.binom.ppf(0.001, 200, 0.4) == 59
    whole = {"answered": 400, "invited": 1000}
    places = [agency("quiet", answered=40, invited=200), agency("usual", answered=70, invited=200)]
    assert [(each.place, expected) for each, expected in find_silent(whole, places)] == [("quiet", 59)]
    assert list(find_silent({"answered": 0, "invited": 0}, places)) == []


@pytest.fixture
def released(database: Database, keys: Keys, signer: Signer) -> Database:
    """A of land has 20 of 50 satisfied, the three others 48 of 50 each."""
    frame = {(name, "land"): 400 for name in "ABCD"}
    work = begin_fieldwork(database, keys, signer, frame, invited=60)
    work.answer_all({f"{name}.land": "5" * 48 + "11" for name in "BCD"} | {"A.land": "5" * 20 + "1" * 30})
    work.seal_and_tally()
    release_wave(database, "W", by="drafter", today=TODAY)
    publishing.sign(database, "W.1", note="", due_at=None, by=By("hoa", NOON), today=TODAY)
    return database


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


def test_one_digest_a_day_names_what_is_out_of_the_ordinary(released: Database, mailbox: Mailbox) -> None:
    alerts = read_alerts(released, EVERYTHING, TODAY)
    assert ("outside_low", "land", "A") in [(each.kind, each.sector, each.agency) for each in alerts]
    assert "40,0\N{NO-BREAK SPACE}%" in tell_alert(next(each for each in alerts if each.agency == "A"), "vi")
    sender = MailGateway("127.0.0.1", allow("127.0.0.1", LOOPBACK), "so@vidu.vn", port=mailbox.port, starttls=False)
    tomorrow = TODAY + timedelta(days=1)
    assert mail_alerts(released, sender, ["lanh-dao@vidu.vn"], TODAY) == 0
    assert mail_alerts(released, None, ["lanh-dao@vidu.vn"], tomorrow) == 0
    assert mail_alerts(released, sender, ["lanh-dao@vidu.vn"], tomorrow) == 1
    assert mail_alerts(released, sender, ["lanh-dao@vidu.vn"], tomorrow) == 0
    [letter] = mailbox.arrived
    assert "Cơ quan A" in letter.get_content()
    assert letter["Subject"] == f"Hài Lòng: {letter.get_content().count('- ')} chỗ cần xem, 24/11/2026"
