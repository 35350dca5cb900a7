"""An interviewer's device in a real browser: doors, calls and an interview without a network, brought once after."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kiosks import count_kept, kiosk_browser, open_kiosk, send_now, wait_until
from playwright.sync_api import Browser, Page
from serving import Home, Server, serving
from test_walks import LANGUAGES, faults, overflow

from survey.actions import household, kiosks
from survey.actions.importing_places import import_agencies
from survey.actions.waves import open_wave
from survey.mandate.rules import Rule
from survey.store.audits import By

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
AGENCY, WAVE, WHO = "TTPVHCC-31507", "HO", "dtv-01"
NO_SERVICE = '#outcome option[value="4.3"]'
AS_CALLER = """async () => {
  const { recall, remember } = await import("/static/kiosk/store.js");
  await remember("work", { ...(await recall("work")), channel: "phone" });
}"""
NARROW = {"width": 360, "height": 740}
ANSWERED = """SELECT count(*) FROM inbox WHERE CAST(codes AS TEXT) LIKE '%"assisted":1%"interviewer":"dtv-01"%' """


@dataclass
class Fieldwork:
    """A household wave of which `dtv-01` has two villages of three doors each."""

    home: Home
    code: str


@pytest.fixture(scope="module")
def fieldwork(bare_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Fieldwork:
    folder = tmp_path_factory.mktemp("field")
    home = Home(Path(shutil.copytree(bare_home.path, folder / "home")))
    now = datetime.now(UTC)
    by, today, file = By("op", now), now.date(), folder / "villages.csv"
    file.write_text(
        "psu,name,stratum,agency,households,adults\n"
        + "".join(f"v{n},Ấp Tân Lập {n},s,{AGENCY},50,120\n" for n in range(1, 13))
    )
    with home.database() as database:
        import_agencies(database, EXAMPLES / "agencies.csv")
        open_wave(
            database,
            code=WAVE,
            name={"vi": "Hộ gia đình"},
            questionnaire="household@1",
            opens_on=today - timedelta(days=2),
            closes_on=today + timedelta(days=20),
            rule=Rule(),
            population="public",
            purpose="pilot",
        )
        household.import_psus(database, file, wave_code=WAVE, today=today, by=by)
        for village in household.draw_psus(database, WAVE, {"s": 9}, seed=1, by=by)[:2]:
            addresses = [f"Số {number}, đường Lê Hồng Phong" for number in range(1, 31)]
            household.keep_list(database, WAVE, village.identifier, addresses, today=today, by=By("lister", now))
            household.draw_households(database, WAVE, village.identifier, 3, seed=7, today=today, by=by)
            household.assign(database, WAVE, village.identifier, WHO, by=by)
        code = kiosks.pair_device(
            database, home.keys, WHO, agency=AGENCY, wave=WAVE, now=now, actor="op", channel="interviewer"
        )
    return Fieldwork(home, code)


@pytest.fixture(scope="module")
def field_server(fieldwork: Fieldwork) -> Iterator[Server]:
    with serving(fieldwork.home, "--no-work") as running:
        yield running


def count(home: Home, query: str) -> int:
    with home.database() as database, database.reading() as connection:
        return int(connection.exec_driver_sql(query).scalar() or 0)


def check(page: Page, name: str, screenshots: Path | None) -> None:
    assert (name, faults(page), overflow(page)) == (name, [], 0)
    if screenshots:
        page.screenshot(path=screenshots / f"interviewer-{name}.png", full_page=True)


def open_door(page: Page, place: int) -> None:
    page.locator(".doors button").nth(place).click()
    page.wait_for_selector('form[data-form="call"]')


def test_doors_are_worked_without_a_network_and_everything_arrives_once(
    browser: Browser, fieldwork: Fieldwork, field_server: Server, tmp_path: Path, screenshots: Path | None
) -> None:
    home = fieldwork.home
    with kiosk_browser(browser, tmp_path / "profile") as context:
        page = open_kiosk(context, field_server.url)
        page.set_viewport_size(NARROW)
        page.fill("#pairing", fieldwork.code)
        page.press("#pairing", "Enter")
        page.wait_for_selector(".doors button")
        assert page.locator(".doors button").count() == 6
        page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
        page.wait_for_function("caches.keys().then((names) => names.length > 0)")
        context.set_offline(True)
        page.reload()
        for language in LANGUAGES:
            page.goto(f"{field_server.url}/kiosk/?language={language}")
            page.wait_for_selector(".doors button")
            check(page, f"work-{language}", screenshots)
            open_door(page, 0)
            check(page, f"door-{language}", screenshots)
        page.goto(f"{field_server.url}/kiosk/?language=vi")

        page.wait_for_selector(".doors button")
        open_door(page, 0)
        page.click('form[data-form="call"] button')
        assert page.is_visible("#wrong-call")
        assert page.locator(NO_SERVICE).count() == 0, "only a caller meets a number out of service"
        page.select_option("#outcome", "2.2")
        page.click('form[data-form="call"] button')
        page.wait_for_selector('[data-part="noted"]:not([hidden])')
        assert page.locator('.doors [data-part="unsent"]:not([hidden])').count() == 1

        open_door(page, 1)
        page.fill("#adults", "0")
        page.press("#adults", "Enter")
        assert page.is_visible("#wrong-count")
        page.fill("#adults", "3")
        page.press("#adults", "Enter")
        page.wait_for_selector('[data-part="ask"]:not([hidden])')
        sentence = page.inner_text('[data-part="drawn"]')
        page.click('[data-do="list"]')
        page.reload()
        page.wait_for_selector(".doors button")
        open_door(page, 1)
        assert page.inner_text('[data-part="drawn"]') == sentence, "nobody is drawn twice"
        check(page, "drawn", screenshots)
        page.click('[data-speaks][data-language="km"]')
        assert page.is_visible("#wrong-person")
        page.select_option("#sex", "f")
        page.select_option("#age", "60+")
        page.click('[data-speaks][data-language="km"]')
        answer_everything(page)
        page.wait_for_selector('[data-part="saved"]')
        page.click('[data-do="home"]')
        page.wait_for_selector(".doors button")
        assert page.locator(".doors button").nth(1).is_disabled()
        assert page.locator('.doors [data-part="unsent"]:not([hidden])').count() == 2
        check(page, "worked", screenshots)
        assert count_kept(page)["waiting"] == 2
        assert count(home, ANSWERED) == 0

        context.set_offline(False)
        wait_until(lambda: send_now(page) or count_kept(page)["waiting"] == 0)
        send_now(page)
        assert count(home, ANSWERED) == 1
        assert count(home, "SELECT count(*) FROM household_call WHERE outcome IN ('1.1', '2.2')") == 2
        page.reload()
        page.wait_for_selector(".doors button")
        wait_until(lambda: page.locator('.doors [data-part="unsent"]:not([hidden])').count() == 0)
        assert page.locator(".doors button").nth(1).is_disabled()

        context.set_offline(True)
        page.evaluate(AS_CALLER)
        page.reload()
        page.wait_for_selector(".doors button")
        open_door(page, 2)
        assert page.locator(NO_SERVICE).count() == 1


def answer_everything(page: Page) -> None:
    """Choose the fourth level of the overall question and the first choice of whatever else must be answered."""
    page.wait_for_selector("section.step")
    while True:
        for part in page.locator("section.step:not([hidden]) fieldset[data-required]:not([disabled])").all():
            part.locator("input").nth(3 if part.get_attribute("data-item") == "G1" else 0).evaluate(
                "(it) => it.click()"
            )
        last = page.locator("section.step:not([hidden]) button:not([type])")
        if last.count():
            last.click()
            return
        page.click("section.step:not([hidden]) [data-do='next']")
