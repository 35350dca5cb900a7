"""The list of a screening as a table that a spreadsheet opens and does not calculate."""

from __future__ import annotations

import csv
import io

from survey.actions.screening import Reason, Screened
from survey.documents.harmless import harmless

ABOUT_AGENCY = ("place", "agency", "name", "answers", "z", "q", "call_back")
ABOUT_TEST = ("test", "channel", "effect", "low", "high", "alone")


def write_csv(screened: Screened, language: str) -> str:
    """A header, then a line for each reason of each agency, or one for an agency without; every cell quoted."""
    lines = [[*ABOUT_AGENCY, *ABOUT_TEST]]
    for each in screened.suspects:
        own = [
            str(each.place),
            each.agency_code,
            each.name.get(language, each.name["vi"]),
            str(each.answers),
            "" if each.z is None else f"{each.z:.4g}",
            f"{each.q:.4g}",
            str(int(each.listed)),
        ]
        lines += [[*own, *_cells(reason)] for reason in each.reasons] or [[*own, *("" for _ in ABOUT_TEST)]]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([harmless(cell) for cell in line] for line in lines)
    return text.getvalue()


def _cells(reason: Reason) -> list[str]:
    numbers = (f"{value:.4g}" for value in (reason.effect, reason.low, reason.high))
    return [reason.test, reason.channel, *numbers, str(int(reason.alone))]
