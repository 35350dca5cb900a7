"""The page where a sample is planned: targets and precision in, sizes, allocation, power and cost out."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, request, url_for

from analysis.planning import BadPlan
from survey.actions import planning, waves
from survey.actions.inviting import NoFrame
from survey.actions.planning import SamplePlan, Wanted
from survey.actions.printing_plans import paper_of
from survey.documents.survey_plan import PlanPage, PlanPaper, render_plan, write_plan
from survey.store.waves import Wave
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("planning", __name__, url_prefix="/staff/plan")
SHARES = ("target", "expected", "power", "margin", "response", "reserve")
NUMBERS = ("deff", "cost_fixed", "cost_invitation", "cost_answer")
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@blueprint.get("/")
@allow("operator", "statistician")
def show_plan() -> Response:
    """A plan for what was typed; before that, the empty form."""
    wave_code = request.args.get("wave")
    if wave_code is None:
        return _page()
    try:
        wave, plan = _plan(wave_code)
    except (NoFrame, waves.UnknownWave):
        return _page(problem="no_frame", status=422)
    except (BadPlan, ValueError):
        return _page(problem="out_of_range", status=422)
    return _page(paper_of(plan, wave, reader_language()))


@blueprint.get("/word")
@allow("operator", "statistician")
def download() -> Response:
    """The same plan as the annex of a decision."""
    try:
        wave, plan = _plan(request.args.get("wave", ""))
    except (NoFrame, waves.UnknownWave, BadPlan, ValueError):
        return _page(problem="out_of_range", status=422)
    response = make_response(write_plan(paper_of(plan, wave, reader_language()), reader_language()))
    response.headers["Content-Type"] = WORD
    response.headers["Content-Disposition"] = f'attachment; filename="{wave.code}.docx"'
    return response


def _plan(wave_code: str) -> tuple[Wave, SamplePlan]:
    known = services()
    wave = waves.find_wave(known.database, wave_code)
    return wave, planning.plan_wave(known.database, wave_code, read_wanted(request.args))


def read_wanted(typed: Mapping[str, str]) -> Wanted:
    """What was typed, in shares; a comma is a point. Raises ValueError."""
    shares = {name: _number(typed[name]) / 100 for name in SHARES if name in typed}
    numbers = {name: _number(typed[name]) for name in NUMBERS if name in typed}
    return Wanted(**shares, **numbers, allocation=typed.get("allocation", planning.ALLOCATIONS[0]))


def _order_url() -> str | None:
    """Where an operator orders the draw of this plan."""
    if signed_in_staff().role != "operator":
        return None
    return url_for("sampling.order_plan", code=request.args.get("wave", ""))


def _number(text: str) -> float:
    found = float(text.strip().replace(",", "."))
    if not abs(found) < 1e15:
        raise ValueError(text)
    return found


def _page(plan: PlanPaper | None = None, *, problem: str | None = None, status: int = 200) -> Response:
    known, language = services(), reader_language()
    asking = [wave for wave in waves.list_waves(known.database) if wave.questionnaire_code and not wave.voice_of]
    asking = [wave for wave in asking if sees_wave(wave.code)]
    typed = {name: value for name, value in request.args.items() if name != "language"}
    page = PlanPage(
        action=url_for("planning.show_plan"),
        waves=tuple((wave.code, wave.name.get(language, wave.name["vi"])) for wave in asking),
        typed=typed,
        word_url=url_for("planning.download", **typed) if plan else None,  # type: ignore[arg-type]
        plan=plan,
        order_url=_order_url() if plan else None,
        problem=problem,
    )
    return staff_page(render_plan(page, staff_shell("plan"), language), status)
