"""Synthetic answers for demonstrations: satisfaction that varies by place, items that hang together, silence that does
not fall evenly. Made from a seed; never mixed with people's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from survey.mandate.questionnaires import NOT_APPLICABLE, Item, Questionnaire

Floats = NDArray[np.float64]

CUTS = (-1.5, -0.8, 0.0, 1.1)  # between the five levels, on the normal scale whose 0 parts satisfied from not
ITEM_CORRELATION = 0.65
ITEM_SPREAD = 0.3
RESPONSE_IF_SATISFIED, RESPONSE_IF_NOT = 0.48, 0.44
NOT_APPLICABLE_SHARE, SKIPPED_SHARE, COMMENT_SHARE = 0.08, 0.03, 0.09
ASSISTED = ("relative", "staff", "interviewer")
CHOICE_SHARES = {
    ("I1", "self"): 0.85,
    ("I1", "relative"): 0.09,
    ("I1", "staff"): 0.04,
    ("I1", "interviewer"): 0.02,
    ("I2", "no"): 0.97,
    ("I2", "yes"): 0.03,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """Where somebody was served: the share satisfied there, the share who read Khmer, facts that all there share."""

    satisfaction: float
    khmer: float = 0.08
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SyntheticResponse:
    """One made-up person's answers, in the shape that a citizen's take."""

    answers: dict[str, str]
    comments: dict[str, str]
    language: str
    assisted: bool
    day: date


def simulate(
    questionnaire: Questionnaire,
    settings: Sequence[Setting],
    *,
    seed: int,
    first_day: date,
    last_day: date,
    comments: Mapping[tuple[str, bool], Sequence[str]],
) -> list[SyntheticResponse | None]:
    """One response, or None for silence, for each invited person's setting, in order; the seed decides everything.

    `comments` are sentences by (language, satisfied).
    """
    chance = np.random.default_rng(seed)
    shift = np.array([NormalDist().inv_cdf(setting.satisfaction) for setting in settings])
    mood = chance.standard_normal(len(settings))
    levels = {item.code: _levels(item, mood, shift, chance) for item in questionnaire.items if item.kind == "scale"}
    satisfied = levels[questionnaire.overall_item.code] >= 4
    answered = chance.random(len(settings)) < np.where(satisfied, RESPONSE_IF_SATISFIED, RESPONSE_IF_NOT)
    picks = {item.code: chance.random(len(settings)) for item in questionnaire.items if item.kind != "scale"}
    days = chance.integers(0, (last_day - first_day).days + 1, len(settings))
    tongue = chance.random(len(settings))
    responses: list[SyntheticResponse | None] = []
    for n, setting in enumerate(settings):
        if not answered[n]:
            responses.append(None)
            continue
        language = "km" if tongue[n] < setting.khmer else "en" if tongue[n] > 0.99 else "vi"
        answers = _answers(questionnaire, setting, {code: int(level[n]) for code, level in levels.items()}, picks, n)
        said = _comments(questionnaire, picks, n, comments.get((language, bool(satisfied[n])), ()))
        day = first_day + timedelta(days=int(days[n]))
        responses.append(SyntheticResponse(answers, said, language, answers.get("I1") in ASSISTED, day))
    return responses


def stuff(
    questionnaire: Questionnaire, count: int, *, seed: int, first_day: date, last_day: date
) -> list[SyntheticResponse]:
    """What a clerk fills in for others: pleased, on four days, half of it one form with an answer changed."""
    chance = np.random.default_rng(seed)
    people = simulate(
        questionnaire,
        [Setting(0.97)] * (4 * count + 20),
        seed=seed,
        first_day=first_day,
        last_day=last_day,
        comments={},
    )
    own = [each for each in people if each is not None][:count]
    scales = [item for item in questionnaire.items if item.kind == "scale"]
    form = {item.code: "4" if number % 4 == 3 else "5" for number, item in enumerate(scales)}
    days = [first_day + timedelta(days=int(each)) for each in chance.integers(0, (last_day - first_day).days + 1, 4)]
    made = []
    for each in own:
        answers = each.answers
        if chance.random() < 0.5:
            edited = scales[int(chance.integers(1, len(scales)))].code if len(scales) > 1 else scales[0].code
            answers = {**form, edited: str(chance.integers(4, 6))}
        made.append(SyntheticResponse(answers, {}, "vi", False, days[int(chance.integers(0, len(days)))]))
    return made


def _levels(item: Item, mood: Floats, shift: Floats, chance: np.random.Generator) -> NDArray[np.int64]:
    """A level from 1 to 5 for each person, 0 for "not applicable", -1 for skipped."""
    own, mask = chance.standard_normal(mood.size), chance.random(mood.size)
    if item.overall:
        return np.asarray(1 + np.searchsorted(CUTS, mood + shift), dtype=np.int64)
    latent = ITEM_CORRELATION * mood + (1 - ITEM_CORRELATION**2) ** 0.5 * own + shift
    levels = 1 + np.searchsorted(CUTS, latent + ITEM_SPREAD * chance.standard_normal())
    levels = np.where(mask < NOT_APPLICABLE_SHARE, 0 if item.not_applicable else levels, levels)
    return np.asarray(np.where(mask > 1 - SKIPPED_SHARE, -1, levels), dtype=np.int64)


def _answers(
    questionnaire: Questionnaire, setting: Setting, levels: Mapping[str, int], picks: Mapping[str, Floats], n: int
) -> dict[str, str]:
    answers: dict[str, str] = {}
    for item in questionnaire.items:
        if item.kind == "scale" and levels[item.code] >= 0:
            answers[item.code] = str(levels[item.code]) if levels[item.code] else NOT_APPLICABLE
        elif item.kind == "choice":
            answers[item.code] = setting.facts.get(item.code) or _pick(item, float(picks[item.code][n]))
    return answers


def _pick(item: Item, chance: float) -> str:
    """A choice of the item; those that stand first are likelier where no share is set."""
    shares = [CHOICE_SHARES.get((item.code, choice.code), 0.5**k) for k, choice in enumerate(item.choices)]
    reached = 0.0
    for choice, share in zip(item.choices, shares, strict=True):
        reached += share / sum(shares)
        if chance < reached:
            return choice.code
    return item.choices[-1].code


def _comments(
    questionnaire: Questionnaire, picks: Mapping[str, Floats], n: int, sentences: Sequence[str]
) -> dict[str, str]:
    asked = [item.code for item in questionnaire.items if item.kind == "comment"]
    return {
        code: sentences[int(picks[code][n] / COMMENT_SHARE * len(sentences))]
        for code in asked
        if sentences and picks[code][n] < COMMENT_SHARE
    }
