"""The steps from an empty province to a verdict, each with what has come of it: what to do next is on the page."""

from __future__ import annotations

from typing import Any

from flask import url_for

from survey.actions.handing_in_contacts import list_outcomes
from survey.actions.versions import list_versions
from survey.documents.formats import number
from survey.documents.sheets import Step
from survey.documents.shell import Link
from survey.store import frames, invitations, places, releases
from survey.store.waves import Wave
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.tools import Say

PLAN_AS_USUAL: dict[str, Any] = {
    "target": "90",
    "expected": "95",
    "power": "80",
    "margin": "3",
    "deff": "1",
    "response": "50",
    "reserve": "10",
    "cost_fixed": "0",
    "cost_invitation": "0",
    "cost_answer": "0",
}


def steps_of_province(say: Say, waves: int) -> tuple[Step, ...]:
    """What must be there before anybody can be asked."""
    known = services()
    with known.database.reading() as connection:
        agencies = len(places.list_codes(connection, places.agency))
        procedures = len(places.list_codes(connection, places.procedure))
    versions = len(list_versions(known.database))
    areas, questionnaires = url_for("places.show_places"), url_for("builder.show_questionnaires")
    return (
        _step(Link(say("Cơ quan được đánh giá"), f"{areas}#load"), agencies, say("%(count)s cơ quan.", count=agencies)),
        _step(
            Link(say("Thủ tục thuộc lĩnh vực nào"), f"{areas}#load"),
            procedures,
            say("%(count)s thủ tục.", count=_number(procedures)),
        ),
        _step(
            Link(say("Phiếu hỏi"), questionnaires),
            versions,
            say("%(count)s phiên bản dùng được. Người soạn không tự ban hành.", count=versions),
        ),
        _step(Link(say("Mở một đợt khảo sát"), "#code"), waves, say("%(count)s đợt.", count=waves)),
    )


def steps_of_wave(say: Say, wave: Wave) -> tuple[Step, ...]:
    """From the frame to the release of one wave."""
    with services().database.reading() as connection:
        framed = next(iter(frames.list_frames(connection, wave.code)), None)
        drawn = sum(invitations.count_invitations(connection, wave.code).values())
        answered = sum(invitations.count_spent(connection, wave.code).values())
        published = releases.find_newest_release(connection, wave.code, published=True)
    role = signed_in_staff().role
    told = say("%(count)s người hoặc hồ sơ.", count=_number(framed.population)) if framed else say("Chưa có khung mẫu.")
    sample = url_for("sampling.show_sample", code=wave.code)
    steps = [
        _step(Link(say("Mẫu và thư mời"), sample), drawn, say("%(count)s đã rút.", count=_number(drawn))),
        _step(
            Link(say("Đối chiếu thư mời"), url_for("ballots.show_accounting", code=wave.code)),
            answered,
            say("%(count)s đã trả lời.", count=_number(answered)),
        ),
    ]
    if role != "statistician":
        contacts = Link(say("Liên hệ để gửi thư mời"), url_for("contact_upload.show_contacts", code=wave.code))
        sent = sum(1 for each in list_outcomes(services().database, wave.code) if each.kept)
        steps.insert(1, _step(contacts, sent, say("Chỉ khi mời bằng tin nhắn hoặc thư điện tử.")))
    if role != "auditor":
        plan = url_for("planning.show_plan", wave=wave.code, **PLAN_AS_USUAL)
        advice = say("Cần mời bao nhiêu người, tốn bao nhiêu.")
        steps.insert(0, _step(Link(say("Kế hoạch mẫu"), plan), drawn, advice))
    if role != "statistician":
        steps.insert(
            0, _step(Link(say("Khung mẫu"), url_for("frame_upload.show_frames", code=wave.code)), framed, told)
        )
    board = Link(say("Bảng kết quả"), url_for("official.show_scoreboard"))
    waits = say("Một người thống kê khác đọc và công bố.")
    return (*steps, _step(board, published, published.code if published else waits))


def _number(count: int) -> str:
    return number(count, reader_language())


def _step(link: Link, done: object, told: str) -> Step:
    return Step(link, told, bool(done))
