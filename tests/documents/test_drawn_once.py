"""A page is drawn once for all who read the same, and each reads their own name and token in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import page_samples as samples
import pytest
from test_staff_pages import EVERY_PAGE

from survey.documents import drawn_once, pages


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The templates that were rendered since, with nothing kept from before."""
    drawn_once._kept.clear()
    made: list[str] = []
    real = drawn_once.render

    def counted(template: str, language: str, **context: object) -> str:
        made.append(template)
        return real(template, language, **context)

    monkeypatch.setattr(drawn_once, "render", counted)
    yield made
    drawn_once._kept.clear()


def test_two_readers_of_a_page_have_it_drawn_once_with_their_own_words(renders: list[str]) -> None:
    lan, hoa = (replace(samples.SHELL, staff_name=name, csrf_token=f"token-of-{name}") for name in ("Lan", "<Hoa>"))
    hers = pages.render_scoreboard(samples.SCOREBOARD, lan, "vi")
    other = pages.render_scoreboard(samples.SCOREBOARD, hoa, "vi")
    assert renders == ["official/scoreboard.html"]
    assert 'value="token-of-Lan"' in hers
    assert "&lt;Hoa&gt;" in other
    assert "Lan" not in other
    assert not any(mark in page for mark in drawn_once.MARKS.values() for page in (hers, other))
    assert other == hers.replace("token-of-Lan", "token-of-&lt;Hoa&gt;").replace("Lan", "&lt;Hoa&gt;")


@pytest.mark.parametrize(
    ("page", "shell", "language"),
    [
        (replace(samples.SCOREBOARD, area_name="Nơi khác"), samples.SHELL, "vi"),
        (samples.SCOREBOARD, replace(samples.SHELL, role="auditor"), "vi"),
        (samples.SCOREBOARD, replace(samples.SHELL, demo=not samples.SHELL.demo), "vi"),
        (samples.SCOREBOARD, samples.SHELL, "km"),
    ],
)
def test_whatever_else_differs_is_drawn_anew(
    renders: list[str], page: pages.ScoreboardPage, shell: pages.Shell, language: str
) -> None:
    first = pages.render_scoreboard(samples.SCOREBOARD, samples.SHELL, "vi")
    assert pages.render_scoreboard(page, shell, language) != first
    assert len(renders) == 2


def test_a_page_is_known_by_all_that_it_holds() -> None:
    """A value that is known by its place in memory only would let one page stand for another."""
    for _, page in EVERY_PAGE.values():
        assert " at 0x" not in repr(page)


def test_the_oldest_pages_are_forgotten(renders: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_once, "KEPT", 1)
    for language in ("vi", "km", "vi"):
        pages.render_scoreboard(samples.SCOREBOARD, samples.SHELL, language)
    assert len(renders) == 3
