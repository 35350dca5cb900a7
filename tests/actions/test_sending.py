"""Mint, send, forget: one live code for one person, whoever fails; capped, refused and unreachable ones are counted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from outside import Mailbox, Provider, mail_server, text_provider
from posting import NOW, TEL, code_in, dispositions, frame_file, keep_contacts, kept, load_frame, make_post, send

from survey.actions import sending
from survey.actions.accounting import account
from survey.actions.answering import AlreadyAnswered, UnknownToken, answer, open_form
from survey.actions.contacts import import_contacts
from survey.actions.importing_frame import import_frame
from survey.actions.inviting import draw_places
from survey.actions.opting_out import opt_out
from survey.actions.sending import Post, send_due
from survey.actions.waves import open_wave
from survey.documents.messages import MessageTooLong
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.store import contacts, invitations
from survey.store.database import Database
from survey.store.tables import message
from survey.store.writer import open_writer

TODAY = NOW.date()
KHMER_AGENCY = "TTPVHCC-31591"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with text_provider() as running:
        yield running


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def post(database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider) -> Post:
    """Three people drawn out of three, whose telephones are known and who wait for their message."""
    return begin(make_post(database, keys, provider), wave, tmp_path, people=3)


def begin(post: Post, wave: str, folder: Path, people: int) -> Post:
    path = load_frame(post.database, post.keys, wave, folder, TODAY, people)
    draw_places(post.database, wave, people, seed=1, today=TODAY)
    keep_contacts(post, path, wave)
    return post


def is_open(post: Post, code: str) -> bool:
    """Whether a code opens a form."""
    try:
        open_form(post.database, post.keys, code, TODAY)
    except (UnknownToken, AlreadyAnswered):
        return False
    return True


def take_answer(post: Post, code: str) -> str:
    return answer(
        post.database,
        open_writer(post.database),
        post.keys,
        token=code,
        key=secrets.token_hex(16),
        language="vi",
        answers={"G1": "5"},
        today=TODAY,
    )


def accounted(post: Post, wave: str) -> dict[str, int]:
    with post.database.reading() as connection:
        [counted] = account(connection, None, [], TODAY)[wave].values()
    return counted


def test_each_gets_a_code_that_opens_the_form_and_only_its_hash_is_kept(post: Post, provider: Provider) -> None:
    assert send(post) == 3
    assert sorted(to for to, _ in provider.texts) == [f"84{TEL}001", f"84{TEL}002", f"84{TEL}003"]
    codes = [code_in(text) for _, text in provider.texts]
    assert len(set(codes)) == 3
    assert all(is_open(post, code) for code in codes)
    assert not any("/t/" in text for _, text in provider.texts)
    with post.database.reading() as connection:
        for code in codes:
            found = invitations.find_invitation(connection, post.keys.token_hash(code.replace("-", "")))
            assert found is not None
            assert found.channel == "sms"
    assert send(post) == 0
    assert dispositions(post.database) == ["delivered"] * 3


def test_links_go_into_messages_only_where_they_are_wanted(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    post = begin(make_post(database, keys, provider, links=True), wave, tmp_path, people=1)
    send(post)
    [(_, text)] = provider.texts
    token = text.partition("https://khaosat.vidu.vn/t/")[2][:26]
    assert is_open(post, token)
    assert is_open(post, code_in(text))


def test_one_reminder_goes_to_everybody_without_a_code_and_then_the_contact_is_forgotten(
    post: Post, provider: Provider
) -> None:
    send(post)
    take_answer(post, code_in(provider.texts[0][1]))
    assert send(post, hours=47.9) == 0
    assert len(kept(post.database)) == 3
    assert send(post, hours=48.1) == 3  # whoever answered gets it too: nobody looked who did
    reminders = provider.texts[3:]
    assert sorted(to for to, _ in reminders) == sorted(to for to, _ in provider.texts[:3])
    assert len({text for _, text in reminders}) == 1
    assert kept(post.database) == []
    assert send(post, hours=60) == 0
    assert is_open(post, code_in(provider.texts[1][1]))  # the code of the first message still holds


def test_without_a_reminder_a_contact_is_forgotten_when_the_message_arrived(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    post = begin(make_post(database, keys, provider, reminder_hours=0), wave, tmp_path, people=3)
    send(post)
    assert kept(database) == []


def test_after_72_hours_a_contact_is_forgotten_whatever_happened(post: Post, provider: Provider, wave: str) -> None:
    provider.says(503, "busy")
    for hours in range(73):
        send(post, hours=hours)
    assert send(post, hours=72) == 0
    assert kept(post.database) == []
    assert dispositions(post.database) == ["undeliverable"] * 3
    assert accounted(post, wave)["undeliverable"] == 3


def test_a_contact_is_kept_until_the_provider_confirms_delivery(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    post = begin(make_post(database, keys, provider, reports=True, reminder_hours=0), wave, tmp_path, people=1)
    assert send(post) == 1
    assert dispositions(database) == ["sent"]
    provider.says(200, "ENROUTE")
    assert send(post, hours=1) == 0
    assert len(kept(database)) == 1
    provider.says(200, "DELIVRD")
    send(post, hours=2)
    assert (kept(database), dispositions(database)) == ([], ["delivered"])
    assert len(provider.texts) == 1


def test_what_the_provider_could_not_deliver_is_an_outcome(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    post = begin(make_post(database, keys, provider, reports=True), wave, tmp_path, people=2)
    send(post)
    provider.says(200, "UNDELIV")
    send(post, hours=1)
    assert (kept(database), dispositions(database)) == ([], ["undeliverable"] * 2)
    assert accounted(post, wave)["undeliverable"] == 2


def test_a_number_that_will_never_work_is_not_tried_again(post: Post, provider: Provider) -> None:
    provider.says(400, "invalid number")
    assert send(post) == 0
    assert len(provider.requests) == 3
    assert send(post, hours=5) == 0
    assert len(provider.requests) == 3
    assert (kept(post.database), dispositions(post.database)) == ([], ["undeliverable"] * 3)


def test_a_gateway_that_does_not_answer_is_left_alone_until_later_and_nobody_is_lost(
    post: Post, provider: Provider
) -> None:
    provider.says(500, "error")
    assert send(post) == 0
    assert len(provider.requests) == 1  # not three: the gateway is down, not the people
    provider.says(200, '{"status": "ok", "id": "m"}')
    assert send(post) == 2
    assert send(post, hours=0.01) == 0  # the first one waits for its back-off
    assert send(post, hours=0.1) == 1
    assert sorted({to for to, _ in provider.texts}) == [f"84{TEL}001", f"84{TEL}002", f"84{TEL}003"]


def test_a_message_sent_again_holds_another_code_and_the_first_is_void(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    """The provider took the message and its answer was lost: nobody knows, so it is sent again."""
    post = begin(make_post(database, keys, provider), wave, tmp_path, people=1)
    provider.says(502, "lost on the way")
    send(post)
    provider.says(200, '{"status": "ok", "id": "m"}')
    send(post, hours=0.1)
    first, second = (code_in(text) for _, text in provider.texts)
    assert not is_open(post, first)
    assert is_open(post, second)
    assert accounted(post, wave) == {"transactions": 1, "invited": 1, "answered": 0, "delivered": 1, "voided": 1}


def test_whoever_answered_with_the_first_message_gets_no_second(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    post = begin(make_post(database, keys, provider), wave, tmp_path, people=1)
    provider.says(502, "lost on the way")
    send(post)
    take_answer(post, code_in(provider.texts[0][1]))
    provider.says(200, '{"status": "ok", "id": "m"}')
    assert send(post, hours=0.1) == 0
    assert len(provider.texts) == 1
    assert kept(database) == []
    assert accounted(post, wave) == {"transactions": 1, "invited": 1, "answered": 1, "delivered": 1}


def test_the_cap_counts_one_contact_across_waves_and_its_refusals_are_outcomes(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    post = make_post(database, keys, provider)
    open_wave(
        database,
        code="SAU",
        name={"vi": "Đợt sau"},
        questionnaire="procedures@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2027, 12, 31),
        rule=Rule(),
    )
    phone = f"0{TEL}001"
    file = frame_file(tmp_path / "f.csv", [phone, phone])
    for code in (wave, "SAU"):
        import_frame(database, keys, file, wave_code=code, today=TODAY)
        draw_places(database, code, 2, seed=1, today=TODAY)
        keep_contacts(post, file, code)
    assert send(post) == 1
    assert len(provider.texts) == 1
    assert sorted(dispositions(database)) == ["capped", "capped", "capped", "delivered"]
    with database.reading() as connection:
        counted = account(connection, None, [], TODAY)
    assert sum(cell.get("capped", 0) for each in counted.values() for cell in each.values()) == 3


def test_after_its_period_the_cap_counts_anew(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    post = begin(make_post(database, keys, provider, cap_days=90, reminder_hours=0), wave, tmp_path, people=1)
    send(post)
    with database.reading() as connection:
        [row] = connection.execute(message.select()).all()
        assert contacts.count_messages(connection, row.contact_hash, TODAY - timedelta(days=90)) == 1
        assert contacts.count_messages(connection, row.contact_hash, TODAY) == 0
    for days, left in ((89, 1), (90, 0)):
        send(post, hours=24 * days)
        with database.reading() as connection:
            assert len(connection.execute(message.select()).all()) == left


def test_whoever_opted_out_gets_nothing_and_it_is_an_outcome(post: Post, provider: Provider, wave: str) -> None:
    opt_out(post.database, post.keys, f"0{TEL}002", now=NOW, today=TODAY, actor="tester")
    assert send(post) == 2
    assert f"84{TEL}002" not in {to for to, _ in provider.texts}
    assert accounted(post, wave)["opted_out"] == 1


def test_whoever_opted_out_in_an_earlier_wave_gets_nothing_either(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    opt_out(database, keys, f"+84 {TEL}001", now=NOW, today=TODAY, actor="tester")
    post = begin(make_post(database, keys, provider), wave, tmp_path, people=1)
    assert send(post) == 0
    assert (provider.requests, dispositions(database), kept(database)) == ([], ["opted_out"], [])


def test_after_opting_out_there_is_no_reminder(post: Post, provider: Provider) -> None:
    send(post)
    opt_out(post.database, post.keys, f"0{TEL}002", now=NOW, today=TODAY, actor="tester")
    assert send(post, hours=49) == 2
    assert len(provider.texts) == 5


def test_both_languages_go_where_the_area_is_set_so_and_one_where_the_person_asked(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    post = make_post(database, keys, provider)
    path = frame_file(tmp_path / "f.csv", [f"0{TEL}001", f"0{TEL}002"], KHMER_AGENCY)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0] + ",language", lines[1] + ",", lines[2] + ",en"]) + "\n")
    import_frame(database, keys, path, wave_code=wave, today=TODAY)
    draw_places(database, wave, 2, seed=1, today=TODAY)
    keep_contacts(post, path, wave)
    send(post)
    texts = dict(provider.texts)
    assert "Mời góp ý/សូមផ្តល់មតិ" in texts[f"84{TEL}001"]
    assert texts[f"84{TEL}002"].startswith("Please rate")


def test_a_round_keeps_the_pace_of_the_slowest_gateway(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider
) -> None:
    """Thirty a minute: a message every two seconds, in a round of five seconds two or three."""
    made = make_post(database, keys, provider)
    slow = sending.replace(made.gateways.text["sms"], per_minute=30)
    post = begin(
        sending.replace(made, gateways=sending.replace(made.gateways, text={"sms": slow})), wave, tmp_path, people=9
    )
    slept: list[float] = []
    assert send_due(post, NOW, TODAY, slept.append) == 2
    assert slept == [2.0, 2.0]


def test_a_gateway_that_is_down_does_not_hold_up_another(
    database: Database, keys: Keys, wave: str, tmp_path: Path, provider: Provider, mailbox: Mailbox
) -> None:
    """At thirty a minute a round has two or three turns: telephones that wait for their provider take one of them."""
    made = make_post(database, keys, provider, mailbox)
    slow = sending.replace(made.gateways.text["sms"], per_minute=30)
    post = sending.replace(made, gateways=sending.replace(made.gateways, text={"sms": slow}))
    path = tmp_path / "f.csv"
    rows = [f"HS.{number:06},TTPVHCC-31507,land,0{TEL}{number:03}," for number in range(1, 10)]
    path.write_text("\n".join(["dossier,agency,sector,phone,email", *rows, "HS.000010,TTPVHCC-31507,land,,a@vidu.vn"]))
    import_frame(database, keys, path, wave_code=wave, today=TODAY)
    draw_places(database, wave, 10, seed=1, today=TODAY)
    keep_contacts(post, path, wave)
    provider.says(500, "down")
    assert send(post) == 1
    assert mailbox.recipients == ["a@vidu.vn"]


def test_by_e_mail_the_letter_has_a_code_and_a_way_out(
    database: Database, keys: Keys, wave: str, tmp_path: Path, mailbox: Mailbox
) -> None:
    post = make_post(database, keys, mailbox=mailbox)
    path = frame_file(tmp_path / "f.csv", ["Ba.Tu@Vidu.vn", "x@vidu.vn"], column="email")
    import_frame(database, keys, path, wave_code=wave, today=TODAY)
    draw_places(database, wave, 2, seed=1, today=TODAY)
    keep_contacts(post, path, wave)
    mailbox.refused = {"x@vidu.vn": "550 no such user"}
    assert send(post) == 1
    [letter] = mailbox.arrived
    assert mailbox.recipients == ["ba.tu@vidu.vn"]
    assert letter["List-Unsubscribe"] == "<https://khaosat.vidu.vn/stop>"
    text, html = (part.get_content() for part in letter.iter_parts())  # type: ignore[attr-defined]
    assert code_in(text) == code_in(html)
    assert is_open(post, code_in(text))
    assert sorted(dispositions(database)) == ["delivered", "undeliverable"]


def test_a_message_that_would_be_too_long_stops_everything_before_a_token_is_made(post: Post) -> None:
    too_long = sending.replace(post, sending=sending.replace(post.sending, address="x" * 80))
    with pytest.raises(MessageTooLong):
        send(too_long)
    assert dispositions(post.database) == ["drawn"] * 3


def test_without_a_gateway_nothing_is_minted_and_contacts_are_still_forgotten(
    database: Database, keys: Keys, wave: str, tmp_path: Path
) -> None:
    post = make_post(database, keys)
    path = load_frame(database, keys, wave, tmp_path, TODAY, 2)
    draw_places(database, wave, 2, seed=1, today=TODAY)
    import_contacts(database, keys, path, wave_code=wave, channels=("sms",), now=NOW, actor="tester")
    assert send(post) == 0
    assert dispositions(database) == ["drawn"] * 2
    send(post, hours=72)
    assert (kept(database), dispositions(database)) == ([], ["undeliverable"] * 2)


def test_when_the_wave_is_over_nobody_is_written_to_any_more(post: Post, provider: Provider) -> None:
    assert send_due(post, NOW, date(2026, 12, 1), lambda _: None) == 0
    assert (provider.requests, kept(post.database)) == ([], [])
    assert dispositions(post.database) == ["undeliverable"] * 3


def test_no_log_line_holds_a_number_or_a_code(post: Post, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    provider.says(500, json.dumps({"echo": f"84{TEL}001"}))
    with caplog.at_level("DEBUG"):
        send(post)
    assert "gateway sms" in caplog.text
    assert TEL not in caplog.text
    assert code_in(provider.texts[0][1]) not in caplog.text
