"""Sending: a token is made, sent and forgotten by one job, which may be killed anywhere and run again.

The order, for one person: (1) one commit takes the contact for this attempt, counts the message, makes the token and
keeps its hash, and spends whatever token an earlier attempt made; (2) the gateway is called; (3) a second commit says
what became of it. Killed before (1): nothing happened. Killed between (1) and (3): nobody knows whether the message
left, so after the back-off it is sent again with a new code, and the earlier one is void from that commit on; whoever
answered with the earlier one meanwhile has answered, and gets no second message. So nobody ever holds two live codes,
and no invitation is lost. The reminder holds no code and is marked before it is sent: at most one, sent to everybody.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from survey.actions import contacts as contact_actions
from survey.actions.contacts import EMAIL, Contact, ContactLost, last_moment, open_contact, seal_text, unseal
from survey.actions.following_up import KEPT_DAYS, forget_sealed
from survey.documents.messages import (
    BILINGUAL,
    Invited,
    check_messages,
    write_invitation,
    write_letter,
    write_reminder,
)
from survey.gateways.configuring import Gateways
from survey.gateways.errors import GatewayForbidden, GatewayUnavailable, Malformed, RecipientRefused
from survey.gateways.mailing import Mail
from survey.keys import Keys, new_code, new_token
from survey.mandate.areas import scopes_covering
from survey.settings import Sending
from survey.store import contacts, frames, minting, places
from survey.store import waves as wave_store
from survey.store.contacts import StoredContact
from survey.store.database import Connection, Database
from survey.store.minting import Minted, Place
from survey.store.sql import take_turn

logger = logging.getLogger(__name__)

TURN = "sending"
MINT, SETTLE, REMIND, FORGET = "mint-message", "settle-message", "remind", "forget-contacts"
SECONDS_A_ROUND = 5.0
MOST_LOOKED_AT = 2000  # so that a gateway that is down does not hide those whom another can reach
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 30, 120, 360, 720))
ASK_AGAIN = timedelta(minutes=10)
MINUTE = 60.0

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Post:
    """All that a round needs to know of the installation."""

    database: Database
    keys: Keys
    gateways: Gateways
    sending: Sending
    base_url: str


@dataclass(frozen=True, slots=True)
class _Made:
    """What (1) committed: the contact as it is now, the place with its new token, and what to send."""

    stored: StoredContact
    place: Place
    invited: Invited
    identifier: str


def send_due(post: Post, now: datetime, today: date, sleep: Sleep) -> int:
    """Handle what is due for about five seconds, at the gateways' pace; how many messages were handed over.

    A gateway that does not answer is left alone until the next round. Raises MessageTooLong before anything is sent.
    """
    forget(post, now, today)
    if not post.gateways.channels:
        return 0
    check_messages(post.sending.address, post.base_url, links=post.sending.links)
    pace = MINUTE / min(map(post.gateways.per_minute, post.gateways.channels))
    with post.database.reading() as connection:
        due = contacts.list_due(connection, now, MOST_LOOKED_AT)
    silent: set[str] = set()
    handed, left = 0, max(1, round(SECONDS_A_ROUND / pace))
    for stored in due:
        if left == 0:
            break
        try:
            contact = open_contact(post.keys, stored)
            if contact.channel in silent or contact.channel not in post.gateways.channels:
                continue
            left -= 1
            if _handle(post, stored, contact, now, today):
                handed += 1
                sleep(pace)
        except ContactLost as lost:
            logger.warning("%s", lost)
            _put_off(post, stored)
        except (GatewayUnavailable, GatewayForbidden) as failure:
            logger.warning("gateway %s: %s", contact.channel, failure)
            silent.add(contact.channel)
    return handed


def forget(post: Post, now: datetime, today: date) -> int:
    """Delete contacts after 72 hours, counted messages after the cap's period, what auditors had 45 days to use."""
    uncounted = today - timedelta(days=post.sending.cap_days)
    with post.database.reading() as connection:
        expired = contacts.list_expired(connection, now - timedelta(hours=contact_actions.KEPT_HOURS))
        first_message, first_sealed = contacts.find_first_day(connection)
    if not expired and not (first_message and first_message <= uncounted) and not _is_over(first_sealed, today):
        return 0
    with post.database.writing(FORGET) as connection:
        for stored in expired:
            place = _place(connection, stored)
            if stored.sent_at is None and place.disposition in (minting.DRAWN, minting.SENT):
                minting.keep_disposition(connection, place, minting.UNDELIVERABLE)
            contacts.remove_contact(connection, stored)
        contacts.remove_messages(connection, uncounted)
        forget_sealed(connection, today)
    return len(expired)


def _is_over(first_sealed: date | None, today: date) -> bool:
    return first_sealed is not None and first_sealed <= today - timedelta(days=KEPT_DAYS)


def _handle(post: Post, stored: StoredContact, contact: Contact, now: datetime, today: date) -> bool:
    """Do what is next for one contact; whether a message was handed over."""
    if stored.sent_at is None:
        return _invite(post, stored, contact, now, today)
    if stored.report is not None:
        return _ask_for_delivery(post, stored, contact, now)
    if stored.reminded or not post.sending.reminder_hours:
        _forget_one(post, stored)
        return False
    return _remind(post, stored, contact, now, today)


def _invite(post: Post, stored: StoredContact, contact: Contact, now: datetime, today: date) -> bool:
    made = _make(post, stored, contact, now, today)
    if made is None:
        return False
    try:
        report = _hand_over(post, contact, made, _language(post, stored, contact, today))
    except (RecipientRefused, Malformed):
        _settle(post, made, minting.UNDELIVERABLE)
        return False
    _settle_sent(post, made, report, now)
    return True


def _make(post: Post, stored: StoredContact, contact: Contact, now: datetime, today: date) -> _Made | None:
    """Commit (1): None when nothing is to be sent, in which case the contact is forgotten."""
    token, code = new_token(), new_code()
    next_at = min(now + BACK_OFF[min(stored.attempts, len(BACK_OFF) - 1)], last_moment(stored))
    with post.database.writing(MINT) as connection:
        take_turn(connection, TURN)
        if not contacts.claim(connection, stored, attempts=stored.attempts + 1, next_at=next_at):
            return None
        taken = replace(stored, attempts=stored.attempts + 1, next_at=next_at)
        place = _place(connection, stored)
        refusal = _find_refusal(post, connection, stored, place, today)
        minted = Minted(place, post.keys.token_hash(token), post.keys.token_hash(code))
        if refusal is None and not minting.mint(connection, [minted], contact.channel, minting.SENT)[0]:
            refusal = minting.DELIVERED  # the token of an earlier attempt was used
        if refusal is not None:
            minting.keep_disposition(connection, place, refusal)
            contacts.remove_contact(connection, taken)
            return None
        if stored.attempts == 0:
            contacts.add_message(connection, stored.contact_hash, today)
    link = f"{post.base_url}/t/{token}" if post.sending.links else None
    invited = Invited(post.sending.address, code, link)
    return _Made(taken, replace(place, token_hash=minted.token_hash), invited, secrets.token_hex(16))


def _find_refusal(post: Post, connection: Connection, stored: StoredContact, place: Place, today: date) -> str | None:
    """The disposition of a place to which nothing is sent (any more); None when it is written to."""
    wave = wave_store.find_wave(connection, place.wave_code)
    if wave is None or wave.is_over(today):
        return minting.UNDELIVERABLE
    if place.disposition == minting.MINTED:
        return minting.MINTED  # given on paper meanwhile
    if contacts.is_opted_out(connection, stored.contact_hash):
        return minting.OPTED_OUT
    since = today - timedelta(days=post.sending.cap_days)
    if stored.attempts == 0 and contacts.count_messages(connection, stored.contact_hash, since) >= post.sending.cap:
        return minting.CAPPED
    return None


def _hand_over(post: Post, contact: Contact, made: _Made, language: str) -> str | None:
    if contact.channel == EMAIL:
        _mail(post, contact, made.invited, language)
        return None
    text = write_invitation(made.invited, language)
    return post.gateways.text[contact.channel].send(contact.address, text, made.identifier)


def _mail(post: Post, contact: Contact, invited: Invited | None, language: str) -> None:
    letter = write_letter(invited, post.sending.address, language)
    headers = {"List-Unsubscribe": f"<{post.base_url}/stop>", "Auto-Submitted": "auto-generated"}
    assert post.gateways.mail is not None
    post.gateways.mail.send(Mail(contact.address, letter.subject, letter.text, letter.html, headers))


def _settle_sent(post: Post, made: _Made, report: str | None, now: datetime) -> None:
    """Commit (3), when a gateway took the message."""
    delivered = report is None
    next_at = _next_after_delivery(post, made.stored, now) if delivered else now + ASK_AGAIN
    sealed = None if report is None else seal_text(post.keys, report.encode(), made.stored.place_name)
    with post.database.writing(SETTLE) as connection:
        if delivered:
            minting.keep_disposition(connection, made.place, minting.DELIVERED)
        if next_at is None:
            contacts.remove_contact(connection, made.stored)
        else:
            contacts.claim(connection, made.stored, sent_at=now, report=sealed, next_at=next_at)


def _settle(post: Post, made: _Made, disposition: str) -> None:
    """Commit (3), when the message will never arrive."""
    with post.database.writing(SETTLE) as connection:
        minting.keep_disposition(connection, made.place, disposition)
        contacts.remove_contact(connection, made.stored)


def _ask_for_delivery(post: Post, stored: StoredContact, contact: Contact, now: datetime) -> bool:
    assert stored.report is not None
    report = unseal(post.keys, stored.report, stored.place_name).decode()
    try:
        delivered = post.gateways.text[contact.channel].is_delivered(report)
    except RecipientRefused:
        _conclude(post, stored, minting.UNDELIVERABLE, None)
        return False
    if delivered:
        _conclude(post, stored, minting.DELIVERED, _next_after_delivery(post, stored, now))
    else:
        with post.database.writing(SETTLE) as connection:
            contacts.claim(connection, stored, next_at=now + ASK_AGAIN)
    return False


def _conclude(post: Post, stored: StoredContact, disposition: str, next_at: datetime | None) -> None:
    """What the gateway said of a message that it had taken; the contact stays only for the reminder."""
    with post.database.writing(SETTLE) as connection:
        minting.keep_disposition(connection, _place(connection, stored), disposition)
        if next_at is None:
            contacts.remove_contact(connection, stored)
        else:
            contacts.claim(connection, stored, report=None, next_at=next_at)


def _next_after_delivery(post: Post, stored: StoredContact, now: datetime) -> datetime | None:
    """When to remind; None when there is no reminder, or none that comes before the contact must be forgotten."""
    sent_at = stored.sent_at or now
    moment = sent_at + timedelta(hours=post.sending.reminder_hours)
    return moment if post.sending.reminder_hours and moment < last_moment(stored) else None


def _remind(post: Post, stored: StoredContact, contact: Contact, now: datetime, today: date) -> bool:
    """The one reminder: marked first, so that it is never sent twice."""
    with post.database.writing(REMIND) as connection:
        wave = wave_store.find_wave(connection, stored.wave_code)
        if not contacts.claim(connection, stored, reminded=True, next_at=now) or wave is None or wave.is_over(today):
            return False
    marked = replace(stored, reminded=True, next_at=now)
    language = _language(post, stored, contact, today)
    try:
        if contact.channel == EMAIL:
            _mail(post, contact, None, language)
        else:
            text = write_reminder(post.sending.address, language)
            post.gateways.text[contact.channel].send(contact.address, text, secrets.token_hex(16))
    except (RecipientRefused, Malformed):
        return False
    finally:
        _forget_one(post, marked)
    return True


def _forget_one(post: Post, stored: StoredContact) -> None:
    with post.database.writing(FORGET) as connection:
        contacts.remove_contact(connection, stored)


def _put_off(post: Post, stored: StoredContact) -> None:
    with post.database.writing(SETTLE) as connection:
        contacts.claim(connection, stored, next_at=last_moment(stored))


def _language(post: Post, stored: StoredContact, contact: Contact, today: date) -> str:
    """What the contact asked for, else both languages where the agency's area is set so, else Vietnamese."""
    if contact.language:
        return contact.language
    with post.database.reading() as connection:
        agency_code = frames.list_stratum_agencies(connection, stored.wave_code)[stored.stratum_code]
        agency = places.find_agency(connection, agency_code)
    area = agency.area_code if agency else None
    covering = scopes_covering(area, today) if area else ()
    return BILINGUAL if set(covering) & set(post.sending.bilingual) else "vi"


def _place(connection: Connection, stored: StoredContact) -> Place:
    place = minting.find_place(connection, stored.wave_code, stored.stratum_code, stored.position)
    assert place is not None  # a foreign key holds it
    return place
