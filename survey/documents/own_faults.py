"""What is wrong with a statistician's own file, in the reader's language and in the words of the page.

The command line says it in English and by its options.
A fault's English sentence is taken apart by its pattern; what stands in it (a line, a column, a value) is put into the
sentence of the reader. A fault that is not listed stays in English, which is better than none.
"""

from __future__ import annotations

import re

from survey.documents.environment import translate
from survey.documents.verdicts import N_

FAULTS: tuple[tuple[str, str], ...] = (
    (r"has a header and no rows", N_("Tệp chỉ có dòng tên cột, chưa có dữ liệu nên không ước lượng được.")),
    (r"is empty: its first line", N_("Tệp trống: dòng đầu phải là tên các cột.")),
    (
        r"line (?P<line>[\d,]+), byte (?P<byte>\d+): not UTF-8",
        N_(
            "Dòng %(line)s, byte %(byte)s không phải UTF-8 (có thể là Windows-1258). Xin lưu lại tệp với "
            "bảng mã UTF-8; "
            "trong Excel: Lưu thành, CSV UTF-8."
        ),
    ),
    (
        r"line (?P<line>[\d,]+), byte (?P<byte>\d+): encodings are mixed",
        N_(
            "Tệp trộn hai bảng mã: các dòng trước là UTF-8, còn dòng %(line)s, byte %(byte)s thì không. Xin lưu lại cả "
            "tệp với bảng mã UTF-8."
        ),
    ),
    (r"UTF-16", N_("Tệp dùng bảng mã UTF-16 hoặc không phải CSV. Xin lưu lại tệp với bảng mã UTF-8.")),
    (r"the column '(?P<column>.+)' is named twice", N_("Cột %(column)s có hai lần: xin đổi tên một cột.")),
    (
        r"line (?P<line>[\d,]+): (?P<found>[\d,]+) values where the header names (?P<width>[\d,]+)",
        N_(
            "Dòng %(line)s có %(found)s giá trị, trong khi dòng đầu có %(width)s cột. Xin đặt giá trị có dấu phân cách "
            "trong dấu nháy kép, hoặc điền đủ dòng."
        ),
    ),
    (
        r"line (?P<line>[\d,]+): .+; check quotation marks",
        N_("Không đọc được dòng %(line)s: xin xem lại dấu nháy kép và chỗ xuống dòng."),
    ),
    (
        r"only .+ files can be read",
        N_("Chỉ đọc được tệp CSV, Parquet, Stata (.dta) và SPSS (.sav): xin lưu lại ở một dạng này."),
    ),
    (
        r"is not an? (?P<form>\w+) file that",
        N_(
            "Tệp này không phải tệp %(form)s đọc được: có thể đã hỏng hoặc mang đuôi sai. Xin xuất lại từ phần mềm gốc."
        ),
    ),
    (r"has no column '(?P<column>.+?)'", N_("Tệp không có cột %(column)s.")),
    (
        r"Column '(?P<column>.+)' has more than (?P<most>[\d,]+) different values",
        N_(
            "Cột %(column)s có hơn %(most)s giá trị khác nhau, nên không phải câu trả lời có lựa chọn: xin "
            "chọn cột khác."
        ),
    ),
    (
        r" (?P<asked>\S+): column '(?P<column>.+)' has no such value; it holds (?P<held>.+)\.",
        N_("Cột %(column)s không có giá trị %(asked)s. Cột này có: %(held)s."),
    ),
    (
        r"Column '(?P<column>.+)' has values without a label: (?P<counts>.+)\. If",
        N_(
            "Cột %(column)s có giá trị không có nhãn: %(counts)s. Nếu đó là không trả lời, xin ghi vào ô "
            "“Giá trị nghĩa "
            "là không trả lời”; nếu là câu trả lời, xin đặt nhãn trong tệp."
        ),
    ),
    (
        r"Column '(?P<column>.+)' has values that .+?: (?P<counts>.+)\. If",
        N_(
            "Cột %(column)s có giá trị trông như mã không trả lời: %(counts)s. Nếu đúng vậy, xin ghi vào ô "
            "“Giá trị nghĩa "
            "là không trả lời”; nếu là câu trả lời, xin mã hóa lại trong tệp."
        ),
    ),
    (
        r"Column '(?P<column>.+)' is not 0/1: it holds (?P<held>.+)\. Say",
        N_("Cột %(column)s không phải 0 và 1 mà có: %(held)s. Xin ghi những giá trị được tính là hài lòng, ví dụ 4,5."),
    ),
    (
        r"Column '(?P<column>.+)' must hold numbers, and holds (?P<odd>.+?):",
        N_("Cột %(column)s phải là số, nhưng có %(odd)s: xin sửa trong tệp hoặc chọn cột khác."),
    ),
    (
        r"Column '(?P<column>.+)' is stored as text",
        N_("Cột %(column)s được lưu dưới dạng chữ: xin lưu lại thành số."),
    ),
    (
        r"Columns of the design have missing values: (?P<told>.+)\. Fill",
        N_(
            "Cột thiết kế còn thiếu giá trị: %(told)s. Xin điền đủ, hoặc chọn bỏ những dòng này; số dòng bị bỏ sẽ được "
            "ghi rõ."
        ),
    ),
    (
        r"Column '(?P<column>.+)' has (?P<strata>[\d,]+) values in (?P<rows>[\d,]+) rows: nearly",
        N_(
            "Cột %(column)s có %(strata)s giá trị trong %(rows)s dòng: gần như mỗi phiếu là một tầng riêng nên không "
            "tính được phương sai. Đây có phải mã số của phiếu không? Xin dùng cột này làm đơn vị mẫu cấp "
            "một, hoặc chọn "
            "tầng lớn hơn."
        ),
    ),
    (r"No row is left", N_("Không còn dòng nào: dòng nào cũng thiếu giá trị ở một cột thiết kế.")),
    (r"No row is counted", N_("Không có dòng nào được tính: xin xem lại cột câu trả lời và trọng số.")),
    (r"Name the column of the answer", N_("Xin chọn cột câu trả lời.")),
    (r"Choose a file first", N_("Xin chọn một tệp trước.")),
    (r"The target '(?P<target>.*)' ", N_("Chỉ tiêu %(target)s không hợp lệ: xin ghi một số từ 0 đến 100, ví dụ 90.")),
)
ROWS: tuple[tuple[str, str], ...] = (
    (
        r"Rows: (?P<read>[\d,]+) read, (?P<dropped>[\d,]+) dropped, (?P<kept>[\d,]+) kept, (?P<counted>[\d,]+) counted",
        N_("Số dòng: đọc %(read)s, bỏ %(dropped)s, giữ %(kept)s, được tính %(counted)s."),
    ),
    (r"(?P<rows>[\d,]+) outside the condition", N_("%(rows)s dòng ngoài điều kiện (vẫn thuộc mẫu)")),
    (r"(?P<rows>[\d,]+) without an answer", N_("%(rows)s dòng không có câu trả lời (vẫn thuộc mẫu)")),
    (r"(?P<rows>[\d,]+) with weight or count 0", N_("%(rows)s dòng có trọng số hoặc số phiếu bằng 0")),
    (r"(?P<rows>[\d,]+) counted without a group", N_("%(rows)s dòng được tính nhưng không thuộc nhóm nào")),
    (r"they stand for (?P<responses>[\d,]+) responses", N_("các dòng này đại diện cho %(responses)s phiếu")),
)
NUMBER_OF_ROWS = N_("%(rows)s dòng")


def tell(sentence: str, language: str) -> tuple[str, bool]:
    """A fault, or what became of the rows, in the words of the page; whether it is listed (False: as it came)."""
    for pattern, words in (*FAULTS, *ROWS):
        if found := re.search(pattern, sentence, re.DOTALL):
            values = {name: _spell(value, language) for name, value in found.groupdict().items()}
            return translate(language, words, **values), True
    return sentence, False


def _spell(value: str, language: str) -> str:
    """Thousands and rows as the reader writes them."""
    value = re.sub(r"(\d),(?=\d{3}\b)", r"\1.", value) if language == "vi" else value
    return re.sub(r"( in )?([\d.]+) rows", lambda each: _count_rows(each[1], each[2], language), value)


def _count_rows(within: str | None, rows: str, language: str) -> str:
    return (": " if within else "") + translate(language, NUMBER_OF_ROWS, rows=rows)
