"""Every code that the numbers can send has words, and a code without words is named."""

import pytest

from analysis import decisions
from survey.documents import verdicts
from survey.documents.environment import translate


def say(message, **values):
    return translate("vi", message, **values)


@pytest.mark.parametrize("code", [*decisions.CODES_DUE, *decisions.CODES_BEFORE])
def test_every_verdict_of_the_statistics_has_words(code):
    assert verdicts.find_word(verdicts.VERDICTS, code)


@pytest.mark.parametrize("code", decisions.REASONS)
def test_every_reason_of_the_statistics_can_be_said(code):
    numbers = {"n_effective": 21.4, "df": 5.0, "coverage": 0.71, "minimum": 0.95, "low": 0.88, "high": 0.95}
    numbers |= {"rate": 0.91, "target": 0.9, "answers_needed": 212.0}
    assert verdicts.tell("vi", say, verdicts.REASONS, code, numbers)


def test_no_two_verdicts_share_a_word():
    assert len(set(verdicts.VERDICTS.values())) == len(verdicts.VERDICTS)


def test_numbers_in_a_sentence_are_written_for_the_reader():
    sentence = verdicts.tell("vi", say, verdicts.REASONS, "interval_straddles", {"answers_needed": 1212})
    assert "1.212 câu trả lời" in sentence


def test_a_minimum_is_a_count_or_a_share():
    few = verdicts.tell("vi", say, verdicts.REASONS, "few_effective_answers", {"n_effective": 21, "minimum": 30})
    thin = verdicts.tell("vi", say, verdicts.REASONS, "low_coverage", {"coverage": 0.712, "minimum": 0.95})
    assert few.endswith("cần ít nhất 30.")
    assert "71,2" in thin
    assert thin.endswith("cần ít nhất 95\N{NO-BREAK SPACE}%.")


def test_a_code_without_words_is_named():
    with pytest.raises(verdicts.UnknownWord, match="almost_met"):
        verdicts.find_word(verdicts.VERDICTS, "almost_met")
