"""What is wrong with a file is told to its owner in her own language, with the line, the column and the way out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from survey.actions.estimating import CannotEstimate
from survey.actions.opening_tables import read_names
from survey.actions.own_estimates import estimate_own_file
from survey.actions.scanning_csv import CannotRead
from survey.documents.own_faults import tell

TODAY = date(2026, 11, 24)
ASKED = dict.fromkeys(
    ("outcome", "stratum", "psu", "weight", "population", "count", "by", "satisfied", "missing", "target"), ""
) | {"drop_incomplete": "", "outcome": "answer"}
ROWS = "answer,h,w\n" + "".join(f"{row % 2},{row},{row % 7 + 1}\n" for row in range(60))


def fault_of(path: Path, **asked: str) -> str:
    with pytest.raises((CannotRead, CannotEstimate)) as fault:
        _ = read_names(path) and estimate_own_file(path, ASKED | asked, TODAY)
    return str(fault.value)


@pytest.mark.parametrize(
    ("content", "asked", "told"),
    [
        (b"", {}, "Tệp trống"),
        (b"answer,h\n", {}, "chưa có dữ liệu"),
        (b"answer,answer\n1,2\n", {}, "Cột answer có hai lần"),
        (b"answer,h\n1,a\n1,a,b\n", {}, "Dòng 3 có 3 giá trị"),
        ("answer,h\n1,Đất\n".encode() + b"1,\xd0\xf2\n", {}, "Tệp trộn hai bảng mã"),
        (b"answer,h\n1,\xff\n", {}, "không phải UTF-8"),
        ("answer,h\n1,a\n".encode("utf-16"), {}, "UTF-16"),
        (ROWS.replace(",1\n", ",\n", 1).encode(), {"weight": "w"}, "'w': 1 dòng"),
        (ROWS.encode(), {"stratum": "h"}, "Cột h có 60 giá trị trong 60 dòng"),
        (ROWS.replace("1,1,", "4,1,").encode(), {}, "Cột answer không phải 0 và 1 mà có: 0, 1, 4"),
        (ROWS.encode(), {"satisfied": "7"}, "Cột answer không có giá trị 7"),
        (ROWS.replace(",2\n", ",hai\n", 1).encode(), {"weight": "w"}, "Cột w phải là số, nhưng có"),
        (ROWS.encode(), {"outcome": "anwser"}, "Tệp không có cột anwser"),
        (ROWS.encode(), {"outcome": ""}, "chọn cột câu trả lời"),
        (ROWS.encode(), {"target": "150"}, "Chỉ tiêu 150 không hợp lệ"),
    ],
)
def test_a_fault_names_its_place_in_vietnamese(
    tmp_path: Path, content: bytes, asked: dict[str, str], told: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    sentence = fault_of(path, **asked)
    words, spoken = tell(sentence, "vi")
    assert spoken, sentence
    assert told in words
    assert tell(sentence, "km")[0] not in (sentence, words)
    assert "--" not in tell(sentence, "en")[0], "an option of the command line means nothing on a page"


def test_values_without_a_label_and_files_of_another_kind_are_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"answer": [1, 2, 9] * 5})
    frame.to_stata(tmp_path / "a.dta", value_labels={"answer": {1: "có", 2: "không"}}, version=118, write_index=False)
    words, spoken = tell(fault_of(tmp_path / "a.dta", satisfied="1"), "vi")
    assert spoken
    assert "không có nhãn: 9 (5 dòng)" in words
    (tmp_path / "b.parquet").write_bytes(b"no such thing")
    assert "không phải tệp Parquet" in tell(fault_of(tmp_path / "b.parquet"), "vi")[0]


def test_five_thousand_columns_are_read_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    header = ",".join(["answer", *(f"c{n}" for n in range(4999))])
    path.write_text(header + "\n" + "\n".join(f"{row % 2 if row else ''}" + ",7" * 4999 for row in range(9)) + "\n")
    _, told = estimate_own_file(path, ASKED, TODAY)
    lines = [tell(each, "vi") for each in told]
    assert lines[0] == ("Số dòng: đọc 9, bỏ 0, giữ 9, được tính 8.", True)
    assert lines[1] == ("1 dòng không có câu trả lời (vẫn thuộc mẫu)", True)


def test_what_is_not_listed_stays_as_it_was() -> None:
    """The control: no invented words for a fault that nobody foresaw."""
    assert tell("Something else went wrong.", "vi") == ("Something else went wrong.", False)
