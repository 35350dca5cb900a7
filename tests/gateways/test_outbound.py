"""Calls go to listed hosts at checked addresses, and nowhere else, whatever names resolve to and servers answer."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address
from typing import Any

import pytest
from outside import LOOPBACK, Provider, text_provider

from survey.gateways import outbound
from survey.gateways.errors import GatewayForbidden, GatewayUnavailable, Malformed
from survey.gateways.outbound import Allowed, allow, call, pin

# Loopback, private, link-local (with the cloud's metadata), shared, multicast, reserved, and their IPv6 kin: RFC 6890.
CLOSED = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
]
OPEN = ["8.8.8.8", "203.113.131.1", "2001:4860:4860::8888"]


def resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name resolve to the next of these answers, then to the last; the names that were asked for."""
    asked: list[str] = []
    waiting = list(answers)
    look_up = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if is_address(host):  # what is an address needs no name server
            return look_up(host, port, *more, **named)
        asked.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", CLOSED)
def test_a_name_that_leads_inside_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, [address])
    with pytest.raises(GatewayForbidden, match="may not be called"):
        pin(allow("sms.example.vn"), "sms.example.vn", 443)


@pytest.mark.parametrize("address", OPEN)
def test_a_name_that_leads_outside_is_pinned(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, [address])
    assert pin(allow("sms.example.vn"), "sms.example.vn", 443) == address


def test_one_closed_address_among_open_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(GatewayForbidden):
        pin(allow("sms.example.vn"), "sms.example.vn", 443)


def test_a_closed_network_is_called_where_it_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ["10.20.0.7"])
    assert pin(allow("hub", ("10.20.0.0/16",)), "hub", 443) == "10.20.0.7"
    with pytest.raises(GatewayForbidden):
        pin(allow("hub", ("10.21.0.0/16",)), "hub", 443)


def test_listed_addresses_are_the_only_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ["8.8.8.8"])
    assert pin(allow("sms.example.vn", (), ("8.8.8.8",)), "sms.example.vn", 443) == "8.8.8.8"
    with pytest.raises(GatewayForbidden):
        pin(allow("sms.example.vn", (), ("8.8.4.4",)), "sms.example.vn", 443)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "2130706433", "0x7f.1", "localhost.", ""])
def test_a_host_that_is_not_listed_is_not_even_looked_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving_to(monkeypatch, ["8.8.8.8"])
    with pytest.raises(GatewayForbidden, match="not listed"):
        pin(allow("sms.example.vn"), host, 443)
    assert asked == []


def test_a_name_that_changes_its_answer_after_the_check_gains_nothing(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the check sees one address, a second look-up would give another. There is no second look-up."""
    asked = resolving_to(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
    url = f"http://sms.example.vn:{provider.port}/send"
    answered = call(allow("sms.example.vn", LOOPBACK), url, method="POST", headers={}, body=b"{}")
    assert answered.status == 200
    assert asked == ["sms.example.vn"]
    assert provider.requests[0].headers["Host"] == f"sms.example.vn:{provider.port}"


def test_a_redirect_is_not_followed(provider: Provider) -> None:
    with text_provider() as elsewhere:
        provider.says(302, "", Location=elsewhere.url)
        answered = get(provider.url)
        assert answered.status == 302
        assert elsewhere.requests == []


def test_plain_http_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ["8.8.8.8"])
    with pytest.raises(GatewayForbidden, match="Use https"):
        call(allow("sms.example.vn"), "http://sms.example.vn/", method="GET", headers={}, body=None)


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "unix"])
def test_other_schemes_are_refused(scheme: str) -> None:
    with pytest.raises(GatewayForbidden, match="neither http nor https"):
        call(allow("h"), f"{scheme}://h/etc/passwd", method="GET", headers={}, body=None)


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\r"])
def test_a_header_cannot_be_injected(provider: Provider, value: str) -> None:
    with pytest.raises(Malformed):
        call(allow("127.0.0.1", LOOPBACK), provider.url, method="POST", headers={"Authorization": value}, body=b"")
    assert provider.requests == []


def test_an_answer_is_read_only_so_far(provider: Provider) -> None:
    provider.says(200, "x" * 1_000_000)
    assert len(get(provider.url).body) == outbound.LARGEST_ANSWER


def test_who_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(GatewayUnavailable, match="does not answer"):
            get(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        port = silent.getsockname()[1]
    with pytest.raises(GatewayUnavailable):
        get(f"http://127.0.0.1:{port}/")


def test_who_answers_nonsense_is_unavailable() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\x00\xff nonsense\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(GatewayUnavailable):
            get(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def get(url: str) -> outbound.Answer:
    listed: Allowed = allow("127.0.0.1", LOOPBACK)
    return call(listed, url, method="GET", headers={}, body=None)
