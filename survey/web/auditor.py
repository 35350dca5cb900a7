"""The auditors' pages: where to call back first. Nobody else may open them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, url_for

from analysis.screening_callbacks import calls_needed
from survey.actions import canaries, screening
from survey.actions.calling_back import Standing, list_standings
from survey.actions.screening import NotScreened, Screened, Suspect
from survey.actions.screening_table import write_csv
from survey.documents import screening as paper
from survey.documents.environment import translate
from survey.documents.shell import Link
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("auditor", __name__, url_prefix="/staff")
TWENTIETH = 0.05
FACTORS = ("odds", "ratio")


@blueprint.get("/screening")
@allow("auditor")
def show_screened() -> Response:
    """Waves that were screened."""
    language = reader_language()
    rows = tuple(
        paper.ScreenedRow(name.get(language, name["vi"]), code, made_on, url_for("auditor.show_screening", wave=code))
        for code, name, made_on in screening.list_screened(services().database)
        if sees_wave(code)
    )
    return staff_page(paper.render_screened(paper.ScreenedPage(rows), staff_shell("screening"), language))


@blueprint.get("/screening/<wave>")
@allow("auditor")
def show_screening(wave: str) -> Response:
    """The ranked list of a wave, frozen when it was screened."""
    language, known = reader_language(), services()
    screened = _read(wave)
    names = {code: name for code, name, _ in screening.list_screened(known.database)}
    page = paper.ScreeningPage(
        wave_code=wave,
        wave_name=names[wave].get(language, names[wave]["vi"]),
        number=screened.number,
        made_on=screened.made_on,
        made_by=screened.made_by,
        leaves=screened.leaves,
        rows=tuple(_row(each, language) for each in screened.suspects),
        not_told=screened.not_told,
        callbacks=tuple(_callback(each) for each in list_standings(known.database, wave)),
        canaries=tuple(
            paper.CanaryRow(on, counts["arrived"], counts["changed"], counts["missing"])
            for on, counts in canaries.list_checks(known.database, wave)
        ),
        calls=calls_needed(TWENTIETH),
        export_url=url_for("auditor.export", wave=wave),
        back=Link(translate(language, "Dấu hiệu cần kiểm tra"), url_for("auditor.show_screened")),
    )
    return staff_page(paper.render_screening(page, staff_shell("screening"), language))


@blueprint.post("/screening/<wave>/export")
@allow("auditor", confirmed=True)
def export(wave: str) -> Response:
    """The list as CSV, once the audit trail says who took it."""
    known, screened = services(), _read(wave)
    screening.note_export(known.database, screened, by=signed_in_staff().name, now=known.now())
    response = make_response("\ufeff" + write_csv(screened, reader_language()))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="screening-{screened.number}.csv"'
    return response


def _read(wave: str) -> Screened:
    try:
        return screening.read_screening(services().database, wave)
    except NotScreened:
        abort(404)


def _row(suspect: Suspect, language: str) -> paper.SuspectRow:
    return paper.SuspectRow(
        place=suspect.place,
        code=suspect.agency_code,
        name=suspect.name.get(language, suspect.name["vi"]),
        answers=suspect.answers,
        z=suspect.z,
        q=suspect.q,
        listed=suspect.listed,
        reasons=tuple(
            paper.ReasonLine(
                each.test, each.channel, each.effect, each.low, each.high, each.scale in FACTORS, each.alone
            )
            for each in suspect.reasons
        ),
    )


def _callback(standing: Standing) -> paper.CallbackRow:
    rate = standing.rate
    return paper.CallbackRow(
        code=standing.draw.code,
        scope=standing.draw.agency_code,
        places=standing.places,
        reached=rate.reached,
        contradicted=rate.contradicted,
        rate=rate.rate,
        low=rate.low,
        high=rate.high,
        excluded_above=rate.excluded_above,
    )
