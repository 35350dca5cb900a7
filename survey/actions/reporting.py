"""Reports for the administration's periods, from one release: nothing is estimated here, and nothing else is read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from survey.actions.reading import OpenRelease, list_agencies, read_release
from survey.actions.telling_figures import agency_name, list_pins, to_basis, to_figure, to_judgements
from survey.documents.environment import templates_folder
from survey.documents.figures import AgencyRow, Figure, SectorRow
from survey.documents.report import Office, Report
from survey.documents.report_contents import write_report
from survey.documents.report_told import Period, SectorPart, Told
from survey.mandate.periods import ReportPeriod, find_report_period, load_report_periods
from survey.mandate.sectors import ancestors, load_sectors
from survey.store import area_trees, ledger
from survey.store.database import Database
from survey.store.places import Agency, Scope
from survey.store.releases import StoredFigure
from survey.store.waves import Wave

FORMATS = ("docx", "xlsx", "pdf")
TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
OFFICE_FILE, PDF_TEMPLATE, DOCX_TEMPLATE = "office.toml", "report.typ", "report.docx"
FIRST_LANGUAGE = "vi"


class NoPeriod(ValueError):
    """No report period of the mandate holds the end of this wave."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report: of which release, in which language, for which period; None takes the shortest that fits."""

    release: str
    language: str
    period: str | None = None
    year: int | None = None


def tell_report(database: Database, asked: Asked, scope: Scope, home: Path, today: date) -> Told:
    """Everything that the report is written from. Raises UnknownRelease, NoPeriod, UnknownPeriod."""
    opened = read_release(database, asked.release, scope)
    period = choose_period(opened.wave, asked)
    with database.reading() as connection:
        areas = {code: area.name for code, area in area_trees.list_areas(connection).items()}
        late = ledger.count_leaves_from(connection, opened.wave.code, opened.header["checkpoint"]["size"])
    agencies = list_agencies(database, scope)
    return Told(
        language=asked.language,
        office=read_office(home),
        period=period,
        release=asked.release,
        published_on=opened.release.published_on,
        dated=opened.release.published_on or today,
        basis=to_basis(opened, asked.language),
        whole=_whole(opened),
        sectors=tuple(_sectors(opened, agencies, areas, asked.language)),
        pins=list_pins(opened),
        late=late,
        minimum_cell=opened.rule.minimum_cell,
        demo=opened.wave.purpose == "demo",
    )


def write_documents(
    told: Told, formats: Sequence[str], home: Path, progress: Callable[[str], None] = lambda _: None
) -> dict[str, bytes]:
    """The report in each format by name; `progress` hears each one when it is ready."""
    report = write_report(told)
    made = {}
    for name in formats:
        made[name] = _write(name, report, home)
        progress(name)
    return made


def choose_period(wave: Wave, asked: Asked) -> Period:
    """The period asked for, or the shortest one that holds the wave's last day. Raises NoPeriod, UnknownPeriod."""
    if asked.period is not None:
        known = find_report_period(asked.period)
        fits = _year_of(known, wave.closes_on) or wave.closes_on.year
        return _period(known, asked.year or fits, asked.language)
    fitting = [(each, year) for each in load_report_periods().values() if (year := _year_of(each, wave.closes_on))]
    if not fitting:
        raise NoPeriod(f"No report period holds {wave.closes_on}: name one with --period.")
    return _period(*min(fitting, key=lambda pair: _length(*pair)), asked.language)


def read_office(home: Path) -> Office:
    """Who issues reports: the operator's own file over the one of the package. Raises tomllib.TOMLDecodeError."""
    values = tomllib.loads((templates_folder() / "report" / OFFICE_FILE).read_text(encoding="utf-8"))
    own = home / OFFICE_FILE
    if own.exists():
        values |= tomllib.loads(own.read_text(encoding="utf-8"))
    return Office(**{**values, "recipients": tuple(values["recipients"])})


def _write(name: str, report: Report, home: Path) -> bytes:
    if name == "docx":
        from survey.documents.report_docx import write_docx

        return write_docx(report, _own(home, DOCX_TEMPLATE))
    if name == "xlsx":
        from survey.documents.report_xlsx import write_xlsx

        return write_xlsx(report)
    from survey.documents.report_pdf import write_pdf

    return write_pdf(report, _own(home, PDF_TEMPLATE))


def _own(home: Path, name: str) -> Path | None:
    path = home / name
    return path if path.exists() else None


def _year_of(period: ReportPeriod, on: date) -> int | None:
    """The report year in which the period holds this day."""
    for year in (on.year, on.year + 1):
        first, last = period.days_in(year)
        if first <= on <= last:
            return year
    return None


def _length(period: ReportPeriod, year: int) -> int:
    first, last = period.days_in(year)
    return (last - first).days


def _period(period: ReportPeriod, year: int, language: str) -> Period:
    name = period.name.in_language(language)
    return Period(name[:1].lower() + name[1:], year, *period.days_in(year))


def _whole(opened: OpenRelease) -> Figure:
    return next((to_figure(each) for each in opened.figures if each.level == "wave"), Figure())


def _sectors(
    opened: OpenRelease, agencies: Mapping[str, Agency], areas: Mapping[str, Mapping[str, str]], language: str
) -> Sequence[SectorPart]:
    """The sectors of the release in the order of the mandate, each with its agencies by area."""
    found = {each.place: each for each in opened.figures if each.level == "sector"}
    parts = []
    for code in (code for code in load_sectors() if code in found):
        places = [each for each in opened.figures if each.level == "agency" and each.sector_code == code]
        rows = [_place(each, agencies, areas, language) for each in places]
        row = _sector_row(code, found, language)
        parts.append(SectorPart(row, tuple(sorted(rows, key=lambda each: (each.area_name or "", each.name)))))
    return parts


def _sector_row(code: str, found: Mapping[str, StoredFigure], language: str) -> SectorRow:
    sector, stored = load_sectors()[code], found[code]
    return SectorRow(
        name=sector.name.in_language(language),
        goal=sector.goal_group,
        figure=to_figure(stored),
        judgements=to_judgements(stored),
        level=sum(above in found for above in ancestors(code)) - 1,
    )


def _place(
    stored: StoredFigure, agencies: Mapping[str, Agency], areas: Mapping[str, Mapping[str, str]], language: str
) -> AgencyRow:
    agency = agencies.get(stored.place)
    area = areas.get(agency.area_code or "") if agency else None
    name = agency_name(agencies, stored.place, language)
    return AgencyRow(name, to_figure(stored), area_name=area.get(language, area[FIRST_LANGUAGE]) if area else None)
