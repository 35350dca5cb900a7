"""The operator's page of how the installation is doing: what the doctor says, and what waits, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from survey.documents import formats
from survey.documents.environment import translate
from survey.documents.verdicts import N_

FOUND: Mapping[str, str] = {
    "settings": N_("Thiết lập đọc được"),
    "settings_wrong": N_("Thiết lập có chỗ sai"),
    "python": N_("Máy chủ chạy Python %(version)s"),
    "secret": N_("Khóa bí mật đủ dài và chỉ máy chủ đọc được"),
    "secret_open": N_("Người khác trên máy chủ đọc được khóa bí mật"),
    "disk": N_("Ổ đĩa còn %(free)s GiB"),
    "disk_low": N_("Ổ đĩa sắp đầy: còn %(free)s GiB"),
    "clock": N_("Đồng hồ máy chủ: %(now)s UTC"),
    "clock_wrong": N_("Đồng hồ máy chủ sai: %(now)s UTC"),
    "sqlite": N_("Cơ sở dữ liệu: %(version)s"),
    "sqlite_old": N_("Cơ sở dữ liệu: %(version)s, bản cũ nhưng đã có khóa che chắn"),
    "fonts": N_("Đủ phông chữ cho báo cáo, cả chữ Khmer"),
    "fonts_missing": N_("Thiếu phông chữ cho báo cáo"),
    "no_https": N_("Địa chỉ %(address)s chưa có HTTPS"),
    "certificate": N_("Chứng thư của trang còn %(days)s ngày"),
    "certificate_soon": N_("Chứng thư của trang chỉ còn %(days)s ngày"),
    "certificate_wrong": N_("Chứng thư của %(address)s không được tin cậy"),
    "address_away": N_("Từ máy chủ không mở được %(address)s"),
    "sending": N_("Gửi tin qua: %(ways)s"),
    "sending_none": N_("Chưa có cổng gửi tin: chỉ dùng phiếu giấy, liên kết và quầy"),
    "sending_wrong": N_("Thiết lập gửi tin có chỗ sai"),
    "backups": N_("%(count)s bản sao lưu, bản mới nhất %(hours)s giờ trước"),
    "backups_none": N_("Chưa có bản sao lưu nào"),
    "backups_unreadable": N_("Không đọc được bản sao lưu từ đây"),
    "backups_old": N_("Bản sao lưu mới nhất đã %(days)s ngày"),
    "backups_untried": N_("Trong %(days)s ngày qua chưa thử phục hồi bản sao lưu nào"),
    "schema": N_("Cấu trúc cơ sở dữ liệu là bản mới nhất"),
    "schema_old": N_("Cấu trúc cơ sở dữ liệu là bản cũ"),
    "database_away": N_("Không mở được cơ sở dữ liệu"),
    "one_file": N_("Trang web không sửa, không xóa được câu trả lời nào"),
    "separated": N_("Trang web không sửa, không xóa được câu trả lời nào"),
    "one_user": N_("Trang web và việc nền dùng chung một người dùng cơ sở dữ liệu"),
    "jobs": N_("Không việc nền nào bị lỗi"),
    "jobs_failed": N_("Việc nền bị lỗi: %(names)s"),
    "ledger": N_("Điểm chốt số %(number)s ngày %(on)s; %(waiting)s câu trả lời đang chờ niêm phong"),
    "ledger_none": N_("Chưa có điểm chốt; %(waiting)s câu trả lời đang chờ niêm phong"),
    "ledger_late": N_("Quá một ngày chưa niêm phong; %(waiting)s câu trả lời đang chờ"),
    "other": N_("Một điều khác cần xem"),
}
REMEDIES: Mapping[str, str] = {
    "settings_wrong": N_("Xin chạy lệnh hailong doctor trên máy chủ: lệnh nói rõ cần đặt gì."),
    "secret_open": N_("Xin đổi quyền tệp khóa thành 600."),
    "disk_low": N_("Xin dọn ổ đĩa ngay: ổ đầy thì không nhận được câu trả lời."),
    "clock_wrong": N_("Xin chỉnh giờ và bật đồng bộ giờ (NTP)."),
    "sqlite_old": N_("Xin đừng mở tệp dữ liệu bằng chương trình khác khi đang phục vụ."),
    "fonts_missing": N_("Xin cài lại chương trình."),
    "no_https": N_("Chạy thử thì được. Khi phục vụ người dân, xin đặt HTTPS phía trước."),
    "certificate_soon": N_("Xin gia hạn ngay: hết hạn thì máy tự trả lời dừng và trình duyệt cảnh báo người dân."),
    "certificate_wrong": N_("Xin cài chứng thư gốc của tỉnh lên máy này và từng máy tự trả lời."),
    "address_away": N_("Xin xem máy chủ proxy, tên miền và tường lửa."),
    "sending_wrong": N_("Xin chạy lệnh hailong doctor trên máy chủ: lệnh nói rõ cần sửa gì."),
    "backups_none": N_("Chạy thử thì được. Khi phục vụ người dân, xin sao lưu mỗi đêm (hailong backup)."),
    "backups_unreadable": N_("Xin xem quyền đọc thư mục sao lưu, hoặc hỏi máy chủ bằng hailong doctor."),
    "backups_old": N_("Xin chạy hailong backup và xem lịch sao lưu."),
    "backups_untried": N_("Xin cùng kiểm toán viên phục hồi thử: có thử mới gọi là có."),
    "schema_old": N_("Xin chạy hailong migrate."),
    "database_away": N_("Xin xem máy chủ cơ sở dữ liệu có chạy không."),
    "one_user": N_("Chạy thử thì được. Khi phục vụ người dân, xin chạy hailong roles create."),
    "jobs_failed": N_("Xin chạy hailong work --once trên máy chủ và đọc dòng in ra."),
    "ledger_late": N_("Xin xem việc nền (hailong work) có chạy không; nhóm ít câu trả lời chờ đến khi đóng đợt."),
}
JOBS: Mapping[str, str] = {
    "frame": N_("Nhận giao dịch vào khung mẫu"),
    "seal": N_("Niêm phong câu trả lời"),
    "tally": N_("Đếm câu trả lời"),
    "release": N_("Lập bản công bố trình diễn"),
    "adequacy": N_("Tính mức đủ mẫu"),
    "arrivals": N_("Gộp số lượt đến"),
    "screen": N_("Tìm dấu hiệu bất thường"),
    "comments": N_("Chuẩn bị góp ý"),
    "retain": N_("Xóa dữ liệu hết hạn"),
    "forget": N_("Xóa thứ tự đến"),
    "checkpoint": N_("Ký điểm chốt"),
    "watch": N_("Nạp tệp từ thư mục theo dõi"),
    "send": N_("Gửi thư mời"),
    "mail": N_("Gửi điểm chốt cho kiểm toán viên"),
    "draw": N_("Rút mẫu"),
    "webhooks": N_("Báo cho cổng dịch vụ"),
    "mirror": N_("Chép bản công khai"),
    "reports": N_("Lập báo cáo"),
}


def say_found(code: str, values: Mapping[str, object], language: str) -> str:
    """What was found, in the reader's language."""
    spoken = {name: _written(value, language) for name, value in values.items()}
    return translate(language, FOUND.get(code, FOUND["other"]), **spoken)


def say_remedy(code: str, language: str) -> str:
    """What to do about it; empty where nothing is."""
    return translate(language, REMEDIES[code]) if code in REMEDIES else ""


def say_result(message: str, language: str) -> str:
    """What a job's run came to: its count as the reader writes numbers, or the kind of its failure."""
    said = message.partition(": ")[2] or message
    count = said.replace(",", "")
    return formats.number(int(count), language) if count.isdecimal() else said


def _written(value: object, language: str) -> object:
    match value:
        case float():
            return formats.number(value, language, 1)
        case int():
            return formats.number(value, language)
        case datetime():
            return formats.moment(value, language)
        case date():
            return formats.day(value, language)
    return value


def say_job(name: str, language: str) -> str:
    return translate(language, JOBS[name]) if name in JOBS else name
