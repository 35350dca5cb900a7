"""PDF through a Chromium of this machine, which lays Khmer out correctly and breaks its lines; without network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from survey.gateways.errors import GatewayError

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 120


class NoPrinter(GatewayError):
    """There is no Chromium, or it failed; the message says what to do instead."""


def print_to_pdf(page: bytes) -> bytes:
    """A page that needs nothing from anywhere, as PDF. Raises NoPrinter."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise NoPrinter(
            "Making a PDF needs Chromium, which is not installed here. Choose a name that ends in .html, and print it "
            "from any browser."
        )
    with tempfile.TemporaryDirectory(prefix="hailong-") as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_bytes(page)
        command = [
            *(program, "--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}/profile"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", f"--print-to-pdf={target}", source.as_uri()),
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses its sandbox to root; the page is our own
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603 our own page
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise NoPrinter(
                f"Chromium made no PDF ({type(error).__name__}). Choose a name that ends in .html instead."
            ) from error
