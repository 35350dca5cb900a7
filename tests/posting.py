"""A wave whose drawn dossiers have telephones, and an installation that sends to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from outside import LOOPBACK, PATTERNS, Mailbox, Provider

from survey.actions.contacts import import_contacts
from survey.actions.importing_frame import import_frame
from survey.actions.sending import Post, send_due
from survey.gateways.configuring import Gateways
from survey.gateways.mailing import MailGateway
from survey.gateways.outbound import allow
from survey.gateways.texting import TextGateway
from survey.keys import Keys
from survey.settings import Sending
from survey.store.contacts import StoredContact, list_due
from survey.store.database import Database
from survey.store.minting import Place
from survey.store.tables import invitation

TEL = "912345"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
AGENCY = "TTPVHCC-31507"
CODE = re.compile(r"\b([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3})\b")
RECEIPT = re.compile(r'<p class="code">([0-9A-Z]{5}-[0-9A-Z]{5})</p>')  # in its element: a nonce can look like one


def frame_file(path: Path, phones: Sequence[str], agency: str = AGENCY, column: str = "phone") -> Path:
    """A frame of transactions in one stratum, with a telephone (or e-mail address) in every row."""
    rows = [f"HS.{number:06},{agency},land,{phone}\n" for number, phone in enumerate(phones, start=1)]
    path.write_text(f"dossier,agency,sector,{column}\n" + "".join(rows), encoding="utf-8")
    return path


def load_frame(
    database: Database, keys: Keys, wave: str, folder: Path, today: date, people: int, agency: str = AGENCY
) -> Path:
    """Give a wave a frame of so many people, the n-th of whom has a telephone that ends in n; the file."""
    path = frame_file(folder / "frame.csv", [f"0{TEL}{number:03}" for number in range(1, people + 1)], agency)
    import_frame(database, keys, path, wave_code=wave, today=today)
    return path


def make_post(
    database: Database,
    keys: Keys,
    provider: Provider | None = None,
    mailbox: Mailbox | None = None,
    *,
    reports: bool = False,
    **changes: object,
) -> Post:
    """An installation that sends through a provider, a mail server, or both."""
    text: Mapping[str, TextGateway] = {"sms": _text_gateway(provider, reports)} if provider else {}
    mail = (
        MailGateway(
            "127.0.0.1",
            allow("127.0.0.1", LOOPBACK),
            "khaosat@vidu.vn",
            port=mailbox.port,
            starttls=False,
            per_minute=6000,
        )
        if mailbox
        else None
    )
    sending = replace(Sending(Path("none"), "khaosat.vidu.vn"), **changes)  # type: ignore[arg-type]
    return Post(database, keys, Gateways(text, mail), sending, "https://khaosat.vidu.vn")


def keep_contacts(post: Post, path: Path, wave: str, now: datetime = NOW) -> None:
    import_contacts(
        post.database, post.keys, path, wave_code=wave, channels=post.gateways.channels, now=now, actor="tester"
    )


def send(post: Post, hours: float = 0.0) -> int:
    """One round of sending, so many hours after everything began."""
    now = NOW + timedelta(hours=hours)
    return send_due(post, now, now.date(), lambda _seconds: None)


def kept(database: Database) -> list[StoredContact]:
    """Every contact that is kept."""
    with database.reading() as connection:
        return list_due(connection, LATER, 1_000_000)


def dispositions(database: Database) -> list[str]:
    """What became of each place, by position."""
    with database.reading() as connection:
        query = invitation.select().order_by(invitation.c.stratum_code, invitation.c.position)
        return [row.disposition for row in connection.execute(query)]


def code_in(text: str) -> str:
    """The code that a message holds, as a citizen would type it."""
    found = CODE.search(text)
    assert found is not None, text
    return found[1]


def positions(places: Sequence[Place]) -> list[int]:
    return [place.position for place in places]


def _text_gateway(provider: Provider, reports: bool) -> TextGateway:
    told = {"report_url": provider.url + "/{id}", "delivered": re.compile("DELIVRD"), "failed": re.compile("UNDELIV")}
    return TextGateway(
        url=provider.url,
        allowed=allow("127.0.0.1", LOOPBACK),
        success=re.compile(PATTERNS["success"]),
        refused=re.compile(PATTERNS["refused"]),
        headers={"Content-Type": "application/json"},
        body='{"to": "{to}", "text": "{text}"}',
        per_minute=6000,
        **(told if reports else {}),  # type: ignore[arg-type]
    )
