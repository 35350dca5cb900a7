"""A report as PDF/UA-1: typeset by Typst from a template that an office can replace, with fonts that lie beside it.

The template gets the whole report as JSON and draws it; nothing is fetched, neither letters nor packages.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from survey.documents.environment import templates_folder, translate
from survey.documents.report import TEXT, Heading, Paragraph, Picture, Report, Table, said
from survey.documents.report_fonts import FONTS

PICTURE = "picture.typ"


def write_pdf(report: Report, template: Path | None = None) -> bytes:
    """The document's bytes; `template` is an office's own .typ."""
    day = report.dated
    return typst.compile(
        template or templates_folder() / "report" / "report.typ",
        font_paths=[FONTS],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"report": json.dumps(_describe(report), ensure_ascii=False)},
        pdf_standards="ua-1",
        timestamp=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
    )


def draw_png(picture: Picture) -> bytes:
    """The chart as a picture for a word processor, 200 points an inch."""
    return typst.compile(
        templates_folder() / "report" / PICTURE,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        format="png",
        ppi=200,
        sys_inputs={"svg": picture.svg},
    )


def _describe(report: Report) -> dict[str, Any]:
    from survey.documents.report_docx import dated

    office, language = report.office, report.language
    return {
        "language": language,
        "kind": report.kind,
        "title": report.title,
        "draft": report.draft,
        "release": report.release,
        "dated": dated(report),
        "above": office.above,
        "office": office.name,
        "symbol": office.symbol,
        "signer": office.signer,
        "recipients": list(office.recipients),
        "blocks": [_describe_block(block) for block in report.blocks],
        "words": {
            "country": translate(language, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
            "motto": translate(language, "Độc lập - Tự do - Hạnh phúc"),
            "recipients": translate(language, "Nơi nhận:"),
            "table": translate(language, "Bảng"),
            "figure": translate(language, "Hình"),
        },
    }


def _describe_block(block: Heading | Paragraph | Table | Picture) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"is": "heading", "text": block.text, "level": block.level}
    if isinstance(block, Paragraph):
        return {"is": "note" if block.note else "paragraph", "text": block.text}
    if isinstance(block, Picture):
        return {"is": "picture", "caption": block.caption, "description": block.description, "svg": block.svg}
    return {
        "is": "table",
        "caption": block.caption,
        "columns": [
            {"label": column.label, "right": column.kind != TEXT, "wide": column.wide} for column in block.columns
        ],
        "rows": [[said(cell) for cell in row] for row in block.rows],
    }
