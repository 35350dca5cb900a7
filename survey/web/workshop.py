"""The weighting workshop: steps tried on frozen counts, kept as recipes, taken over by a later wave. Exploratory."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, request, url_for

from survey.actions import weighting
from survey.actions.adequacy import Frozen
from survey.actions.weighting import QUANTILES, BadRecipe, Steps
from survey.documents.formats import percent
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage
from survey.documents.shell import Link
from survey.documents.verdicts import N_
from survey.store.audits import By
from survey.store.recipes import Recipe
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.tools import DEMO, READERS, Say, find_frozen, speaker, tabs, tool_page, wave_name

blueprint = Blueprint("workshop", __name__, url_prefix="/staff/workshop")
VARIABLES = {"agency": N_("cơ quan"), "sector": N_("lĩnh vực"), "procedure": N_("thủ tục"), "area": N_("địa bàn")}
STEPS = {
    "frame": N_("theo khung mẫu"),
    "nonresponse": N_("chỉnh không trả lời"),
    "post_stratify": N_("hậu phân tầng"),
    "rake": N_("khớp biên (raking)"),
    "linear": N_("hiệu chỉnh tuyến tính"),
    "trim": N_("cắt trọng số"),
}
PROBLEMS = {
    "line": N_("Không đọc được dòng này: %(detail)s. Mỗi dòng: biến, nhóm, tổng số."),
    "variable": N_("Không có biến %(detail)s. Dùng agency, sector, procedure hoặc area."),
    "margins": N_("Bước này cần số liệu tổng thể: thêm vào ô bên dưới.%(detail)s"),
    "one_margin": N_("Hậu phân tầng dùng một biến; nhiều biến thì dùng raking.%(detail)s"),
    "few": N_("Nhóm %(detail)s có quá ít người trả lời để làm một ô: hãy gộp với nhóm gần."),
    "factor": N_("Trọng số của tầng %(detail)s đổi quá năm lần: hãy gộp nhóm hoặc xem lại số liệu tổng thể."),
    "refused": N_("Không tính được: %(detail)s"),
    "cap": N_("Mức cắt phải lớn hơn 1 và không quá 100 lần trung vị, không phải %(detail)s."),
    "uninvited": N_("Tầng %(detail)s không có thư mời, nên không có trọng số gốc."),
    "name": N_("Xin đặt tên cho công thức, tối đa 64 ký tự.%(detail)s"),
    "source": N_("Số liệu tổng thể cần có nguồn và ngày trước khi lưu.%(detail)s"),
    "late": N_("Đợt %(detail)s đã mời người hoặc đã nhận công thức khác."),
    "unknown": N_("Không tìm thấy %(detail)s."),
    "method": N_("Không có cách hiệu chỉnh %(detail)s."),
}


@blueprint.get("/<wave>")
@allow(*READERS)
def show_workshop(wave: str) -> Response:
    """The steps of a recipe, or none."""
    adopted = weighting.find_adopted(services().database, wave)
    name, _, version = request.args.get("recipe", "").rpartition("@")
    if name and version.isdecimal() and len(version) < 6:
        try:
            asked = weighting.find_recipe(services().database, name, int(version))
        except BadRecipe:
            abort(404)
        return _show(wave, weighting.read_steps(asked.body))
    return _show(wave, weighting.read_steps(adopted.body) if adopted else Steps())


@blueprint.post("/<wave>")
@allow(*READERS)
def try_or_save(wave: str) -> Response:
    """Try the posted steps; with a name, a statistician keeps them as a recipe."""
    say, known, member = speaker(), services(), signed_in_staff()
    _, frozen = find_frozen(wave)
    steps, margins = Steps(), request.form.get("margins", "")
    uploaded = request.files.get("file")
    try:
        if uploaded is not None and uploaded.filename:
            margins = uploaded.read().decode("utf-8-sig", errors="replace")
        steps = _read_steps(margins)
        weighting.try_steps(frozen, steps)
        if not request.form.get("name", "").strip():
            return _show(wave, steps, margins)
        if member.role != "statistician":
            abort(403)
        by = By(member.name, known.now())
        made = weighting.save_recipe(known.database, frozen, request.form["name"], steps, by, known.today())
    except BadRecipe as bad:
        return _show(wave, steps, margins, problem=say(PROBLEMS[bad.reason], detail=bad.detail), failed=True)
    return _show(wave, steps, margins, done=say("Đã lưu công thức %(name)s.", name=f"{made.name}@{made.version}"))


@blueprint.post("/<wave>/adopt")
@allow("statistician", confirmed=True)
def adopt(wave: str) -> Response:
    """Let a later wave take a recipe over."""
    say, known = speaker(), services()
    name, _, version = request.form.get("recipe", "").rpartition("@")
    by = By(signed_in_staff().name, known.now())
    try:
        made = weighting.find_recipe(known.database, name, int(version) if version.isdecimal() else 0)
        weighting.adopt_recipe(known.database, request.form.get("adopting", ""), made, by, known.today())
    except BadRecipe as bad:
        return _show(wave, Steps(), problem=say(PROBLEMS[bad.reason], detail=bad.detail))
    return _show(wave, weighting.read_steps(made.body), done=say("Đợt sau đã nhận công thức này."))


@blueprint.get("/<wave>/weights/<name>/<int:version>")
@allow(*READERS, confirmed=True)
def show_weights(wave: str, name: str, version: int) -> Response:
    """The weights of a saved recipe, as they were made: JSON whose SHA-256 is on the page."""
    try:
        made = weighting.find_recipe(services().database, name, version)
        body, digest = weighting.find_weights(services().database, made)
    except BadRecipe:
        abort(404)
    if made.wave_code != wave:
        abort(404)
    response = make_response(body)
    response.headers["Content-Type"] = "application/json"
    response.headers["ETag"] = f'"{digest.hex()}"'
    return response


def _read_steps(margins: str) -> Steps:
    given = request.form
    cap = given.get("cap", "").replace(",", ".") or "0"
    try:
        limit = float(cap)
    except ValueError:
        raise BadRecipe("cap", cap[:20]) from None
    method = given.get("method", "none")
    if method not in weighting.METHODS:
        raise BadRecipe("method", method[:20])
    return Steps(
        nonresponse=given.get("nonresponse", ""),
        method=method,
        margins=weighting.read_margins(margins) or None,
        source=given.get("source", "")[:300],
        source_date=given.get("source_date", "")[:10],
        cap=limit,
    )


def _show(
    wave: str, steps: Steps, margins: str | None = None, *, problem: str = "", done: str = "", failed: bool = False
) -> Response:
    say = speaker()
    known, frozen = find_frozen(wave)
    adopted = weighting.find_adopted(services().database, wave)
    if margins is None:
        margins = "\n".join(f"{v}, {c}, {n}" for v, totals in (steps.margins or {}).items() for c, n in totals.items())
    facts = [done] if done else []
    if adopted:
        facts.append(say("Đợt này đã nhận công thức %(name)s.", name=f"{adopted.name}@{adopted.version}"))
    page = SheetsPage(
        overline=wave_name(known),
        title=say("Thử các bước trọng số"),
        lead=say("Chọn các bước, xem mỗi bước làm đổi tỷ lệ, hiệu ứng thiết kế và trọng số ra sao."),
        caution=say("Kết quả ở đây để khám phá, không phải kết luận và không đổi số đã công bố."),
        problem=problem,
        tabs=tabs(wave, "workshop"),
        facts=tuple(facts),
        sheets=() if failed else (*_effect_sheets(frozen, steps, say), _recipes_sheet(wave, say)),
        forms=(_steps_form(wave, steps, margins, say), *_adopt_forms(wave, say)),
    )
    return tool_page(page, demo=known.purpose == DEMO, status=400 if problem else 200)


def _effect_sheets(frozen: Frozen, steps: Steps, say: Say) -> tuple[Sheet, ...]:
    try:
        tried = weighting.try_steps(frozen, steps)
    except BadRecipe as bad:
        return (Sheet(say("Tác động của từng bước"), (), (), empty=say(PROBLEMS[bad.reason], detail=bad.detail)),)
    columns = (
        *(Column(say("Sau bước")), Column(say("Tỷ lệ"), "share"), Column(say("Cận dưới"), "share")),
        *(Column(say("Cận trên"), "share"), Column(say("Hiệu ứng thiết kế"), "decimal"), Column("Kish", "decimal")),
        *(Column(say("Độ phân tán"), "decimal"), Column(say("Lớn nhất so trung vị"), "decimal")),
    )
    rows = [[say(STEPS[e.step]), e.rate, e.low, e.high, e.deff, e.kish_deff, e.cv, e.largest] for e in tried.effects]
    shares = [percent(each, reader_language(), digits=0) for each in QUANTILES]
    spread = (Column(say("Sau bước")), *(Column(each, "decimal") for each in shares))
    return (
        Sheet(say("Tác động của từng bước"), columns, rows),
        Sheet(
            say("Phân bố trọng số, trung vị là 1"),
            spread,
            [[say(STEPS[each.step]), *each.quantiles] for each in tried.effects],
            note=say("Mỗi cột là phần số phiếu có trọng số không quá mức đó."),
        ),
    )


def _steps_form(wave: str, steps: Steps, margins: str, say: Say) -> Form:
    variables = tuple((code, say(words)) for code, words in VARIABLES.items())
    methods = tuple((code, say(STEPS[code]) if code != "none" else say("không")) for code in weighting.METHODS)
    fields = [
        Field(
            "nonresponse",
            say("Chỉnh không trả lời theo"),
            "select",
            steps.nonresponse,
            (("", say("không")), *variables),
        ),
        Field("method", say("Hiệu chỉnh"), "select", steps.method, methods),
        Field("cap", say("Cắt ở số lần trung vị"), "text", f"{steps.cap:g}" if steps.cap else ""),
        Field(
            "margins",
            say("Số liệu tổng thể"),
            "lines",
            margins,
            hint=say("Mỗi dòng: biến, nhóm, tổng số. Biến là agency, sector, procedure hoặc area."),
        ),
        Field("file", say("hoặc tệp CSV"), "file"),
        Field("source", say("Nguồn"), "text", steps.source),
        Field("source_date", say("Ngày của số liệu"), "date", steps.source_date),
    ]
    if signed_in_staff().role == "statistician":
        hint = say("Để trống nếu chỉ thử.")
        fields.append(Field("name", say("Lưu thành công thức tên"), "text", hint=hint))
    action = url_for("workshop.try_or_save", wave=wave)
    return Form(say("Các bước"), action, tuple(fields), say("Tính"), "post")


def _recipes_sheet(wave: str, say: Say) -> Sheet:
    columns = (
        *(Column(say("Công thức")), Column(say("Đợt")), Column(say("Người lập")), Column(say("Ngày"), "date")),
        *(Column(say("Mã băm")), Column(say("Trọng số"))),
    )
    rows = [_recipe_row(wave, each, say) for each in weighting.list_recipes(services().database)]
    return Sheet(say("Công thức đã lưu"), columns, rows, empty=say("Chưa có công thức nào."))


def _recipe_row(wave: str, each: Recipe, say: Say) -> list[object]:
    key = f"{each.name}@{each.version}"
    own = Link(say("Xem"), url_for("workshop.show_weights", wave=wave, name=each.name, version=each.version))
    return [
        Link(key, url_for("workshop.show_workshop", wave=wave, recipe=key)),
        *(each.wave_code, each.made_by, each.made_on, each.digest.hex()[:16]),
        own if each.wave_code == wave else None,
    ]


def _adopt_forms(wave: str, say: Say) -> tuple[Form, ...]:
    database = services().database
    saved = [f"{each.name}@{each.version}" for each in weighting.list_recipes(database)]
    waves = weighting.list_adopting(database)
    if not saved or not waves or signed_in_staff().role != "statistician":
        return ()
    fields = (
        Field("recipe", say("Công thức"), "select", saved[0], tuple((each, each) for each in saved)),
        Field("adopting", say("Đợt chưa mời ai"), "select", waves[0], tuple((each, each) for each in waves)),
    )
    action = url_for("workshop.adopt", wave=wave)
    return (Form(say("Để đợt sau dùng công thức"), action, fields, say("Nhận"), "post"),)
