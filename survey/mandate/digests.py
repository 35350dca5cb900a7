"""One fingerprint for a piece of the mandate, the same on every machine: a published version stays unchanged."""

import hashlib
import json

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]


def digest_of(content: Plain) -> str:
    """SHA-256, in hexadecimal, of plain values written as canonical JSON in UTF-8."""
    return hashlib.sha256(write_canonical(content).encode("utf-8")).hexdigest()


def write_canonical(content: Plain) -> str:
    """Plain values as JSON with sorted keys and no spaces."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
