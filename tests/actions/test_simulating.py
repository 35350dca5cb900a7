"""Synthetic answers: what was asked for comes out, and the seed decides all of it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from survey.actions.simulating import Setting, SyntheticResponse, simulate
from survey.mandate.questionnaires import load_questionnaire

FORM = load_questionnaire("procedures@1")
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
COMMENTS = {("vi", True): ("tốt",), ("vi", False): ("chậm",)}


def run(settings: list[Setting], seed: int = 1) -> list[SyntheticResponse | None]:
    return simulate(FORM, settings, seed=seed, first_day=FIRST, last_day=LAST, comments=COMMENTS)


def answered(settings: list[Setting]) -> list[SyntheticResponse]:
    return [response for response in run(settings) if response is not None]


def is_satisfied(response: SyntheticResponse, item: str) -> bool:
    return response.answers.get(item) in ("4", "5")


@pytest.mark.parametrize("satisfaction", [0.7, 0.95])
def test_the_share_satisfied_is_the_one_of_the_setting(satisfaction: float) -> None:
    responses = answered([Setting(satisfaction)] * 20_000)
    share = np.mean([is_satisfied(response, FORM.overall_item.code) for response in responses])
    # Who is satisfied answers with 0.48, who is not with 0.44: p' = 0.48 p / (0.48 p + 0.44 (1 - p)).
    expected = 0.48 * satisfaction / (0.48 * satisfaction + 0.44 * (1 - satisfaction))
    assert share == pytest.approx(expected, abs=4 * (expected * (1 - expected) / len(responses)) ** 0.5)


def test_somewhat_more_of_the_satisfied_answer() -> None:
    settings = [Setting(0.999)] * 10_000 + [Setting(0.001)] * 10_000
    responses = run(settings)
    rates = [np.mean([response is not None for response in half]) for half in (responses[:10_000], responses[10_000:])]
    assert rates == pytest.approx([0.48, 0.44], abs=0.02)


def test_items_hang_together_with_the_overall_answer() -> None:
    responses = [response for response in answered([Setting(0.8)] * 8000) if response.answers.get("C1", "na") != "na"]
    overall, courtesy = (np.array([int(r.answers[item]) for r in responses]) for item in (FORM.overall_item.code, "C1"))
    assert 0.4 < float(np.corrcoef(overall, courtesy)[0, 1]) < 0.75


def test_facts_of_a_place_are_the_same_for_all_served_there() -> None:
    assert {response.answers["F1"] for response in answered([Setting(0.9, facts={"F1": "2"})] * 200)} == {"2"}


def test_languages_days_help_and_comments_are_within_what_was_asked() -> None:
    responses = answered([Setting(0.9, khmer=0.3)] * 5000)
    assert np.mean([response.language == "km" for response in responses]) == pytest.approx(0.3, abs=0.04)
    assert all(FIRST <= response.day <= LAST for response in responses)
    assert all(response.assisted == (response.answers["I1"] != "self") for response in responses)
    said = [(response.comments["K1"], is_satisfied(response, "G1")) for response in responses if response.comments]
    assert set(said) == {("tốt", True), ("chậm", False)}


def test_the_seed_decides_everything() -> None:
    settings = [Setting(0.8)] * 500
    assert run(settings) == run(settings)
    assert run(settings) != run(settings, seed=2)
