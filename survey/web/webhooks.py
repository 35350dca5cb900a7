"""The operators' page of webhooks: what portals were told, and another attempt for what was given up."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request, url_for

from survey.actions import telling
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.store.webhooks import DELIVERED, GIVEN_UP, WAITING, Delivery
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker

blueprint = Blueprint("webhooks", __name__, url_prefix="/staff/webhooks")


@blueprint.get("")
@allow("operator", "auditor")
def show_deliveries() -> Response:
    """The newest deliveries, newest first."""
    return _page()


@blueprint.post("")
@allow("operator")
def try_again() -> Response:
    """Let a delivery that was given up be tried once more."""
    try:
        telling.try_again(services().database, request.form.get("code", ""), services().now())
    except telling.UnknownDelivery:
        return _page(speaker()("Lần báo này không còn ở trạng thái đã bỏ."), 422)
    return make_response(redirect(url_for("webhooks.show_deliveries"), 303))


def _page(problem: str = "", status: int = 200) -> Response:
    say = speaker()
    found = telling.list_deliveries(services().database)
    page = SheetsPage(
        overline=say("Kiểm soát"),
        title=say("Báo cho cổng dịch vụ"),
        lead=say("Cổng chỉ nghe tên đợt, bản công bố và con số; không bao giờ nghe ai được mời hay đã trả lời."),
        problem=problem,
        sheets=(_deliveries(say, found),),
        forms=_again(say, found) if signed_in_staff().role == "operator" else (),
        downloads=(Link(say("Về các đợt khảo sát"), url_for("waves_operator.show_waves")),),
        notes=(say("Cổng được phép ghi trong tệp cổng gửi tin của máy chủ, không sửa được từ trang này."),),
    )
    return staff_page(render_sheets(page, staff_shell("webhooks"), reader_language()), status)


def _deliveries(say: Say, found: list[Delivery]) -> Sheet:
    words = {WAITING: say("đang chờ"), DELIVERED: say("đã nhận"), GIVEN_UP: say("đã bỏ")}
    columns = (
        Column(say("Lần báo")),
        Column(say("Cổng")),
        Column(say("Việc")),
        Column(say("Trạng thái")),
        Column(say("Số lần thử"), "count"),
        Column(say("Cổng đáp")),
    )
    rows = [(each.code, each.name, each.event, words[each.state], each.attempts, each.told) for each in found]
    return Sheet(say("Các lần báo mới nhất"), columns, rows, empty=say("Chưa báo gì cho cổng nào."))


def _again(say: Say, found: list[Delivery]) -> tuple[Form, ...]:
    given_up = [each for each in found if each.state == GIVEN_UP]
    if not given_up:
        return ()
    options = tuple((each.code, f"{each.name}: {each.event} ({each.code})") for each in given_up)
    field = Field("code", say("Lần báo"), "select", options[0][0], options)
    return (Form(say("Thử lại"), url_for("webhooks.try_again"), (field,), say("Thử lại"), "post"),)
