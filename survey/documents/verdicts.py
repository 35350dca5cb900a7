"""The words for every code that a page shows: verdicts, reasons, flags, states. Other languages are in catalogues.

Messages take numbers by name; the name's ending says how to write them: `rate`, `low`, `high`, `coverage` as per cent
with one decimal, `_share` and `target` as per cent without decimals (a `minimum` of at most 1 is also there as
`minimum_share`), `_points` as percentage points, `correlation` and `effect` with two decimals, all others as counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from survey.documents.formats import number, percent, points, target


def N_(message: str) -> str:  # noqa: N802 gettext's own name for "translate later"
    """Mark a sentence for the catalogues without translating it yet."""
    return message


class UnknownWord(KeyError):
    """A page was given a code that has no words."""

    def __init__(self, code: object, known: Mapping[str, str]) -> None:
        super().__init__(f"No words for {code!r}. Add them to survey/documents/verdicts.py beside {sorted(known)}.")


VERDICTS = {
    "met": N_("Đạt"),
    "not_met": N_("Không đạt"),
    "not_shown": N_("Chưa khẳng định được"),
    "too_few": N_("Quá ít câu trả lời"),
    "above": N_("Đã trên chỉ tiêu"),
    "on_track": N_("Đúng tiến độ"),
    "off_track": N_("Chậm tiến độ"),
    "cannot_tell": N_("Chưa thể nói trước"),
    "not_measured": N_("Không đo tại đây"),
    "suppressed": N_("Không công bố"),
}

KINDS = {
    "in_force": N_("Mức đang áp dụng"),
    "milestone": N_("Mốc đã qua"),
    "due": N_("Đích sắp tới"),
}

REASONS = {
    "lower_limit_reaches_target": N_("Cả khoảng tin cậy nằm trên chỉ tiêu."),
    "upper_limit_below_target": N_("Cả khoảng tin cậy nằm dưới chỉ tiêu."),
    "interval_straddles": N_("Khoảng tin cậy còn vắt qua chỉ tiêu; cần thêm khoảng %(answers_needed)s câu trả lời."),
    "rate_at_target": N_("Khoảng tin cậy còn vắt qua chỉ tiêu, và tỷ lệ quá sát chỉ tiêu để phân định."),
    "few_effective_answers": N_("Số câu trả lời hữu hiệu mới là %(n_effective)s, cần ít nhất %(minimum)s."),
    "few_degrees_of_freedom": N_("Số bậc tự do mới là %(df)s, cần ít nhất %(minimum)s."),
    "low_coverage": N_("Các tầng có câu trả lời mới phủ %(coverage)s khung mẫu, cần ít nhất %(minimum_share)s."),
    "incomplete_frame": N_(
        "Khung mẫu thiếu hồ sơ: ở %(agencies)s cơ quan, thiếu tới %(lacking_rate)s so với nguồn độc lập, "
        "quy tắc cho phép %(limit_rate)s. Người bị bỏ sót có thể nghĩ khác."
    ),
    "no_answers": N_("Chưa có câu trả lời nào."),
    "short_history": N_("Mới có %(periods)s trong %(periods_needed)s kỳ cần thiết để dự báo."),
    "trend_reaches_target": N_("Xu hướng hiện nay đủ nhanh để đạt đích đúng hạn."),
    "trend_falls_short": N_("Xu hướng hiện nay chậm hơn mức cần có để đạt đích đúng hạn."),
    "trend_uncertain": N_("Xu hướng hiện nay chưa đủ rõ để nói trước."),
    "no_trend": N_("Chưa đủ số kỳ đo để biết có kịp hạn hay không."),
    "window_after_due": N_("Không có kỳ đo nào kết thúc trước hạn."),
    "fewer_than_minimum": N_("Có dưới %(minimum)s người trả lời."),
    "self_selected": N_("Người trả lời tự chọn tham gia, nên không có kết luận chính thức."),
}

# Reasons that one interval gives; they say nothing of the way to a due date ahead.
READ_FROM_INTERVAL = ("interval_straddles", "rate_at_target", "upper_limit_below_target")

FLAGS = {
    "few_answers": N_("Quá ít câu trả lời: gửi thêm khoảng %(answers_needed)s thư mời ở nhóm này."),
    "low_response": N_(
        "Tỷ lệ trả lời chỉ %(response_rate)s: nhắc một lần, và gọi hỏi một nhóm nhỏ người không trả lời."
    ),
    "empty_strata": N_("%(strata)s tầng chưa có câu trả lời nào: mời thêm ở đúng các tầng này trước."),
    "low_coverage": N_("Các tầng có câu trả lời mới phủ %(coverage)s khung mẫu: chưa nên kết luận."),
    "large_design_effect": N_("Hiệu ứng thiết kế %(design_effect)s: các trọng số quá chênh nhau, nên phân bổ lại mẫu."),
    "undecided": N_("Cần thêm khoảng %(answers_needed)s câu trả lời để phân định."),
    "undecidable": N_("Tỷ lệ quá sát chỉ tiêu: thêm câu trả lời cũng khó phân định, nên đo thêm kỳ."),
    "lone_strata": N_("%(strata)s tầng chỉ có một câu trả lời: sai số đang được ước lượng dè dặt."),
}

INDICATORS = {
    "top2@1": N_("số người chọn hài lòng hoặc rất hài lòng, chia cho số người trả lời câu đó"),
    "top1@1": N_("số người chọn rất hài lòng, chia cho số người trả lời câu đó"),
    "rescaled_mean@1": N_("trung bình của 0, 25, 50, 75, 100 điểm cho năm mức, tính theo thang 100"),
    "mean5@1": N_("trung bình của 1 đến 5 điểm cho năm mức, chia cho 5"),
    "net@1": N_("phần người hài lòng trừ phần người không hài lòng"),
    "silence766@1": N_(
        "người không trả lời cũng được kể là hài lòng; chỉ để so sánh, không phải tỷ lệ của người trả lời"
    ),
}

WEIGHTINGS = {
    "frame": N_("theo số hồ sơ của từng tầng trong khung mẫu"),
    "recipe": N_("theo công thức trọng số ghi trong quy tắc của đợt"),
    "recipe_refused": N_("theo khung mẫu: số câu trả lời không đủ để theo công thức trọng số ghi trong quy tắc"),
    "none": N_("không có trọng số: mỗi câu trả lời tính như nhau"),
    "nonresponse": N_("theo khung mẫu, có chỉnh theo tỷ lệ trả lời"),
    "calibrated": N_("theo khung mẫu, có hiệu chỉnh theo số liệu tổng thể"),
}

METHODS = {
    "guarded": N_("Korn-Graubard có chặn dưới"),
    "mean": N_("xấp xỉ chuẩn"),
    "logit": N_("logit"),
    "xlogit": N_("logit theo bậc tự do"),
    "asin": N_("arcsin căn bậc hai"),
    "beta": N_("Korn-Graubard (beta)"),
    "likelihood": N_("tỷ số hợp lý"),
    "wilson": N_("Wilson"),
    "nchs": N_("chuẩn trình bày của NCHS"),
    "wilson-guarded": N_("Wilson có chặn dưới"),
    "jeffreys": N_("Jeffreys"),
    "uniform": N_("tiên nghiệm đều"),
    "gamma": N_("gamma (Fay-Feuer)"),
    "exact-fpc": N_("chính xác cho tổng thể hữu hạn"),
}

COLLECTED = {
    "sample": N_("mẫu xác suất"),
    "census": N_("điều tra toàn bộ"),
    "self-selected": N_("người trả lời tự chọn"),
}

WAVE_STATES = {"planned": N_("Chưa mở"), "open": N_("Đang mở"), "closed": N_("Đã đóng")}

RELEASE_STATES = {"draft": N_("Bản nháp"), "published": N_("Đã công bố"), "superseded": N_("Đã có bản thay thế")}

PINS = {
    "release": N_("Bản công bố"),
    "checkpoint": N_("Điểm chốt"),
    "root": N_("Mã băm gốc của sổ"),
    "frame": N_("Khung mẫu"),
    "rule": N_("Quy tắc"),
    "questionnaire": N_("Phiếu hỏi"),
    "inputs": N_("Tầng mẫu, địa bàn và số đối chiếu đã dùng"),
    "mandate": N_("Chỉ tiêu và lĩnh vực"),
    "geography": N_("Đơn vị hành chính"),
    "software": N_("Phần mềm"),
    "seed": N_("Số gieo ngẫu nhiên"),
}

PUBLISH_REFUSALS = {
    "review": N_("Bản này do máy tính tự lập. Xin nhờ một người khác xem xét trước khi Ông/Bà ký."),
    "correction": N_("Bản này thay một bản đã công bố. Xin ký ở trang xem xét, kèm chỗ đổi và lý do."),
    "second_person": N_("Người tính bản này không được tự công bố. Xin nhờ người thứ hai đăng nhập và kiểm tra."),
    "already_published": N_("Bản này đã được công bố."),
    "role": N_("Vai trò của Ông/Bà không có quyền công bố."),
}

ROLES = {
    "official": N_("Lãnh đạo"),
    "statistician": N_("Thống kê viên"),
    "operator": N_("Quản trị viên"),
    "auditor": N_("Kiểm toán viên"),
    "kiosk": N_("Quầy"),
    "interviewer": N_("Điều tra viên"),
    "keyer": N_("Người nhập phiếu"),
}

NAVIGATION = {
    "scoreboard": N_("Bảng kết quả"),
    "series": N_("Chuỗi số liệu"),
    "waves": N_("Đợt khảo sát"),
    "adequacy": N_("Mức đủ mẫu"),
    "comments": N_("Góp ý"),
    "reports": N_("Báo cáo"),
    "releases": N_("Bản công bố"),
    "calendar": N_("Lịch công bố"),
    "others": N_("Số liệu của nơi khác"),
    "alerts": N_("Cần xem"),
    "own_file": N_("Tệp của tôi"),
    "exports": N_("Xuất dữ liệu"),
    "voice": N_("Ý kiến ngỏ"),
    "questionnaires": N_("Phiếu hỏi"),
    "set_up": N_("Mở đợt"),
    "areas": N_("Địa bàn"),
    "devices": N_("Thiết bị"),
    "counter": N_("Quầy phát phiếu"),
    "paper": N_("Phiếu giấy"),
    "field": N_("Phỏng vấn hộ"),
    "plan": N_("Kế hoạch mẫu"),
    "screening": N_("Dấu hiệu cần kiểm tra"),
    "trail": N_("Nhật ký kiểm toán"),
    "accounts": N_("Tài khoản"),
    "webhooks": N_("Báo cho cổng dịch vụ"),
    "condition": N_("Tình trạng"),
}

NAVIGATION_GROUPS = {
    "results": N_("Kết quả"),
    "statistics": N_("Thống kê"),
    "preparing": N_("Thiết lập"),
    "publishing": N_("Công bố số liệu"),
    "collecting": N_("Thu phiếu"),
    "watching": N_("Kiểm soát"),
}

ACCOUNT_STATES = {
    "active": N_("Đang dùng"),
    "invited": N_("Đã mời, chưa nhận"),
    "disabled": N_("Đã khóa"),
}

FACTORS = {
    "totp": N_("Ứng dụng tạo mã"),
    "key": N_("Khóa bảo mật"),
}

ACCOUNT_ERRORS = {
    "too_short": N_("Mật khẩu quá ngắn. Xin đặt ít nhất 15 ký tự, ví dụ một câu mà chỉ Ông/Bà biết."),
    "too_long": N_("Mật khẩu quá dài. Xin đặt nhiều nhất 1.024 ký tự."),
    "common": N_("Nhiều người dùng mật khẩu này nên nó bị đoán đầu tiên. Xin đặt một câu mà chỉ Ông/Bà biết."),
    "simple": N_("Mật khẩu chỉ lặp lại hoặc đếm vài ký tự. Xin đặt một câu mà chỉ Ông/Bà biết."),
    "stolen": N_("Mật khẩu này có trong danh sách đã bị lộ ở nơi khác. Xin đặt mật khẩu khác."),
    "wrong_password": N_("Mật khẩu hiện nay không đúng. Mật khẩu chưa được đổi; xin nhập lại."),
    "wrong_code": N_("Mã không đúng. Xin xem đồng hồ của điện thoại, chờ mã mới rồi nhập lại."),
    "unreadable": N_("Không đọc được khóa bảo mật này. Xin thử lại, hoặc dùng ứng dụng tạo mã."),
    "known": N_("Khóa bảo mật này đã được thêm rồi."),
    "too_many": N_("Tài khoản đã có mười yếu tố thứ hai. Xin gỡ bớt một cái trước."),
    "bad_name": N_("Chưa tạo được: tên đã có người dùng, hoặc quá 64 ký tự, hoặc có dấu gạch chéo. Xin chọn tên khác."),
    "above": N_("Vai trò, địa bàn hoặc lĩnh vực này ngoài quyền của Ông/Bà. Xin chọn trong danh sách."),
}

ACCOUNT_DEEDS = {
    "password": N_("Đã đổi mật khẩu. Các phiên khác đã kết thúc."),
    "factor": N_("Đã thêm yếu tố thứ hai. Từ nay đăng nhập cần cả mật khẩu và yếu tố này."),
    "removed": N_("Đã gỡ yếu tố thứ hai."),
    "ended": N_("Đã kết thúc phiên."),
    "linked": N_("Đã nối tài khoản với đăng nhập một lần."),
}

BOARD_TABS = {
    "overview": N_("Tổng quan"),
    "places": N_("So sánh các nơi"),
    "trend": N_("Xu hướng"),
    "drivers": N_("Yếu tố đi cùng"),
    "definitions": N_("Cách tính"),
    "bridge": N_("So với số đã công bố"),
}

APART = {
    "above": N_("cao hơn hẳn toàn bộ"),
    "below": N_("thấp hơn hẳn toàn bộ"),
    "": N_("chưa thấy khác"),
}

BREAKS = {
    "method": N_("Từ đây cách tính đổi: không so với các đợt trước."),
    "instrument": N_("Từ đây phiếu hỏi đổi: không so với các đợt trước."),
}

BRIDGE = {
    "published": N_("Số đã công bố"),
    "silence": N_("Im lặng không còn là hài lòng"),
    "late": N_("Hồ sơ trễ hẹn"),
    "asked": N_("Hỏi ai: bốc thăm thay cho tự chọn"),
    "definition": N_("Định nghĩa: từ mức 4 trở lên"),
    "ours": N_("Số của hệ thống này"),
}

BRIDGE_WHY = {
    "published": N_("do người đọc nhập, theo cách tính của nơi công bố"),
    "silence": N_("tính từ số người được mời mà không trả lời"),
    "late": N_("khung mẫu chưa ghi hồ sơ nào trễ hẹn"),
    "asked": N_("phần còn lại sau các bước tính được, gồm cả hồ sơ trễ hẹn"),
    "definition": N_("tính từ số người chọn mức bình thường"),
    "ours": N_("bản công bố này"),
}

NOTICES = {
    "published": N_("Đã công bố. Bảng kết quả nay dùng số liệu của bản này."),
    "computed": N_("Đã tính xong bản nháp."),
    "signed_out": N_("Đã đăng xuất."),
}

FORM_ERRORS = {
    "missing": N_("Xin chọn một mức cho câu này."),
    "unknown_choice": N_("Lựa chọn này không có trong phiếu. Xin chọn lại."),
    "too_long": N_("Đoạn góp ý quá dài. Xin viết ngắn lại, tối đa 2.000 ký tự."),
    "unreadable": N_("Đoạn góp ý có ký tự không đọc được. Xin viết lại."),
}

LOGIN_ERRORS = {
    "wrong": N_("Tên hoặc mật khẩu không đúng. Xin kiểm tra rồi nhập lại."),
    "too_many": N_("Đã nhập sai quá nhiều lần. Xin chờ 15 phút rồi thử lại."),
    "wrong_code": N_("Mã không đúng hoặc đã dùng rồi. Xin chờ mã mới rồi nhập lại."),
    "wrong_again": N_("Chưa đúng. Xin kiểm tra rồi nhập lại; nội dung đã gửi vẫn còn."),
    "expired": N_("Phiên làm việc đã hết hạn. Xin đăng nhập lại."),
}

STAFF_ERRORS = {
    "nothing_released": N_("Chưa có bản công bố nào để xem. Khi thống kê viên công bố, kết quả sẽ có ở đây."),
    "no_series": N_("Chưa có chuỗi số liệu nào được nhập."),
    "forbidden": N_("Tài khoản này không có quyền xem trang này. Nếu cần, xin hỏi quản trị viên."),
    "not_found": N_("Không có trang này. Xin kiểm tra lại địa chỉ, hoặc về trang đầu."),
    "expired_form": N_("Trang đã mở quá lâu nên chưa lưu được. Xin tải lại trang rồi làm lại thao tác."),
    "sign_on_lost": N_("Lần đăng nhập này không bắt đầu từ trình duyệt này, hoặc đã quá lâu. Xin bắt đầu lại."),
    "sign_on_unknown": N_(
        "Chưa có tài khoản nào ở đây nối với người này, hoặc thư mời không còn hiệu lực. Xin hỏi quản trị viên."
    ),
    "sign_on_failed": N_("Nơi đăng nhập một lần không trả lời đúng. Xin thử lại sau, hoặc đăng nhập bằng mật khẩu."),
    "server_error": N_(
        "Hệ thống gặp lỗi, chưa có gì thay đổi. Xin thử lại sau ít phút; nếu còn lỗi, báo quản trị viên."
    ),
}


def find_word(words: Mapping[str, str], code: str) -> str:
    """The Vietnamese words for a code, or `UnknownWord`."""
    if code not in words:
        raise UnknownWord(code, words)
    return words[code]


def tell(
    language: str, say: Callable[..., str], words: Mapping[str, str], code: str, numbers: Mapping[str, float | int]
) -> str:
    """A sentence with its numbers written in the reader's format. `say` translates and fills in."""
    beside = numbers.get("target")
    if numbers.get("minimum", 2) <= 1:
        numbers = {**numbers, "minimum_share": numbers["minimum"]}
    written = {name: write_number(name, value, language, beside) for name, value in numbers.items()}
    return say(find_word(words, code), **written)


def write_number(name: str, value: float, language: str, beside: float | None = None) -> str:
    """One number as its name asks (see above); limits keep to their side of the target `beside`."""
    if name.endswith("target"):
        return target(value, language)
    if name.endswith("_share"):
        return percent(value, language, digits=0)
    if name.endswith(("rate", "low", "high", "coverage")):
        return percent(value, language, beside=beside)
    if name.endswith("_points"):
        return points(value, language)
    if name.endswith(("correlation", "effect")):
        return number(value, language, 2)
    return number(value, language)
