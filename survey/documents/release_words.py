"""Words about what happens around a release: what people did with it, what is out of the ordinary in it."""

from __future__ import annotations

from survey.documents.verdicts import N_

ALERTS = {
    "target_met": N_("Mới đạt chỉ tiêu %(target)s: %(rate)s; đợt trước chưa đạt."),
    "target_lost": N_("Không còn đạt chỉ tiêu %(target)s: %(rate)s; đợt trước đã đạt."),
    "outside_low": N_("Tỷ lệ %(rate)s thấp hơn mức %(low)s mà ngẫu nhiên còn giải thích được với số câu trả lời ấy."),
    "outside_high": N_("Tỷ lệ %(rate)s cao hơn mức %(high)s mà ngẫu nhiên còn giải thích được với số câu trả lời ấy."),
    "silent": N_("Chỉ %(answered)s trong %(invited)s người được mời đã trả lời; thường thì ít nhất %(expected)s."),
}

RELEASE_STEPS = {
    "seen": N_("Xem trước khi công bố"),
    "reviewed": N_("Xem xét"),
    "signed": N_("Ký"),
    "recalled": N_("Rút chữ ký"),
}
