"""What a post tells the fraud screen: how long its form was open and, for a moment, what its device looks like."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from flask import request

from survey.actions.signalling import Sighting, seconds_open
from survey.web.services import LOCAL_TIME, services

PREFIX = {4: 24, 6: 48}


def sight(key: str) -> Sighting:
    """The post that is being answered; its traits are hashed at once with a key of the day, and never stored."""
    known = services()
    now = known.now()
    given = (request.headers.get("User-Agent", ""), request.headers.get("Accept-Language", ""), _network())
    return Sighting(
        seconds_open(known.keys.form, key, now), now.astimezone(LOCAL_TIME), "\n".join(given).encode(), known.arrivals
    )


def _network() -> str:
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    return str(ip_network((address, PREFIX[address.version]), strict=False))
