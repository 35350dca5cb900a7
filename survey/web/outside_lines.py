"""What others published, written for the reader."""

from __future__ import annotations

from survey.documents.boards import OutsideLine
from survey.documents.formats import number
from survey.store.outside_figures import OutsideFigure


def write_outside(each: OutsideFigure, language: str) -> OutsideLine:
    """One entry, its value with as many decimals as its publisher printed."""
    return OutsideLine(
        name=each.name,
        publisher=each.publisher,
        definition=each.definition,
        year=each.year,
        value=_written(each.value, language),
        scale=_written(each.scale, language),
        n=each.n,
        rank=each.rank,
        ranked=each.ranked,
        method_year=each.method_year,
        source=each.source,
    )


def _written(printed: str, language: str) -> str:
    return number(float(printed), language, len(printed.partition(".")[2]))
