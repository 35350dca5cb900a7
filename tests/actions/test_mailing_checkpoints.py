"""Each day's last checkpoint goes to every auditor once, and to one who was added later from the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from outside import LOOPBACK, Mailbox, mail_server

from survey.actions.mailing_checkpoints import mail_checkpoints
from survey.actions.sealing import sign_again
from survey.gateways.mailing import MailGateway
from survey.gateways.outbound import allow
from survey.proof import Signer
from survey.store import ledger, mailings
from survey.store.database import Database

DAY = date(2026, 11, 20)
AUDITORS = ("thanh-tra@vidu.vn", "bao-chi@vidu.vn")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def signed(database: Database, signer: Signer) -> Database:
    """Checkpoints 1 and 2 of one day, 3 of the next, 4 of today."""
    for days in (0, 0, 1, 2):
        with database.writing("sign") as connection:
            sign_again(connection, signer, DAY + timedelta(days=days))
    return database


def gateway(box: Mailbox) -> MailGateway:
    return MailGateway("127.0.0.1", allow("127.0.0.1", LOOPBACK), "so@vidu.vn", port=box.port, starttls=False)


def mail(database: Database, box: Mailbox, *recipients: str, days: int = 2) -> int:
    return mail_checkpoints(database, gateway(box), recipients or AUDITORS[:1], DAY + timedelta(days=days))


def test_the_last_note_of_each_finished_day_is_mailed_once(signed: Database, mailbox: Mailbox) -> None:
    assert mail(signed, mailbox) == 2
    assert mail(signed, mailbox) == 0
    assert [message["Subject"] for message in mailbox.arrived] == [
        "Hài Lòng: checkpoint 2, 2026-11-20",
        "Hài Lòng: checkpoint 3, 2026-11-21",
    ]
    with signed.reading() as connection:
        note = ledger.find_latest_checkpoint(connection)
    assert note is not None
    assert mail(signed, mailbox, days=3) == 1
    assert note.note in mailbox.arrived[-1].get_content().replace("\r\n", "\n")


def test_every_auditor_gets_every_day(signed: Database, mailbox: Mailbox) -> None:
    assert mail(signed, mailbox, AUDITORS[0]) == 2
    assert mail(signed, mailbox, *AUDITORS) == 2
    assert sorted(mailbox.recipients) == sorted(AUDITORS * 2)


def test_a_mail_sent_again_after_a_crash_is_the_same_to_the_byte(
    signed: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mailings, "add_mailing", die)
        with pytest.raises(KeyboardInterrupt):
            mail(signed, mailbox)
    mail(signed, mailbox)
    first, again, _ = mailbox.arrived
    assert (first["Message-ID"], first.get_content()) == (again["Message-ID"], again.get_content())


def test_a_server_that_does_not_answer_is_tried_in_the_next_round(signed: Database, mailbox: Mailbox) -> None:
    mailbox.refused = {AUDITORS[0]: "451 later"}
    assert mail(signed, mailbox) == 0
    mailbox.refused = {}
    assert mail(signed, mailbox) == 2


def test_without_auditors_or_a_mail_server_nothing_is_sent(signed: Database, mailbox: Mailbox) -> None:
    assert mail_checkpoints(signed, gateway(mailbox), (), DAY + timedelta(days=2)) == 0
    assert mail_checkpoints(signed, None, AUDITORS, DAY + timedelta(days=2)) == 0
    assert mailbox.arrived == []
