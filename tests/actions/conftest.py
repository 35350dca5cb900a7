"""A wave with agencies, procedures and the example frames of the documentation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from survey.actions.importing_frame import import_frame
from survey.actions.importing_places import import_agencies, import_procedures
from survey.actions.waves import open_wave
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.store.database import Database

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def examples() -> Path:
    """The folder of files that the documentation shows."""
    return EXAMPLES


@pytest.fixture
def wave(database: Database) -> str:
    """The code of a wave that takes answers in November 2026, with agencies and procedures to ask about."""
    import_agencies(database, EXAMPLES / "agencies.csv")
    import_procedures(database, EXAMPLES / "procedures.csv")
    open_wave(
        database,
        code="TTHC",
        name={"vi": "Đợt thử"},
        questionnaire="procedures@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(),
    )
    return "TTHC"


@pytest.fixture
def load_totals(database: Database, keys: Keys, wave: str, today: date, tmp_path: Path) -> Callable[..., int]:
    """Give the wave a frame of totals of one agency, `load_totals(land=10, civil_status=20)`; its version."""

    def load(**populations: int) -> int:
        path = tmp_path / "totals.csv"
        rows = [f"TTPVHCC-31507,{sector},{population}\n" for sector, population in populations.items()]
        path.write_text("agency,sector,population\n" + "".join(rows))
        return import_frame(database, keys, path, wave_code=wave, today=today).version

    return load
