"""A statistician's own survey file: brought, described, estimated, forgotten. Nothing of it enters the database."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, make_response, redirect, request, url_for

from survey.actions import own_files
from survey.documents.own_file import OwnFilePage, OwnRow, render_own_file
from survey.web.access import allow, takes_files
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import cookie_name, renewed_value
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("own_file", __name__, url_prefix="/staff/own-file")
MOST_BYTES = 200_000_000
COLUMNS = ("outcome", "stratum", "psu", "weight", "population", "count", "by")
ASKED = (*COLUMNS, "satisfied", "missing", "target", "drop_incomplete")
MOST_ROWS = 2000


@blueprint.get("")
@allow("statistician")
def show() -> Response:
    """The form to bring a file, or to describe the one that this session holds."""
    own_files.forget_old_files(_home(), services().now().timestamp())
    return _page()


@blueprint.post("")
@allow("statistician")
@takes_files(MOST_BYTES)
def upload() -> Response:
    """Hold the file for this session."""
    from survey.actions.scanning_csv import CannotRead

    brought = request.files.get("file")
    if brought is None or not brought.filename:
        return _page(error="Choose a file first.", status=400)
    try:
        own_files.keep_file(_home(), _session(), brought.filename, brought.save)
    except CannotRead as fault:
        return _page(error=_without_path(str(fault), brought.filename), status=400)
    return make_response(redirect(url_for("own_file.show"), 303))


@blueprint.post("/estimate")
@allow("statistician")
def estimate() -> Response:
    """The same figures as of a wave, by the columns that were named; every row is accounted for."""
    from analysis.errors import AnalysisError
    from survey.actions.estimating import CannotEstimate
    from survey.actions.own_estimates import estimate_own_file
    from survey.actions.scanning_csv import CannotRead

    path = own_files.find_file(_home(), _session())
    if path is None:
        return make_response(redirect(url_for("own_file.show"), 303))
    asked = {name: request.form.get(name, "").strip() for name in ASKED}
    try:
        rows, told = estimate_own_file(path, asked, services().today())
    except (CannotEstimate, CannotRead, AnalysisError) as fault:
        return _page(asked=asked, error=_without_path(str(fault), path.name), status=400)
    return _page(asked=asked, rows=tuple(OwnRow(**each) for each in rows[:MOST_ROWS]), told=tuple(told))


@blueprint.post("/forget")
@allow("statistician")
def forget() -> Response:
    own_files.forget_file(_home(), _session())
    return make_response(redirect(url_for("own_file.show"), 303))


@blueprint.after_app_request
def forget_at_sign_out(response: Response) -> Response:
    """The file ends with the session."""
    if request.endpoint == "staff.sign_out" and request.method == "POST" and _session():
        own_files.forget_file(_home(), _session())
    return response


@blueprint.after_app_request
def follow_session(response: Response) -> Response:
    """A session that goes on under another value keeps its file."""
    value = renewed_value()
    if value:
        own_files.move_file(_home(), _session(), value)
    return response


def _page(
    *,
    asked: dict[str, str] | None = None,
    rows: tuple[OwnRow, ...] = (),
    told: tuple[str, ...] = (),
    error: str | None = None,
    status: int = 200,
) -> Response:
    from survey.actions.opening_tables import read_names

    path = own_files.find_file(_home(), _session())
    page = OwnFilePage(
        upload_url=url_for("own_file.upload"),
        estimate_url=url_for("own_file.estimate"),
        forget_url=url_for("own_file.forget"),
        name=path.suffix if path else None,
        columns=read_names(path) if path else (),
        asked=asked or dict.fromkeys(ASKED, ""),
        rows=rows,
        told=told,
        error=error,
    )
    return staff_page(render_own_file(page, staff_shell("own_file"), reader_language()), status)


def _home() -> Path:
    return services().settings.home


def _session() -> str:
    return request.cookies.get(cookie_name(), "")


def _without_path(message: str, name: str) -> str:
    """The held file has a name that says nothing to its owner."""
    held = own_files.find_file(_home(), _session())
    return message.replace(held.name, "The file") if held else message.replace(name, Path(name).name)
