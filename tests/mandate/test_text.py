import pytest

from survey.mandate.errors import MissingText
from survey.mandate.text import LANGUAGES, Text


def test_the_languages_are_vietnamese_english_and_khmer() -> None:
    assert LANGUAGES == ("vi", "en", "km")


def test_a_text_speaks_the_language_asked_for() -> None:
    assert Text({"vi": "Hài lòng", "km": "ពេញចិត្ត"}).in_language("km") == "ពេញចិត្ត"


@pytest.mark.parametrize("language", ["km", "en"])
def test_a_missing_wording_falls_back_to_vietnamese(language: str) -> None:
    text = Text({"vi": "Hài lòng"})
    assert text.in_language(language) == "Hài lòng"
    assert text.missing == ("en", "km")


def test_a_text_without_vietnamese_is_refused() -> None:
    with pytest.raises(MissingText, match="add vi"):
        Text({"en": "Satisfied"})


def test_an_empty_wording_is_refused() -> None:
    with pytest.raises(MissingText, match="en wording is empty"):
        Text({"vi": "Hài lòng", "en": "  "})


def test_a_language_of_no_questionnaire_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown language 'fr'"):
        Text({"vi": "Hài lòng", "fr": "Satisfait"})


def test_texts_are_equal_by_their_wordings_and_cannot_be_changed() -> None:
    text = Text({"en": "Satisfied", "vi": "Hài lòng"})
    assert text == Text({"vi": "Hài lòng", "en": "Satisfied"})
    assert hash(text) == hash(Text({"vi": "Hài lòng", "en": "Satisfied"}))
    assert list(text) == ["vi", "en"]
    with pytest.raises(TypeError):
        text["vi"] = "khác"  # type: ignore[index]
