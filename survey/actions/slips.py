"""Slips in a file: written whole, safe on the disk, before the codes on them become live."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from survey.actions.inviting import Invited
from survey.documents.slips import Slip, render_slips
from survey.gateways.printing import print_to_pdf


class BadSlipFile(ValueError):
    """The file for slips cannot be written as asked; the message says what to do."""


@dataclass
class SlipFile:
    """A file of slips that grows with what is handed out: HTML to be printed by any browser, or PDF made by Chromium.

    `write` replaces the file by one that holds everything so far, flushed to the disk; only its owner can read it.
    """

    path: Path
    address: str
    base_url: str
    closes_on: date
    form: str
    slips: list[Slip] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.path.suffix.lower() not in (".html", ".pdf"):
            raise BadSlipFile(f"{self.path.name} ends in neither .html nor .pdf. Choose one of them.")
        if self.path.exists():
            raise BadSlipFile(f"{self.path} is there already, perhaps with slips that are not printed. Choose another.")

    def write(self, invited: Sequence[Invited]) -> None:
        """Add slips. Raises BadSlipFile, or NoPrinter where a PDF was asked for and no Chromium is there."""
        self.slips += [Slip(f"{self.base_url}/t/{each.token}", each.code) for each in invited]
        page = render_slips(self.slips, self.address, self.closes_on, self.form).encode()
        self._replace(print_to_pdf(page) if self.path.suffix.lower() == ".pdf" else page)

    def _replace(self, content: bytes) -> None:
        beside = self.path.with_name(self.path.name + ".part")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            raise BadSlipFile(f"{self.path} cannot be written: {error.strerror}.") from error
