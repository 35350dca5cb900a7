"""What a report says: the figures of one release as text, tables and charts, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from survey.documents import verdicts
from survey.documents.environment import translate
from survey.documents.figures import AgencyRow, Basis, Figure, Judgement, SectorRow
from survey.documents.formats import NOTHING, day, number, percent, target
from survey.documents.report import (
    COUNT,
    SHARE,
    Block,
    Cell,
    Column,
    Heading,
    Office,
    Paragraph,
    Picture,
    Report,
    Table,
    Written,
    count,
    share,
)
from survey.documents.report_charts import Bar, draw_bars
from survey.documents.verdicts import N_

IN_FORCE = "in_force"
HEADING_MARK = "# "
DRAWN_PLACES = 40


@dataclass(frozen=True, slots=True)
class Period:
    """A report period of the administration: its name and days."""

    name: str
    year: int
    begins: date
    ends: date


@dataclass(frozen=True, slots=True)
class SectorPart:
    """A sector with its places, each named with its area."""

    row: SectorRow
    places: tuple[AgencyRow, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a judged agency says beside its figure: signed, and changing nothing."""

    agency: str
    text: str
    signed_by: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class Told:
    """All that a report is written from. `text` are the lines that somebody edited, else None; `pins` name what the
    figures were computed from; `corrects` says what a correction changed; `late` counts answers after the
    checkpoint."""

    language: str
    office: Office
    period: Period
    release: str
    published_on: date | None
    dated: date
    basis: Basis
    whole: Figure
    sectors: tuple[SectorPart, ...]
    pins: tuple[tuple[str, str], ...]
    text: tuple[str, ...] | None = None
    edited_by: str = ""
    edited_on: date | None = None
    statements: tuple[Statement, ...] = ()
    corrects: str = ""
    late: int = 0
    minimum_cell: int = 10
    demo: bool = False


def write_report(told: Told) -> Report:
    """The whole report."""
    say = partial(translate, told.language)
    drafts = [
        say("Bản thảo: bản công bố %(release)s chưa được công bố.", release=told.release)
        if told.published_on is None
        else "",
        say("Số liệu thử: được tạo ngẫu nhiên để trình diễn, không phải ý kiến của người dân.") if told.demo else "",
    ]
    blocks: list[Block] = [
        *_text_blocks(write_text(told) if told.text is None else told.text),
        *_tables(told),
        *_quality(told),
    ]
    return Report(
        language=told.language,
        office=told.office,
        kind=say("Báo cáo"),
        title=title_of(told),
        dated=told.dated,
        release=told.release,
        draft=" ".join(filter(None, drafts)),
        blocks=tuple(blocks),
        facts=tuple((say(verdicts.PINS[code]), value) for code, value in told.pins),
    )


def title_of(told: Told) -> str:
    """The subject of the report, with its period."""
    return translate(
        told.language,
        "Kết quả đo lường mức độ hài lòng của người dân, %(period)s %(year)s",
        period=told.period.name,
        year=told.period.year,
    )


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


def _text_blocks(lines: Sequence[str]) -> Iterator[Block]:
    for line in lines:
        if line.startswith(HEADING_MARK):
            yield Heading(line.removeprefix(HEADING_MARK))
        elif line.strip():
            yield Paragraph(line)


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
    found = [_held_against(part.row) for part in told.sectors]
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
    judged = _held_against(row)
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
        judged = _held_against(part.row)
        if judged is not None:
            groups[judged.verdict if judged.verdict in NEXT else "open"].append(part.row.name)
    for code, names in groups.items():
        if names:
            yield translate(told.language, NEXT[code], sectors="; ".join(names))


def _tables(told: Told) -> Iterator[Block]:
    say = partial(translate, told.language)
    yield Heading(say("IV. Bảng số liệu"))
    yield _scoreboard(told)
    yield _picture(
        say("Tỷ lệ hài lòng theo lĩnh vực, khoảng tin cậy và mức đang áp dụng"),
        [_bar(part.row.name, part.row.figure, _held_against(part.row)) for part in told.sectors],
        told.language,
    )
    parts = [part for part in told.sectors if part.places]
    if parts:
        yield _by_place(told, parts)
    for part in parts:
        yield Heading(part.row.name, 2)
        yield _places(told, part)
        shown = [_bar(place.area_name or place.name, place.figure, None) for place in part.places]
        if len(shown) <= DRAWN_PLACES:
            caption = say("%(sector)s: tỷ lệ hài lòng theo địa bàn và khoảng tin cậy", sector=part.row.name)
            yield _picture(caption, shown, told.language)


def _scoreboard(told: Told) -> Table:
    say, language = partial(translate, told.language), told.language
    rows = []
    for part in told.sectors:
        figure, judged = part.row.figure, _held_against(part.row)
        verdict = "suppressed" if figure.suppressed else judged.verdict if judged else None
        rows.append(
            (
                part.row.name,
                *_interval(figure, told, judged),
                share(figure.response_rate, language),
                Written(judged.target, target(judged.target, language), SHARE) if judged else NOTHING,
                say(verdicts.VERDICTS[verdict]) if verdict else NOTHING,
            )
        )
    columns = (
        Column(say("Lĩnh vực"), wide=3),
        *_interval_columns(told.language),
        Column(say("Tỷ lệ trả lời"), SHARE),
        Column(say("Chỉ tiêu"), SHARE),
        Column(say("Kết luận"), wide=1.7),
    )
    caption = say("Bảng kết quả theo lĩnh vực")
    return Table(caption, caption, columns, rows, drawn=True)


def _places(told: Told, part: SectorPart) -> Table:
    say = partial(translate, told.language)
    columns = (
        Column(say("Địa bàn"), wide=2),
        Column(say("Cơ quan"), wide=3),
        *_interval_columns(told.language),
    )
    rows = [
        (place.area_name or NOTHING, _name(place, told), *_interval(place.figure, told, None)) for place in part.places
    ]
    return Table(say("%(sector)s, theo địa bàn", sector=part.row.name), part.row.name, columns, rows, drawn=True)


def _by_place(told: Told, parts: Sequence[SectorPart]) -> Table:
    """Every place in a row, every sector in a column."""
    say, language = partial(translate, told.language), told.language
    names: dict[tuple[str, str], dict[str, Cell]] = {}
    for part in parts:
        for place in part.places:
            shown: Cell = NOTHING if place.figure.suppressed else share(place.figure.rate, language)
            names.setdefault((place.area_name or NOTHING, place.name), {})[part.row.name] = shown
    columns = (
        Column(say("Địa bàn"), wide=2),
        Column(say("Cơ quan"), wide=3),
        *(Column(part.row.name, SHARE) for part in parts),
    )
    rows = [
        (area, name, *(cells.get(part.row.name, NOTHING) for part in parts))
        for (area, name), cells in sorted(names.items())
    ]
    caption = say("Tỷ lệ hài lòng theo địa bàn và lĩnh vực")
    return Table(caption, say("Địa bàn và lĩnh vực"), columns, rows)


def _interval_columns(language: str) -> tuple[Column, ...]:
    say = partial(translate, language)
    return (
        Column(say("Tỷ lệ hài lòng"), SHARE),
        Column(say("Cận dưới"), SHARE),
        Column(say("Cận trên"), SHARE),
        Column(say("Số câu trả lời"), COUNT),
    )


def _interval(figure: Figure, told: Told, judged: Judgement | None) -> tuple[Cell, ...]:
    beside = judged.target if judged else None
    rates = [share(value, told.language, beside) for value in (figure.rate, figure.low, figure.high)]
    return (*rates, count(figure.n if figure.rate is not None else None, told.language))


def _name(place: AgencyRow, told: Told) -> str:
    if not place.figure.suppressed:
        return place.name
    word = verdicts.VERDICTS["suppressed"]
    return f"{place.name} ({translate(told.language, word).lower()})"


def _bar(name: str, figure: Figure, judged: Judgement | None) -> Bar:
    return Bar(name, figure.rate, figure.low, figure.high, judged.target if judged else None)


def _picture(caption: str, bars: Sequence[Bar], language: str) -> Picture:
    svg, height = draw_bars(bars, language)
    told = [_describe(bar, language) for bar in bars]
    return Picture(caption, f"{caption}. {'; '.join(told)}.", svg, height)


def _describe(bar: Bar, language: str) -> str:
    if bar.rate is None:
        return f"{bar.name}: {NOTHING}"
    limits = f"{percent(bar.low, language)} – {percent(bar.high, language)}"
    return f"{bar.name}: {percent(bar.rate, language)} ({limits})"


def _held_against(row: SectorRow) -> Judgement | None:
    """The verdict against the level in force."""
    return next((each for each in row.judgements if each.kind == IN_FORCE), None)


def _quality(told: Told) -> Iterator[Block]:
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
