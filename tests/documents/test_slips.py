"""Slips print as they are: eight on A4, one on 80 mm or A6, in two languages, with a code that scans."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from survey.documents.slips import FORMS, Slip, UnknownForm, draw_qr, render_facing_slip, render_slips

CLOSES = date(2026, 12, 15)
ADDRESS = "khaosat.soctrang.gov.vn"
SLIPS = [Slip(f"https://{ADDRESS}/t/{number:026}", f"{number:011}") for number in range(10)]
MILLIMETRE = 96 / 25.4  # CSS pixels
READ_QR = """
async (svg) => {
  const image = new Image();
  image.src = "data:image/svg+xml;base64," + btoa(svg);
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 33;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, 33, 33);
  return Array.from(context.getImageData(0, 0, 33, 33).data);
}
"""


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_each_slip_has_its_own_code_and_its_own_link() -> None:
    sheet = render_slips(SLIPS, ADDRESS, CLOSES)
    assert re.findall(r'<p class="code">([^<]+)</p>', sheet) == [
        f"{slip.code[:4]}-{slip.code[4:8]}-{slip.code[8:]}" for slip in SLIPS
    ]
    assert len(set(re.findall(r"<svg.*?</svg>", sheet, re.DOTALL))) == len(SLIPS)


@pytest.mark.parametrize("form", FORMS)
def test_a_slip_speaks_two_languages_and_needs_nothing_from_anywhere(form: str) -> None:
    page = render_slips(SLIPS[:1], ADDRESS, CLOSES, form)
    assert "Mời Ông/Bà góp ý" in page
    assert re.search(r"[\u1780-\u17ff]", page)
    assert "15/12/2026" in page
    assert not re.search(r"<script|<link|url\(|@import|<img|src=", page)


def test_a_form_that_has_no_layout_is_named() -> None:
    with pytest.raises(UnknownForm, match="sheet, receipt, a6"):
        render_slips(SLIPS, ADDRESS, CLOSES, "a5")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("form", "count", "expected"), [("sheet", 8, 1), ("sheet", 10, 2), ("receipt", 2, 2), ("a6", 3, 3)]
)
def test_slips_print_on_as_many_pages_as_they_should(
    browser: Browser, tmp_path: Path, form: str, count: int, expected: int
) -> None:
    path = tmp_path / "slips.html"
    path.write_text(render_slips(SLIPS[:count], ADDRESS, CLOSES, form), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert pages(page.pdf(prefer_css_page_size=True)) == expected
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(("form", "width"), [("sheet", 190), ("receipt", 72), ("a6", 93)])
def test_nothing_is_cut_off_or_too_small_to_scan(browser: Browser, tmp_path: Path, form: str, width: int) -> None:
    """A long address too; and a module of the QR code is at least 0.5 mm, which cheap cameras need."""
    path = tmp_path / "slips.html"
    long_address = "khaosat-hailong.soctrang-cantho.gov.vn"
    slips = [Slip(f"https://{long_address}/t/{number:026}", f"{number:011}") for number in range(8)]
    path.write_text(render_slips(slips, long_address, CLOSES, form), encoding="utf-8")
    page = browser.new_page(viewport={"width": round(width * MILLIMETRE), "height": 600})
    page.emulate_media(media="print")
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    cut = page.evaluate(
        "[...document.querySelectorAll('.slip')].filter(e => e.scrollHeight > e.clientHeight + 1 "
        "|| e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0
    modules, pixels = page.evaluate(
        "(() => { const e = document.querySelector('svg.qr'); "
        "return [e.viewBox.baseVal.width, e.getBoundingClientRect().width] })()"
    )
    assert pixels / modules / MILLIMETRE >= 0.5
    page.close()


@pytest.mark.browser
def test_a_qr_code_holds_the_link(browser: Browser) -> None:
    """Chromium draws the SVG; its pixels are the modules that segno computes for the link."""
    import segno

    link = SLIPS[3].link
    svg = str(draw_qr(link)).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    size = segno.make(link, error="m", micro=False).symbol_size(border=4)[0]
    page = browser.new_page()
    pixels = page.evaluate(READ_QR.replace("33", str(size)), svg)
    page.close()
    drawn = [[pixels[4 * (row * size + column)] < 128 for column in range(size)] for row in range(size)]
    expected = [[bool(module) for module in row] for row in segno.make(link, error="m").matrix_iter(border=4)]
    assert drawn == expected


def test_on_the_screen_the_code_of_a_turned_slip_is_not_shown() -> None:
    page = render_facing_slip(SLIPS[0], ADDRESS, CLOSES, nonce="n", back="/staff/counter/", language="vi")
    assert re.search(r"@media screen\{.*\.paper\{display:none\}\}", page)
    assert page.count("0000-0000-000") == 1
    assert page.index('class="paper"') < page.index("0000-0000-000") < page.index("</main>")
