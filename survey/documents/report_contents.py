"""What a report says: the figures of one release as text, tables and charts, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from survey.documents import verdicts
from survey.documents.environment import translate
from survey.documents.figures import AgencyRow, Figure, Judgement
from survey.documents.formats import NOTHING, percent, target
from survey.documents.report import (
    COUNT,
    SHARE,
    Block,
    Cell,
    Column,
    Heading,
    Paragraph,
    Picture,
    Report,
    Table,
    Written,
    count,
    share,
)
from survey.documents.report_charts import Bar, draw_bars
from survey.documents.report_quality import write_quality
from survey.documents.report_text import HEADING_MARK, write_text
from survey.documents.report_told import SectorPart, Told, held_against

DRAWN_PLACES = 40


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
        *write_quality(told),
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


def _text_blocks(lines: Sequence[str]) -> Iterator[Block]:
    for line in lines:
        if line.startswith(HEADING_MARK):
            yield Heading(line.removeprefix(HEADING_MARK))
        elif line.strip():
            yield Paragraph(line)


def _tables(told: Told) -> Iterator[Block]:
    say = partial(translate, told.language)
    yield Heading(say("IV. Bảng số liệu"))
    yield _scoreboard(told)
    yield _picture(
        say("Tỷ lệ hài lòng theo lĩnh vực, khoảng tin cậy và mức đang áp dụng"),
        [_bar(part.row.name, part.row.figure, held_against(part.row)) for part in told.sectors],
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
        figure, judged = part.row.figure, held_against(part.row)
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
