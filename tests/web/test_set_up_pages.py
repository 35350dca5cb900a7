"""An operator opens a wave and brings its frame in, in the browser; what is locked stays, what is wrong is named."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.actions.comparing_totals import compare_totals
from survey.actions.handing_in_contacts import list_outcomes, read_files
from survey.actions.importing_places import import_agencies, import_procedures
from survey.actions.inviting import draw_places
from survey.actions.ordering import carry_out_orders, list_orders
from survey.actions.sealing import sign_checkpoint
from survey.actions.signing_in import add_staff
from survey.actions.transactions import UnknownPlace, read_known
from survey.actions.waves import find_wave
from survey.app import create_app
from survey.keys import Keys
from survey.mandate.rules import read_rule
from survey.proof import Signer, Tree
from survey.settings import Settings
from survey.store import contact_files, frames
from survey.store.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "mật khẩu đủ dài để thử"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
WAVE = {
    "code": "TTHC-2026-11",
    "name": "Đợt tháng 11",
    "series": "TTHC",
    "purpose": "official",
    "population": "transactions",
    "questionnaire": "procedures@1",
    "opens_on": "2026-11-01",
    "closes_on": "2026-11-30",
    "grace_days": "9",
    "channel-slip": "1",
    "indicator": "top2@1",
    "confidence_level": "0.99",
    "target_population": "finite",
    "minimum_effective": "40",
    "minimum_df": "8",
    "window_waves": "4",
    "many_agencies": "holm",
    "counts": "dossiers",
    "largest_frame_gap": "0.01",
    "exclusions": "late@1",
}
FRAME = (
    "Mã hồ sơ,agency,procedure\nD1,TTPVHCC-31507,VD-CHUNG-THUC\nD2,TTPVHCC-31507,VD-CHUNG-THUC\n"
    "D3,NOBODY,VD-CHUNG-THUC\nD1,TTPVHCC-31507,VD-CHUNG-THUC\n"
)


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    import_agencies(database, EXAMPLES / "agencies.csv")
    import_procedures(database, EXAMPLES / "procedures.csv")
    for role in ("operator", "auditor", "official", "keyer"):
        add_staff(database, role, role, PASSWORD, now=NOON, actor="tests")
    return create_app(settings, now=lambda: NOON)


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    return signed_in(app, "operator")


def test_a_wave_is_opened_with_its_rule_and_changed_until_somebody_is_invited(
    operator: FlaskClient, database: Database
) -> None:
    assert post(operator, "/staff/set-up/", WAVE).status_code == 303
    rule = read_rule(find_wave(database, WAVE["code"]).rule)
    assert (rule.confidence_level, rule.target_population, rule.minimum_effective) == ("0.99", "finite", 40)
    assert (rule.window_waves, rule.exclusions, rule.largest_frame_gap) == (4, ("late@1",), "0.01")
    page = operator.get(f"/staff/set-up/{WAVE['code']}").text
    assert "Quy tắc chưa khóa" in page
    changed = WAVE | {"confidence_level": "0.90", "grace_days": "3"}
    assert post(operator, f"/staff/set-up/{WAVE['code']}", changed).status_code == 303
    wave = find_wave(database, WAVE["code"])
    assert (read_rule(wave.rule).confidence_level, wave.grace_days) == ("0.90", 3)
    bring(operator, FRAME)
    draw_places(database, WAVE["code"], 1, seed=1, today=NOON.date())
    refused = post(operator, f"/staff/set-up/{WAVE['code']}", WAVE)
    assert (refused.status_code, "Quy tắc mới là một đợt mới" in refused.text) == (409, True)
    assert find_wave(database, WAVE["code"]) == wave


@pytest.mark.parametrize(
    ("label", "field", "typed"),
    [
        ("Mã", "code", "có dấu"),
        ("Tên đợt", "name", ""),
        ("Đến ngày", "closes_on", "2026-10-01"),
        ("Từ ngày", "opens_on", "x"),
        ("Cỡ mẫu hiệu dụng tối thiểu", "minimum_effective", "29"),
        ("Quy tắc loại trừ (never@1)", "exclusions", "never@1"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_no_wave_is_opened(
    operator: FlaskClient, label: str, field: str, typed: str
) -> None:
    sent = WAVE | {"series": "what was typed", "channel-sms": "1", field: typed}
    refused = post(operator, "/staff/set-up/", sent)
    assert (refused.status_code, f"xin xem lại ô {label}" in refused.text) == (422, True)
    assert 'value="what was typed"' in refused.text
    assert re.search(r'name="channel-sms" value="1"[^>]* checked', refused.text)
    assert f'value="{typed}"' in refused.text or not typed
    assert operator.get(f"/staff/set-up/{WAVE['code']}").status_code == 404


def test_a_wave_is_closed_and_a_code_is_used_once(operator: FlaskClient, database: Database) -> None:
    post(operator, "/staff/set-up/", WAVE)
    assert post(operator, "/staff/set-up/", WAVE).status_code == 409
    post(operator, f"/staff/set-up/{WAVE['code']}/close", {})
    assert find_wave(database, WAVE["code"]).closed


def test_a_file_is_mapped_tried_and_loaded_without_its_wrong_lines_only_on_request(
    operator: FlaskClient, database: Database
) -> None:
    post(operator, "/staff/set-up/", WAVE)
    assert versions(database) == []
    tried = bring(operator, FRAME)
    assert "Sẽ nạp 2 đơn vị trong 1 tầng; 2 dòng sai." in tried
    assert "Chưa có cơ quan &#39;NOBODY&#39;" in tried
    assert versions(database) == [2]


def test_a_picture_and_a_name_that_is_not_ours_load_nothing(operator: FlaskClient, database: Database) -> None:
    post(operator, "/staff/set-up/", WAVE)
    picture = upload(operator, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0")
    assert picture.status_code == 422
    stolen = post(operator, f"/staff/set-up/{WAVE['code']}/frame/load", {"kept": "../hailong.sqlite"})
    assert stolen.status_code == 404
    assert versions(database) == []


def test_auditors_read_and_change_nothing_and_officials_do_not_enter(operator: FlaskClient, app: Flask) -> None:
    post(operator, "/staff/set-up/", WAVE)
    auditor, official = signed_in(app, "auditor"), signed_in(app, "official")
    page = auditor.get(f"/staff/set-up/{WAVE['code']}")
    assert (page.status_code, "<form class" in page.text) == (200, False)
    assert post(auditor, "/staff/set-up/", WAVE | {"code": "OTHER"}, page=operator).status_code in (400, 403)
    assert official.get("/staff/set-up/").status_code == 403


def test_a_draw_is_ordered_carried_out_by_the_work_process_and_its_slips_are_printed_once(
    operator: FlaskClient, database: Database
) -> None:
    post(operator, "/staff/set-up/", WAVE)
    path = f"/staff/set-up/{WAVE['code']}/sample"
    assert "Đợt này chưa có khung mẫu" in post(operator, path, {"count": "1"}).text
    bring(operator, FRAME)
    assert post(operator, path, {"count": "3"}).status_code == 422
    assert post(operator, path, {"count": "", "rate": ""}).status_code == 422
    assert post(operator, path, {"count": "2", "seed": "4711"}).status_code == 303
    assert "đang chờ" in operator.get(path).text
    assert carry_out_orders(database, NOON, NOON.date()) == 1
    page = operator.get(path).text
    assert "2 người đã rút đang chờ phiếu" in page
    assert "4711" in page
    printed = post(operator, f"{path}/slips", {"slips": "2"})
    assert (printed.status_code, printed.text.count("<svg")) == (200, 2)
    assert post(operator, f"{path}/slips", {"slips": "2"}).status_code == 422


def test_a_plan_is_ordered_as_it_was_shown(operator: FlaskClient, database: Database) -> None:
    post(operator, "/staff/set-up/", WAVE)
    bring(operator, FRAME)
    wanted = {"target": "90", "expected": "95", "power": "80", "margin": "3", "deff": "1", "response": "50"}
    costs = {"reserve": "10", "cost_fixed": "0", "cost_invitation": "0", "cost_answer": "0"}
    shown = operator.get("/staff/plan/", query_string={"wave": WAVE["code"], **wanted, **costs}).text
    assert f'action="/staff/set-up/{WAVE["code"]}/sample/plan"' in shown
    ordered = post(operator, f"/staff/set-up/{WAVE['code']}/sample/plan", wanted | costs)
    assert ordered.status_code == 303
    [order] = list_orders(database, WAVE["code"])
    assert sum((order.strata or {}).values()) == 2, "both transactions: so small a frame is asked whole"


def test_the_accounting_of_a_wave_is_a_page_and_a_file(operator: FlaskClient, database: Database) -> None:
    post(operator, "/staff/set-up/", WAVE)
    path = f"/staff/set-up/{WAVE['code']}/accounting"
    assert "Chưa có điểm chốt nào nói về đợt này" in operator.get(path).text
    bring(operator, FRAME)
    draw_places(database, WAVE["code"], 2, seed=1, today=NOON.date())
    with database.writing("checkpoint") as connection:
        sign_checkpoint(connection, Signer("tests", bytes(range(32))), Tree(), (), NOON.date())
    assert "Được rút" in operator.get(path).text
    told = operator.get(f"{path}?format=csv&agency=TTPVHCC-31507")
    assert (told.mimetype, "2026-11-24,2,2" in told.text) == ("text/csv", True)
    assert operator.get("/staff/webhooks").status_code == 200


def test_the_steps_of_a_wave_say_what_is_done_and_lead_to_what_is_not(operator: FlaskClient, app: Flask) -> None:
    assert operator.get("/staff/").location.endswith("/staff/set-up/"), "an operator begins where waves are set up"
    post(operator, "/staff/set-up/", WAVE)
    path = f"/staff/set-up/{WAVE['code']}"
    assert done(operator.get("/staff/set-up/").text) == [True, True, True, True]
    assert done(operator.get(path).text) == [False] * 6
    bring(operator, FRAME)
    page = operator.get(path).text
    assert done(page) == [True, *[False] * 5]
    for step in ("frame", "sample", "contacts", "accounting"):
        assert f'href="{path}/{step}"' in page
    assert f'href="{path}/contacts"' in signed_in(app, "auditor").get(path).text


def test_long_menus_unfold_in_groups_and_short_ones_stand_in_a_line(operator: FlaskClient, app: Flask) -> None:
    page = operator.get("/staff/set-up/").text
    assert page.count('<details name="menu">') >= 4
    assert 'href="/staff/webhooks"' in page
    assert '<summary aria-current="true">Thiết lập</summary>' in page
    board = signed_in(app, "official").get("/staff/scoreboard").text
    assert board.count('<details name="menu">') == 2
    assert "<summary>Công bố số liệu</summary>" in board
    assert '<details name="menu">' not in signed_in(app, "keyer").get("/staff/paper").text


def test_contacts_are_sealed_by_the_page_and_read_by_the_work_process_alone(
    operator: FlaskClient, database: Database, keys: Keys
) -> None:
    post(operator, "/staff/set-up/", {name: value for name, value in WAVE.items() if name != "channel-slip"})
    bring(operator, FRAME)
    draw_places(database, WAVE["code"], 1, seed=1, today=NOON.date())
    path = f"/staff/set-up/{WAVE['code']}/contacts"
    assert hand_in(operator, path, b"").status_code == 422
    assert hand_in(operator, path, b"PK\x03\x04...").status_code == 422
    assert hand_in(operator, path, b"dossier,phone\nD1,0912345678\nD2,0912345679\n").status_code == 303
    assert "1 tệp đang chờ đọc" in operator.get(path).text
    assert stored_files(database) != [b""]
    assert not any(b"0912345678" in each for each in stored_files(database))
    assert read_files(database, keys, ("sms",), NOON) == 1
    assert stored_files(database) == []
    [outcome] = list_outcomes(database, WAVE["code"])
    assert (outcome.kept, outcome.refused) == (1, ""), "of two dossiers one was drawn"
    hand_in(operator, path, b"dossier\nD1\n")
    read_files(database, keys, ("sms",), NOON)
    assert stored_files(database) == []
    assert "neither a column" in list_outcomes(database, WAVE["code"])[0].refused
    assert "neither a column" in operator.get(path).text


def test_independent_totals_are_loaded_on_the_page_of_the_frame(operator: FlaskClient, database: Database) -> None:
    post(operator, "/staff/set-up/", WAVE)
    bring(operator, FRAME)
    path = f"/staff/set-up/{WAVE['code']}/frame/totals"
    assert hand_in(operator, path, b"agency,population\nNOBODY,9\n", "totals").status_code == 422
    assert hand_in(operator, path, b"agency,population\nTTPVHCC-31507,4\n", "totals").status_code == 303
    [compared] = compare_totals(database, WAVE["code"])
    assert (compared.framed, compared.independent, compared.is_over_limit) == (2, 4, True)
    assert "vượt mức" in operator.get(f"/staff/set-up/{WAVE['code']}").text


def test_a_wave_of_some_areas_and_sectors_takes_no_other_transaction(operator: FlaskClient, database: Database) -> None:
    refused = post(operator, "/staff/set-up/", WAVE | {"areas": "NOWHERE"})
    assert (refused.status_code, "không có lĩnh vực hoặc địa bàn" in refused.text) == (422, True)
    post(operator, "/staff/set-up/", WAVE | {"areas": "former_soc_trang", "sectors": "procedures"})
    assert find_wave(database, WAVE["code"]).areas == "former_soc_trang"
    page = operator.get(f"/staff/set-up/{WAVE['code']}").text
    assert re.search(r"Lĩnh vực</th>\s*<td[^>]*>Thủ tục hành chính<", page)
    assert re.search(r"Địa bàn</th>\s*<td[^>]*>[^<]*Sóc Trăng[^<]*<", page)
    bring(operator, FRAME)
    post(operator, "/staff/set-up/", WAVE | {"code": "HERE", "sectors": "land"})
    with database.reading() as connection:
        known = read_known(connection, "HERE", NOON.date())
    with pytest.raises(UnknownPlace, match="not one of this wave's: use land"):
        known.stratum_of({"agency": "TTPVHCC-31507", "procedure": "VD-CHUNG-THUC"})


def bring(door: FlaskClient, content: str) -> str:
    """Upload, map, try and load without the wrong lines; the page of the trial."""
    asked = upload(door, content.encode()).text
    kept = re.search(r'name="kept" value="([^"]+)"', asked)
    assert kept is not None
    columns = {"column-dossier": "mã hồ sơ", "column-agency": "agency", "column-procedure": "procedure"}
    path = f"/staff/set-up/{WAVE['code']}/frame"
    tried = post(door, f"{path}/trial", {"kept": kept[1], **columns})
    refused = post(door, f"{path}/load", {"kept": kept[1], **columns})
    assert refused.status_code == 422
    agreed = post(door, f"{path}/load", {"kept": kept[1], **columns, "accepted_only": "1"})
    assert agreed.status_code == 303
    return tried.text


def upload(door: FlaskClient, content: bytes) -> TestResponse:
    file = {"file": (io.BytesIO(content), "frame.csv"), "csrf_token": token(door)}
    return door.post(f"/staff/set-up/{WAVE['code']}/frame", data=file, content_type="multipart/form-data")


def hand_in(door: FlaskClient, path: str, content: bytes, name: str = "file") -> TestResponse:
    file = {name: (io.BytesIO(content), "file.csv" if content else ""), "csrf_token": token(door)}
    return door.post(path, data=file, content_type="multipart/form-data")


def stored_files(database: Database) -> list[bytes]:
    with database.reading() as connection:
        return [each.sealed for each in contact_files.list_files(connection)]


def done(page: str) -> list[bool]:
    """Of every step on a page, whether it is done."""
    steps = re.search(r'<ol class="to-do".*?</ol>', page, re.DOTALL)
    assert steps is not None
    return [mark == ' class="done"' for mark in re.findall(r"<li([^>]*)>", steps[0])]


def signed_in(app: Flask, name: str) -> FlaskClient:
    door = app.test_client()
    token_of_form = re.search(r'name="csrf_token" value="([^"]+)"', door.get("/staff/sign-in").text)
    assert token_of_form is not None
    form = {"csrf_token": token_of_form[1], "name": name, "password": PASSWORD}
    assert door.post("/staff/sign-in", data=form).status_code == 303
    return door


def post(door: FlaskClient, path: str, form: dict[str, str], page: FlaskClient | None = None) -> TestResponse:
    return door.post(path, data={**form, "csrf_token": token(page or door)})


def token(door: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', door.get("/staff/set-up/").text)
    assert found is not None
    return found[1]


def versions(database: Database) -> list[int]:
    with database.reading() as connection:
        return [each.population for each in frames.list_frames(connection, WAVE["code"])]
