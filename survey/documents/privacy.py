"""The privacy notice that citizens read, and the data-protection impact assessment that counsel completes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from survey.documents.environment import render, translate
from survey.documents.shell import CitizenShell
from survey.mandate.notice import load_notice
from survey.mandate.retention import load_retention


def render_notice(shell: CitizenShell, language: str) -> str:
    """What is asked and why, what is kept how long, how anonymity works, what the receipt proves."""
    return render("public/privacy.html", language, sections=load_notice(), kept=load_retention().values(), shell=shell)


def write_assessment(settings: Mapping[str, str], language: str) -> str:
    """The impact assessment as Markdown, from the settings in force and the retention table."""
    return "\n".join(_assessment(settings, language)) + "\n"


def _assessment(settings: Mapping[str, str], language: str) -> Iterator[str]:
    confirm = translate(language, "Cần luật sư xác nhận.")
    yield "# " + translate(language, "Đánh giá tác động bảo vệ dữ liệu cá nhân")
    yield "\n" + translate(language, "Theo Luật 91/2025/QH15 và Nghị định 356/2025/NĐ-CP.") + f" **{confirm}**"
    yield "\n" + translate(language, "Cơ quan chịu trách nhiệm: ……  Người phụ trách dữ liệu: ……  Ngày: ……")
    for section in load_notice():
        yield f"\n## {section.title.in_language(language)}\n\n{section.body.in_language(language)}"
    yield from _kept(language)
    yield "\n## " + translate(language, "Thiết lập đang dùng") + "\n"
    yield _row(translate(language, "Thiết lập"), translate(language, "Giá trị")) + "\n|---|---|"
    yield from (_row(name, value) for name, value in settings.items())
    yield "\n## " + translate(language, "Rủi ro còn lại") + "\n"
    yield from (f"- {risk}" for risk in _risks(language))
    yield "\n## " + translate(language, "Việc cơ quan phải tự điền") + "\n"
    yield from (f"- {duty} **{confirm}**" for duty in _duties(language))


def _kept(language: str) -> Iterator[str]:
    yield "\n## " + translate(language, "Chúng tôi giữ gì và giữ bao lâu") + "\n"
    heads = (
        translate(language, "Dữ liệu"),
        translate(language, "Giữ bao lâu"),
        translate(language, "Bị hủy bởi"),
        translate(language, "Căn cứ"),
    )
    yield _row(*heads) + "\n|---|---|---|---|"
    for rule in load_retention().values():
        basis = ", ".join(source.document for source in rule.sources)
        yield _row(rule.name.in_language(language), rule.kept.in_language(language), rule.enforced_by, basis)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _risks(language: str) -> tuple[str, ...]:
    return (
        translate(language, "Người quản trị cơ sở dữ liệu đọc được hộp nhận trước khi niêm phong."),
        translate(language, "Bản sao lưu và nhật ký lưu trữ của cơ sở dữ liệu còn giữ thứ tự đến khi hết hạn."),
        translate(language, "Cán bộ giữ mã của người dân có thể trả lời thay."),
        translate(language, "Lời góp ý có thể còn tên mà máy không nhận ra; vì vậy có người đọc trước."),
    )


def _duties(language: str) -> tuple[str, ...]:
    return (
        translate(
            language, "Căn cứ xử lý dữ liệu và quyết định tổ chức khảo sát (Điều 30 Luật Thống kê 89/2015/QH13)."
        ),
        translate(language, "Cấp độ an toàn hệ thống thông tin (Nghị định 85/2016/NĐ-CP)."),
        translate(language, "Dữ liệu nhạy cảm được hỏi: dân tộc, sức khỏe; lý do và mức tối thiểu khi công bố."),
        translate(language, "Quy trình báo vi phạm trong 72 giờ."),
    )
