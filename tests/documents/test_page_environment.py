"""Templates, languages and fallbacks."""

import pytest
from jinja2 import UndefinedError

from survey.documents import environment
from survey.documents.environment import UnknownLanguage, render, stylesheet, templates_folder, translate


def test_a_sentence_without_a_translation_stays_vietnamese():
    assert translate("en", "Câu này chưa ai dịch, còn %(count)s câu", count=3) == "Câu này chưa ai dịch, còn 3 câu"


def test_a_translated_sentence_is_in_the_readers_language():
    assert translate("en", "Gửi phiếu") != "Gửi phiếu"


def test_an_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(UnknownLanguage, match="vi, "):
        translate("fr", "Gửi phiếu")


def test_a_value_that_a_template_lacks_is_an_error_and_not_an_empty_space():
    with pytest.raises(UndefinedError):
        render("citizen/thanks.html", "vi")


def test_the_installed_packages_templates_come_before_a_checkouts(tmp_path, monkeypatch):
    (tmp_path / "survey" / "_templates" / "citizen").mkdir(parents=True)
    monkeypatch.setattr(environment, "PACKAGE", tmp_path / "survey" / "documents")
    assert templates_folder() == tmp_path / "survey" / "_templates"


def test_missing_templates_are_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "PACKAGE", tmp_path / "survey" / "documents")
    with pytest.raises(environment.TemplatesMissing, match="reinstall"):
        templates_folder()


def test_the_inlined_style_sheet_has_no_comment_and_cannot_close_its_element():
    style = stylesheet("citizen/style.css")
    assert "/*" not in style
    assert "</" not in style
