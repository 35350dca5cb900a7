"""E-mail against a real SMTP server: encrypted on its way, whole in Khmer and Vietnamese, nobody's header injected."""

from __future__ import annotations

import smtplib
import ssl
from pathlib import Path

import pytest
from outside import LOOPBACK, Mailbox, mail_server, make_certificate

from survey.gateways.errors import GatewayForbidden, GatewayUnavailable, Malformed, RecipientRefused
from survey.gateways.mailing import Mail, MailGateway, checked_address
from survey.gateways.outbound import allow

MAIL = Mail(
    "ba.tu@vidu.vn", "Mời Ông/Bà góp ý · សូមផ្តល់មតិ", "Xin chào\nសួស្តី\n", "<p>Xin chào</p>", {"Message-ID": "<1@x.vn>"}
)


def gateway(box: Mailbox, certificate: Path | None = None, **changes: object) -> MailGateway:
    context = ssl.create_default_context(cafile=certificate) if certificate else None
    values: dict[str, object] = {
        "host": "localhost",
        "allowed": allow("localhost", LOOPBACK),
        "sender": "khaosat@tinh.gov.vn",
        "sender_name": "Hài Lòng",
        "port": box.port,
        "starttls": certificate is not None,
        "context": context,
    }
    return MailGateway(**{**values, **changes})  # type: ignore[arg-type]


def test_a_letter_arrives_whole_and_encrypted(mailbox: Mailbox, certificate: Path) -> None:
    gateway(mailbox, certificate).send(MAIL)
    [message] = mailbox.arrived
    assert mailbox.encrypted == [True]
    assert mailbox.recipients == ["ba.tu@vidu.vn"]
    assert message["Subject"] == MAIL.subject
    assert str(message["From"]) == "Hài Lòng <khaosat@tinh.gov.vn>"
    assert message["Message-ID"] == "<1@x.vn>"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == MAIL.text  # type: ignore[attr-defined]


def test_a_server_with_another_name_in_its_certificate_gets_nothing(tmp_path: Path) -> None:
    other = make_certificate(tmp_path / "other.pem", "another.vn")
    with mail_server(other) as box, pytest.raises(GatewayUnavailable, match="certificate"):
        gateway(box, other).send(MAIL)
    assert box.arrived == []


def test_a_server_that_offers_no_encryption_gets_nothing() -> None:
    with mail_server() as box, pytest.raises(GatewayUnavailable, match="STARTTLS"):
        gateway(box, starttls=True).send(MAIL)
    assert box.arrived == []


def test_without_encryption_mail_stays_inside() -> None:
    """The control of the two tests above: the same server takes the same letter where its network is listed."""
    with mail_server() as box:
        gateway(box).send(MAIL)
        assert (len(box.arrived), box.encrypted) == (1, [False])
        with pytest.raises(GatewayForbidden):
            gateway(box, allowed=allow("localhost")).send(MAIL)


def test_an_address_that_does_not_exist_is_told_from_a_server_that_is_busy(mailbox: Mailbox, certificate: Path) -> None:
    mailbox.refused = {MAIL.to: "550 No such user"}
    with pytest.raises(RecipientRefused):
        gateway(mailbox, certificate).send(MAIL)
    mailbox.refused = {MAIL.to: "451 Try again later"}
    with pytest.raises(GatewayUnavailable):
        gateway(mailbox, certificate).send(MAIL)


def test_a_server_that_is_gone_is_unavailable() -> None:
    with mail_server() as box:
        pass
    with pytest.raises(GatewayUnavailable):
        gateway(box).send(MAIL)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.vn\r\nBcc: c@d.vn",
        "a@b.vn\nX: 1",
        "a@b.vn, c@d.vn",
        "a b@c.vn",
        "<a@b.vn>",
        "An <a@b.vn>",
        '"a b"@c.vn',
        "a@b",
        "a@-b.vn",
        "a@b..vn",
        "@b.vn",
        "a@",
        "",
        "a@b.vn\x00",
        "à@b.vn",
        "a" * 250 + "@b.vn",
    ],
)
def test_what_is_not_one_plain_address_is_refused_before_the_server_is_called(address: str) -> None:
    with pytest.raises(Malformed):
        checked_address(address)
    with pytest.raises(Malformed):
        gateway(Mailbox(port=1)).send(Mail(address, "s", "t"))


@pytest.mark.parametrize("subject", ["a\r\nBcc: c@d.vn", "a\nb", "a\rb", "a\x00"])
def test_a_subject_cannot_hold_another_header(subject: str) -> None:
    with pytest.raises(Malformed):
        gateway(Mailbox(port=1)).write(Mail("a@b.vn", subject, "t"))
    with pytest.raises(Malformed):
        gateway(Mailbox(port=1)).write(Mail("a@b.vn", "s", "t", None, {"Message-ID": subject}))


def test_only_our_own_headers_are_added() -> None:
    with pytest.raises(Malformed, match="Bcc"):
        gateway(Mailbox(port=1)).write(Mail("a@b.vn", "s", "t", None, {"Bcc": "c@d.vn"}))


def test_a_naive_client_would_have_injected(mailbox: Mailbox, certificate: Path) -> None:
    """The control: the same subject, written by hand, does add a header."""
    with smtplib.SMTP("localhost", mailbox.port) as server:
        server.starttls(context=ssl.create_default_context(cafile=certificate))
        server.sendmail("x@y.vn", ["a@b.vn"], "Subject: a\r\nBcc: c@d.vn\r\n\r\nt")
    assert mailbox.arrived[0]["Bcc"] == "c@d.vn"
