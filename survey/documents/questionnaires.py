"""The operators' pages of questionnaires: the list, the builder, translation, preview, a version; and their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from survey.documents.environment import render
from survey.documents.exchange import Remark
from survey.documents.shell import Shell
from survey.documents.verdicts import N_
from survey.mandate.differences import Difference
from survey.mandate.documents import Document
from survey.mandate.questionnaires import Questionnaire
from survey.mandate.reading_time import ReadingTime

KINDS = {"scale": N_("Mức hài lòng"), "choice": N_("Chọn một"), "comment": N_("Viết lời")}
ROLES = {
    "overall": N_("câu hỏi chính"),
    "indexed": N_("tính vào chỉ số"),
    "fact": N_("sự việc, không bao giờ tính vào chỉ số"),
    "profile": N_("về người trả lời"),
}
REFUSALS = {
    "bad_code": N_("Mã bắt đầu bằng chữ cái không dấu, chỉ gồm chữ không dấu, số và gạch dưới."),
    "code_taken": N_("Mã này đã có. Mỗi mục và mỗi câu hỏi có mã riêng."),
    "no_wording": N_("Xin viết lời bằng tiếng Việt."),
    "too_long": N_("Lời quá dài."),
    "too_many": N_("Quá nhiều câu hỏi hoặc phương án."),
    "unknown": N_("Không có mục hay câu hỏi này."),
    "bad_kind": N_("Loại hoặc vai trò không hợp lệ."),
    "bad_role": N_("Chỉ câu hỏi mức hài lòng tính vào chỉ số; câu hỏi về người trả lời phải có phương án."),
    "bad_choice": N_("Mỗi dòng một phương án: mã, gạch đứng, lời. Mỗi mã một lần."),
    "bad_condition": N_("Mỗi dòng một điều kiện, như F1 = yes, no: một câu đứng trước và phương án của nó."),
    "rests_on": N_("Có câu hỏi khác dựa vào câu này. Xin sửa điều kiện của câu đó trước."),
    "changed": N_("Có người khác vừa sửa bản thảo. Xin đọc lại rồi sửa tiếp."),
    "exists": N_("Mã này đã được dùng cho một phiếu hỏi. Xin chọn mã khác."),
    "same_author": N_("Ông/Bà đã sửa bản thảo này, nên người khác phải đọc và ban hành."),
    "bridge_needed": N_("Có thay đổi làm đứt chuỗi số liệu. Xin ghi cách nối số liệu trước khi ban hành."),
    "incomplete": N_("Bản thảo chưa đủ để ban hành."),
    "not_signed": N_("Chưa ghi được chữ ký: cần tên người thẩm định, đủ lời dịch và không phải người soạn."),
    "not_readable": N_("Không đọc được tệp."),
}
CHANGES = {
    "title": N_("Tên phiếu"),
    "intro": N_("Lời mở đầu"),
    "section_title": N_("Tên mục"),
    "added": N_("Thêm câu hỏi"),
    "removed": N_("Bỏ câu hỏi"),
    "moved": N_("Đổi thứ tự"),
    "kind": N_("Loại"),
    "wording": N_("Lời hỏi"),
    "help": N_("Lời giải thích"),
    "why": N_("Lý do hỏi"),
    "choice_added": N_("Thêm phương án"),
    "choice_removed": N_("Bỏ phương án"),
    "choice_wording": N_("Lời của phương án"),
    "score": N_("Điểm"),
    "required": N_("Bắt buộc"),
    "indexed": N_("Tính vào chỉ số"),
    "overall": N_("Câu hỏi chính"),
    "condition": N_("Điều kiện hỏi"),
}
REMARKS = {
    "kept": N_("giữ nguyên"),
    "scale": N_("đưa vào thang mức hài lòng: xin xem mức thấp và cao có đúng chiều"),
    "split": N_("tách thành nhiều câu: %(detail)s"),
    "renamed": N_("ở đây có mã %(detail)s"),
    "five_levels": N_("giống thang năm mức nhưng lời khác, nên giữ làm phương án"),
    "left_type": N_("bỏ: loại %(detail)s không dùng ở đây"),
    "left_identifying": N_("bỏ: %(detail)s cho biết ai trả lời"),
    "left_condition": N_("bỏ điều kiện, nên hỏi mọi người: %(detail)s"),
    "left_settings": N_("giữ, nhưng bỏ %(detail)s"),
    "left_other": N_("giữ, nhưng bỏ phương án “khác” tự ghi"),
    "left_media": N_("giữ, nhưng bỏ hình, tiếng: %(detail)s"),
    "left_language": N_("bỏ lời bằng %(detail)s"),
    "markup": N_("bỏ định dạng trong lời hỏi"),
    "reference": N_("lời hỏi nhắc một câu trả lời khác, ở đây không điền được: %(detail)s"),
    "flattened": N_("nhóm trong nhóm: các câu nằm ở nhóm ngoài"),
    "no_choices": N_("thiếu phương án: xin thêm"),
    "no_vietnamese": N_("chưa có lời tiếng Việt: xin dịch"),
}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One published version; `signed` are its languages that are no drafts."""

    version: Questionnaire
    signed: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class QuestionnairesPage:
    """Versions and drafts (code, title, authors, address); `remarks` and `kept` are of a file that was just read."""

    versions: tuple[VersionRow, ...]
    drafts: tuple[tuple[str, str, str, str], ...]
    new_url: str | None = None
    import_url: str | None = None
    remarks: tuple[Remark, ...] = ()
    read_file: str | None = None
    kept_url: str | None = None
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class BuilderPage:
    """A draft. `problem` is a code of REFUSALS and what it is about; `incomplete` why it cannot be published yet."""

    code: str
    document: Document
    revision: int
    authors: tuple[str, ...]
    based_on: str | None
    bridge: str
    differences: Sequence[Difference]
    needs_bridge: bool
    incomplete: str | None
    completeness: Mapping[str, tuple[int, int]]
    times: Mapping[str, ReadingTime]
    sectors: Sequence[tuple[str, str]]
    roles: Mapping[str, str]
    choices: Mapping[str, str]
    conditions: Mapping[str, tuple[str, str] | None]
    edit_url: str
    preview_url: str
    translate_urls: Mapping[str, str]
    export_url: str
    publish_url: str
    may_edit: bool
    may_publish: bool
    problem: tuple[str, str] | None = None
    opened: str = ""


@dataclass(frozen=True, slots=True)
class TranslationPage:
    """The texts of a draft beside their translation: by section (code, title, rows of path, Vietnamese, text)."""

    code: str
    target: str
    revision: int
    sections: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...]
    completeness: tuple[int, int]
    save_url: str
    back_url: str
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A published version: who made it, what changed, who signed which language, files of it."""

    version: Questionnaire
    authors: tuple[str, ...]
    published_by: str | None
    based_on: str | None
    bridge: str
    differences: Sequence[Difference]
    languages: tuple[tuple[str, str | None, str | None], ...]
    times: Mapping[str, ReadingTime]
    exports: tuple[tuple[str, str], ...]
    preview_url: str
    sign_url: str | None
    next_url: str | None
    back_url: str
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A telephone with the citizen's page in it, in each language: (language, address of the page inside)."""

    name: str
    title: str
    frames: tuple[tuple[str, str], ...]
    back_url: str


def render_questionnaires(page: QuestionnairesPage, shell: Shell, language: str) -> str:
    return render("operator/questionnaires.html", language, page=page, shell=shell, said=_SAID)


def render_builder(page: BuilderPage, shell: Shell, language: str) -> str:
    return render("operator/builder.html", language, page=page, shell=shell, said=_SAID)


def render_translation(page: TranslationPage, shell: Shell, language: str) -> str:
    return render("operator/translation.html", language, page=page, shell=shell, said=_SAID)


def render_version(page: VersionPage, shell: Shell, language: str) -> str:
    return render("operator/version.html", language, page=page, shell=shell, said=_SAID)


def render_preview(page: PreviewPage, shell: Shell, language: str) -> str:
    return render("operator/preview.html", language, page=page, shell=shell)


_SAID = {"kinds": KINDS, "roles": ROLES, "refusals": REFUSALS, "changes": CHANGES, "remarks": REMARKS}
