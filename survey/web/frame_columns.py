"""What the columns of a frame's file are called on pages."""

from __future__ import annotations

from survey.web.tools import Say


def column_words(say: Say) -> dict[str, str]:
    """The words for the columns that a frame's file may hold."""
    return {
        "dossier": say("Mã hồ sơ"),
        "agency": say("Cơ quan giải quyết"),
        "sector": say("Lĩnh vực"),
        "procedure": say("Thủ tục hoặc dịch vụ"),
        "population": say("Số hồ sơ (tệp chỉ có tổng số)"),
        "filing_route": say("Cách nộp"),
        "outcome": say("Kết quả giải quyết"),
        "applicant_kind": say("Loại người nộp"),
        "filed_by": say("Ai đi nộp"),
        "complaint": say("Có phản ánh"),
        "portal_rating": say("Điểm đánh giá trên cổng"),
        "language": say("Ngôn ngữ"),
        "unit": say("Người hay lượt khám"),
        "stay": say("Nội trú hay ngoại trú"),
        "school_level": say("Cấp học"),
        "received_on": say("Ngày nhận"),
        "due_on": say("Ngày hẹn trả"),
        "returned_on": say("Ngày trả"),
        "receiving_agency": say("Cơ quan tiếp nhận"),
        "area": say("Nơi cư trú"),
        "department": say("Khoa"),
        "grade": say("Lớp"),
        "applicant": say("Mã người nộp"),
    }
