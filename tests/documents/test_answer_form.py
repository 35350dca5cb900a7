"""The citizen's form: small, one request, no script, nothing typed is lost, nothing typed can break out."""

import gzip
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from survey.documents.form import Filled, UnknownMode, form_page, form_with_answers
from survey.documents.layout import lay_out
from survey.documents.verdicts import FORM_ERRORS
from survey.mandate.questionnaires import load_questionnaire, load_questionnaires
from survey.mandate.text import LANGUAGES, Text

VISIT = {
    "token": "7KQ42MX9D3ABCDEFGHJKMNPQRS",
    "key": "0b7c2d1e5f6a4c3b9d8e7f6a5b4c3d2e",
    "nonce": "kR3vXo2pQ9sT1uW4yZ6b8A",
    "carried": "",
}
BUDGET = 6_000  # bytes as transferred
ATTACK = "</textarea><script>alert(1)</script>\"'&"


class Fields(HTMLParser):
    """What a browser would send, and what it would have to fetch or run."""

    def __init__(self, html):
        super().__init__()
        self.choices, self.checked, self.hidden, self.fetched, self.tags = {}, {}, {}, [], []
        self.attributes, self.focused, self.areas = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.attributes += list(attributes)
        self.fetched += [attributes[name] for name in ("src", "srcset") if name in attributes]
        self.fetched += [attributes["href"]] if tag == "link" else []
        if "autofocus" in attributes:
            self.focused.append(attributes["name"])
        if tag == "textarea":
            self.areas.append(attributes["name"])
        if tag == "input" and attributes["type"] == "hidden":
            self.hidden[attributes["name"]] = attributes["value"]
        if tag == "input" and attributes["type"] == "radio":
            self.choices.setdefault(attributes["name"], []).append(attributes["value"])
            if "checked" in attributes:
                self.checked[attributes["name"]] = attributes["value"]


@pytest.fixture(params=sorted(load_questionnaires()))
def questionnaire(request):
    return load_questionnaires()[request.param]


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


def empty(questionnaire, language="vi", **options):
    return form_page(questionnaire, language, **options).splice(**VISIT).decode()


def again(questionnaire, answers, errors, language="vi"):
    layout = lay_out(questionnaire, 0, answers)
    return form_with_answers(questionnaire, language, Filled(answers, errors), layout, **VISIT).decode()


def test_the_whole_page_with_its_style_fits_the_budget(questionnaire, language):
    assert len(gzip.compress(empty(questionnaire, language).encode(), 6)) <= BUDGET


def test_the_budget_is_measured_on_at_least_twenty_questions():
    assert len(load_questionnaire("procedures").items) >= 20


def test_the_page_asks_for_nothing_else_and_runs_nothing(questionnaire, language):
    fields = Fields(empty(questionnaire, language))
    follows = [item for item in questionnaire.items_on(0) if item.show_if]
    assert fields.fetched == ["data:,", *(["/static/show-if.js"] if follows else [])]
    assert ("script" in fields.tags) is bool(follows)
    assert not [name for name in fields.attributes if name.startswith("on") or name == "style"]


def test_every_item_offers_exactly_its_own_choices(questionnaire, language):
    fields = Fields(empty(questionnaire, language))
    items = questionnaire.items_on(0)
    assert fields.choices == {item.code: [choice.code for choice in item.choices] for item in items if item.choices}
    assert fields.areas == [item.code for item in items if item.kind == "comment"]


def test_the_visits_own_words_are_spliced_in(questionnaire):
    html = empty(questionnaire)
    own = {"token": VISIT["token"], "key": VISIT["key"], "language": "vi", "asked": questionnaire.key}
    assert own.items() <= Fields(html).hidden.items()
    assert Fields(html).hidden.keys() - own <= {"step", "carried", "seen"}
    assert f'<style nonce="{VISIT["nonce"]}">' in html
    assert not re.search("[\ue000-\ue00f]", html)


def test_spliced_words_are_escaped():
    html = form_page(load_questionnaire("procedures"), "vi").splice(token='"><script>', key="&", nonce="'", carried="")
    assert b"<script>" not in html
    assert b"&#x27;" in html


def test_a_compressed_page_is_the_same_page(questionnaire):
    page = form_page(questionnaire, "km")
    assert gzip.decompress(page.splice_gzip(**VISIT)) == page.splice(**VISIT)
    assert len(page.splice_gzip(**VISIT)) <= BUDGET


def test_a_body_is_rendered_once_per_version_language_and_mode(questionnaire):
    assert form_page(questionnaire, "vi") is form_page(questionnaire, "vi")
    assert form_page(questionnaire, "vi") is not form_page(questionnaire, "vi", mode="kiosk")


def test_two_versions_never_share_a_body():
    first = load_questionnaire("procedures")
    second = replace(first, title=Text({"vi": "Tên khác"}))
    assert "Tên khác" in empty(second)
    assert "Tên khác" not in empty(first)


def test_everything_typed_comes_back_with_errors(questionnaire):
    answers = {item.code: item.choices[-1].code for item in questionnaire.items_on(0) if item.choices}
    overall = answers.pop(questionnaire.overall_item.code)
    assert overall
    fields = Fields(again(questionnaire, answers, {questionnaire.overall_item.code: "missing"}))
    assert fields.checked == answers


def test_a_typed_comment_comes_back_letter_by_letter():
    questionnaire = load_questionnaire("procedures")
    comment = next(item.code for item in questionnaire.items if item.kind == "comment")
    typed = "\nDòng đầu trống\n  thụt vào < & >"
    html = again(questionnaire, {comment: typed}, {comment: "too_long"})
    shown = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL).group(1)
    assert shown == typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_focus_lands_on_the_first_item_with_an_error(questionnaire):
    wrong = [item.code for item in questionnaire.items_on(0) if item.choices][:2]
    html = again(questionnaire, {}, dict.fromkeys(reversed(wrong), "unknown_choice"))
    assert Fields(html).focused == [wrong[0]]
    assert all(f'href="#i-{code}"' in html for code in wrong)


@pytest.mark.parametrize("code", FORM_ERRORS)
def test_every_kind_of_error_can_be_shown(code, language):
    questionnaire = load_questionnaire("procedures")
    assert 'class="x"' in again(questionnaire, {}, {questionnaire.overall_item.code: code}, language)


def test_another_language_is_a_button_that_takes_along_what_was_typed(questionnaire, language):
    for html in (empty(questionnaire, language), again(questionnaire, {}, {}, language)):
        assert re.findall(r'form="response" name="go" value="(vi|km|en)"', html) == ["vi", "km", "en"]
        assert "?language=" not in html


def test_the_enter_key_sends_the_form_and_changes_no_language(questionnaire):
    """The first button of a form is what Enter presses: a hidden one without a name, before those of the languages."""
    assert re.findall(r"<button[^>]*>", empty(questionnaire))[0] == '<button form="response" hidden>'


def test_a_comment_cannot_break_out_of_the_page():
    questionnaire = load_questionnaire("procedures")
    comment = next(item.code for item in questionnaire.items if item.kind == "comment")
    html = again(questionnaire, {comment: ATTACK}, {questionnaire.overall_item.code: "missing"})
    assert "<script>" not in html
    assert html.count("</textarea>") == 1


def test_a_comment_cannot_stand_for_the_visits_words():
    questionnaire = load_questionnaire("procedures")
    comment = next(item.code for item in questionnaire.items if item.kind == "comment")
    html = again(questionnaire, {comment: "\ue001\ue002\ue003"}, {questionnaire.overall_item.code: "missing"})
    assert html.count(VISIT["token"]) == 1


def test_only_the_overall_item_is_marked_as_needed():
    questionnaire = load_questionnaire("procedures")
    assert empty(questionnaire).count('class="must"') == sum(item.required for item in questionnaire.items)


def test_wording_that_nobody_has_translated_is_marked_as_vietnamese():
    questionnaire = load_questionnaire("procedures")
    untranslated = replace(questionnaire, title=Text({"vi": "Ý kiến của Ông/Bà"}))
    html = empty(untranslated, "km")
    assert '<span lang="vi">Ý kiến của Ông/Bà</span>' in html
    assert "<title>Ý kiến của Ông/Bà</title>" in html


def test_an_unknown_mode_is_refused():
    with pytest.raises(UnknownMode, match="kiosk"):
        form_page(load_questionnaire("procedures"), "vi", mode="fax")
