"""The statisticians' tools: what each page shows, who may enter, what is refused, what enters the trail."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from fieldwork import TODAY, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from statistics_wave import NOON, OFFICIAL, PASSWORD, STATISTICIAN, statistics_wave
from werkzeug.test import TestResponse

from survey.actions.adequacy import read_frozen
from survey.actions.inviting import AlreadyDrawn, draw_places
from survey.actions.monitoring import list_planned
from survey.actions.nonresponse import hide_groups
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.store import audits, invitations
from survey.store.database import Database

TOOLS = ("cells?wave_code=W", "progress/W", "nonresponse/W", "compare/W", "small-areas/W", "workshop/W")


@pytest.fixture(scope="module")
def door(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer
) -> Iterator[tuple[Flask, Database]]:
    with statistics_wave(migrated_file, tmp_path_factory.mktemp("tools"), keys, signer) as (settings, work):
        begin_fieldwork(work.database, keys, signer, {("CQ-0", "land"): 100}, code="NEXT", purpose="demo")
        yield create_app(settings, now=lambda: NOON), work.database


@pytest.fixture(scope="module")
def statistician(door: tuple[Flask, Database]) -> FlaskClient:
    return sign_in(door[0], STATISTICIAN)


def sign_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    form = {"name": name, "password": PASSWORD, "csrf_token": token(client)}
    assert client.post("/staff/sign-in", data=form).status_code == 303
    return client


def token(client: FlaskClient, path: str = "/staff/sign-in") -> str:
    return str(re.findall(r'name="csrf_token" value="([^"]*)"', client.get(path).text)[0])


def post(client: FlaskClient, path: str, **data: object) -> TestResponse:
    return client.post(path, data={**data, "csrf_token": token(client, "/staff/workshop/W")})


def events(database: Database) -> list[str]:
    with database.reading() as connection:
        return [each.event for each in audits.list_entries(connection)]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_opens_for_a_statistician_and_for_no_official(
    door: tuple[Flask, Database], statistician: FlaskClient, tool: str
) -> None:
    page = statistician.get(f"/staff/{tool}")
    assert page.status_code == 200
    assert len(re.findall(r"<tr>", page.text)) > 3
    assert door[0].test_client().get(f"/staff/{tool}").status_code == 302


def test_an_official_enters_no_tool(door: tuple[Flask, Database]) -> None:
    official = sign_in(door[0], OFFICIAL)
    assert {official.get(f"/staff/{tool}").status_code for tool in TOOLS} == {403}


def test_a_hidden_cell_shows_no_figure_on_any_page(door: tuple[Flask, Database], statistician: FlaskClient) -> None:
    frozen = read_frozen(door[1], "W")
    agencies = {each.agency_code for each in frozen.data.strata}
    hidden = sorted(a for a in agencies if ("agency", "construction", a) not in frozen.shown)
    shown = sorted(a for a in agencies if ("agency", "construction", a) in frozen.shown)
    assert hidden
    for agency, status in ((hidden[0], 404), (shown[0], 200)):
        assert statistician.get(f"/staff/compare/W?cell=agency/construction/{agency}").status_code == status
    cell = statistician.get(f"/staff/cells/one?wave=W&level=agency&sector=construction&place={hidden[0]}")
    assert "<td" not in cell.text
    areas = statistician.get("/staff/small-areas/W?sector=construction").text
    names = re.findall(r'<th scope="row">Cơ quan (CQ-\d+)</th>', areas)
    assert sorted(names) == shown


def test_the_export_has_every_check_as_csv_and_as_workbook_and_enters_the_trail(
    door: tuple[Flask, Database], statistician: FlaskClient
) -> None:
    text = post(statistician, "/staff/cells/export?wave_code=W&level=sector", format="csv").get_data(as_text=True)
    rows = list(csv.reader(StringIO(text.removeprefix("\ufeff"))))
    book = load_workbook(BytesIO(post(statistician, "/staff/cells/export?level=sector", format="xlsx").data))
    cells = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == len(cells) > 4 * 30
    codes = rows[0].index("Mã")
    assert rows[1][codes] == cells[1][codes] == "answers"
    assert int(float(rows[1][codes + 1])) == cells[1][codes + 1]
    assert events(door[1]).count("adequacy-exported") == 2


def test_a_filter_and_a_sort_are_done_by_the_server(statistician: FlaskClient) -> None:
    page = statistician.get("/staff/cells?wave_code=W&level=agency&sector_code=land&sort=n&order=ascending").text
    sizes = [int(n) for n in re.findall(r'data-label="Câu trả lời"[^>]*>\s*(\d+)', page)]
    assert len(sizes) == 12
    assert sizes == sorted(sizes)
    assert 'aria-sort="ascending"' in page


def test_raking_to_uploaded_margins_moves_the_rate_and_is_kept_as_a_version_with_its_weights(
    door: tuple[Flask, Database], statistician: FlaskClient
) -> None:
    margins = "sector,land,9000\nsector,construction,3000\n"
    steps = {"method": "rake", "source": "Sổ một cửa", "source_date": "2026-10-31", "cap": "3"}
    uploaded = (BytesIO(margins.encode()), "margins.csv")
    tried = post(statistician, "/staff/workshop/W", **steps, file=uploaded)
    assert tried.status_code == 200
    rates = re.findall(r'data-label="Tỷ lệ"[^>]*>\s*([\d,]+)', tried.text)
    assert len(rates) == 3
    assert rates[0] != rates[1]
    for version in (1, 2):
        saved = post(statistician, "/staff/workshop/W", **steps, margins=margins, name="quý 4")
        assert f"quý 4@{version}" in saved.text
    weights = statistician.get("/staff/workshop/W/weights/quý 4/1")
    assert weights.headers["ETag"] == f'"{hashlib.sha256(weights.data).hexdigest()}"'
    assert len(weights.get_json()["weights"]) >= 24
    assert events(door[1]).count("recipe-saved") == 2
    adopted = post(statistician, "/staff/workshop/W/adopt", recipe="quý 4@2", adopting="NEXT")
    assert adopted.status_code == 200
    assert post(statistician, "/staff/workshop/W/adopt", recipe="quý 4@1", adopting="NEXT").status_code == 400
    assert post(statistician, "/staff/workshop/W/adopt", recipe="quý 4@1", adopting="W").status_code == 400


@pytest.mark.parametrize(
    ("margins", "more", "told"),
    [
        ("sector,land", {}, "Không đọc được"),
        ("age,old,5", {}, "Không có biến"),
        ("", {}, "cần số liệu tổng thể"),
        ("sector,land,100000\nsector,construction,10", {}, "quá năm lần"),
        ("sector,land,9\nsector,health,10", {}, "quá ít người"),
        ("sector,land,9000\nsector,construction,3000", {"name": "x"}, "cần có nguồn"),
        ("sector,land,9000\nsector,construction,3000", {"cap": "0.5"}, "Mức cắt"),
    ],
)
def test_margins_that_cannot_be_met_or_would_single_out_a_few_are_refused_with_the_reason(
    statistician: FlaskClient, margins: str, more: dict[str, str], told: str
) -> None:
    page = post(statistician, "/staff/workshop/W", method="rake", margins=margins, **more)
    assert page.status_code == 400
    assert told in page.text


def test_a_follow_up_of_the_silent_is_analysed_as_two_phases(
    door: tuple[Flask, Database], statistician: FlaskClient
) -> None:
    frozen = read_frozen(door[1], "W")
    lines = "\n".join(f"{each.code}, 6, 3" for each in frozen.data.strata)
    page = post(statistician, "/staff/nonresponse/W", counts=lines)
    assert page.status_code == 200
    told = re.findall(r"Hai pha: ([\d,]+).*?hỏi lại: ([\d,]+)", page.text)
    assert told[0][1] == "50,0"
    assert float(told[0][0].replace(",", ".")) < 100 * frozen.shown["wave", "", "W"]["rate"]
    assert post(statistician, "/staff/nonresponse/W", counts="CQ-0.land; six").status_code == 400
    assert post(statistician, "/staff/nonresponse/W", counts="nowhere, 6, 3").status_code == 400


def test_a_proposal_is_accepted_into_the_schedule_and_drawn_once(
    door: tuple[Flask, Database], statistician: FlaskClient
) -> None:
    database = door[1]
    assert post(statistician, "/staff/progress/W/plan", count="0").status_code == 400
    assert post(statistician, "/staff/progress/W/plan", count="240", sector="land").status_code == 200
    planned = list_planned(database, "W")[0]
    assert sum(planned.strata.values()) == 240
    assert {code.split(".")[1] for code in planned.strata} == {"land"}
    assert "sample-planned" in events(database)
    with database.reading() as connection:
        before = invitations.count_invitations(connection, "W")
    draw_places(database, "W", 240, seed=1, today=TODAY, strata=planned.strata, planned="W/1")
    with database.reading() as connection:
        after = invitations.count_invitations(connection, "W")
    assert {code: after[code] - before[code] for code in after if after[code] > before[code]} == planned.strata
    with pytest.raises(AlreadyDrawn):
        draw_places(database, "W", 240, seed=1, today=TODAY, strata=planned.strata, planned="W/1")


def test_progress_tells_the_plan_of_the_rule_and_the_days_of_one_stratum(statistician: FlaskClient) -> None:
    page = statistician.get("/staff/progress/W?stratum=CQ-3.land").text
    assert "Kế hoạch là 50" in page
    assert "Từng ngày của tầng CQ-3.land" in page
    assert '<option value="CQ-3.land" selected>' in page
    assert "Từng ngày của tầng" not in statistician.get("/staff/progress/W?stratum=nowhere").text


def test_nonresponse_tells_the_response_of_channels_agencies_and_strata(statistician: FlaskClient) -> None:
    page = statistician.get("/staff/nonresponse/W").text
    for caption in ("Tỷ lệ trả lời của từng kênh", "Cơ quan trả lời ít nhất", "Tầng trả lời ít nhất"):
        table = page.partition(f"<caption>{caption}</caption>")[2].partition("</table>")[0]
        assert re.findall(r'data-label="Tỷ lệ trả lời"[^>]*>\s*\d', table), caption
    assert "hailong planned silent W" in page


def test_groups_of_few_are_hidden_and_never_one_alone() -> None:
    satisfied = {"a": 30.0, "b": 4.0, "c": 20.0, "d": 25.0}
    assert hide_groups({"a": 40, "b": 5, "c": 31}, satisfied, 10) == {"b", "c"}
    assert hide_groups({"a": 40, "d": 25}, satisfied, 10) == {"a", "d"}, "all of 25 are satisfied"
    assert hide_groups({"a": 40, "c": 31}, satisfied, 10) == set()
