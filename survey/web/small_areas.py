"""Small areas: modelled figures beside direct ones, with what speaks for and against the model; never a verdict."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from survey.actions import reading
from survey.actions.modelling_areas import Modelled, list_modelled_sectors, model_sector
from survey.actions.telling_figures import agency_name
from survey.documents.charts import Interval, caterpillar
from survey.documents.formats import number
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage
from survey.mandate.sectors import load_sectors
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.tools import DEMO, READERS, Say, find_frozen, speaker, tabs, tool_page, wave_name

blueprint = Blueprint("small_areas", __name__, url_prefix="/staff/small-areas")


@blueprint.get("/<wave>")
@allow(*READERS)
def show_small_areas(wave: str) -> Response:
    """The agencies of one sector."""
    say, language = speaker(), reader_language()
    known, frozen = find_frozen(wave)
    sectors = list_modelled_sectors(frozen)
    chosen = request.args.get("sector", "")
    sector = chosen if chosen in sectors else next(iter(sectors), "")
    options = tuple((code, load_sectors()[code].name.in_language(language)) for code in sectors)
    modelled = model_sector(frozen, sector) if sector else None
    form = Form(
        "",
        url_for("small_areas.show_small_areas", wave=wave),
        (Field("sector", say("Lĩnh vực"), "select", sector, options),),
        say("Xem"),
    )
    page = SheetsPage(
        overline=wave_name(known),
        title=say("Ước lượng cho địa bàn nhỏ"),
        lead=say("Mô hình mượn thông tin của các nơi khác cho nơi có ít câu trả lời."),
        caution=say("Số mô hình không dùng để kết luận đạt hay không đạt, và luôn đi cùng số trực tiếp."),
        tabs=tabs(wave, "areas"),
        before=(form,) if sectors else (),
        facts=_diagnostics(modelled, say) if modelled else (),
        sheets=(_sheet(modelled, say),),
    )
    return tool_page(page, demo=known.purpose == DEMO)


def _diagnostics(modelled: Modelled, say: Say) -> tuple[str, ...]:
    language = reader_language()
    told = [
        say(
            "Phương sai giữa các nơi (thang arcsin): %(between)s. Phần dư chuẩn hóa lớn nhất: %(residual)s.",
            between=number(modelled.between, language, 4),
            residual=number(modelled.largest_residual, language, 2),
        ),
        say(
            "%(outside)s số trực tiếp nằm ngoài khoảng mô hình; %(hidden)s nơi không công bố nên không vào mô hình.",
            outside=number(modelled.outside, language),
            hidden=number(modelled.hidden, language),
        ),
    ]
    if modelled.adjusted:
        told.append(say("Các nơi gần như không khác nhau: phương sai được giữ trên 0 để số riêng vẫn có phần."))
    return tuple(told)


def _sheet(modelled: Modelled | None, say: Say) -> Sheet:
    columns = (
        *(Column(say("Cơ quan")), Column(say("Trực tiếp"), "share"), Column(say("Hữu hiệu"), "decimal")),
        *(Column(say("Khoảng trực tiếp"), "chart"), Column(say("Mô hình"), "share")),
        *(Column(say("Khoảng mô hình"), "chart"), Column(say("Sai số mô hình"), "points")),
        *(Column(say("Khớp với lĩnh vực"), "share"), Column(say("Phần của số trực tiếp"), "share")),
    )
    caption, empty = say("Trực tiếp và mô hình"), say("Chưa đủ nơi có số liệu để lập mô hình.")
    if modelled is None:
        return Sheet(caption, columns, (), empty=empty)
    language = reader_language()
    agencies = reading.list_agencies(services().database, signed_in_staff().scope)
    names = [agency_name(agencies, each.name, language) for each in modelled.areas]
    direct = [
        Interval(each.direct, *modelled.direct_limits[each.name], say("Khoảng trực tiếp: %(name)s", name=name))
        for each, name in zip(modelled.areas, names, strict=True)
    ]
    model = [
        Interval(each.modelled, each.low, each.high, say("Khoảng mô hình: %(name)s", name=name))
        for each, name in zip(modelled.areas, names, strict=True)
    ]
    bars = caterpillar([*direct, *model], [() for _ in (*direct, *model)], language).bars
    half = len(direct)
    rows = [
        [
            *(names[place], each.direct, each.n_effective, bars[place], each.modelled),
            *(bars[half + place], each.root_mse, each.benchmarked, each.share),
        ]
        for place, each in enumerate(modelled.areas)
    ]
    note = say("Fay-Herriot trên thang arcsin, REML; khớp để tổng các nơi bằng số của lĩnh vực.")
    return Sheet(caption, columns, rows, note=note)
