import csv
import hashlib

import pytest

from survey.mandate.errors import MandateFileError
from survey.mandate.published import published_file

LEVELS = ("very_dissatisfied", "dissatisfied", "neither", "satisfied", "very_satisfied")


def read_rows() -> list[dict[str, str]]:
    with published_file("opg_satisfaction.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_real_answers_are_the_ones_described() -> None:
    rows = read_rows()
    answers = dict.fromkeys(("use-an-lpa", "make-a-lpa"), 0)
    for row in rows:
        answers[row["service"]] += sum(int(row[level]) for level in LEVELS)
    assert len(rows) == 78
    assert answers == {"use-an-lpa": 911_823, "make-a-lpa": 221_396}


def test_march_2021_holds_6055_answers_of_which_94_3_per_cent_satisfied() -> None:
    row = next(row for row in read_rows() if (row["service"], row["month"]) == ("use-an-lpa", "2021-03"))
    counts = [int(row[level]) for level in LEVELS]
    assert sum(counts) == 6055
    assert (counts[3] + counts[4]) / sum(counts) == pytest.approx(0.9430, abs=5e-5)


def test_the_file_has_not_been_edited() -> None:
    content = published_file("opg_satisfaction.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == "1fcf01919cd23c36d1902bc46b456def73a36531aa511e3e000149e89700b864"


def test_the_folder_says_where_the_file_comes_from_and_under_which_licence() -> None:
    readme = published_file("README.md").read_text(encoding="utf-8")
    assert "ministryofjustice/opg-performance-data" in readme
    assert "MIT License" in readme


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(MandateFileError, match=r"published/other.csv: the file is missing"):
        published_file("other.csv")
