"""An installation below a path of another site, such as /khaosat: links from the root get the path before them.

The proxy says the path (X-Forwarded-Prefix). Pages of citizens are rendered beforehand, with addresses from the root,
so they are completed on their way out; at a name of its own, where there is no path, nothing of this runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESSED = re.compile(rb"""(\s(?:href|src|action|formaction)=["']?)(/(?!/)[^\s"'>]*)""")
Headers = list[tuple[str, str]]


class Prefixed:
    """Stands around the app, inside what believes the proxy."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix = environ.get("SCRIPT_NAME", "").rstrip("/")
        if not prefix:
            return self._app(environ, start_response)
        environ["HTTP_ACCEPT_ENCODING"] = "identity"  # what is compressed cannot be completed; the proxy may compress
        began: list[tuple[str, Headers, Any]] = []

        def begin(status: str, headers: Headers, exc_info: Any = None) -> Any:
            began.append((status, headers, exc_info))
            return lambda _: None

        body = self._app(environ, begin)
        content = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        status, headers, exc_info = began[-1]
        given = {name.lower(): value for name, value in headers}
        if given.get("content-type", "").startswith("text/html"):
            content = complete(content, prefix.encode())
        kept = [(name, _located(name, value, prefix)) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*kept, ("Content-Length", str(len(content)))], exc_info)
        return [content]


def complete(page: bytes, prefix: bytes) -> bytes:
    """A page whose addresses from the root lie below the prefix; those that do already stay."""

    def put(found: re.Match[bytes]) -> bytes:
        before, address = found.groups()
        inside = address == prefix or address.startswith(prefix + b"/")
        return before + (address if inside else prefix + address)

    return ADDRESSED.sub(put, page)


def _located(name: str, value: str, prefix: str) -> str:
    if name.lower() != "location" or not value.startswith("/") or value.startswith("//"):
        return value
    return value if value == prefix or value.startswith(f"{prefix}/") else prefix + value
