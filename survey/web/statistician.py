"""The statistician's pages: is the sample adequate, and which releases are there."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import publishing, reading
from survey.actions.publishing import NoteNeeded, ReviewNeeded
from survey.actions.reading import AlreadyPublished, OpenRelease, SecondPersonNeeded, UnknownRelease
from survey.actions.telling_figures import list_pins, to_basis, to_sector_row
from survey.documents import pages
from survey.documents.environment import translate
from survey.documents.pages import Link, Pin, ReleasePage, ReleaseRow, ReleasesPage, WaveRow, WavesPage
from survey.store.audits import By
from survey.store.people import Staff
from survey.store.waves import Wave
from survey.web import exports
from survey.web.access import allow
from survey.web.adequacy import adequacy_page
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_error, staff_page, staff_shell
from survey.web.tools import tabs

blueprint = Blueprint("statistician", __name__, url_prefix="/staff")
READERS = ("statistician", "auditor")
DEMO = "demo"


@blueprint.get("/adequacy")
@allow(*READERS)
def choose_wave() -> Response:
    """The newest wave that has figures and was sampled."""
    sampled = [
        wave
        for wave in reading.list_released_waves(services().database)
        if wave.questionnaire_code and sees_wave(wave.code)
    ]
    if not sampled:
        return staff_error("nothing_released", 200)
    today = services().today()
    newest = max(sampled, key=lambda wave: (wave.is_over(today), wave.closes_on, wave.code))
    return make_response(redirect(url_for("statistician.show_adequacy", wave=newest.code)))


@blueprint.get("/waves")
@allow(*READERS)
def show_waves() -> Response:
    """Every wave, with what its newest release counted."""
    language = reader_language()
    rows = tuple(_wave_row(wave, language) for wave in reading.list_waves(services().database) if sees_wave(wave.code))
    return staff_page(pages.render_waves(WavesPage(rows), staff_shell("waves"), language))


@blueprint.get("/adequacy/<wave>")
@allow(*READERS)
def show_adequacy(wave: str) -> Response:
    language, scope = reader_language(), signed_in_staff().scope
    database = services().database
    try:
        opened = reading.read_newest(database, wave, scope)
    except UnknownRelease:
        abort(404)
    waves = tuple(
        Link(each.name.get(language, each.name["vi"]), url_for("statistician.show_adequacy", wave=each.code))
        for each in reading.list_released_waves(database)
        if each.questionnaire_code and each.code != wave and sees_wave(each.code)
    )
    page = adequacy_page(opened, reading.list_agencies(database, scope), waves, tabs(wave, "adequacy"), language)
    shell = staff_shell("adequacy", demo=opened.wave.purpose == DEMO)
    return staff_page(pages.render_adequacy(page, shell, language))


@blueprint.get("/releases")
@allow(*READERS)
def show_releases() -> Response:
    language = reader_language()
    opened = [each for each in reading.list_releases(services().database) if sees_wave(each.wave.code)]
    newest: dict[str, str] = {}
    for each in opened:
        if each.release.published_on:
            newest.setdefault(each.wave.code, each.release.code)
    rows = tuple(_row(each, newest.get(each.wave.code), language) for each in opened)
    return staff_page(pages.render_releases(ReleasesPage(rows), staff_shell("releases"), language))


@blueprint.get("/releases/<code>")
@allow(*READERS)
def show_release(code: str) -> Response:
    language, member = reader_language(), signed_in_staff()
    try:
        opened = reading.read_release(services().database, code, member.scope)
    except UnknownRelease:
        abort(404)
    publishing.see_draft(services().database, code, by=By(member.name, services().now()))
    refusal = _refusal(opened, member)
    page = ReleasePage(
        row=_row(opened, None, language),
        basis=to_basis(opened, language),
        sectors=tuple(
            to_sector_row(figure.place, figure, None, language, None)
            for figure in opened.figures
            if figure.level == "sector"
        ),
        pins=tuple(Pin(pin, value) for pin, value in list_pins(opened)),
        publish_url=None if refusal else url_for("statistician.publish", code=code),
        refusal=refusal,
        way=Link(translate(language, "Xem xét, ký và công bố"), url_for("release_way.show_way", code=code)),
        export=_export_link(code, language) if exports.may_take(opened) else None,
        back=Link(translate(language, "Bản công bố"), url_for("statistician.show_releases")),
    )
    notice = "published" if request.args.get("notice") == "published" else None
    shell = staff_shell("releases", notice=notice, demo=opened.wave.purpose == DEMO)
    return staff_page(pages.render_release(page, shell, language))


@blueprint.post("/releases/<code>/publish")
@allow("statistician", confirmed=True)
def publish(code: str) -> Response:
    known = services()
    try:
        by = By(signed_in_staff().name, known.now())
        publishing.sign(known.database, code, note="", due_at=None, by=by, today=known.today())
    except UnknownRelease:
        abort(404)
    except (AlreadyPublished, SecondPersonNeeded, ReviewNeeded, NoteNeeded):
        return make_response(redirect(url_for("statistician.show_release", code=code), 303))
    return make_response(redirect(url_for("statistician.show_release", code=code, notice="published"), 303))


def _export_link(code: str, language: str) -> Link:
    return Link(translate(language, "Xuất dữ liệu và dựng lại con số"), url_for("exports.show_export", code=code))


def _wave_row(wave: Wave, language: str) -> WaveRow:
    today = services().today()
    state = "closed" if wave.is_over(today) else "open" if wave.takes_answers(today) else "planned"
    counted = reading.read_whole_wave(services().database, wave.code)
    sampled = counted is not None and wave.questionnaire_code is not None
    return WaveRow(
        code=wave.code,
        name=wave.name.get(language, wave.name["vi"]),
        state=state,
        opens=wave.opens_on,
        closes=wave.closes_on,
        responses=counted.get("n", 0) if counted else 0,
        url=url_for("statistician.show_adequacy", wave=wave.code) if sampled else None,
        invited=(counted.get("invited") or None) if counted else None,
        collected=wave.collected,
    )


def _row(opened: OpenRelease, newest_published: str | None, language: str) -> ReleaseRow:
    release, wave = opened.release, opened.wave
    state = "draft" if release.published_on is None else "published"
    if state == "published" and newest_published not in (None, release.code):
        state = "superseded"
    return ReleaseRow(
        code=release.code,
        wave_name=wave.name.get(language, wave.name["vi"]),
        state=state,
        computed_on=release.drafted_on,
        computed_by=release.drafted_by,
        url=url_for("statistician.show_release", code=release.code),
        checkpoint=opened.header["checkpoint"]["number"],
        published_on=release.published_on,
        published_by=release.published_by,
    )


def _refusal(opened: OpenRelease, member: Staff) -> str | None:
    if opened.release.published_on is not None:
        return "already_published"
    if member.role != "statistician":
        return "role"
    way = publishing.read_way(services().database, opened.release.code)
    try:
        publishing.check_signer(opened.release, way.steps, member.name)
    except SecondPersonNeeded:
        return "second_person"
    except ReviewNeeded:
        return "review"
    return "correction" if way.replaces else None
