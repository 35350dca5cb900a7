"""The file that lists the gateways: the only hosts that the installation calls.

Secrets are not written in the file: a value `$NAME` is taken from the environment.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from survey.gateways.identity import IdentityProvider, load_provider
from survey.gateways.mailing import MailGateway, checked_address
from survey.gateways.outbound import Allowed, allow
from survey.gateways.texting import TextGateway
from survey.gateways.webhooks import Webhook

VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]*)\}?")
TEXT_KEYS = {"url", "method", "headers", "body", "success", "refused", "report_url", "delivered", "failed"}
MAIL_KEYS = {"host", "port", "starttls", "user", "password", "sender", "sender_name"}
OIDC_KEYS = {"issuer", "client_id", "client_secret", "name", "amr", "certificate"}
SHARED_KEYS = {"networks", "addresses", "per_minute"}
TEXT_CHANNELS = ("sms", "zalo")
EMAIL = "email"
OIDC = "oidc"
WEBHOOK = "webhook"
WEBHOOK_KEYS = {"url", "events", "turn"}
WEBHOOK_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class GatewaysWrong(Exception):
    """The file of gateways cannot be used; the message names the line and the remedy."""


@dataclass(frozen=True, slots=True)
class Gateways:
    """What an installation may call: text gateways by channel, one mail server, webhooks by name."""

    text: Mapping[str, TextGateway] = field(default_factory=dict)
    mail: MailGateway | None = None
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[str, ...]:
        return (*self.text, *((EMAIL,) if self.mail else ()))

    def per_minute(self, channel: str) -> int:
        gateway = self.mail if channel == EMAIL else self.text.get(channel)
        return gateway.per_minute if gateway else 0


def load_gateways(path: Path, environ: Mapping[str, str]) -> Gateways:
    """Read the file; none means that nothing can be sent. Raises GatewaysWrong."""
    top = _read(path)
    try:
        tables = {name: _with_secrets(table, environ) for name, table in top.items() if name != OIDC}
        text = {name: _text_gateway(tables[name]) for name in TEXT_CHANNELS if name in tables}
        webhooks = {name: _webhook(name, table) for name, table in tables.get(WEBHOOK, {}).items()}
        return Gateways(text, _mail_gateway(tables[EMAIL]) if EMAIL in tables else None, webhooks)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise GatewaysWrong(f"{path}: {_explain(error)}") from error


def load_identity_provider(path: Path, environ: Mapping[str, str]) -> IdentityProvider | None:
    """The provider of single sign-on that the file lists, if it lists one. Raises GatewaysWrong."""
    table = _read(path).get(OIDC)
    if table is None:
        return None
    try:
        table = _with_secrets(table, environ)
        _check_keys(table, OIDC_KEYS)
        return load_provider(table, _allowed(table, urlsplit(table["issuer"]).hostname or ""))
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise GatewaysWrong(f"{path}: {_explain(error)}") from error


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    if os.name == "posix" and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise GatewaysWrong(f"{path} may be written by others: whoever can, sends our messages. Run chmod go-w on it.")
    try:
        top = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GatewaysWrong(f"{path} is not TOML: {error}.") from error
    unknown = set(top) - {*TEXT_CHANNELS, EMAIL, OIDC, WEBHOOK}
    if unknown:
        known = "[sms], [zalo], [email], [oidc] and [webhook.NAME]"
        raise GatewaysWrong(f"{path}: [{min(unknown)}] is no gateway. Use {known}.")
    return top


def _text_gateway(table: dict[str, Any]) -> TextGateway:
    _check_keys(table, TEXT_KEYS)
    patterns = {
        name: re.compile(table[name]) if name in table else None
        for name in ("success", "refused", "delivered", "failed")
    }
    success = patterns.pop("success")
    if success is None:
        raise KeyError("success")
    if table.get("report_url") and (patterns["delivered"] is None or "id" not in success.groupindex):
        raise ValueError("report_url needs `delivered`, and a group (?P<id>...) in `success` that numbers the message")
    return TextGateway(
        url=table["url"],
        allowed=_allowed(table, urlsplit(table["url"]).hostname or ""),
        success=success,
        method=table.get("method", "POST"),
        headers=dict(table.get("headers", {})),
        body=table.get("body", ""),
        report_url=table.get("report_url", ""),
        per_minute=_rate(table),
        **patterns,
    )


def _mail_gateway(table: dict[str, Any]) -> MailGateway:
    _check_keys(table, MAIL_KEYS)
    return MailGateway(
        host=table["host"],
        allowed=_allowed(table, table["host"]),
        sender=checked_address(table["sender"]),
        sender_name=table.get("sender_name", ""),
        port=int(table.get("port", 587)),
        starttls=bool(table.get("starttls", True)),
        user=table.get("user", ""),
        password=table.get("password", ""),
        per_minute=_rate(table),
    )


def _webhook(name: str, table: dict[str, Any]) -> Webhook:
    _check_keys(table, WEBHOOK_KEYS)
    if not WEBHOOK_NAME.fullmatch(name):
        raise ValueError(f"webhook.{name}: a webhook is called by small letters, digits and hyphens")
    turn = table.get("turn", 1)
    if not isinstance(turn, int) or turn < 1:
        raise ValueError("turn must be a whole number from 1 on: the next one ends the secret before it")
    url = table["url"]
    if urlsplit(url).username or urlsplit(url).password:
        raise ValueError("url must hold no name and no password: every request is signed")
    return Webhook(url, _allowed(table, urlsplit(url).hostname or ""), tuple(table.get("events", ())), turn)


def _allowed(table: dict[str, Any], host: str) -> Allowed:
    return allow(host, tuple(table.get("networks", ())), tuple(table.get("addresses", ())))


def _rate(table: dict[str, Any]) -> int:
    rate = table.get("per_minute", 60)
    if not isinstance(rate, int) or not 1 <= rate <= 6000:
        raise ValueError("per_minute must be a whole number from 1 to 6000")
    return rate


def _check_keys(table: dict[str, Any], known: set[str]) -> None:
    unknown = set(table) - known - SHARED_KEYS
    if unknown:
        raise ValueError(f"`{min(unknown)}` is not known here: use {', '.join(sorted(known | SHARED_KEYS))}")


def _with_secrets(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _with_secrets(each, environ) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    return VARIABLE.sub(lambda found: _from_environment(found[1], environ), value)


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    if not environ.get(name):
        raise ValueError(f"the environment has no {name}: set it, or write the value in the file")
    return environ[name]


def _explain(error: Exception) -> str:
    return f"`{error.args[0]}` is missing." if isinstance(error, KeyError) else f"{error}."
