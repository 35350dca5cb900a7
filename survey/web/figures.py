"""The addresses of a sector's pages."""

from __future__ import annotations

from flask import url_for

SECTOR_PAGES = {
    "overview": "official.show_sector",
    "places": "boards.show_places",
    "trend": "boards.show_trend",
    "drivers": "drivers.show_drivers",
    "definitions": "boards.show_definitions",
    "bridge": "boards.show_bridge",
}


def sector_tabs(sector: str) -> tuple[tuple[str, str], ...]:
    """The pages of a sector, by code and address."""
    return tuple((code, url_for(endpoint, sector=sector)) for code, endpoint in SECTOR_PAGES.items())
