"""Calling out: one listed host, one address that was checked, no redirects, no second look-up.

The address is resolved and checked once and the connection goes to that very address, so a name that changes its
answer between the check and the call (DNS rebinding) gains nothing. TLS still checks the name.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from survey.gateways.errors import GatewayForbidden, GatewayUnavailable, Malformed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SECONDS = 10.0
LARGEST_ANSWER = 64 * 1024
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which host may be called. `networks` are closed networks that are open to us after all, such as loopback;
    `addresses`, when there are any, are the only ones that the host's name may resolve to."""

    host: str
    networks: tuple[Network, ...] = ()
    addresses: tuple[Address, ...] = ()

    def permits(self, address: Address) -> bool:
        if self.addresses and address not in self.addresses:
            return False
        plain = address.ipv4_mapped if isinstance(address, IPv6Address) and address.ipv4_mapped else address
        return (plain.is_global and not plain.is_multicast) or any(_holds(network, plain) for network in self.networks)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str


def allow(host: str, networks: tuple[str, ...] = (), addresses: tuple[str, ...] = ()) -> Allowed:
    """The same from text. Raises ValueError for what is no network or address."""
    return Allowed(host.lower(), tuple(map(ip_network, networks)), tuple(map(ip_address, addresses)))


def pin(allowed: Allowed, host: str, port: int) -> str:
    """The checked address of a listed host. Raises GatewayForbidden or GatewayUnavailable.

    Every address that the name resolves to must be allowed: a name that also points inside is not trusted.
    """
    if host.lower() != allowed.host:
        raise GatewayForbidden(f"The host {host} is not listed: only {allowed.host} may be called here.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise GatewayUnavailable(f"The name {host} cannot be resolved: {error.strerror}.") from error
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not allowed.permits(address):
            raise GatewayForbidden(
                f"{host} resolves to {address}, which may not be called: list its network under `networks` of the "
                "gateway if that is meant."
            )
    return str(addresses[0])


def call(
    allowed: Allowed,
    url: str,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """One request to a pinned address; a redirect is an answer like any other and is never followed.

    Raises GatewayForbidden, GatewayUnavailable, or Malformed for what cannot stand in a request.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in PORTS:
        raise GatewayForbidden(f"{url} is neither http nor https.")
    port = parts.port or PORTS[parts.scheme]
    address = pin(allowed, host, port)
    if parts.scheme == "http" and not is_inside(allowed, address):
        raise GatewayForbidden(f"{host} is outside: what is sent there must be encrypted. Use https.")
    connection = _PinnedConnection(host, port, address, context if parts.scheme == "https" else None, parts.scheme)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(LARGEST_ANSWER).decode("utf-8", "replace"))
    except (ValueError, http.client.InvalidURL) as error:
        raise Malformed(f"The request cannot be written: {error}.") from error
    except (OSError, http.client.HTTPException) as error:
        raise GatewayUnavailable(f"{host} does not answer: {type(error).__name__}.") from error
    finally:
        connection.close()


def is_inside(allowed: Allowed, address: str) -> bool:
    """Whether the address lies in a network that was listed as open to us."""
    return any(_holds(network, ip_address(address)) for network in allowed.networks)


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to an address that was checked, under the name that the certificate must carry."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext | None, scheme: str) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self.default_port = PORTS[scheme]
        self._address = address
        self._context = (context or ssl.create_default_context()) if scheme == "https" else None

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host) if self._context else plain


def _holds(network: Network, address: Address) -> bool:
    return network.version == address.version and address in network
