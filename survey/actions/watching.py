"""The watched folder: a vendor's nightly file, signed, becomes a frame; what is refused says why beside it.

`arriving/WAVE/NAME.csv` (or .xlsx) in the home, with `NAME.csv.sig`: the Ed25519 signature of the file's bytes in
hexadecimal. `vendors/*.pub` hold the public keys that are believed; with none there, files without a signature are.
"""

from __future__ import annotations

import binascii
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from survey.actions.importing_frame import import_frame
from survey.actions.reading_csv import ImportRefused
from survey.actions.waves import UnknownWave
from survey.keys import Keys
from survey.store.database import Database

ARRIVING, VENDORS, DONE, REFUSED = "arriving", "vendors", "done", "refused"
SUFFIXES = (".csv", ".xlsx")
SIGNATURE = ".sig"


class NotSignedByVendor(ValueError):
    """A file is not signed by one of the vendors' keys; the message says what to do."""


def watch(database: Database, keys: Keys, home: Path, today: date) -> int:
    """Bring in every file that waits, by name, and move it to `done` or `refused`; how many were looked at."""
    waiting = sorted(each for each in (home / ARRIVING).glob("*/*") if each.suffix in SUFFIXES and each.is_file())
    vendors = _read_vendors(home / VENDORS)
    ready = [each for each in waiting if not vendors or _signature_of(each).is_file()]
    for path in ready:
        _take(database, keys, path, vendors, today)
    return len(ready)


def check_vendor(path: Path, vendors: list[Ed25519PublicKey]) -> None:
    """Raise NotSignedByVendor unless one of the keys signed the file, or no key is believed at all."""
    if not vendors:
        return
    content = path.read_bytes()
    try:
        signature = bytes.fromhex(_signature_of(path).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise NotSignedByVendor(f"{path.name}{SIGNATURE} must hold the signature as hexadecimal digits.") from None
    for vendor in vendors:
        try:
            vendor.verify(signature, content)
        except InvalidSignature:
            continue
        return
    raise NotSignedByVendor(
        f"{path.name} is not signed by a key of the folder {VENDORS}: it was changed, or is another's."
    )


def _take(database: Database, keys: Keys, path: Path, vendors: list[Ed25519PublicKey], today: date) -> None:
    try:
        check_vendor(path, vendors)
        report, folder = str(import_frame(database, keys, path, wave_code=path.parent.name, today=today)), DONE
    except (NotSignedByVendor, ImportRefused, UnknownWave) as refused:
        report, folder = str(refused), REFUSED
    target = path.parent / folder
    target.mkdir(exist_ok=True)
    (target / f"{path.name}.txt").write_text(f"{report}\n", encoding="utf-8")
    for each in (_signature_of(path), path):
        if each.exists():
            each.replace(target / each.name)


def _signature_of(path: Path) -> Path:
    return path.with_name(path.name + SIGNATURE)


def _read_vendors(folder: Path) -> list[Ed25519PublicKey]:
    """The public keys that are believed, each 64 hexadecimal digits. Raises NotSignedByVendor for what is none."""
    vendors = []
    for path in sorted(folder.glob("*.pub")):
        try:
            raw = binascii.unhexlify(path.read_text(encoding="ascii").strip())
            vendors.append(Ed25519PublicKey.from_public_bytes(raw))
        except ValueError:
            raise NotSignedByVendor(f"{path.name} must hold a public key as 64 hexadecimal digits.") from None
    return vendors
