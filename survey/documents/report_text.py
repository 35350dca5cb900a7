"""The text of a report, sentence by sentence from its figures, in the manner of administrative documents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from survey.documents import verdicts
from survey.documents.environment import translate
from survey.documents.figures import Judgement, SectorRow
from survey.documents.formats import day, number, percent, target
from survey.documents.report_told import Told, held_against
from survey.documents.verdicts import N_

HEADING_MARK = "# "


def write_text(told: Told) -> tuple[str, ...]:
    """The text of the report as lines that a person may edit: a heading begins with `# `."""
    say = partial(translate, told.language)
    return (
        HEADING_MARK + say("I. Tình hình thực hiện"),
        *_about_fieldwork(told),
        HEADING_MARK + say("II. Kết quả theo lĩnh vực"),
        _about_all(told),
        *(_about_sector(part.row, told) for part in told.sectors),
        HEADING_MARK + say("III. Đánh giá và kiến nghị"),
        *_about_next(told),
    )


def _about_fieldwork(told: Told) -> Iterator[str]:
    say, language, basis = partial(translate, told.language), told.language, told.basis
    yield say(
        "Trong kỳ báo cáo %(period)s %(year)s (từ ngày %(begin)s đến ngày %(end)s), đợt khảo sát “%(wave)s” lấy ý "
        "kiến từ ngày %(first)s đến ngày %(last)s.",
        period=told.period.name,
        year=told.period.year,
        begin=day(told.period.begins, language),
        end=day(told.period.ends, language),
        wave=basis.wave_name,
        first=day(basis.fieldwork_begins, language),
        last=day(basis.fieldwork_ends, language),
    )
    if told.whole.n is not None:
        yield say(
            "Có %(count)s câu trả lời được tính; tỷ lệ trả lời của người được mời là %(rate)s.",
            count=number(told.whole.n, language),
            rate=percent(told.whole.response_rate, language),
        )


def _about_all(told: Told) -> str:
    found = [held_against(part.row) for part in told.sectors]
    judged = [each.verdict for each in found if each is not None]
    return translate(
        told.language,
        "Trong %(count)s lĩnh vực được so với mức đang áp dụng: %(met)s đạt, %(not_met)s không đạt, %(open)s chưa đủ "
        "căn cứ để kết luận.",
        count=number(len(judged), told.language),
        met=number(judged.count("met"), told.language),
        not_met=number(judged.count("not_met"), told.language),
        open=number(sum(verdict not in ("met", "not_met") for verdict in judged), told.language),
    )


def _about_sector(row: SectorRow, told: Told) -> str:
    say, language, figure = partial(translate, told.language), told.language, row.figure
    if figure.suppressed:
        return say(
            "%(sector)s: không công bố, vì có dưới %(count)s người trả lời hoặc vì con số sẽ để lộ một nhóm như vậy.",
            sector=row.name,
            count=number(told.minimum_cell, language),
        )
    judged = held_against(row)
    if figure.rate is None:
        return say("%(sector)s: chưa có câu trả lời nào.", sector=row.name)
    beside = judged.target if judged else None
    sentence = say(
        "%(sector)s: tỷ lệ hài lòng %(rate)s (khoảng tin cậy %(level)s: %(low)s – %(high)s), %(count)s câu trả lời.",
        sector=row.name,
        rate=percent(figure.rate, language, beside=beside),
        level=target(told.basis.confidence_level, language),
        low=percent(figure.low, language, beside=beside),
        high=percent(figure.high, language, beside=beside),
        count=number(figure.n, language),
    )
    return f"{sentence} {_about_judgement(judged, language)}" if judged else sentence


def _about_judgement(judged: Judgement, language: str) -> str:
    say = partial(translate, language)
    sentence = say(
        "So với mức đang áp dụng %(target)s: %(verdict)s.",
        target=target(judged.target, language),
        verdict=say(verdicts.VERDICTS[judged.verdict]).lower(),
    )
    why = judged.reason
    return f"{sentence} {verdicts.tell(language, say, verdicts.REASONS, why, judged.numbers)}" if why else sentence


NEXT = {
    "met": N_("Đạt chỉ tiêu: %(sectors)s. Đề nghị tiếp tục duy trì."),
    "not_met": N_(
        "Chưa đạt chỉ tiêu: %(sectors)s. Đề nghị cơ quan phụ trách rà soát nguyên nhân và báo cáo biện pháp khắc phục "
        "trong kỳ sau."
    ),
    "open": N_("Chưa đủ căn cứ để kết luận: %(sectors)s. Đề nghị bổ sung mẫu trước khi so với chỉ tiêu."),
}


def _about_next(told: Told) -> Iterator[str]:
    groups: dict[str, list[str]] = {code: [] for code in NEXT}
    for part in told.sectors:
        judged = held_against(part.row)
        if judged is not None:
            groups[judged.verdict if judged.verdict in NEXT else "open"].append(part.row.name)
    for code, names in groups.items():
        if names:
            yield translate(told.language, NEXT[code], sectors="; ".join(names))
