"""What a post tells the fraud screen: how long its form was open and, for a moment, what its device looks like."""

from __future__ import annotations

from contextlib import suppress
from socket import AF_INET, AF_INET6, inet_pton

from flask import request

from survey.actions.signalling import Sighting, seconds_open
from survey.web.services import LOCAL_TIME, Services, services

NETWORKS = ((AF_INET, 3), (AF_INET6, 6))  # family, and its bytes that tell a network: /24, /48


def sight(key: str) -> Sighting:
    """The post that is being answered."""
    given = (request.headers.get("User-Agent", ""), request.headers.get("Accept-Language", ""))
    return sighting_of(services(), key, *given, request.remote_addr or "")


def sighting_of(known: Services, key: str, browser: str, languages: str, address: str) -> Sighting:
    """A post by its traits, which are hashed at once with a key of the day, and never stored."""
    now = known.now()
    given = (browser, languages, _network(address))
    return Sighting(
        seconds_open(known.keys.form, key, now), now.astimezone(LOCAL_TIME), "\n".join(given).encode(), known.arrivals
    )


def _network(given: str) -> str:
    for family, kept in NETWORKS:
        with suppress(OSError, ValueError):
            return inet_pton(family, given)[:kept].hex()
    return ""
