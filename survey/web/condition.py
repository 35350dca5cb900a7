"""The operators' page of how the installation is doing: what to do first, what each job did last, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, current_app

from survey.actions.doctoring import Diagnosis, examine
from survey.actions.gauging import read_gauges
from survey.documents import formats
from survey.documents.condition import say_found, say_job, say_remedy, say_result
from survey.documents.sheets import Column, Sheet, SheetsPage, render_sheets
from survey.settings import Settings
from survey.store import jobs
from survey.store.database import Database
from survey.store.jobs import JobRun
from survey.store.roles import Role
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.moments import local_time
from survey.web.services import METRICS, services
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker

blueprint = Blueprint("condition", __name__, url_prefix="/staff/condition")


@dataclass(frozen=True, slots=True)
class Seen:
    """The installation as the web process sees it."""

    settings: Settings
    database: Database
    now: datetime

    def database_of(self, role: Role) -> Database:
        """Its own: it has no other."""
        return self.database


@blueprint.get("")
@allow("operator", "auditor")
def show_condition() -> Response:
    say, known = speaker(), services()
    found = examine(Seen(known.settings, known.database, known.now()))
    wrong = [each for each in found if not each.is_fine]
    gauges = {each.name: each.value for each in read_gauges(known.database, known.now(), known.today())}
    page = SheetsPage(
        overline=say("Vận hành"),
        title=say("Tình trạng"),
        lead=say("Có %(count)s việc cần làm.", count=len(wrong)) if wrong else say("Không có việc nào cần làm ngay."),
        sheets=(
            *((_to_do(say, wrong),) if wrong else ()),
            _waiting(say, gauges),
            _jobs(say, _runs()),
            *_refusals(say),
            _checked(say, [each for each in found if each.is_fine]),
        ),
        notes=(say("Trang này đọc lại mọi thứ mỗi lần mở. Xin mở lại để xem số mới."),),
    )
    return staff_page(render_sheets(page, staff_shell("condition"), reader_language()))


def _to_do(say: Say, wrong: list[Diagnosis]) -> Sheet:
    language = reader_language()
    rows = [(say_found(each.code, each.values, language), say_remedy(each.code, language)) for each in wrong]
    return Sheet(say("Cần làm"), (Column(say("Điều đã thấy"), "flag"), Column(say("Cách xử lý"))), rows)


def _checked(say: Say, fine: list[Diagnosis]) -> Sheet:
    language = reader_language()
    rows = [(say_found(each.code, each.values, language), say_remedy(each.code, language)) for each in fine]
    return Sheet(say("Đã xem và thấy được"), (Column(say("Điều đã thấy")), Column(say("Nên biết"))), rows)


def _waiting(say: Say, gauges: Mapping[str, float]) -> Sheet:
    words = {
        "inbox_answers": say("Câu trả lời chờ niêm phong"),
        "sealed_leaves": say("Phiếu đã niêm phong"),
        "draws_waiting": say("Lệnh rút mẫu chờ thực hiện"),
        "reports_waiting": say("Báo cáo chờ lập"),
        "deliveries_waiting": say("Lần báo cho cổng chờ gửi"),
        "checkpoint_age_days": say("Số ngày từ điểm chốt mới nhất"),
        "release_age_days": say("Số ngày từ bản công bố mới nhất"),
    }
    rows = [(word, gauges.get(name)) for name, word in words.items()]
    return Sheet(say("Đang chờ"), (Column(say("Việc")), Column(say("Số lượng"), "count")), rows)


def _runs() -> list[JobRun]:
    with services().database.reading() as connection:
        return jobs.list_runs(connection)


def _jobs(say: Say, runs: Iterable[JobRun]) -> Sheet:
    """The oldest failure first."""
    language = reader_language()
    rows = [
        (
            say_job(each.name, language),
            say("bị lỗi") if each.state == "failed" else say("xong"),
            formats.moment(local_time(each.started_at), language),
            say_result(each.message, language),
        )
        for each in sorted(runs, key=lambda run: (run.state != "failed", run.name))
    ]
    heads = (say("Việc nền"), say("Trạng thái"), say("Lần có việc gần nhất"), say("Kết quả"))
    empty = say("Chưa việc nền nào chạy. Xin xem hailong work có chạy không.")
    return Sheet(say("Việc nền"), tuple(map(Column, heads)), rows, empty=empty)


def _refusals(say: Say) -> tuple[Sheet, ...]:
    """Citizens who were refused since the start, where the installation counts them."""
    metrics = current_app.extensions.get(METRICS)
    if metrics is None:
        return ()
    counted = sorted(metrics.count_by_reason().items())
    columns = (Column(say("Lý do")), Column(say("Số lần"), "count"))
    return (Sheet(say("Người dân bị từ chối, từ lúc khởi động"), columns, counted, empty=say("Chưa có ai.")),)
