"""What is out of the ordinary in the newest figures."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from survey.actions.alerting import Alert, read_alerts
from survey.actions.mailing_alerts import tell_alert
from survey.actions.reading import list_agencies
from survey.actions.telling_figures import agency_name
from survey.documents.sheets import Column, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.mandate.sectors import load_sectors
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import speaker

blueprint = Blueprint("alerts", __name__, url_prefix="/staff/alerts")


@blueprint.get("")
@allow("official", "statistician", "operator", "auditor")
def show_alerts() -> Response:
    """Sectors whose target was newly met or lost, agencies beyond the control limits, agencies that fell silent."""
    say, known, scope = speaker(), services(), signed_in_staff().scope
    found = read_alerts(known.database, scope, known.today(), sees_wave)
    columns = (Column(say("Nơi")), Column(say("Lĩnh vực")), Column(say("Điều cần xem")))
    page = SheetsPage(
        overline=say("Bảng kết quả"),
        title=say("Cần xem"),
        lead=say("Chỉ những gì ngẫu nhiên khó giải thích, từ các con số đã công bố; không bao giờ từ một phiếu lẻ."),
        sheets=(Sheet(say("Hiện nay"), columns, _rows(found), empty=say("Không có gì khác thường.")),),
        notes=(say("Giới hạn kiểm soát 99,8 %%: cứ 1.000 nơi bình thường thì khoảng hai nơi cũng vượt."),),
    )
    return staff_page(render_sheets(page, staff_shell("alerts"), reader_language()))


def _rows(found: list[Alert]) -> list[tuple[object, ...]]:
    say, language = speaker(), reader_language()
    agencies = list_agencies(services().database, signed_in_staff().scope)
    rows: list[tuple[object, ...]] = []
    for each in found:
        sector = load_sectors()[each.sector].name.in_language(language)
        place = (
            Link(agency_name(agencies, each.agency, language), url_for("boards.show_agency", agency=each.agency))
            if each.agency
            else say("Cả lĩnh vực")
        )
        rows.append(
            (place, Link(sector, url_for("official.show_sector", sector=each.sector)), tell_alert(each, language))
        )
    return rows
