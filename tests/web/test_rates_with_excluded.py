"""What a release shows with what was excluded stands on the pages of officials and statisticians, and only that."""

from __future__ import annotations

import json

import pytest

from survey.actions.telling_figures import to_figure
from survey.documents.environment import environment
from survey.documents.figures import Figure
from survey.store.releases import StoredFigure

NUMBERS = {"rate": 0.35, "low": 0.3, "high": 0.4, "n": 90, "n_effective": 80.0}
PAIR = {"excluded": 10, "with_excluded": {"n": 100, "rate": 0.464, "low": 0.41, "high": 0.52}}


def stored(numbers: dict[str, object]) -> StoredFigure:
    return StoredFigure("sector", "land", "land", False, json.dumps(numbers))


def test_the_figure_carries_the_pair_that_was_released() -> None:
    pair = to_figure(stored(NUMBERS | PAIR)).with_excluded
    assert pair is not None
    assert (pair.count, pair.rate, pair.low, pair.high) == (10, 0.464, 0.41, 0.52)


@pytest.mark.parametrize("numbers", [NUMBERS, NUMBERS | {"excluded": 0}])
def test_without_a_released_pair_there_is_none(numbers: dict[str, object]) -> None:
    assert to_figure(stored(numbers)).with_excluded is None
    assert to_figure(StoredFigure("sector", "land", "land", True, "{}")) == Figure(suppressed=True)


@pytest.mark.parametrize(
    ("language", "words"), [("vi", "10 phiếu bị loại"), ("en", "10 answers are excluded"), ("km", "10 ត្រូវបានដកចេញ")]
)
def test_the_sentence_says_how_many_and_what_the_rate_would_be(language: str, words: str) -> None:
    drawn = '{% import "official/figures.html" as figures with context %}{{ figures.rate(figure, 10) }}'
    page = environment(language).from_string(drawn).render(figure=to_figure(stored(NUMBERS | PAIR)))
    assert words in page
    assert "46" in page
    assert words not in environment(language).from_string(drawn).render(figure=to_figure(stored(NUMBERS)))
