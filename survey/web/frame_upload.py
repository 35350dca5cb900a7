"""The operators' page of a wave's frame: upload, map the columns, a trial that names every wrong line, then load."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions.comparing_totals import import_totals
from survey.actions.importing_frame import ImportedFrame, import_frame, opened_as_csv
from survey.actions.reading_csv import CsvFile, ImportRefused, Problem
from survey.actions.transactions import CHOICES, DAYS, PLACES
from survey.actions.waves import UnknownWave, find_wave
from survey.documents.formats import day
from survey.documents.import_reasons import explain
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.durable import write_durably
from survey.store import frames
from survey.store.audits import By
from survey.store.waves import Wave
from survey.web.access import allow, takes_files
from survey.web.frame_columns import column_words
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker, wave_name

blueprint = Blueprint("frame_upload", __name__, url_prefix="/staff/set-up")
LARGEST = 64_000_000
UPLOADS = "uploads"
NAME = re.compile(r"[0-9a-f]{32}\.(csv|xlsx)")
NAMED, LONGEST_NAME = "named", 100
LINES_SHOWN = 1000
OURS = ("dossier", "agency", "sector", "procedure", "population", *CHOICES, *DAYS, *PLACES, "applicant")


@blueprint.get("/<code>/frame")
@allow("operator", "auditor")
def show_frames(code: str) -> Response:
    """Every version of the frame, and where another is brought in."""
    return _page(_find(code))


@blueprint.post("/<code>/frame")
@takes_files(LARGEST)
@allow("operator")
def upload(code: str) -> Response:
    """Keep a file aside and ask which of its columns is which."""
    wave, file = _find(code), request.files.get("file")
    if file is None or not file.filename:
        say = speaker()
        return _page(wave, problem=say("Xin chọn một tệp."), status=422)
    content = file.read()
    suffix = ".xlsx" if content.startswith(b"PK\x03\x04") else ".csv"
    kept = _folder() / f"{secrets.token_hex(16)}{suffix}"
    write_durably(kept, content)
    return _ask_columns(wave, kept, file.filename)


@blueprint.post("/<code>/frame/trial")
@allow("operator")
def try_file(code: str) -> Response:
    """Say what would be loaded and which lines are wrong; load nothing."""
    wave, kept = _find(code), _kept()
    try:
        tried = _import(wave, kept, trial=True, accepted_only=True)
    except ImportRefused as refused:
        return _refused(wave, refused)
    return _tried(wave, kept, tried)


@blueprint.post("/<code>/frame/load")
@allow("operator")
def load(code: str) -> Response:
    """Load the file, without its wrong lines only where the operator said so."""
    wave, kept = _find(code), _kept()
    try:
        _import(wave, kept, trial=False, accepted_only=request.form.get("accepted_only") == "1")
    except ImportRefused as refused:
        return _refused(wave, refused)
    kept.unlink(missing_ok=True)
    return make_response(redirect(url_for("frame_upload.show_frames", code=code), 303))


@blueprint.post("/<code>/frame/totals")
@takes_files(LARGEST)
@allow("operator")
def load_totals(code: str) -> Response:
    """Keep what somebody else counted, to hold the frame against."""
    wave, file, say = _find(code), request.files.get("totals"), speaker()
    if file is None or not file.filename:
        return _page(wave, problem=say("Xin chọn một tệp."), status=422)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "totals.csv"
        file.save(path)
        try:
            import_totals(
                services().database, path, wave_code=code, recorded=By(signed_in_staff().name, services().now())
            )
        except ImportRefused as refused:
            return _refused(wave, refused)
    return make_response(redirect(url_for("waves_operator.show_wave", code=code), 303))


def _import(wave: Wave, kept: Path, *, trial: bool, accepted_only: bool) -> ImportedFrame:
    known = services()
    renamed = {theirs: ours for ours in OURS if (theirs := request.form.get(f"column-{ours}"))}
    return import_frame(
        known.database,
        known.keys,
        kept,
        wave_code=wave.code,
        today=known.today(),
        accepted_only=accepted_only,
        trial=trial,
        renamed=renamed,
        source="".join(filter(str.isprintable, request.form.get(NAMED, "")))[:LONGEST_NAME] or kept.name,
    )


def _ask_columns(wave: Wave, kept: Path, name: str) -> Response:
    try:
        with opened_as_csv(kept) as (plain, _):
            theirs = [name for name in CsvFile(plain).read_header() if name]
    except ImportRefused as refused:
        kept.unlink(missing_ok=True)
        return _refused(wave, refused)
    say = speaker()
    options = (("", say("Không có")), *((name, name) for name in theirs))
    words = column_words(say)
    fields = tuple(
        Field(f"column-{ours}", words[ours], "select", _guess(ours, words[ours], theirs), options) for ours in OURS
    )
    action = url_for("frame_upload.try_file", code=wave.code)
    form = Form(
        say("Cột nào là gì"),
        action,
        (_hidden(kept), Field(NAMED, "", "hidden", name), *fields),
        say("Thử, chưa nạp"),
        "post",
    )
    return _page(wave, forms=(form,))


def _tried(wave: Wave, kept: Path, tried: ImportedFrame) -> Response:
    say, action = speaker(), url_for("frame_upload.load", code=wave.code)
    chosen = tuple(
        Field(name, name, "hidden", value)
        for name, value in request.form.items()
        if name.startswith("column-") or name == NAMED
    )
    again = (_hidden(kept), *chosen)
    fact = say(
        "Sẽ nạp %(count)s đơn vị trong %(strata)s tầng; %(wrong)s dòng sai.",
        count=tried.population,
        strata=tried.strata,
        wrong=len(tried.rejected),
    )
    if tried.rejected:
        agreed = Field("accepted_only", "", "hidden", "1")
        form = Form("", action, (*again, agreed), say("Nạp, bỏ các dòng sai"), "post")
    else:
        form = Form("", action, again, say("Nạp"), "post")
    return _page(wave, facts=(fact,), sheets=_lines(say, tried.rejected), forms=(form,))


def _refused(wave: Wave, refused: ImportRefused) -> Response:
    say = speaker()
    said = say("Tệp không được nạp; khung mẫu vẫn như cũ.")
    return _page(wave, problem=said, sheets=_lines(say, tuple(refused.problems)), status=422)


def _lines(say: Say, problems: tuple[Problem, ...]) -> tuple[Sheet, ...]:
    if not problems:
        return ()
    rows = [
        (str(each.line) if each.line else say("cả tệp"), explain(each.reason, reader_language()))
        for each in problems[:LINES_SHOWN]
    ]
    return (Sheet(say("Các dòng sai"), (Column(say("Dòng")), Column(say("Vì sao, và cách sửa"))), rows),)


def _page(
    wave: Wave,
    *,
    problem: str = "",
    facts: tuple[str, ...] = (),
    sheets: tuple[Sheet, ...] = (),
    forms: tuple[Form, ...] = (),
    status: int = 200,
) -> Response:
    say = speaker()
    with services().database.reading() as connection:
        found = frames.list_frames(connection, wave.code)
    columns = (
        Column(say("Phiên bản")),
        Column(say("Nguồn")),
        Column(say("Ngày nạp")),
        Column(say("Số đơn vị"), "count"),
    )
    rows = [(str(each.version), each.source, day(each.loaded_on, reader_language()), each.population) for each in found]
    versions = Sheet(say("Các phiên bản"), columns, rows, empty=say("Chưa có khung mẫu."))
    page = SheetsPage(
        overline=wave_name(wave),
        title=say("Khung mẫu"),
        lead=say("Tệp được thử trước; không dòng nào được nạp khi chưa có ai đồng ý."),
        problem=problem,
        facts=facts,
        sheets=(*sheets, versions),
        forms=forms or _forms(say, wave) if signed_in_staff().role == "operator" else (),
        downloads=(Link(say("Về đợt khảo sát"), url_for("waves_operator.show_wave", code=wave.code)),),
    )
    return staff_page(render_sheets(page, staff_shell("set_up"), reader_language()), status)


def _forms(say: Say, wave: Wave) -> tuple[Form, ...]:
    file = Field("file", say("Tệp CSV hoặc Excel"), "file")
    frame = Form(say("Nạp một tệp"), url_for("frame_upload.upload", code=wave.code), (file,), say("Tiếp tục"), "post")
    totals = Form(
        say("So với nguồn độc lập"),
        url_for("frame_upload.load_totals", code=wave.code),
        (Field("totals", say("Tệp CSV"), "file", hint=say("Các cột: agency (mã cơ quan), population (số hồ sơ).")),),
        say("Nạp số của nguồn khác"),
        "post",
        say("Số hồ sơ mà một nơi khác đếm được. Khung thiếu quá mức của quy tắc thì không nơi nào được kết luận đạt."),
    )
    return frame, totals


def _guess(ours: str, word: str, theirs: list[str]) -> str:
    """The column that has our code or our word as its name; none where neither stands there."""
    return ours if ours in theirs else next((name for name in theirs if name.casefold() == word.casefold()), "")


def _hidden(kept: Path) -> Field:
    return Field("kept", "", "hidden", kept.name)


def _kept() -> Path:
    """The file that was kept aside; 404 when its name is none of ours or it was loaded already."""
    name = request.form.get("kept", "")
    path = _folder() / name
    if not NAME.fullmatch(name) or not path.is_file():
        abort(404)
    return path


def _folder() -> Path:
    folder = services().settings.home / UPLOADS
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _find(code: str) -> Wave:
    try:
        return find_wave(services().database, code)
    except UnknownWave:
        abort(404)
