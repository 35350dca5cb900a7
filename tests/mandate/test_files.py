"""A data file that somebody mistyped is refused with the file, the entry and what to do."""

import datetime

import pytest

from survey.mandate.errors import MandateFileError
from survey.mandate.files import Entry, list_files, read_entry


def entry(**values: object) -> Entry:
    return Entry(values, "targets.toml, target T1")


def test_a_missing_value_names_the_file_the_entry_and_the_key() -> None:
    with pytest.raises(MandateFileError, match=r"targets.toml, target T1: rate is missing: add it"):
        entry().number("rate")


@pytest.mark.parametrize(
    ("read", "value"),
    [(Entry.string, 3), (Entry.number, "0.9"), (Entry.integer, True), (Entry.date, "2030-12-31"), (Entry.flag, 1)],
)
def test_a_value_of_another_type_is_refused(read: object, value: object) -> None:
    with pytest.raises(MandateFileError, match="x must be"):
        read(entry(x=value), "x") if read is not Entry.flag else entry(x=value).flag("x", default=False)  # type: ignore[operator]


def test_a_moment_is_not_a_date() -> None:
    with pytest.raises(MandateFileError, match="a date without a time"):
        entry(due=datetime.datetime(2030, 12, 31, 8, tzinfo=datetime.UTC)).date("due")


def test_an_unknown_key_is_refused_so_that_a_spelling_mistake_is_seen() -> None:
    with pytest.raises(MandateFileError, match="unknown key 'rat'"):
        entry(rat=0.9).finish()


def test_a_text_without_vietnamese_is_refused_with_its_place() -> None:
    with pytest.raises(MandateFileError, match=r"T1: name: A text has no Vietnamese"):
        entry(name={"en": "Land"}).text("name")


def test_wordings_are_read_in_composed_form() -> None:
    decomposed = "a\u0309"
    assert entry(name={"vi": decomposed}).text("name").in_language("vi") == "\u1ea3"


def test_a_list_of_strings_or_numbers_admits_nothing_else() -> None:
    with pytest.raises(MandateFileError, match="a list of strings"):
        entry(members=["1", 2]).strings("members")
    with pytest.raises(MandateFileError, match="a list of whole numbers"):
        entry(scores=[0, 1.5]).integers("scores")


def test_entries_inside_an_entry_carry_its_place() -> None:
    inner = list(entry(level=[{"code": "5"}, {}]).entries("level"))
    assert [each.where for each in inner] == ["targets.toml, target T1, level 5", "targets.toml, target T1, level 2"]


def test_a_missing_file_says_so() -> None:
    with pytest.raises(MandateFileError, match=r"nothing.toml: the file is missing"):
        read_entry("nothing.toml")


def test_a_folder_lists_its_files_in_order() -> None:
    paths = list_files("questionnaires")
    assert paths == sorted(paths)
    assert "questionnaires/procedures-1.toml" in paths
