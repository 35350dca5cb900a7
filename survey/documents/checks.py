"""The words of the adequacy checks: title, what it means, and one sentence of advice where it can be a warning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from survey.documents.environment import translate
from survey.documents.formats import number, percent
from survey.documents.verdicts import N_

NONE = ""
YES = 1.0
LONELY = {  # with R's names, by which a statistician knows them
    "fail": N_("không tính (fail)"),
    "remove": N_("bỏ qua tầng đó (remove)"),
    "certainty": N_("coi như chắc chắn được chọn (certainty)"),
    "adjust": N_("so với trung bình chung (adjust)"),
    "average": N_("lấy trung bình của các tầng khác (average)"),
    "collapse": N_("gộp với tầng bên cạnh (collapse)"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Of one check; `kind` says how its value is written: count, share, decimal or state (1: yes)."""

    title: str
    meaning: str
    kind: str = "share"
    advice: str = NONE


CHECKS = {
    "answers": Words(N_("Câu trả lời"), N_("Số phiếu được tính trong nhóm."), "count"),
    "effective_answers": Words(
        N_("Câu trả lời hữu hiệu"),
        N_("Số câu trả lời ngẫu nhiên đơn giản cho cùng khoảng tin cậy."),
        "decimal",
        N_("Mời thêm trước khi kết luận: cỡ mẫu hữu hiệu còn dưới mức tối thiểu."),
    ),
    "design_effect": Words(
        N_("Hiệu ứng thiết kế"), N_("Phương sai so với mẫu ngẫu nhiên đơn giản cùng cỡ."), "decimal"
    ),
    "degrees_of_freedom": Words(
        N_("Bậc tự do"),
        N_("Số đơn vị mẫu trừ số tầng; ít quá thì sai số không tin được."),
        "count",
        N_("Cần thêm đơn vị mẫu hoặc gộp tầng: bậc tự do còn quá ít."),
    ),
    "half_width": Words(
        N_("Nửa độ rộng khoảng"),
        N_("So với sai số dự kiến khi mở đợt; ngưỡng là 1,25 lần."),
        "share",
        N_("Khoảng tin cậy rộng hơn dự kiến: mời thêm ở tầng được nêu bên dưới."),
    ),
    "satisfied_printable": Words(
        N_("Công bố được tỷ lệ hài lòng"),
        N_("Theo chuẩn trình bày tỷ lệ của NCHS."),
        "state",
        N_("Chưa nên in tỷ lệ này riêng: gộp với nhóm lân cận hoặc thêm kỳ."),
    ),
    "dissatisfied_printable": Words(
        N_("Công bố được tỷ lệ không hài lòng"),
        N_("Cùng chuẩn, xét phía còn lại: phần hiếm kém ổn định hơn."),
        "state",
        N_("Đừng in riêng tỷ lệ không hài lòng: phần này còn quá ít người."),
    ),
    "undecided": Words(
        N_("Chưa phân định"),
        N_("Khoảng tin cậy còn vắt qua chỉ tiêu."),
        "state",
        N_("Chưa kết luận được: xem còn cần bao nhiêu câu trả lời, hoặc gộp thêm kỳ."),
    ),
    "answers_needed": Words(
        N_("Câu trả lời còn cần"),
        N_("Để phân định với lực kiểm định 80 %%, nếu tỷ lệ giữ như nay; so với số người còn có thể mời."),
        "count",
        N_("Số còn cần vượt số người còn có thể mời: xét cửa sổ nhiều kỳ thay vì mời thêm."),
    ),
    "power_for_three_points": Words(
        N_("Lực kiểm định cho 3 điểm"),
        N_("Xác suất nhận ra một tỷ lệ thật cao hơn chỉ tiêu 3 điểm."),
        "share",
        N_("Mẫu này dễ bỏ sót một kết quả tốt thật: lần sau phân bổ nhiều hơn cho nhóm này."),
    ),
    "RR1": Words(N_("Tỷ lệ trả lời RR1"), N_("AAPOR: chỉ phiếu đủ, mọi người được mời là đủ điều kiện.")),
    "RR2": Words(
        N_("Tỷ lệ trả lời RR2"),
        N_("AAPOR: như RR1, kể cả phiếu chưa đủ; ngưỡng là phần dự kiến khi mở đợt."),
        "share",
        N_("Tỷ lệ trả lời dưới dự kiến: nhắc một lần rồi gọi hỏi một mẫu nhỏ người chưa trả lời."),
    ),
    "RR3": Words(N_("Tỷ lệ trả lời RR3"), N_("AAPOR: ước lượng phần đủ điều kiện trong số chưa rõ.")),
    "RR4": Words(N_("Tỷ lệ trả lời RR4"), N_("AAPOR: như RR3, kể cả phiếu chưa đủ.")),
    "RR5": Words(N_("Tỷ lệ trả lời RR5"), N_("AAPOR: bỏ những người chưa rõ khỏi mẫu số.")),
    "RR6": Words(N_("Tỷ lệ trả lời RR6"), N_("AAPOR: như RR5, kể cả phiếu chưa đủ.")),
    "r_indicator": Words(
        N_("Chỉ số đại diện R"),
        N_("1 khi mọi tầng trả lời như nhau; thấp dần khi tỷ lệ trả lời lệch nhau."),
        "decimal",
        N_("Người trả lời khác người được mời: mời bù ở các nhóm trả lời ít, hoặc chỉnh trọng số theo chúng."),
    ),
    "response_cv": Words(
        N_("Độ lệch của tỷ lệ trả lời"),
        N_("Tỷ lệ trả lời của các tầng chênh nhau bao nhiêu phần của mức chung."),
        "decimal",
    ),
    "partial": Words(N_("Phần của biến trong R"), N_("Biến này làm tỷ lệ trả lời lệch bao nhiêu."), "decimal"),
    "conditional": Words(
        N_("Phần riêng của biến trong R"), N_("Phần lệch còn lại khi giữ nguyên các biến khác."), "decimal"
    ),
    "coverage": Words(
        N_("Phủ khung mẫu"),
        N_("Phần tổng thể nằm trong các tầng có câu trả lời."),
        "share",
        N_("Mời ở các tầng còn trống trước khi mời thêm nơi khác."),
    ),
    "lowest_with_empty_strata": Words(
        N_("Thấp nhất có thể do tầng trống"), N_("Nếu không ai ở các tầng trống hài lòng.")
    ),
    "highest_with_empty_strata": Words(
        N_("Cao nhất có thể do tầng trống"), N_("Nếu mọi người ở các tầng trống hài lòng.")
    ),
    "strata_with_0": Words(
        N_("Tầng không có câu trả lời"),
        N_("Số tầng trống."),
        "count",
        N_("Các tầng trống đang được thay bằng tầng khác: mời ở đó trước."),
    ),
    "strata_with_1": Words(
        N_("Tầng có một câu trả lời"),
        N_("Tầng như vậy không tự cho biết phương sai."),
        "count",
        N_("Thêm ít nhất một câu trả lời ở mỗi tầng này, hoặc gộp tầng."),
    ),
    "strata_with_2": Words(N_("Tầng có hai câu trả lời"), N_("Mức ít nhất để có phương sai."), "count"),
    "strata_below_plan": Words(
        N_("Tầng dưới kế hoạch"),
        N_("Số tầng có ít câu trả lời hơn phần người được mời dự kiến trả lời."),
        "count",
        N_("Bù các tầng dưới kế hoạch trong lần mời kế tiếp."),
    ),
    "weight_cv": Words(N_("Độ phân tán trọng số"), N_("Hệ số biến thiên của trọng số."), "decimal"),
    "heaviest_over_median": Words(
        N_("Trọng số lớn nhất so trung vị"),
        N_("Một người nói thay cho bao nhiêu người so với người ở giữa."),
        "decimal",
        N_("Vài người đang nói thay quá nhiều: thử cắt trọng số ở trang trọng số và xem tỷ lệ đổi ra sao."),
    ),
    "top_one_percent": Words(N_("Phần của 1 %% nặng nhất"), N_("Phần tổng trọng số do 1 %% số phiếu nặng nhất giữ.")),
    "kish_deff": Words(
        N_("Hiệu ứng thiết kế Kish"),
        N_("Phần mất mát chỉ do trọng số không đều."),
        "decimal",
        N_("Trọng số chênh nhau quá nhiều: lần sau phân bổ mẫu gần tỷ lệ với khung hơn."),
    ),
    "trimmed_share": Words(N_("Phần trọng số bị cắt"), N_("Phần tổng trọng số mà việc cắt đã chuyển đi.")),
    "design_over_kish": Words(
        N_("Thiết kế so với Kish"),
        N_("Phương sai ước lượng chia cho mức mà riêng trọng số đã gây ra."),
        "decimal",
        N_("Phương sai ước lượng có vẻ quá nhỏ vì ít người không hài lòng: dùng khoảng có chặn dưới."),
    ),
    "certified_coverage": Words(
        N_("Độ phủ đã chứng nhận"),
        N_("Rút lại đúng thiết kế này nhiều lần: khoảng 95 %% chứa sự thật bao nhiêu lần."),
        "share",
        N_("Khoảng 95 %% của thiết kế này phủ ít hơn danh nghĩa: đọc kết luận dè dặt, phân bổ lại mẫu."),
    ),
    "certified_false_met": Words(
        N_("Nguy cơ kết luận đạt sai"),
        N_("Trong các lần rút đó, bao nhiêu lần sẽ nói đạt khi sự thật chỉ bằng chỉ tiêu."),
    ),
    "silent_rate_to_flip": Words(
        N_("Điểm lật của người không trả lời"),
        N_("Tỷ lệ hài lòng của người không trả lời mà tại đó kết luận đổi."),
        "share",
        N_("Người không trả lời chỉ cần khác một chút là kết luận đổi: gọi hỏi một mẫu nhỏ trong số họ."),
    ),
    "correlation_to_flip": Words(
        N_("Tương quan đủ lật"), N_("Việc trả lời và sự hài lòng phải gắn với nhau đến mức này."), "decimal"
    ),
    "lowest_possible": Words(N_("Cận dưới cực đoan"), N_("Nếu không ai trong số chưa trả lời hài lòng.")),
    "highest_possible": Words(N_("Cận trên cực đoan"), N_("Nếu mọi người chưa trả lời đều hài lòng.")),
}

VARIABLES = {"agency": N_("cơ quan"), "sector": N_("lĩnh vực"), "procedure": N_("thủ tục")}


def split_name(name: str) -> tuple[str, str]:
    """The check and, for a check of one variable, that variable."""
    base, _, variable = name.partition(":")
    return base, variable


@dataclass(frozen=True, slots=True)
class Line:
    """A check as a page says it; `warning` is its advice where it warns."""

    title: str
    value: str | None
    limit: str | None
    meaning: str
    warning: str | None


def write_checks(checks: Iterable[Sequence[Any]], language: str) -> list[Line]:
    """Checks (name, value, limit, whether it warns) in the reader's language, those that warn first."""
    return [_write_line(*each, language=language) for each in sorted(checks, key=lambda each: not each[3])]


def write_title(name: str, language: str) -> str:
    """What a check is called."""
    base, variable = split_name(name)
    title = translate(language, CHECKS[base].title)
    return f"{title}: {translate(language, VARIABLES[variable])}" if variable else title


def _write_line(name: str, value: float | None, limit: float | None, warning: bool, *, language: str) -> Line:
    words = CHECKS[split_name(name)[0]]
    advice = translate(language, words.advice) if words.advice else translate(language, "Cần xem lại.")
    told, bound = (_write(words.kind, each, language) for each in (value, limit))
    meaning = translate(language, words.meaning)
    return Line(write_title(name, language), told, bound, meaning, advice if warning else None)


def _write(kind: str, value: float | None, language: str) -> str | None:
    if value is None:
        return None
    if kind == "state":
        return translate(language, "có") if value == YES else translate(language, "không")
    if kind == "share":
        return percent(value, language)
    return number(value, language, 2 if kind == "decimal" else 0)
