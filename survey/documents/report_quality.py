"""How a report's figures were made and how good they are: method, what is hidden, statements, pins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from survey.documents import verdicts
from survey.documents.environment import translate
from survey.documents.figures import Basis
from survey.documents.formats import day, number, target
from survey.documents.report import Block, Heading, Paragraph
from survey.documents.report_told import Told


def write_quality(told: Told) -> Iterator[Block]:
    say, language, basis = partial(translate, told.language), told.language, told.basis
    yield Heading(say("V. Phương pháp và chất lượng"))
    yield Paragraph(_method(basis, language))
    yield Paragraph(say("Người không trả lời không được kể là hài lòng; họ không có trong tỷ lệ."))
    if told.basis.collected == "sample":
        yield Paragraph(
            say("Khoảng tin cậy chỉ nói về sai số chọn mẫu, không nói về người không trả lời hay cách đặt câu hỏi.")
        )
    hidden = sum(place.figure.suppressed for part in told.sectors for place in part.places)
    yield Paragraph(
        say(
            "Không công bố con số nào dưới %(minimum)s người trả lời, và không có con số nào của riêng một cán bộ; "
            "%(hidden)s ô trong các bảng trên được che.",
            minimum=number(told.minimum_cell, language),
            hidden=number(hidden, language),
        )
    )
    if told.late:
        late = number(told.late, language)
        yield Paragraph(say("%(late)s câu trả lời đến sau điểm chốt này và thuộc về kỳ sau.", late=late))
    if told.text is not None and told.edited_on is not None:
        when = day(told.edited_on, language)
        yield Paragraph(say("Lời văn các mục I đến III do %(name)s sửa ngày %(date)s.", name=told.edited_by, date=when))
    if told.corrects:
        yield Heading(say("Đính chính"), 2)
        yield Paragraph(told.corrects)
    yield from _statements(told)
    yield Heading(say("Tính lại được từ"), 2)
    for code, value in told.pins:
        yield Paragraph(f"{say(verdicts.PINS[code])}: {value}", note=True)


def _method(basis: Basis, language: str) -> str:
    say = partial(translate, language)
    return say(
        "Tỷ lệ hài lòng là %(definition)s. Thu thập: %(collected)s. Trọng số: %(weighting)s. Khoảng tin cậy %(level)s: "
        "%(method)s.",
        definition=_word(verdicts.INDICATORS, basis.indicator_definition, language),
        collected=_word(verdicts.COLLECTED, basis.collected, language),
        weighting=_word(verdicts.WEIGHTINGS, basis.weighting, language),
        level=target(basis.confidence_level, language),
        method=_word(verdicts.METHODS, basis.method, language),
    )


def _word(words: Mapping[str, str], code: str, language: str) -> str:
    return translate(language, words[code]) if code in words else code


def _statements(told: Told) -> Iterator[Block]:
    say = partial(translate, told.language)
    if told.statements:
        yield Heading(say("Ý kiến của cơ quan được đánh giá"), 2)
    for each in told.statements:
        signed = say("%(name)s ký ngày %(date)s", name=each.signed_by, date=day(each.signed_on, told.language))
        yield Paragraph(f"{each.agency}: “{each.text}” ({signed})")
