"""What others published, written for the reader."""

from __future__ import annotations

from dataclasses import fields

from survey.documents.boards import OutsideLine
from survey.documents.formats import number
from survey.store.outside_figures import OutsideFigure


def write_outside(each: OutsideFigure, language: str) -> OutsideLine:
    """One entry, its value with as many decimals as its publisher printed."""
    told = {one.name: getattr(each, one.name) for one in fields(OutsideLine)}
    written = {name: _written(told[name], language) for name in ("value", "scale")}
    return OutsideLine(**told | written)


def _written(printed: str, language: str) -> str:
    return number(float(printed), language, len(printed.partition(".")[2]))
