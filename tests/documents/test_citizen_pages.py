"""Thanks and refusals: every one says what to do, in three languages, and escapes what it shows."""

from datetime import date

import pytest

from survey.documents import citizen
from survey.documents.citizen import HomePage, RefusalPage, ThanksPage, UnknownRefusal
from survey.documents.shell import CitizenShell, Link
from survey.mandate.text import LANGUAGES

SHELL = CitizenShell(nonce="n0nce")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", citizen.REFUSALS)
def test_every_refusal_has_a_heading_a_reason_and_a_next_step(code, language):
    html = citizen.render_refusal(RefusalPage(code), SHELL, language)
    assert html.count("<h1>") == 1
    assert html.count("<p>") >= 2


def test_no_two_refusals_read_the_same():
    pages = {citizen.render_refusal(RefusalPage(code), SHELL, "vi") for code in citizen.REFUSALS}
    assert len(pages) == len(citizen.REFUSALS)


def test_a_wave_that_has_not_opened_says_when_it_does():
    html = citizen.render_refusal(RefusalPage("wave_not_open", opens=date(2026, 12, 1)), SHELL, "vi")
    assert "1 tháng 12, 2026" in html


def test_a_busy_server_gives_everything_back_to_be_sent_again():
    fields = {"token": "T", "G1": "5", "C1": "ý kiến <b>"}
    html = citizen.render_refusal(RefusalPage("busy", action="/answer", fields=fields), SHELL, "vi")
    assert '<form method="post" action="/answer">' in html
    assert '<input type="hidden" name="C1" value="ý kiến &lt;b&gt;">' in html
    assert html.count('type="hidden"') == 3


def test_an_unknown_refusal_is_named():
    with pytest.raises(UnknownRefusal, match="tired"):
        citizen.render_refusal(RefusalPage("tired"), SHELL, "vi")


@pytest.mark.parametrize("language", LANGUAGES)
def test_thanks_show_the_receipt_and_say_what_it_does_not_prove(language):
    html = citizen.render_thanks(ThanksPage("7KQ4-2MX9", "/receipt"), SHELL, language)
    assert "7KQ4-2MX9" in html
    assert 'href="/receipt"' in html


def test_thanks_escape_the_receipt():
    assert "<i>" not in citizen.render_thanks(ThanksPage("<i>"), SHELL, "vi")


@pytest.mark.parametrize("language", LANGUAGES)
def test_public_pages_stand_alone_under_their_nonce(language):
    pages = [
        citizen.render_home(HomePage((Link("Kết quả & số liệu", "/results"),)), SHELL, language),
        citizen.render_not_found(SHELL, language),
        citizen.render_server_error(SHELL, language),
    ]
    for html in pages:
        assert f'<html lang="{language}">' in html
        assert '<style nonce="n0nce">' in html
        assert "<script" not in html
        assert " style=" not in html
