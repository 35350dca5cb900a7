"""What officials and statisticians see: the figures that were given, in words, and nothing that was suppressed."""

import gzip
import re
from dataclasses import replace
from html import unescape

import page_samples as samples
import pytest

from survey.documents import pages
from survey.documents.pages import Figure, Judgement, SectorRow
from survey.documents.verdicts import LOGIN_ERRORS, PUBLISH_REFUSALS, STAFF_ERRORS, UnknownWord
from survey.mandate.text import LANGUAGES

ATTACK = "<script>alert('tên')</script>"

EVERY_PAGE = {
    "scoreboard": (pages.render_scoreboard, samples.SCOREBOARD),
    "sector": (pages.render_sector, samples.SECTOR),
    "series": (pages.render_series, samples.SERIES),
    "adequacy": (pages.render_adequacy, samples.ADEQUACY),
    "waves": (pages.render_waves, samples.WAVES),
    "releases": (pages.render_releases, samples.RELEASES),
    "release": (pages.render_release, samples.RELEASE),
    "login": (pages.render_login, samples.LOGIN),
    **{code: (pages.render_staff_error, pages.StaffErrorPage(code)) for code in STAFF_ERRORS},
}


def draw(name, language="vi", shell=samples.SHELL):
    render, page = EVERY_PAGE[name]
    return render(page, shell, language)


def text_of(html):
    return re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EVERY_PAGE)
def test_every_page_is_drawn_in_every_language_for_a_strict_content_policy(name, language):
    html = draw(name, language)
    assert f'<html lang="{language}">' in html
    assert html.count("<h1>") == 1
    assert " style=" not in html
    assert not re.search(r"<script|<style|\son[a-z]+=", html)


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_identifiers_are_unique_on_a_page(name):
    identifiers = re.findall(r'\sid="([^"]+)"', draw(name))
    assert len(identifiers) == len(set(identifiers))


def test_the_scoreboard_prints_rate_interval_answers_and_verdict():
    text = text_of(draw("scoreboard"))
    for part in (
        "93,1\xa0%",
        "91,8\xa0%",
        "94,2\xa0%",
        "2.841",
        "41,2\xa0%",
        "Đạt",
        "Không đạt",
        "Chưa khẳng định được",
    ):
        assert part in text


def test_the_scoreboard_says_what_it_rests_on():
    text = text_of(draw("scoreboard"))
    for part in ("hcc-2026q3-1", "15/06/2026", "14/09/2026", "điểm chốt số 41", "mẫu xác suất", "Hài lòng chung"):
        assert part in text


def test_the_way_to_2030_is_told_in_points_a_year():
    text = text_of(draw("scoreboard"))
    assert "Cần tăng 0,5 điểm mỗi năm." in text
    assert "đích 2030: 95\xa0%" in text


def test_a_milestone_that_no_sector_measured_is_told_once():
    assert text_of(draw("scoreboard")).count("mốc 31/12/2025") == 1


def test_a_milestone_that_one_sector_measured_is_told_in_the_rows():
    measured = Judgement("milestone", 0.9, samples.DUE_2025, "met", "lower_limit_reaches_target")
    first = replace(samples.SECTORS[0], judgements=(measured, *samples.SECTORS[0].judgements[2:]))
    page = replace(samples.SCOREBOARD, rows=(first, *samples.SECTORS[1:]))
    html = pages.render_scoreboard(page, samples.SHELL, "vi")
    assert text_of(html).count("mốc 31/12/2025") == 5


def test_a_sector_that_no_wave_measures_is_said_to_be_unmeasured():
    assert "Chưa có đợt khảo sát nào đo lĩnh vực này." in text_of(draw("scoreboard"))


def test_a_scoreboard_of_several_waves_names_each_and_says_what_they_share_once():
    text = text_of(draw("scoreboard"))
    assert "Từ 2 đợt khảo sát." in text
    assert "yte-2026-1" in text
    assert text.count("chia cho số người trả lời câu đó") == 1


def test_before_a_due_date_an_interval_is_no_reason():
    ahead = Judgement(
        "due", 0.95, samples.DUE_2030, "cannot_tell", "interval_straddles", {"answers_needed": 2238}, 0.008
    )
    row = replace(samples.SECTORS[0], judgements=(ahead,))
    text = text_of(pages.render_scoreboard(replace(samples.SCOREBOARD, rows=(row,)), samples.SHELL, "vi"))
    assert "Chưa đủ số kỳ đo" in text
    assert "2.238" not in text


def test_a_sector_made_of_sectors_calls_them_so():
    html = pages.render_sector(replace(samples.SECTOR, parts="sector"), samples.SHELL, "vi")
    assert "Từng phần của lĩnh vực này" in html
    assert "Từng cơ quan" not in html


def test_a_suppressed_sector_prints_no_number_even_if_it_is_given_one():
    leaky = Figure(0.4321, 0.3456, 0.5678, 7, 6.5, 0.0987, suppressed=True)
    page = replace(samples.SCOREBOARD, rows=(SectorRow("Đầu tư", "14a", leaky, ()),))
    html = pages.render_scoreboard(page, samples.SHELL, "en")
    for number in ("43.2", "34.6", "56.8", "9.9%"):
        assert number not in html
    assert 'class="point"' not in html


def test_a_suppressed_agency_prints_no_number_even_if_it_is_given_one():
    leaky = Figure(0.4321, 0.3456, 0.5678, 7, suppressed=True)
    agency = replace(samples.AGENCIES[0], figure=leaky)
    html = pages.render_sector(replace(samples.SECTOR, agencies=(agency,)), samples.SHELL, "en")
    assert "43.2" not in html
    assert html.count('class="point"') == 1


def test_verdicts_differ_in_shape_and_word_and_not_only_in_colour():
    html = draw("scoreboard")
    drawn = re.findall(r'<span class="verdict (\w+)"><svg[^>]*>(.*?)</svg>([^<]+)</span>', html)
    looks = {code: (shape, word) for code, shape, word in drawn}
    assert len(looks) >= 9
    assert len({shape for shape, _ in looks.values()}) == len(looks)
    assert len({word for _, word in looks.values()}) == len(looks)


def test_names_and_texts_are_escaped_wherever_they_come_from():
    row = replace(samples.SECTORS[0], name=ATTACK)
    shell = replace(samples.SHELL, staff_name=ATTACK, csrf_token='"><script>')
    basis = replace(samples.BASIS, wave_name=ATTACK, indicator_definition=ATTACK)
    page = replace(samples.SCOREBOARD, rows=(row,), area_name=ATTACK, basis=basis)
    assert "<script" not in pages.render_scoreboard(page, shell, "vi")


def test_an_unofficial_series_says_so_and_shows_its_tipping_point():
    text = text_of(draw("series"))
    assert "Không phải số liệu chính thức" in text
    assert "0,061" in text


def test_the_series_marks_the_break_and_the_figures_that_nothing_explains():
    html = draw("series")
    assert html.count('class="breaks"') == 1
    assert html.count('class="unmatched"') == 1
    assert "Khớp 60 trong 64 tháng." in text_of(html)
    assert "Khớp 3 trong 64 tháng." in text_of(html)


def test_the_adequacy_page_tells_what_is_missing_and_where():
    text = text_of(draw("adequacy"))
    for part in ("340", "1,29", "8,1\xa0%", "xã Phong Nẫm", "3 tầng chưa có câu trả lời nào"):
        assert part in text


def test_the_button_that_publishes_carries_the_form_token():
    html = draw("release")
    assert '<form method="post" action="/staff/releases/hcc-2026q3-1/publish"' in html
    assert '<input type="hidden" name="csrf_token" value="csrf-token">' in html


@pytest.mark.parametrize("refusal", PUBLISH_REFUSALS)
def test_who_may_not_publish_reads_why_and_gets_no_button(refusal):
    page = replace(samples.RELEASE, publish_url=None, refusal=refusal)
    html = pages.render_release(page, samples.SHELL, "vi")
    assert PUBLISH_REFUSALS[refusal] in unescape(html)
    assert 'class="publish"' not in html


@pytest.mark.parametrize("error", LOGIN_ERRORS)
def test_a_failed_sign_in_keeps_the_name_and_never_the_password(error):
    html = pages.render_login(replace(samples.LOGIN, error=error), samples.SHELL, "vi")
    assert 'name="name" value="lan"' in html
    assert not re.search(r'name="password"[^>]*value=', html)


def test_empty_lists_say_that_they_are_empty():
    assert "Chưa có bản nào." in pages.render_releases(pages.ReleasesPage(()), samples.SHELL, "vi")
    assert "Chưa có đợt khảo sát nào." in pages.render_waves(pages.WavesPage(()), samples.SHELL, "vi")


def test_a_verdict_that_nobody_has_words_for_stops_the_page():
    row = SectorRow("X", "14", Figure(), (Judgement("in_force", 0.9, samples.DUE_2025, "excellent"),))
    with pytest.raises(UnknownWord):
        pages.render_scoreboard(replace(samples.SCOREBOARD, rows=(row,)), samples.SHELL, "vi")


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_pages_stay_small(name):
    assert len(gzip.compress(draw(name).encode())) <= 60_000
