"""Fetching the public bundle of a live site, for whoever checks it from far away. Nothing but files is taken."""

from __future__ import annotations

import json
import re
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30.0
HANDSHAKE_SECONDS = 3.0
MOST_BYTES = 64 << 20
NAME = re.compile(r"(?:checkpoints|manifests|receipts|accounting|exclusions|releases|keys)/\d{6}\.(?:note|json|txt)")
DIGEST = re.compile(r"[0-9a-f]{64}")


class SiteUnreadable(RuntimeError):
    """A site does not give its public bundle; the message says which part."""


def download_bundle(address: str, folder: Path) -> None:
    """Write the public bundle of the site at an http(s) address into a folder. Raises SiteUnreadable."""
    base = address.rstrip("/") + "/bundle/"
    index = _read_json(base + "index.json")
    for part in ("checkpoints", "manifests", "receipts", "accounting", "exclusions", "releases", "keys", "figures"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "log.vkey").write_text(str(index.get("vkey", "")), encoding="utf-8")
    for number in range(1, int(index.get("checkpoints", 0)) + 1):
        for name, content in _read_json(f"{base}{number}.json").items():
            if not NAME.fullmatch(name):
                raise SiteUnreadable(f"{base}{number}.json names a file that no bundle has: {name[:80]!r}.")
            (folder / name).write_bytes(str(content).encode())
    for digest in index.get("figures", []):
        if not DIGEST.fullmatch(str(digest)):
            raise SiteUnreadable(f"{base}index.json names figures by no digest: {str(digest)[:80]!r}.")
        (folder / "figures" / f"{digest}.jsonl").write_bytes(_read(f"{base}figures/{digest}.jsonl"))
    with (folder / "leaves.bin").open("wb") as leaves:
        for block in range(int(index.get("blocks", 0))):
            leaves.write(_read(f"{base}leaves/{block}.bin"))


class CertificateWrong(RuntimeError):
    """A site's certificate is of another name, over, or signed by nobody whom this machine trusts."""


def read_certificate_end(address: str) -> datetime:
    """When the certificate of an https address ends, if it holds. Raises CertificateWrong or SiteUnreadable."""
    parts = urllib.parse.urlsplit(address)
    host, context = parts.hostname or "", ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, parts.port or 443), timeout=HANDSHAKE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            ends = (secure.getpeercert() or {}).get("notAfter", "")
    except ssl.SSLError as wrong:
        raise CertificateWrong(f"{host}: {getattr(wrong, 'verify_message', '') or wrong.reason}.") from wrong
    except OSError as away:
        raise SiteUnreadable(f"{host}: {away.strerror or away}.") from away
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC)


def _read_json(address: str) -> dict[str, Any]:
    try:
        value = json.loads(_read(address))
    except ValueError as wrong:
        raise SiteUnreadable(f"{address} is not JSON: {wrong}.") from wrong
    if not isinstance(value, dict):
        raise SiteUnreadable(f"{address} holds no object.")
    return value


def _read(address: str) -> bytes:
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        raise SiteUnreadable(f"{address} is no http(s) address.")
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 http and https only
            content: bytes = answer.read(MOST_BYTES + 1)
    except (OSError, urllib.error.URLError) as error:
        raise SiteUnreadable(f"{address} cannot be read: {error}. Is this the address of the public site?") from error
    if len(content) > MOST_BYTES:
        raise SiteUnreadable(f"{address} is larger than {MOST_BYTES >> 20} MB.")
    return content
