"""Why a line of a file was refused, in the reader's language: imports speak English, as their command line does.

A sentence of an import is found by its fixed words; what stands in braces is taken over as it is. One that is not known
here is shown as it came.
"""

from __future__ import annotations

import re
from functools import cache

from survey.documents.environment import translate
from survey.documents.place_reasons import PLACE_REASONS
from survey.documents.verdicts import N_

REASONS = {
    # the file
    "the file cannot be read ({error}): check its path and permissions": N_("Không đọc được tệp. Xin gửi lại."),
    "this is not UTF-8 text, perhaps Windows-1258 or TCVN3: {remedy}": N_(
        "Chữ trong tệp không phải UTF-8, có thể là Windows-1258 hoặc TCVN3. Trong Excel, xin lưu thành CSV UTF-8."
    ),
    "the file is UTF-16: {remedy}": N_("Tệp dùng UTF-16. Trong Excel, xin lưu thành CSV UTF-8."),
    "the line holds NUL bytes, perhaps the file is UTF-16: {remedy}": N_(
        "Dòng này không phải là chữ, có thể tệp dùng UTF-16. Trong Excel, xin lưu thành CSV UTF-8."
    ),
    "this is not a CSV row ({error}): check its quotation marks and line ends": N_(
        "Dòng này không phải dòng CSV. Xin xem lại dấu nháy kép và chỗ xuống dòng."
    ),
    "the line is longer than {most} bytes: is this a CSV file?": N_("Dòng này quá dài. Đây có đúng là tệp CSV không?"),
    "the file is empty: its first line must name the columns {columns}": N_(
        "Tệp trống. Dòng đầu phải ghi tên các cột: %(columns)s."
    ),
    "the file has a header and no rows: there is nothing to load": N_("Tệp chỉ có dòng tên cột, không có gì để nạp."),
    "the column {name} is named twice: keep one": N_("Cột %(name)s có hai lần. Xin giữ một."),
    "the column {name} is missing: the columns are {columns}": N_("Thiếu cột %(name)s. Các cột là: %(columns)s."),
    "the column {name} is not known: the columns are {columns}": N_(
        "Không có cột nào tên %(name)s. Các cột là: %(columns)s."
    ),
    "{found} values where the header names {wanted}: add or remove commas": N_(
        "Dòng có %(found)s ô, dòng tên cột có %(wanted)s. Xin thêm hoặc bớt dấu phẩy."
    ),
    "more than {most} rows: split the file, or check that it is the right one": N_(
        "Tệp có hơn %(most)s dòng. Xin chia tệp, hoặc xem có đúng tệp này không."
    ),
    "more than {most} rows are wrong: is this the right file?": N_(
        "Hơn %(most)s dòng sai. Đây có đúng là tệp cần nạp không?"
    ),
    "none of its {rows} rows can be used": N_("Không dòng nào trong %(rows)s dòng dùng được."),
    # the workbook
    "The workbook cannot be read ({error}). {remedy}": N_(
        "Không đọc được tệp Excel. Xin lưu lại thành .xlsx hoặc CSV."
    ),
    "The workbook is damaged ({error}). {remedy}": N_("Tệp Excel bị hỏng. Xin lưu lại thành .xlsx hoặc CSV."),
    "The file is no .xlsx workbook, or locked, or damaged. {remedy}": N_(
        "Tệp không phải .xlsx, bị khóa hoặc bị hỏng. Xin lưu lại thành .xlsx hoặc CSV."
    ),
    "The file is a zip, but no .xlsx workbook. {remedy}": N_(
        "Đây là tệp nén, không phải tệp Excel. Xin lưu lại thành .xlsx hoặc CSV."
    ),
    "Cell {cell} holds {kind}: paste its value instead.": N_(
        "Ô %(cell)s chứa công thức hoặc lỗi. Xin dán giá trị của ô."
    ),
    "The workbook has more than {most} bytes: save it as 'CSV UTF-8'.": N_(
        "Tệp Excel quá lớn. Xin lưu thành CSV UTF-8."
    ),
    "The workbook unpacks to more than a frame can hold: save it as 'CSV UTF-8'.": N_(
        "Tệp Excel chứa nhiều hơn một khung mẫu. Xin lưu thành CSV UTF-8."
    ),
    "{part} unpacks suspiciously large: copy its rows into a new file.": N_(
        "Tệp Excel giải nén ra quá lớn, đáng ngờ. Xin chép các dòng sang một tệp mới."
    ),
    "A sheet has more than {most} rows: delete the empty ones below the last, or save it as 'CSV UTF-8'.": N_(
        "Trang tính có hơn %(most)s dòng. Xin xóa các dòng trống ở cuối, hoặc lưu thành CSV UTF-8."
    ),
    "The workbook {refusal}": N_("Tệp Excel có ô gộp hoặc phần không nhận được. Xin bỏ đi, hoặc lưu thành CSV UTF-8."),
    # a transaction
    "the columns must be agency, sector or procedure, and either population or dossier": N_(
        "Phải có cột cơ quan, cột lĩnh vực hoặc thủ tục, và cột số hồ sơ hoặc mã hồ sơ."
    ),
    "a column 'sector' or 'procedure' is missing: one of them says what was done": N_(
        "Thiếu cột lĩnh vực hoặc thủ tục: một trong hai cho biết đã làm việc gì."
    ),
    "agency {agency} is not known: load it first with `hailong import agencies FILE`": N_(
        "Chưa có cơ quan %(agency)s. Xin nạp cơ quan trước, ở trang Địa bàn."
    ),
    "agency {agency} lies outside the wave's areas {areas}: leave it out": N_(
        "Cơ quan %(agency)s nằm ngoài địa bàn của đợt (%(areas)s). Xin bỏ dòng này."
    ),
    "agency {agency} stands on an earlier line already: keep one of them": N_(
        "Cơ quan %(agency)s đã có ở dòng trên. Xin giữ một dòng."
    ),
    "procedure {procedure} has no sector: load it first with `hailong import procedures FILE`": N_(
        "Thủ tục %(procedure)s chưa có lĩnh vực. Xin nạp thủ tục trước, ở trang Địa bàn."
    ),
    "procedure {procedure} counts for the sector {meant}, not {sector}: correct one": N_(
        "Thủ tục %(procedure)s thuộc lĩnh vực %(meant)s, không phải %(sector)s. Xin sửa một trong hai."
    ),
    "sector {sector} is not one of this wave's: use {sectors}": N_(
        "Lĩnh vực %(sector)s không thuộc đợt này. Các lĩnh vực là: %(sectors)s."
    ),
    "the codes {agency} and {sector} together are longer than {most} letters": N_(
        "Mã %(agency)s và %(sector)s ghép lại dài hơn %(most)s chữ."
    ),
    "dossier must hold 1 to {most} letters: it tells transactions apart": N_(
        "Mã hồ sơ phải có 1 đến %(most)s chữ: nhờ mã mà biết hồ sơ nào là hồ sơ nào."
    ),
    "{name} {value} is no day: write it as 2026-11-24 or 24/11/2026": N_(
        "%(name)s: %(value)s không phải là ngày. Xin ghi 24/11/2026 hoặc 2026-11-24."
    ),
    "received_on {day} is in the future: correct the day": N_("Ngày nhận %(day)s chưa tới. Xin sửa ngày."),
    "{name} {day} is before received_on {received}: correct one of them": N_(
        "%(name)s: ngày %(day)s trước ngày nhận %(received)s. Xin sửa một trong hai."
    ),
    "{what} began on {from_day}, after {day}: name the one before it, or correct the day": N_(
        "%(what)s mới có từ %(from_day)s, sau ngày %(day)s. Xin ghi nơi có trước đó, hoặc sửa ngày."
    ),
    "{what} ended on {to_day}, before {day}: name the one that followed it": N_(
        "%(what)s đã kết thúc ngày %(to_day)s, trước ngày %(day)s. Xin ghi nơi kế tiếp."
    ),
    "{name} {code} is not known: load it first, or leave it empty": N_(
        "%(name)s: chưa có %(code)s. Xin nạp trước, hoặc để trống."
    ),
    "{name} {value} is not known: use {allowed}": N_("%(name)s: không có %(value)s. Xin dùng: %(allowed)s."),
    "{name} is longer than {most} letters: use a code": N_("%(name)s dài hơn %(most)s chữ. Xin dùng mã."),
    "the dossier of this line is on line {first} already: keep one of them": N_(
        "Hồ sơ này đã có ở dòng %(first)s. Xin giữ một dòng."
    ),
    "this agency and sector or procedure are on line {first} already: keep one of them": N_(
        "Cơ quan và lĩnh vực hoặc thủ tục này đã có ở dòng %(first)s. Xin giữ một dòng."
    ),
    "population {value} must be a whole number from 1 to {most}, in digits only; leave out what has none": N_(
        "Số hồ sơ %(value)s phải là số nguyên từ 1 đến %(most)s, chỉ gồm chữ số. Nơi không có hồ sơ thì bỏ dòng."
    ),
    "population {value} must be a whole number in digits only": N_(
        "Số hồ sơ %(value)s phải là số nguyên, chỉ gồm chữ số."
    ),
    # a newer frame
    "the answers of wave {wave} were imported as counts: such a wave takes no frame": N_(
        "Đợt %(wave)s chỉ có số đếm nạp từ ngoài nên không có khung mẫu."
    ),
    "invitations were drawn from a frame of transactions: import transactions again": N_(
        "Mẫu đã rút từ khung theo từng hồ sơ. Xin nạp lại tệp có từng hồ sơ."
    ),
    "invitations were drawn from a frame of totals: import totals again": N_(
        "Mẫu đã rút từ khung tổng số. Xin nạp lại tệp tổng số."
    ),
    "{count} dossiers of the frame that was drawn from are missing: only add rows to it": N_(
        "Thiếu %(count)s hồ sơ của khung đã rút mẫu. Khung mới chỉ được thêm dòng."
    ),
    "stratum {stratum} holds {count}, but number {number} in it was invited: a frame cannot shrink below "
    "who was drawn": N_(
        "Tầng %(stratum)s còn %(count)s, nhưng số %(number)s đã được mời. Khung không được nhỏ hơn mẫu đã rút."
    ),
    "this dossier was in stratum {stratum} before: who is drawn cannot move": N_(
        "Hồ sơ này trước ở tầng %(stratum)s. Người đã rút không chuyển tầng được."
    ),
}


def explain(reason: str, language: str) -> str:
    """The reason in the reader's language; as it came where it is not known."""
    for pattern, sentence in _patterns():
        if found := pattern.fullmatch(reason):
            return translate(language, sentence, **found.groupdict())
    return reason


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Templates with the most fixed words first, so that a loose one takes nothing from a strict one."""
    ordered = sorted((REASONS | PLACE_REASONS).items(), key=lambda each: -len(re.sub(r"\{\w+\}", "", each[0])))
    return tuple((re.compile(_regex(template), re.DOTALL), sentence) for template, sentence in ordered)


def _regex(template: str) -> str:
    return "".join(
        f"(?P<{part[1:-1]}>.+?)" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{\w+\})", template)
    )
