"""What `hailong work` does with the world outside, and what the commands that send need to know of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from survey.cli.installation import Installation
from survey.settings import Sending, load_sending

if TYPE_CHECKING:
    from survey.actions.sending import Post


def serving(known: Post) -> Collection[str]:
    """The channels that contacts are read for: those of the gateways, the usual ones before there is any."""
    return known.gateways.channels or ("sms", "email")


def outside_jobs(installation: Installation) -> dict[str, Callable[[], int]]:
    """What `hailong work` does with the world outside: each reads the gateways itself, so that a file with a mistake
    stops neither sealing nor the other."""

    def send() -> int:
        from survey.actions.sending import send_due

        return send_due(post(installation), installation.now, installation.today, time.sleep)

    def contacts() -> int:
        from survey.actions.handing_in_contacts import read_files

        known = post(installation)
        return read_files(known.database, known.keys, serving(known), installation.now)

    def mail() -> int:
        from survey.actions.mailing_checkpoints import mail_checkpoints

        known = post(installation)
        if not known.sending.auditor_emails:
            return 0
        return mail_checkpoints(known.database, known.gateways.mail, known.sending.auditor_emails, installation.today)

    def alert() -> int:
        from survey.actions.mailing_alerts import mail_alerts

        known = post(installation)
        if not known.sending.alert_emails:
            return 0
        return mail_alerts(known.database, known.gateways.mail, known.sending.alert_emails, installation.today)

    def draw() -> int:
        from survey.actions.ordering import carry_out_orders

        share = load_sending(installation.settings).auditor_share
        return carry_out_orders(installation.database, installation.now, installation.today, followed_share=share)

    def tell() -> int:
        from survey.actions.telling import tell_portals

        known = post(installation)
        return tell_portals(known.database, known.keys, known.gateways.webhooks, installation.now)

    return {"draw": draw, "contacts": contacts, "send": send, "mail": mail, "alerts": alert, "webhooks": tell}


def post(installation: Installation) -> Post:
    """All that sending needs to know of an installation."""
    from survey.actions.sending import Post
    from survey.gateways.configuring import load_gateways

    sending: Sending = load_sending(installation.settings)
    gateways = load_gateways(sending.gateways, os.environ)
    return Post(installation.database, installation.keys, gateways, sending, installation.settings.base_url)
