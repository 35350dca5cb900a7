"""The quick card of a counter: one sheet of A4, in Vietnamese and Khmer side by side, to stand beside the screen."""

from __future__ import annotations

from dataclasses import dataclass

from survey.documents.environment import render, translate
from survey.documents.verdicts import N_

SPOKEN = ("vi", "km")
TITLE = N_("Quầy phát phiếu: làm thế nào")
STEPS = (
    N_("Quét hoặc gõ mã hồ sơ, rồi bấm Tra cứu."),
    N_("Được bốc thăm: bấm Hiện phiếu cho khách, quay màn hình về phía khách hoặc in phiếu."),
    N_("Không được bốc thăm, hoặc chưa có trong danh sách: không cần làm gì thêm."),
    N_("Khách không có điện thoại: mời khách dùng máy tự trả lời hoặc phiếu giấy."),
    N_("Khách báo chưa nhận được phiếu: cấp lại một lần; phiếu trước mất hiệu lực."),
)
NEVER = (
    N_("Không trả lời thay khách, không đứng xem khách trả lời."),
    N_("Không chép, không chụp mã phiếu của khách."),
    N_("Không chọn người để mời: máy đã bốc thăm."),
)
PROMISE = N_("Ý kiến của khách là khuyết danh. Không ai ở đây biết ai đã trả lời thế nào.")


@dataclass(frozen=True, slots=True)
class CardText:
    """The card in one language."""

    language: str
    title: str
    steps: tuple[str, ...]
    never_title: str
    never: tuple[str, ...]
    promise: str


def render_quick_card(back: str, nonce: str, language: str) -> str:
    """The sheet; `back` leads to the counter, in the reader's language, and is not printed."""
    cards = [_text(each) for each in SPOKEN]
    done = translate(language, "Về quầy")
    return render("field/quick_card.html", language, cards=cards, back=back, done=done, nonce=nonce)


def _text(language: str) -> CardText:
    return CardText(
        language,
        translate(language, TITLE),
        tuple(translate(language, each) for each in STEPS),
        translate(language, "Xin đừng"),
        tuple(translate(language, each) for each in NEVER),
        translate(language, PROMISE),
    )
