"""A report with every verdict, hidden cells and as many places as a province has."""

from __future__ import annotations

from datetime import date

from page_samples import BASIS, SECTORS

from survey.documents.figures import AgencyRow, Figure
from survey.documents.report import Office
from survey.documents.report_told import Period, SectorPart, Statement, Told

OFFICE = Office("Ủy ban nhân dân thành phố", "Sở Nội vụ", "Số: /BC-SNV", "Cần Thơ", "Giám đốc", ("Lưu: VT",))
PERIOD = Period("Quý III", 2026, date(2026, 6, 15), date(2026, 9, 14))


def a_report(language: str = "vi", places: int = 6, **changes: object) -> Told:
    """Seven sectors with so many places each; every fifth place of each is hidden."""
    parts = tuple(SectorPart(row, tuple(map(_place, range(places)))) for row in SECTORS)
    values: dict[str, object] = {
        "language": language,
        "office": OFFICE,
        "period": PERIOD,
        "release": "hcc-2026q3.1",
        "published_on": date(2026, 9, 21),
        "dated": date(2026, 9, 21),
        "basis": BASIS,
        "whole": Figure(0.9, 0.89, 0.91, 4012, 3120.0, 0.455),
        "sectors": parts,
        "pins": (("checkpoint", "41 · 4012"), ("root", "ab" * 32)),
        "statements": (Statement("Phường Phú Lợi", "Chúng tôi đã mở thêm một quầy.", "lan", date(2026, 9, 20)),),
        "late": 17,
    }
    return Told(**{**values, **changes})  # type: ignore[arg-type]


def _place(order: int) -> AgencyRow:
    rate = 0.7 + 0.29 * (order * 37 % 100) / 100
    shown = Figure(rate, rate - 0.05, min(1.0, rate + 0.04), 60 + order)
    name = f"Trung tâm Phục vụ hành chính công số {order:03d}"
    return AgencyRow(name, Figure(suppressed=True) if order % 5 == 4 else shown, area_name=f"Xã {order:03d}")
