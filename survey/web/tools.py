"""What the statisticians' tools share: their tabs, their pages, the wave that they are about."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Response, abort, url_for

from survey.actions import reading
from survey.actions.adequacy import Frozen, NotFrozen, read_frozen
from survey.documents.environment import translate
from survey.documents.sheets import SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.store.waves import Wave
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.shell import staff_page, staff_shell

READERS = ("statistician", "auditor")
DEMO = "demo"
Say = Callable[..., str]


def speaker() -> Say:
    """What says a sentence in the reader's language."""
    return partial(translate, reader_language())


def find_wave(code: str) -> Wave:
    """The wave of a page, or 404."""
    found = next((each for each in reading.list_waves(services().database) if each.code == code), None)
    if found is None:
        abort(404)
    return found


def find_frozen(code: str) -> tuple[Wave, Frozen]:
    """A wave and what its newest frozen release rests on; 404 where there is none. Whoever sees only a part of it
    never comes here."""
    wave = find_wave(code)
    try:
        return wave, read_frozen(services().database, code)
    except NotFrozen:
        abort(404)


def wave_name(wave: Wave) -> str:
    return wave.name.get(reader_language(), wave.name["vi"])


def tabs(wave: str, current: str) -> tuple[tuple[Link, bool], ...]:
    """The tools for a wave, the present one marked."""
    say = speaker()
    links = {
        "adequacy": Link(say("Mức đủ mẫu"), url_for("statistician.show_adequacy", wave=wave)),
        "cells": Link(say("Mọi phép kiểm"), url_for("cells.show_cells", wave_code=wave)),
        "progress": Link(say("Tiến độ"), url_for("progress.show_progress", wave=wave)),
        "nonresponse": Link(say("Không trả lời và kênh"), url_for("nonresponse.show_nonresponse", wave=wave)),
        "compare": Link(say("So sánh cách tính"), url_for("compare_methods.show_comparison", wave=wave)),
        "areas": Link(say("Địa bàn nhỏ"), url_for("small_areas.show_small_areas", wave=wave)),
        "workshop": Link(say("Thử trọng số"), url_for("workshop.show_workshop", wave=wave)),
    }
    return tuple((link, code == current) for code, link in links.items())


def tool_page(page: SheetsPage, *, demo: bool = False, status: int = 200, notice: str | None = None) -> Response:
    """The page inside the staff's shell."""
    shell = staff_shell("adequacy", demo=demo, notice=notice)
    return staff_page(render_sheets(page, shell, reader_language()), status)
