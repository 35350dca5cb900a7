"""The privacy notice and the impact assessment say what the retention table and the settings say."""

from __future__ import annotations

from html import unescape

import pytest

from survey.documents.privacy import render_notice, write_assessment
from survey.documents.shell import CitizenShell
from survey.mandate.notice import load_notice
from survey.mandate.retention import load_retention


@pytest.mark.parametrize("language", ["vi", "en", "km"])
def test_the_notice_says_everything_in_every_language(language: str) -> None:
    page = unescape(render_notice(CitizenShell(nonce="n"), language))
    for section in load_notice():
        assert section.title[language] in page
    for rule in load_retention().values():
        assert rule.name[language] in page
        assert rule.kept[language] in page


@pytest.mark.parametrize(
    ("language", "confirm"), [("vi", "Cần luật sư xác nhận."), ("en", "To be confirmed by counsel.")]
)
def test_the_assessment_holds_the_settings_every_rule_and_what_counsel_must_confirm(
    language: str, confirm: str
) -> None:
    paper = write_assessment({"database": "PostgreSQL"}, language)
    assert "| database | PostgreSQL |" in paper
    assert "91/2025/QH15" in paper
    assert paper.count(confirm) == 5
    assert all(rule.kept.in_language(language) in paper for rule in load_retention().values())
