"""Checkpoints to auditors by e-mail: each day's last note, once, so that no log can be rewritten unseen."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from survey.gateways.errors import GatewayError
from survey.gateways.mailing import Mail, MailGateway
from survey.store import mailings
from survey.store.database import Database
from survey.store.mailings import DailyNote

logger = logging.getLogger(__name__)

STEP = "checkpoint-mailed"


def mail_checkpoints(database: Database, gateway: MailGateway | None, recipients: Sequence[str], today: date) -> int:
    """Send every finished day's last checkpoint to every auditor who did not get it yet; how many mails.

    The mail is sent first and remembered then: a job that dies in between sends the same bytes under the same
    Message-ID once more, and never leaves a day out. A server that does not answer is tried in the next round.
    """
    if gateway is None or not recipients:
        return 0
    sent = 0
    for recipient in recipients:
        with database.reading() as connection:
            due = mailings.list_unmailed(connection, recipient, today)
        for note in due:
            try:
                gateway.send(_letter(note, recipient, gateway.sender))
            except GatewayError as failure:
                logger.warning("checkpoint %d was not mailed: %s", note.number, failure)
                break
            with database.writing(STEP) as connection:
                mailings.add_mailing(connection, note, recipient)
            sent += 1
    return sent


def _letter(note: DailyNote, recipient: str, sender: str) -> Mail:
    text = (
        f"Điểm chốt số {note.number} của ngày {note.signed_on.isoformat()}, {note.size} dòng trong sổ.\n"
        f"Checkpoint {note.number} of {note.signed_on.isoformat()}, {note.size} leaves.\n\n"
        "Giữ thư này. So với sổ bằng: hailong verify, hailong witness.\n"
        "Keep this mail. Compare it with the log: hailong verify, hailong witness.\n\n"
        f"{note.note}"
    )
    digest = sha256(f"{note.note}\n{recipient}".encode()).hexdigest()[:32]
    headers = {"Message-ID": f"<{digest}@{sender.rpartition('@')[2]}>", "Auto-Submitted": "auto-generated"}
    return Mail(recipient, f"Hài Lòng: checkpoint {note.number}, {note.signed_on.isoformat()}", text, None, headers)
