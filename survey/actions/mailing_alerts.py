"""One digest of alerts after a day with a release, to whoever the operator names; none where nothing is to be said."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from survey.actions.alerting import Alert, read_alerts
from survey.actions.reading import list_agencies
from survey.actions.telling_figures import agency_name
from survey.documents import formats, release_words, verdicts
from survey.documents.environment import translate
from survey.gateways.errors import GatewayError
from survey.gateways.mailing import Mail, MailGateway
from survey.mandate.sectors import load_sectors
from survey.mandate.text import FIRST_LANGUAGE
from survey.store import alert_mails
from survey.store.database import Database
from survey.store.places import EVERYTHING

logger = logging.getLogger(__name__)


def mail_alerts(database: Database, gateway: MailGateway | None, recipients: Sequence[str], today: date) -> int:
    """Send the digest of the last finished day with a release to everybody who did not get it; how many mails.

    As with checkpoints, the mail is sent first and remembered then, under a Message-ID that stays the same.
    """
    with database.reading() as connection:
        day = alert_mails.find_last_day(connection, today)
        due = [each for each in recipients if day and not alert_mails.was_mailed(connection, day, each)]
    if gateway is None or day is None or not due:
        return 0
    lines = _write_lines(database, read_alerts(database, EVERYTHING, today))
    sent = 0
    for recipient in due:
        try:
            if lines:
                gateway.send(_letter(day, lines, recipient, gateway.sender))
        except GatewayError as failure:
            logger.warning("alerts of %s were not mailed: %s", day, failure)
            break
        with database.writing("alerts-mailed") as connection:
            alert_mails.add_alert_mail(connection, day, recipient)
        sent += bool(lines)
    return sent


def _write_lines(database: Database, alerts: Sequence[Alert]) -> list[str]:
    agencies = list_agencies(database, EVERYTHING)
    lines = []
    for each in alerts:
        where = [load_sectors()[each.sector].name.in_language(FIRST_LANGUAGE)]
        if each.agency:
            where.insert(0, agency_name(agencies, each.agency, FIRST_LANGUAGE))
        lines.append(f"{', '.join(where)}: {tell_alert(each, FIRST_LANGUAGE)}")
    return lines


def tell_alert(alert: Alert, language: str) -> str:
    """An alert in words."""

    def say(message: str, **values: object) -> str:
        return translate(language, message, **values)

    return verdicts.tell(language, say, release_words.ALERTS, alert.kind, alert.numbers)


def _letter(day: date, lines: Sequence[str], recipient: str, sender: str) -> Mail:
    text = "\n".join(f"- {line}" for line in lines)
    digest = sha256(f"{day}\n{text}\n{recipient}".encode()).hexdigest()[:32]
    headers = {"Message-ID": f"<{digest}@{sender.rpartition('@')[2]}>", "Auto-Submitted": "auto-generated"}
    told = {"count": len(lines), "date": formats.day(day, FIRST_LANGUAGE)}
    subject = translate(FIRST_LANGUAGE, "Hài Lòng: %(count)s chỗ cần xem, %(date)s", **told)
    begin = translate(FIRST_LANGUAGE, "Sau lần công bố ngày %(date)s, những chỗ sau cần xem:", **told)
    return Mail(recipient, subject, f"{begin}\n\n{text}\n", None, headers)
