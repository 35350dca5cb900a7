"""The survey plan on paper: the annex of the decision by which a province orders a survey, as a Word file.

Its headings follow what a plan of a survey outside the national programme must say (Law on Statistics 89/2015/QH13,
Articles 30 and 31): purpose, population, content, sample, forms, time, organisation, cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from io import BytesIO

from docx import Document
from docx.document import Document as WordDocument
from docx.shared import Pt

from survey.documents.environment import render, translate
from survey.documents.formats import day, number, percent
from survey.documents.shell import Shell
from survey.documents.verdicts import N_

FONT = "Times New Roman"
TITLE = N_("Phương án điều tra")
PURPOSE = N_("Mục đích")
POPULATION = N_("Đối tượng và phạm vi")
SAMPLE = N_("Mẫu điều tra")
FORMS = N_("Phiếu điều tra")
CALENDAR = N_("Thời gian")
COST = N_("Kinh phí")
SAY_PURPOSE = N_(
    "Đo tỷ lệ người dân hài lòng và đối chiếu với chỉ tiêu %(target)s. Cuộc điều tra không ghi tên và không chấm điểm "
    "cá nhân cán bộ."
)
SAY_POPULATION = N_("%(people)s người trong %(strata)s tầng của khung mẫu, theo bảng ở mục Mẫu điều tra.")
SAY_SAMPLE = N_(
    "Mời %(invitations)s người, dự kiến %(answers)s người trả lời (tỷ lệ trả lời %(response)s); dự phòng %(reserve)s. "
    "Hệ số thiết kế %(deff)s. Nếu tỷ lệ thật là %(expected)s thì xác suất khẳng định được chỉ tiêu là %(power)s."
)
SAY_LOWEST = N_("Với cỡ mẫu này, tỷ lệ quan sát được phải từ %(lowest)s trở lên mới khẳng định được chỉ tiêu.")
SAY_NOTHING = N_("Với cỡ mẫu này, không tỷ lệ nào khẳng định được chỉ tiêu: cần thêm người trả lời.")
SAY_SEED = N_("Bốc thăm bằng số gieo ghi trong nhật ký, ai cũng lặp lại được. Người không trả lời không bị thay thế.")
SAY_FORMS = N_("Phiếu hỏi %(questionnaire)s, in kèm phương án này.")
SAY_CALENDAR = N_("Thu thập từ %(opens)s đến %(closes)s; kết quả được công bố sau khi niêm phong lần cuối.")
SAY_COST = N_("Dự toán: %(cost)s đồng.")
COLUMNS = (N_("Tầng"), N_("Dân số khung"), N_("Mời"), N_("Dự phòng"), N_("Dự kiến trả lời"))


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A stratum: people in the frame, invitations, reserve, answers expected."""

    stratum: str
    population: int
    invitations: int
    reserve: int
    answers: float


@dataclass(frozen=True, slots=True)
class PlanPaper:
    """A plan as it is shown and printed. Shares are in 0..1; `lowest` is None where no rate shows the target."""

    wave: str
    questionnaire: str
    opens: date
    closes: date
    target: float
    expected: float
    deff: float
    response: float
    power: float
    lowest: float | None
    for_decision: int | None
    for_margin: int
    answers: int
    invitations: int
    reserve: int
    cost: float
    is_cut: bool
    rows: tuple[PlanRow, ...]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """The page where a plan is tried: `typed` are the fields as they were given, `problem` why there is no plan,
    `order_url` where its draw is ordered."""

    action: str
    waves: tuple[tuple[str, str], ...]
    typed: dict[str, str]
    word_url: str | None = None
    plan: PlanPaper | None = None
    order_url: str | None = None
    problem: str | None = None


def render_plan(page: PlanPage, shell: Shell, language: str) -> str:
    return render("operator/plan.html", language, page=page, shell=shell)


def write_plan(plan: PlanPaper, language: str) -> bytes:
    """A Word file with headings, a table that repeats its header and nothing that needs a macro."""
    document = Document()
    document.styles["Normal"].font.name = FONT
    document.styles["Normal"].font.size = Pt(13)
    document.core_properties.title = f"{translate(language, TITLE)} · {plan.wave}"
    document.core_properties.author = "Hài Lòng"
    document.add_heading(f"{translate(language, TITLE)}: {plan.wave}", 0)
    for heading, sentences in _sections(plan, language):
        document.add_heading(translate(language, heading), 1)
        for sentence in sentences:
            document.add_paragraph(sentence)
        if heading == SAMPLE:
            _add_table(document, plan, language)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _sections(plan: PlanPaper, language: str) -> list[tuple[str, list[str]]]:
    def say(message: str, **values: object) -> str:
        return translate(language, message, **values)

    people = number(sum(row.population for row in plan.rows), language)
    sample = say(
        SAY_SAMPLE,
        invitations=number(plan.invitations, language),
        answers=number(plan.answers, language),
        response=percent(plan.response, language),
        reserve=number(plan.reserve, language),
        deff=number(plan.deff, language, 1),
        expected=percent(plan.expected, language),
        power=percent(plan.power, language),
    )
    shown = SAY_NOTHING if plan.lowest is None else SAY_LOWEST
    lowest = "" if plan.lowest is None else percent(plan.lowest, language)
    return [
        (PURPOSE, [say(SAY_PURPOSE, target=percent(plan.target, language))]),
        (POPULATION, [say(SAY_POPULATION, people=people, strata=number(len(plan.rows), language))]),
        (SAMPLE, [sample, say(shown, lowest=lowest), say(SAY_SEED)]),
        (FORMS, [say(SAY_FORMS, questionnaire=plan.questionnaire)]),
        (CALENDAR, [say(SAY_CALENDAR, opens=day(plan.opens, language), closes=day(plan.closes, language))]),
        (COST, [say(SAY_COST, cost=number(round(plan.cost), language))]),
    ]


def _add_table(document: WordDocument, plan: PlanPaper, language: str) -> None:
    table = document.add_table(rows=1, cols=len(COLUMNS), style="Light Grid Accent 1")
    for cell, name in zip(table.rows[0].cells, COLUMNS, strict=True):
        cell.text = translate(language, name)
    for row in plan.rows:
        values = (row.population, row.invitations, row.reserve, round(row.answers))
        cells = table.add_row().cells
        cells[0].text = row.stratum
        for cell, value in zip(cells[1:], values, strict=True):
            cell.text = number(value, language)
