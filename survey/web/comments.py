"""Comments: statisticians read a batch first and withhold what still names somebody; officials read the rest."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import reading
from survey.actions.releasing_comments import AlreadyRead, UnknownBatch, list_batches, pass_on, read_batch, show_batch
from survey.actions.searching_comments import (
    LONGEST_QUERY,
    count_topics,
    list_readable,
    read_comments,
    search_comments,
)
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.mandate.topics import Topic, load_topics
from survey.store.comments import Comment, CommentBatch
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import speaker

blueprint = Blueprint("comments", __name__, url_prefix="/staff/comments")
READERS = ("official", "statistician")


@blueprint.get("")
@allow(*READERS)
def show_batches() -> Response:
    """Batches that may be read, those that wait for a statistician, and what a search finds."""
    say, member, known = speaker(), signed_in_staff(), services()
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    topic, readable = load_topics().get(request.args.get("topic", "")), read_comments(known.database, member.scope)
    sheets = [_topics(readable), _batches(say("Các đợt góp ý"), list_readable(known.database, member.scope))]
    if member.role == "statistician" and _sees_all():
        waiting = [batch for batch in list_batches(known.database) if batch.read_on is None]
        sheets.insert(0, _batches(say("Chờ thống kê viên đọc trước"), waiting))
    if query or topic:
        sheets.insert(0, _comments(say("Góp ý tìm thấy"), search_comments(readable, query, topic)))
    lead = say(
        "Lời góp ý đã được che thông tin cá nhân, xáo trộn và hiện theo từng đợt ít nhất mười lời, "
        "không kèm mức hài lòng."
    )
    return _page(
        SheetsPage(
            say("Góp ý"), say("Lời góp ý của người dân"), lead, before=(_search(query, topic),), sheets=tuple(sheets)
        )
    )


@blueprint.get("/<int:number>")
@allow(*READERS)
def show(number: int) -> Response:
    """A batch: for officials once it was passed on, for a statistician also before."""
    say, member, known = speaker(), signed_in_staff(), services()
    title = say("Đợt góp ý số %(number)s", number=number)
    if number in {batch.number for batch in list_readable(known.database, member.scope)}:
        return _page(SheetsPage(say("Góp ý"), title, sheets=(_comments(title, show_batch(known.database, number)),)))
    if member.role != "statistician" or not _sees_all():
        abort(404)
    try:
        found = read_batch(known.database, number, by=member.name, now=known.now())
    except UnknownBatch:
        abort(404)
    fields = tuple(Field(each.id.hex(), each.text, "check") for each in found)
    note = say(
        "Đánh dấu những lời còn để lộ một người; các lời ấy không đến tay lãnh đạo. Việc đọc được ghi vào sổ kiểm toán."
    )
    form = Form(
        say("Giữ lại"), url_for("comments.pass_batch", number=number), fields, say("Chuyển cho lãnh đạo"), "post", note
    )
    return _page(SheetsPage(say("Góp ý"), title, forms=(form,)))


@blueprint.post("/<int:number>")
@allow("statistician", confirmed=True)
def pass_batch(number: int) -> Response:
    """Pass a batch on, without what was marked."""
    member, known = signed_in_staff(), services()
    if not _sees_all():
        abort(403)
    marked = [bytes.fromhex(name) for name in request.form if len(name) == 32 and _is_hex(name)]
    try:
        pass_on(known.database, number, withheld=marked, by=member.name, now=known.now(), on=known.today())
    except AlreadyRead:
        abort(404)
    return make_response(redirect(url_for("comments.show_batches"), 303))


def _search(query: str, topic: Topic | None) -> Form:
    say, language = speaker(), reader_language()
    names = ((each.code, each.name.in_language(language)) for each in load_topics().values())
    fields = (
        Field("q", say("Tìm trong góp ý"), value=query),
        Field("topic", say("Chủ đề"), "select", topic.code if topic else "", (("", say("Mọi chủ đề")), *names)),
    )
    note = say("Gõ không dấu cũng tìm được chữ có dấu.")
    return Form("", url_for("comments.show_batches"), fields, say("Tìm"), note=note)


def _topics(readable: list[Comment]) -> Sheet:
    """How many comments are about what, and by which words that was told."""
    say, language = speaker(), reader_language()
    columns = (Column(say("Chủ đề")), Column(say("Số lời"), "count"), Column(say("Nhận ra bằng các từ")))
    rows = [
        (
            Link(topic.name.in_language(language), url_for("comments.show_batches", topic=topic.code)),
            count,
            ", ".join(topic.words),
        )
        for topic, count in count_topics(readable)
        if count
    ]
    note = say("Một lời có thể thuộc nhiều chủ đề, hoặc không chủ đề nào. Máy chỉ so từ, không gửi đi đâu.")
    return Sheet(say("Người dân nói về điều gì"), columns, rows, note, say("Chưa có góp ý nào để xếp theo chủ đề."))


def _batches(caption: str, batches: list[CommentBatch]) -> Sheet:
    say, language = speaker(), reader_language()
    agencies = reading.list_agencies(services().database, signed_in_staff().scope)
    columns = (Column(say("Đợt")), Column(say("Cơ quan")), Column(say("Đợt khảo sát")), Column(say("Số lời"), "count"))
    rows = []
    for batch in reversed(batches):
        agency = agencies.get(batch.agency_code)
        name = agency.name.get(language, agency.name["vi"]) if agency else say("Toàn đợt khảo sát")
        link = Link(str(batch.number), url_for("comments.show", number=batch.number))
        rows.append((link, name, batch.wave_code, batch.size))
    return Sheet(caption, columns, rows, empty=say("Chưa có đợt góp ý nào."))


def _comments(caption: str, found: list[Comment]) -> Sheet:
    say = speaker()
    return Sheet(caption, (Column(say("Lời góp ý")),), [(each.text,) for each in found], empty=say("Không có lời nào."))


def _sees_all() -> bool:
    scope = signed_in_staff().scope
    return scope.area is None and scope.sector is None


def _is_hex(name: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in name)


def _page(page: SheetsPage) -> Response:
    return staff_page(render_sheets(page, staff_shell("comments"), reader_language()))
