"""How sending can go wrong, told apart by what the sender should do next."""

from __future__ import annotations


class GatewayError(Exception):
    """Something could not be sent."""


class GatewayForbidden(GatewayError):
    """The address may not be called: it is not on the list, or lies in a network that is closed to us."""


class GatewayUnavailable(GatewayError):
    """The gateway does not answer, or not as it should: whatever was sent may be sent again later."""


class RecipientRefused(GatewayError):
    """The gateway will never deliver to this recipient: trying again is useless."""


class Malformed(GatewayError, ValueError):
    """The recipient or the message cannot be written into a request; nothing was sent."""
