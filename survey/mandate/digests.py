"""One fingerprint for a piece of the mandate, the same on every machine: a published version stays unchanged."""

import hashlib
import json

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]


def digest_of(content: Plain) -> str:
    """SHA-256, in hexadecimal, of plain values written as canonical JSON (keys sorted, no spaces, UTF-8)."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
