"""Where a post comes from, by what the browser says."""

from __future__ import annotations

from flask import request


def comes_from_elsewhere() -> bool:
    """Whether the browser says that another site made this post."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin not in (None, "null", request.host_url.rstrip("/"))
