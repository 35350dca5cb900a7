"""E-mail through one SMTP server: STARTTLS, a checked address, nobody's header injected."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from survey.gateways.errors import GatewayForbidden, GatewayUnavailable, Malformed, RecipientRefused
from survey.gateways.outbound import SECONDS, Allowed, is_inside, pin

ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
LONGEST_ADDRESS = 254
NEVER = range(550, 555)  # mailbox unavailable, not local, full for good, name not allowed, transaction failed
OWN_HEADERS = ("Message-ID", "List-Unsubscribe", "Auto-Submitted")


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail to one person; `html` beside `text` makes it multipart. `headers` are a few of our own."""

    to: str
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MailGateway:
    """How the mail server is spoken to. Without `starttls` only inside a network that is listed."""

    host: str
    allowed: Allowed
    sender: str
    sender_name: str = ""
    port: int = 587
    starttls: bool = True
    user: str = ""
    password: str = ""
    per_minute: int = 60
    context: ssl.SSLContext | None = None

    def send(self, mail: Mail) -> None:
        """Hand a mail over; when this returns the server has taken it.

        Raises Malformed, GatewayForbidden, GatewayUnavailable, RecipientRefused.
        """
        message = self.write(mail)
        address = pin(self.allowed, self.host, self.port)
        if not self.starttls and not is_inside(self.allowed, address):
            raise GatewayForbidden(f"{self.host} is outside: mail must be encrypted on its way. Set starttls = true.")
        try:
            with _PinnedSmtp(self.host, self.port, address) as server:
                if self.starttls:
                    server.starttls(context=self.context or ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message, self.sender, [mail.to])
        except smtplib.SMTPRecipientsRefused as refused:
            code, _said = refused.recipients[mail.to]
            if code in NEVER:
                raise RecipientRefused(f"The mail server refused the recipient ({code}).") from refused
            raise GatewayUnavailable(f"The mail server does not take mail now ({code}).") from refused
        except (OSError, smtplib.SMTPException) as error:
            raise GatewayUnavailable(f"The mail server {self.host} does not take mail: {error}.") from error

    def write(self, mail: Mail) -> EmailMessage:
        """The message as it will be sent. Raises Malformed for an address or header that would change it."""
        message = EmailMessage(policy=SMTP)
        try:
            message["From"] = Address(self.sender_name, addr_spec=self.sender)
            message["To"] = Address(addr_spec=checked_address(mail.to))
            message["Subject"] = _one_line(mail.subject)
            for name, value in mail.headers.items():
                if name not in OWN_HEADERS:
                    raise Malformed(f"The header {name} is not one of ours.")
                message[name] = _one_line(value)
        except (ValueError, HeaderParseError, IndexError) as error:
            raise Malformed(f"The mail cannot be written: {error}.") from error
        message.set_content(mail.text)
        if mail.html is not None:
            message.add_alternative(mail.html, subtype="html")
        return message


def checked_address(text: str) -> str:
    """The address, when it is one plain address. Raises Malformed: no names, lists, quotes or line ends."""
    if len(text) > LONGEST_ADDRESS or ADDRESS.fullmatch(text) is None:
        raise Malformed("This is not one plain e-mail address.")
    return text


class _PinnedSmtp(smtplib.SMTP):
    """Connects to the address that was checked; the certificate must carry the host's name."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._pinned = address
        super().__init__(host, port, local_hostname="localhost", timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self._pinned, port), timeout)


def _one_line(text: str) -> str:
    if any(letter in "\r\n" or ord(letter) < 32 for letter in text):
        raise Malformed("A header cannot hold line ends or control characters.")
    return text
