"""Printed slips: a QR code, an address, a code to type; in Vietnamese and Khmer; eight on a sheet or one alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import segno
from markupsafe import Markup

from survey.documents.environment import render, translate
from survey.documents.formats import day
from survey.documents.messages import group_code
from survey.documents.verdicts import N_

LANGUAGES = ("vi", "km")
SHEET, RECEIPT, A6 = "sheet", "receipt", "a6"
FORMS = (SHEET, RECEIPT, A6)
ON_A_SHEET = 8

HEADING = N_("Mời Ông/Bà góp ý")
HOW = N_("Quét mã QR, hoặc mở %(address)s và gõ mã")
UNTIL = N_("Ba phút, không ghi tên. Đến hết %(day)s.")
SCAN = N_("Dùng điện thoại quét mã này để góp ý")
DONE = N_("Xong")
PRIVATE = N_("Không ghi tên. Cán bộ không biết Ông/Bà trả lời gì.")


class UnknownForm(ValueError):
    """A slip was asked for in a form that has no layout."""

    def __init__(self, form: str) -> None:
        super().__init__(f"No slip has the form {form!r}. Use one of {', '.join(FORMS)}.")


@dataclass(frozen=True, slots=True)
class Slip:
    """One invitation on paper: its link goes into the QR code, its code is typed."""

    link: str
    code: str


@dataclass(frozen=True, slots=True)
class _Words:
    language: str
    heading: str
    how: str
    until: str
    scan: str
    private: str


@dataclass(frozen=True, slots=True)
class _Drawn:
    qr: Markup
    code: str


def render_slips(slips: Sequence[Slip], address: str, closes_on: date, form: str = SHEET) -> str:
    """A page that prints as it is, needing nothing from anywhere: sheets of eight on A4 with cut lines, or one slip a
    page for a receipt printer (80 mm) or on A6. Raises UnknownForm."""
    if form not in FORMS:
        raise UnknownForm(form)
    size = ON_A_SHEET if form == SHEET else 1
    sheets = [[_draw(slip) for slip in slips[start : start + size]] for start in range(0, len(slips), size)]
    return render("field/slips.html", "vi", sheets=sheets, words=_words(address, closes_on), address=address, form=form)


def render_facing_slip(slip: Slip, address: str, closes_on: date, *, nonce: str, back: str, language: str) -> str:
    """A slip that a counter turns towards the citizen: on the screen only the QR code, on paper the code as well.
    `language` is that of whoever turns it, for the one button."""
    return render(
        "field/facing_slip.html",
        "vi",
        slip=_draw(slip),
        words=_words(address, closes_on),
        nonce=nonce,
        back=back,
        done=translate(language, DONE),
    )


def draw_qr(text: str) -> Markup:
    """A QR code as SVG: medium correction, a quiet zone of four modules, black on white whatever the page's colours."""
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704 our own drawing


def _draw(slip: Slip) -> _Drawn:
    return _Drawn(draw_qr(slip.link), group_code(slip.code))


def _words(address: str, closes_on: date) -> tuple[_Words, ...]:
    return tuple(
        _Words(
            language=each,
            heading=translate(each, HEADING),
            how=translate(each, HOW, address=address),
            until=translate(each, UNTIL, day=day(closes_on, each)),
            scan=translate(each, SCAN),
            private=translate(each, PRIVATE),
        )
        for each in LANGUAGES
    )
