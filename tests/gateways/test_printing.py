"""PDF by a Chromium of this machine; without one, the message says what to do."""

from __future__ import annotations

import re
import stat
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from survey.documents.slips import Slip, render_slips
from survey.gateways.printing import NoPrinter, print_to_pdf

PAGE = render_slips([Slip("https://a.vn/t/" + "0" * 26, "0" * 11)] * 9, "a.vn", date(2026, 12, 15)).encode()


@pytest.mark.browser
def test_nine_slips_become_two_pages(browser: Browser) -> None:
    assert browser.is_connected()  # there is a Chromium, else this is skipped aloud
    pdf = print_to_pdf(PAGE)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2


def test_without_chromium_the_message_names_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(NoPrinter, match=r"ends in \.html"):
        print_to_pdf(PAGE)


def test_a_chromium_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("CHROMIUM", str(broken))
    with pytest.raises(NoPrinter, match="CalledProcessError"):
        print_to_pdf(PAGE)
