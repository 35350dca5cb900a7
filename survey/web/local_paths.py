"""Where a page may send its reader: paths of this site, never another host."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def local_path(target: str) -> str:
    """A path of this site, or nothing: never another host, however it is spelled."""
    for spelled in (target, unquote(target)):
        plain = spelled.replace("\\", "/")
        parts = urlsplit(plain)
        if not plain.startswith("/") or plain.startswith("//") or parts.netloc or parts.scheme:
            return ""
        if not spelled.isprintable():
            return ""
    return target
