"""A sample plan as the documents show it."""

from __future__ import annotations

from survey.actions.planning import SamplePlan
from survey.documents.survey_plan import PlanPaper, PlanRow
from survey.store.waves import Wave


def paper_of(plan: SamplePlan, wave: Wave, language: str) -> PlanPaper:
    """A plan as documents show it."""
    wanted = plan.wanted
    return PlanPaper(
        wave=wave.name.get(language, wave.name["vi"]),
        questionnaire=wave.questionnaire,
        opens=wave.opens_on,
        closes=wave.closes_on,
        target=wanted.target,
        expected=wanted.expected,
        deff=wanted.deff,
        response=wanted.response,
        power=plan.power,
        lowest=plan.lowest_shown,
        for_decision=plan.for_decision,
        for_margin=plan.for_margin,
        answers=plan.answers,
        invitations=plan.invitations,
        reserve=plan.reserve,
        cost=plan.cost,
        is_cut=plan.is_cut,
        rows=tuple(
            PlanRow(each.stratum, each.population, each.invitations, each.reserve, each.answers) for each in plan.strata
        ),
    )
