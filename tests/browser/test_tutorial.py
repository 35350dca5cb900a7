"""docs/tutorial.md, done: from an empty province to its first verdict, in a real browser, with the pictures made here.

`HAILONG_TUTORIAL=1` writes the pictures into docs/images/tutorial; without it they are taken and thrown away.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from looking import faults, overflow
from playwright.sync_api import Browser, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from survey.actions.answering import answer
from survey.actions.ordering import carry_out_orders
from survey.actions.releasing import release_due_waves
from survey.actions.sealing import seal
from survey.actions.signing_in import add_staff
from survey.actions.tallying import tally
from survey.app import create_app
from survey.keys import derive_keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.writer import open_writer

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "images" / "tutorial"
SECRET = b"a secret of the tests, long enough to pass"
PASSWORD = "một mật khẩu đủ dài"
WAVE = "TTHC-2026-11"
PATIENCE = 180_000  # ms: four hundred slips take a busy machine a while
PEOPLE = {"an": "operator", "binh": "operator", "chi": "statistician", "dung": "official", "em": "statistician"}
OPENS, CLOSES = "2026-11-01", "2026-11-30"
SATISFIED, ASKED, ANSWERED, EVERY = "4", 400, 360, 14
PAGES = (
    "/staff/set-up/",
    "/staff/areas",
    "/staff/questionnaires",
    "/staff/plan/",
    "/staff/accounts",
    "/staff/webhooks",
    "/staff/devices",
)
CODE = re.compile(r'class="code">([^<]+)<')


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Province:
    """An installation that is just made, with a clock that the test moves."""

    settings: Settings
    database: Database
    browser: Browser
    url: str
    pictures: Path
    now: datetime = datetime(2026, 11, 24, 2, tzinfo=UTC)
    done: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.now.date()

    def sign_in(self, name: str) -> Page:
        page = self.browser.new_page(viewport={"width": 1000, "height": 700}, base_url=self.url)
        page.set_default_timeout(PATIENCE)
        page.goto("/staff/sign-in?language=vi")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    def step(self, title: str) -> None:
        self.done.append(title)

    def picture(self, page: Page, name: str) -> None:
        self.taken.append(f"{name}.png")
        page.screenshot(path=self.pictures / f"{name}.png")

    def work(self) -> None:
        """One round of `hailong work`, as far as the tutorial needs it."""
        carry_out_orders(self.database, self.now, self.today)
        seal(self.database, Signer("tutorial", bytes(range(32))), self.today)
        tally(self.database)


@pytest.fixture
def province(browser: Browser, migrated_file: Path, tmp_path: Path) -> Iterator[Province]:
    shutil.copy(migrated_file, tmp_path / "hailong.sqlite")
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'hailong.sqlite'}", SECRET, base_url="http://localhost")
    database = Database(settings.database_url, settings.lock_file)
    pictures = PICTURES if os.environ.get("HAILONG_TUTORIAL") else tmp_path / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    province = Province(settings, database, browser, "", pictures)
    for name, role in PEOPLE.items():
        add_staff(database, name, role, PASSWORD, now=province.now, actor="tests")
    app = create_app(settings, now=lambda: province.now)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    province.url = f"http://127.0.0.1:{server.server_port}"
    yield province
    server.shutdown()
    database.close()


def test_the_tutorial_leads_from_an_empty_province_to_its_first_verdict(province: Province) -> None:
    operator = province.sign_in("an")
    bring_places(province, operator)
    build_questionnaire(province, operator)
    open_wave(province, operator)
    bring_frame(province, operator)
    codes = draw_sample(province, operator)
    answer_all(province, codes)
    publish(province)
    read_verdict(province)
    look_at_every_page(province)
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \d+\. (.+)$", text, re.MULTILINE) == province.done
    assert re.findall(r"\(images/tutorial/(.+?)\)", text) == province.taken
    assert all((PICTURES / name).stat().st_size < 150_000 for name in province.taken)


def bring_places(province: Province, page: Page) -> None:
    province.step("Agencies and the map of procedures")
    for what, file in (("agencies", "agencies.csv"), ("procedures", "procedures.csv")):
        page.goto("/staff/areas?language=vi")
        for button in ("try", "load"):
            page.select_option("#what", what)
            page.set_input_files("#file", DOCS / "examples" / file)
            page.click(f'button[name="do"][value="{button}"]')
            assert page.locator(".problem").count() == 0
    page.locator(".notice").scroll_into_view_if_needed()
    province.picture(page, "1-places")
    assert "VD-CHUNG-THUC" in page.content()


def build_questionnaire(province: Province, page: Page) -> None:
    province.step("A questionnaire, which somebody else publishes")
    page.goto("/staff/questionnaires?language=vi")
    page.fill("#code", "soc-trang")
    page.fill("#title", "Ý kiến sau khi làm thủ tục")
    page.select_option("#base", "quick@1")
    page.get_by_role("button", name="Bắt đầu soạn").click()
    page.wait_for_url(lambda url: "/soc-trang/draft" in url)
    page.locator("#at-W1 summary").click()
    page.locator("#at-W1 textarea[name=text]").fill("Điều gì chưa làm Ông/Bà hài lòng?")
    page.locator("#at-W1").scroll_into_view_if_needed()
    province.picture(page, "2-questionnaire")
    page.locator("#at-W1 details button").click()
    page.locator("#note").fill("Chỉ đổi lời của một câu không tính vào chỉ số.")
    page.locator("#note").locator("xpath=ancestor::form").get_by_role("button").click()
    assert page.get_by_role("button", name="Ban hành phiên bản này").count() == 0, "nobody publishes alone"
    second = province.sign_in("binh")
    second.goto("/staff/questionnaires/soc-trang/draft")
    second.get_by_role("button", name="Ban hành phiên bản này").click()
    second.wait_for_url(lambda url: "versions/soc-trang@1" in url or "versions/soc-trang%401" in url)


def open_wave(province: Province, page: Page) -> None:
    province.step("A wave with its rule")
    page.goto("/staff/set-up/?language=vi")
    page.fill("#code", WAVE)
    page.fill("#name", "Sau giao dịch, tháng 11/2026")
    page.fill("#series", "TTHC")
    page.select_option("#questionnaire", "soc-trang@1")
    page.fill("#areas", "former_soc_trang")
    page.fill("#opens_on", OPENS)
    page.fill("#closes_on", CLOSES)
    page.check('input[name="channel-slip"]')
    page.locator("#code").scroll_into_view_if_needed()
    province.picture(page, "3-wave")
    page.get_by_role("button", name="Mở đợt").click()
    page.wait_for_url(lambda url: url.endswith(WAVE))
    assert "Quy tắc chưa khóa" in page.content()


def bring_frame(province: Province, page: Page) -> None:
    province.step("The frame, tried first")
    page.get_by_role("link", name="Khung mẫu").click()
    page.set_input_files("#file", DOCS / "examples" / "tutorial-dossiers.csv")
    page.get_by_role("button", name="Tiếp tục").click()
    for ours, theirs in {
        "dossier": "Mã hồ sơ",
        "agency": "Cơ quan",
        "procedure": "Thủ tục",
        "received_on": "Ngày nhận",
    }.items():
        page.select_option(f"#column-{ours}", label=find_option(page, f"#column-{ours}", theirs))
    page.get_by_role("button", name="Thử, chưa nạp").click()
    assert "Sẽ nạp 450 đơn vị trong 3 tầng; 2 dòng sai." in page.content()
    province.picture(page, "4-frame")
    page.get_by_role("button", name="Nạp, bỏ các dòng sai").click()
    assert "tutorial" not in page.url


def draw_sample(province: Province, page: Page) -> list[str]:
    province.step("A plan, a draw, and slips")
    page.goto(f"/staff/set-up/{WAVE}")
    page.get_by_role("link", name="Kế hoạch mẫu").last.click()
    page.get_by_role("button", name="Rút mẫu theo kế hoạch này").scroll_into_view_if_needed()
    province.picture(page, "5-plan")
    page.goto(f"/staff/set-up/{WAVE}/sample")
    page.fill("#count", str(ASKED))
    page.locator("#seed").first.fill("soc-trang-11")
    page.get_by_role("button", name="Đặt lệnh rút").first.click()
    province.work()
    page.reload()
    assert f"{ASKED} người đã rút đang chờ phiếu" in page.content()
    province.picture(page, "6-sample")
    with page.expect_download() as download:
        page.get_by_role("button", name="Tạo tệp để in").click()
    slips = Path(download.value.path()).read_text(encoding="utf-8")
    return [code.replace(" ", "").replace("-", "") for code in CODE.findall(slips)]


def answer_all(province: Province, codes: list[str]) -> None:
    province.step("Citizens answer")
    assert len(codes) == ASKED
    page = province.browser.new_page(viewport={"width": 400, "height": 760}, base_url=province.url)
    page.goto("/?language=vi")
    page.fill('input[name="code"]', codes[0])
    page.press('input[name="code"]', "Enter")
    page.locator(f'input[name="G1"][value="{SATISFIED}"]').check(force=True)
    province.picture(page, "7-answer")
    page.get_by_role("button", name="Gửi phiếu").click()
    assert page.url.endswith("/answer") or "thanks" in page.url
    keys, writer = derive_keys(SECRET), open_writer(province.database)
    for number, code in enumerate(codes[1:ANSWERED]):
        level = SATISFIED if number % EVERY else "2"
        answer(
            province.database,
            writer,
            keys,
            token=code,
            key=secrets.token_hex(16),
            language="vi",
            answers={"G1": level},
            today=province.today,
        )


def publish(province: Province) -> None:
    province.step("Sealed, counted, drafted, reviewed by one, signed by another")
    province.now = datetime(2026, 12, 1, 2, tzinfo=UTC)
    province.work()
    assert release_due_waves(province.database, province.today) == 1
    page = province.sign_in("chi")
    page.goto(f"/staff/releases/{WAVE}.1?language=vi")
    assert page.get_by_role("button", name="Công bố bản này").count() == 0
    province.picture(page, "8-release")
    page.get_by_role("link", name="Xem xét, ký và công bố").click()
    page.get_by_label("Đã kiểm tra những gì").fill("Đã đối chiếu khung mẫu và số phiếu.")
    page.get_by_role("button", name="Ghi kết quả xem xét").click()
    page = province.sign_in("em")
    page.goto(f"/staff/releases/{WAVE}.1/way?language=vi")
    page.get_by_role("button", name="Ký và công bố").click()
    assert "Đã công bố" in page.content()


def read_verdict(province: Province) -> None:
    province.step("The first verdict")
    page = province.sign_in("dung")
    page.goto("/staff/scoreboard?language=vi")
    assert page.locator(".verdict.met").count() >= 1, "some 93 % of 360 are above 85 % beyond doubt"
    page.locator(".verdict.met").first.scroll_into_view_if_needed()
    province.picture(page, "9-verdict")
    page = province.sign_in("an")
    page.goto(f"/staff/set-up/{WAVE}/accounting?language=vi")
    assert "Được rút" in page.content()
    province.picture(page, "10-accounting")


def look_at_every_page(province: Province) -> None:
    """What an operator opens, on a telephone and in Khmer: nothing juts out, and axe finds nothing."""
    page = province.sign_in("an")
    page.set_viewport_size({"width": 360, "height": 740})
    wave = f"/staff/set-up/{WAVE}"
    found = {}
    for path in (*PAGES, *(f"{wave}{each}" for each in ("", "/frame", "/sample", "/contacts", "/accounting"))):
        assert page.goto(f"{path}?language=km").status == 200
        found[path] = (overflow(page), faults(page))
    assert found == dict.fromkeys(found, (0, []))


def find_option(page: Page, select: str, wanted: str) -> str:
    """The option whose text is the wanted one, whatever its case."""
    options = page.locator(f"{select} option").all_inner_texts()
    return next(each for each in options if each.casefold() == wanted.casefold())
