"""Which names of this server are answered: a wrong one would end up in links and cookies."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from survey.settings import Settings

LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


def is_served(settings: Settings, host: str) -> bool:
    """Whether a request for this host, with or without a port, is answered: any where the settings list none."""
    if not settings.hosts:
        return True
    return _name(host) in {*settings.hosts, _name(urlsplit(settings.base_url).netloc), *LOOPBACK}


@lru_cache(maxsize=256)
def _name(host: str) -> str:
    return (urlsplit(f"//{host}").hostname or "").lower()
