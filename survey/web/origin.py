"""Where a post comes from, by what the browser says."""

from __future__ import annotations

from flask import request


def comes_from_elsewhere() -> bool:
    """Whether the browser says that another site made this post."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return is_foreign(site, origin, request.host_url.rstrip("/"))


def is_foreign(site: str | None, origin: str | None, here: str) -> bool:
    """The same of the two headers, as a page at the address `here` sends them."""
    if site is not None:
        return site not in ("same-origin", "none")
    return origin not in (None, "null", here)
