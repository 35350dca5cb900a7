"""The numbers are a published distribution of 31 forms: 10 very satisfied, 16 satisfied, 5 neutral."""

import pytest

from survey.mandate.errors import UnknownIndicator
from survey.mandate.indicators import load_indicator, load_indicators

FORMS = (0, 0, 5, 16, 10)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("top2@1", 26 / 31),
        ("top1@1", 10 / 31),
        ("mean5@1", (5 * 3 + 16 * 4 + 10 * 5) / 31 / 5),
        ("rescaled_mean@1", (5 * 0.5 + 16 * 0.75 + 10 * 1.0) / 31),
        ("net@1", 26 / 31),
        ("silence766@1", 1.0),
    ],
)
def test_each_definition_gives_its_own_figure_for_the_same_answers(name: str, figure: float) -> None:
    indicator = load_indicator(name)
    assert indicator.value(indicator.mean_of(FORMS)) == pytest.approx(figure, abs=1e-12)


def test_net_can_be_negative() -> None:
    net = load_indicator("net")
    assert net.value(net.mean_of((3, 1, 0, 1, 0))) == pytest.approx((1 - 4) / 5)


def test_scores_are_whole_numbers_so_that_sums_are_exact() -> None:
    assert {type(score) for indicator in load_indicators().values() for score in indicator.scores} == {int}
    assert {len(indicator.scores) for indicator in load_indicators().values()} == {5}


def test_no_definition_is_official_because_no_text_gives_one() -> None:
    assert [name for name, indicator in load_indicators().items() if indicator.official] == []


def test_only_the_766_reading_counts_silence_and_it_is_for_comparison_only() -> None:
    counting = [name for name, indicator in load_indicators().items() if indicator.silence is not None]
    comparing = [name for name, indicator in load_indicators().items() if indicator.comparison_only]
    assert counting == comparing == ["silence766@1"]


def test_every_definition_is_named_in_three_languages_and_has_a_source() -> None:
    assert [name for name, indicator in load_indicators().items() if indicator.name.missing] == []
    assert all(indicator.source.document for indicator in load_indicators().values())


def test_a_name_without_a_version_is_the_latest() -> None:
    assert load_indicator("top2") is load_indicator("top2@1")


def test_unknown_names_and_empty_counts_are_refused() -> None:
    with pytest.raises(UnknownIndicator, match=r"No indicator 'top3'.*top2@1"):
        load_indicator("top3")
    with pytest.raises(ValueError, match="not all zero"):
        load_indicator("top2").mean_of((0, 0, 0, 0, 0))
