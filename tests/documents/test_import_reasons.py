"""What an import says of a line reads in the reader's language, and no sentence of an import is forgotten."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.documents.import_reasons import explain

SURVEY = Path(__file__).parents[2] / "survey"
MODULES = (
    "actions/reading_csv.py",
    "actions/transactions.py",
    "actions/importing_frame.py",
    "actions/keeping_frames.py",
    "actions/comparing_totals.py",
    "actions/importing_places.py",
    "actions/importing_areas.py",
    "documents/big_sheets.py",
)
PUT_TOGETHER = ("  and 7 more", "7: 7")  # of other sentences
SAID_BY = {"append", "refuse", "reject", "_stop", "UnknownPlace", "WrongFact", "NoFrameTaken", "SheetUnreadable"}


def sentences() -> Iterator[str]:
    """Every sentence that these modules refuse with, a 7 in place of what is filled in."""
    for name in MODULES:
        for node in ast.walk(ast.parse((SURVEY / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node) in SAID_BY:
                yield from (each for each in map(_text, node.args) if each not in ("", *PUT_TOGETHER))
            elif isinstance(node, ast.List) and name.startswith("actions/importing_"):
                yield from (each for each in map(_text, node.elts) if " " in each)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)


def test_every_sentence_of_an_import_of_a_frame_is_translated() -> None:
    found = sorted(set(sentences()))
    assert len(found) > 65
    assert [each for each in found if explain(each, "vi") == each] == []
    assert explain("a sentence that no import says", "vi") == "a sentence that no import says", "the control"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("vi", "Chưa có cơ quan 'NOBODY'. Xin nạp cơ quan trước, ở trang Địa bàn."),
        ("en", "There is no agency 'NOBODY' yet. Load the agencies first, on the page Areas."),
    ],
)
def test_what_was_filled_in_stays(language: str, said: str) -> None:
    reason = "agency 'NOBODY' is not known: load it first with `hailong import agencies FILE`"
    assert explain(reason, language) == said


def test_the_stricter_sentence_is_found_before_the_looser_one() -> None:
    reason = "area 'X9' is not known: load it first, or leave it empty"
    assert explain(reason, "vi") == "area: chưa có 'X9'. Xin nạp trước, hoặc để trống."
