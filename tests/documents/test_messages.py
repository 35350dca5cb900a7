"""A text message takes at most two segments of 70 letters, in every language, with and without a link."""

from __future__ import annotations

import re

import pytest

from survey.documents.messages import (
    BILINGUAL,
    LANGUAGES,
    Invited,
    MessageTooLong,
    check_messages,
    count_segments,
    group_code,
    write_invitation,
    write_letter,
    write_reminder,
)

ADDRESS = "khaosat.soctrang.gov.vn"
LINK = "https://khaosat.cantho.gov.vn/t/7BWCCXVZNY1N7VSMM2WQGJ6H5B"
CODE = "K7QD93MX2TA"
KHMER = re.compile(r"[\u1780-\u17ff]")


# 3GPP TS 23.038 and 23.040: 160 letters of GSM, 70 of UCS-2; in parts 153 and 67; those of the extension take two.
@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        ("ế" * 70, 1),
        ("ế" * 71, 2),
        ("ế" * 134, 2),
        ("ế" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 69 + "ស", 1),
        ("a" * 70 + "ស", 2),
    ],
)
def test_segments_are_counted_as_networks_do(text: str, segments: int) -> None:
    assert count_segments(text) == segments


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("link", [None, LINK])
def test_every_message_fits_into_two_segments(language: str, link: str | None) -> None:
    invitation = write_invitation(Invited(ADDRESS, CODE, link), language)
    assert count_segments(invitation) <= 2
    assert count_segments(write_reminder(ADDRESS, language)) <= 2
    assert len(invitation.encode("utf-16-be")) // 2 <= 2 * 70


@pytest.mark.parametrize("language", LANGUAGES)
def test_by_default_a_message_holds_an_address_and_a_code_and_no_link(language: str) -> None:
    text = write_invitation(Invited(ADDRESS, CODE), language)
    assert ADDRESS in text
    assert "K7QD-93MX-2TA" in text
    assert "://" not in text
    assert "/t/" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reminder_holds_no_code(language: str) -> None:
    text = write_reminder(ADDRESS, language) + write_letter(None, ADDRESS, language).text
    assert re.findall(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}\b", text) == []


def test_two_languages_stand_in_one_message_where_an_area_is_set_so() -> None:
    text = write_invitation(Invited(ADDRESS, CODE), BILINGUAL)
    assert KHMER.search(text)
    assert "Mời góp ý" in text
    letter = write_letter(Invited(ADDRESS, CODE), ADDRESS, BILINGUAL)
    assert KHMER.search(letter.text)
    assert "Kính gửi" in letter.text
    assert letter.html.count("K7QD-93MX-2TA") == 2


def test_every_message_says_how_to_stop() -> None:
    for language in LANGUAGES:
        assert "/stop" in write_invitation(Invited(ADDRESS, CODE), language)
        assert f"{ADDRESS}/stop" in write_letter(None, ADDRESS, language).text


def test_an_address_that_makes_a_message_too_long_is_refused_before_anything_is_sent() -> None:
    check_messages(ADDRESS, "https://khaosat.cantho.gov.vn", links=True)
    with pytest.raises(MessageTooLong, match="HAILONG_MESSAGE_ADDRESS"):
        check_messages("x" * 60 + ".gov.vn", "https://a.vn", links=False)
    with pytest.raises(MessageTooLong, match="HAILONG_MESSAGE_LINKS"):
        check_messages("a.vn", "https://" + "x" * 60 + ".gov.vn", links=True)


def test_markup_in_an_address_stays_text() -> None:
    letter = write_letter(Invited("<b>a</b>", CODE), "<b>a</b>", "vi")
    assert "<b>a</b>" not in letter.html
    assert "<b>a</b>" in letter.text


def test_a_code_is_printed_in_groups() -> None:
    assert group_code(CODE) == "K7QD-93MX-2TA"
