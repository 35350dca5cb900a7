"""A kiosk in a real browser: nothing is lost or doubled when network, browser and server die; nobody sees another."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kiosks import (
    QUESTIONNAIRE,
    Office,
    answer_by_hand,
    count_kept,
    keep_directly,
    kill_browser,
    kiosk_browser,
    open_kiosk,
    pair_by_hand,
    send_now,
    set_up_office,
    wait_until,
)
from playwright.sync_api import Browser, Page
from requirements import first_of
from serving import Home, Server, free_port, serving
from test_walks import LANGUAGES, faults, overflow

from survey.actions.recording import add_recording
from survey.actions.signing_in import add_staff
from survey.keys import CROCKFORD, canonical_token, new_code
from survey.mandate.questionnaires import load_questionnaire

pytestmark = pytest.mark.browser

COUNT = 200 if os.environ.get("HAILONG_FULL_COUNTS") else 20
TWICE = COUNT // 10
BY_HAND = 2
CARELESS = Path(__file__).with_name("careless_server.py")
CRASHES = ("replay:before-commit", "replay:after-commit")
LOSERS = "SELECT count(*) FROM refused_replay WHERE outcome = 'spent' AND device_name = 'QUAY-1' AND wave_code = 'W'"
LEDGER = "SELECT count(*) FROM ledger WHERE kind = 'response'"


@pytest.fixture(scope="module")
def office(bare_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return set_up_office(bare_home, tmp_path_factory.mktemp("office") / "home", 20)


@pytest.fixture(scope="module")
def office_server(office: Office) -> Iterator[Server]:
    with serving(office.home, "--no-work") as running:
        yield running


@pytest.fixture
def kiosk(browser: Browser, office: Office, office_server: Server, tmp_path: Path) -> Iterator[Page]:
    """A kiosk that is paired and shows its first screen."""
    with kiosk_browser(browser, tmp_path / "profile") as context:
        page = open_kiosk(context, office_server.url)
        pair_by_hand(page, office.pairing_code(f"K-{tmp_path.name}"))
        yield page


@pytest.mark.faults
@pytest.mark.thorough
def test_every_answer_is_in_the_ledger_once_though_network_browser_and_server_die(
    browser: Browser, bare_home: Home, tmp_path: Path
) -> None:
    office, port, profile = set_up_office(bare_home, tmp_path / "home", COUNT), free_port(), tmp_path / "profile"
    url = f"http://127.0.0.1:{port}"
    half = COUNT // 2
    with serving(office.home, "--no-work", port=port) as server, kiosk_browser(browser, profile) as context:
        page = open_kiosk(context, url)
        pair_by_hand(page, office.pairing_code())
        server.kill()
        for code in office.codes[:BY_HAND]:
            answer_by_hand(page, code)
            assert page.is_visible('[data-part="saved"]')
            page.click('[data-do="home"]')
            page.wait_for_selector(".starts")
        keep_directly(page, office.codes[BY_HAND:half])
        assert kill_browser(profile) > 0
    with kiosk_browser(browser, profile) as context:
        page = open_kiosk(context, url)
        assert count_kept(page)["waiting"] == half
        answer_by_hand(page, office.codes[half], language="km")
        keep_directly(page, office.codes[half + 1 :] + office.codes[:TWICE])
        for crash in CRASHES:
            with serving(office.home, "--no-work", port=port, HAILONG_CRASH_AT=crash) as server:
                send_now(page)
                server.kill()
            assert count_kept(page)["waiting"] == COUNT + TWICE, crash
        taken = office.responses()
        assert 0 < taken <= COUNT
        with serving(office.home, "--no-work", port=port) as server:
            page.evaluate("void import('/static/kiosk/contact.js').then((it) => it.contact()).catch(() => {})")
            if taken < COUNT:
                wait_until(lambda: office.responses() > taken)
            server.kill()
        with serving(office.home, port=port):
            wait_until(lambda: send_now(page) or count_kept(page)["waiting"] == 0)
            assert office.responses() == COUNT
            wait_until(lambda: office.count(LEDGER) == COUNT)
            wait_until(lambda: send_now(page) or count_kept(page)["taken"] == 0)
            assert count_kept(page) == {"waiting": 0, "taken": 0, "refused": 0, "since": None}
    assert office.count(LOSERS) == TWICE
    assert office.count("SELECT stored FROM device") == COUNT
    assert "WRONG" not in office.home.run("verify")


@pytest.mark.faults
@pytest.mark.thorough
def test_a_server_that_acknowledges_before_its_commit_loses_answers(
    browser: Browser, bare_home: Home, tmp_path: Path
) -> None:
    """The control: the counting above sees a loss, and the commit before the acknowledgement is what prevents it."""
    office, port = set_up_office(bare_home, tmp_path / "home", 5), free_port()
    with kiosk_browser(browser, tmp_path / "profile") as context:
        with serving(office.home, "--no-work", program=CARELESS, port=port) as server:
            page = open_kiosk(context, server.url)
            pair_by_hand(page, office.pairing_code())
            keep_directly(page, office.codes)
            send_now(page)
            assert count_kept(page)["waiting"] == count_kept(page)["taken"] == 0
            server.kill()
        with serving(office.home, "--no-work", port=port):
            send_now(page)
    assert office.responses() < len(office.codes)


@pytest.mark.thorough
def test_a_device_asks_again_for_what_a_restored_server_no_longer_knows(kiosk: Page, office: Office) -> None:
    keep_directly(kiosk, [office.codes[0]])
    kiosk.evaluate(
        """async () => {
          const store = await import("/static/kiosk/store.js");
          const [answer] = await store.listAnswers("waiting", 0, 1);
          await store.settle([{ ...answer, state: "taken", receipt: "0000000000" }], []);
        }"""
    )
    send_now(kiosk)
    assert count_kept(kiosk)["waiting"] == 1
    send_now(kiosk)
    assert count_kept(kiosk)["waiting"] == 0


@pytest.mark.thorough
def test_what_nobody_can_read_is_sent_once_more_and_let_go_when_an_operator_asks(kiosk: Page, office: Office) -> None:
    """One envelope is none to the server, one not even to the request; a readable answer comes through."""
    kiosk.evaluate(
        """async (code) => {
          const { keep } = await import("/static/kiosk/queue.js");
          const store = await import("/static/kiosk/store.js");
          await keep({ code, language: "vi", answers: { G1: "5" } });
          await store.addAnswer("a".repeat(32), "00".repeat(200), "2026-01-01");
          await store.addAnswer("b".repeat(32), "no hexadecimal", "2026-01-01");
        }""",
        office.codes[10],
    )
    wait_until(lambda: send_now(kiosk) or count_kept(kiosk)["refused"] == 2)
    assert count_kept(kiosk)["waiting"] == 0
    name = kiosk.evaluate("import('/static/kiosk/store.js').then((it) => it.recall('work')).then((it) => it.device)")
    wait_until(lambda: send_now(kiosk) or office.count(f"SELECT unreadable FROM device WHERE name = '{name}'") == 2)
    office.home.run("kiosk", "clear-unreadable", name)
    before = office.responses()
    wait_until(lambda: send_now(kiosk) or count_kept(kiosk)["refused"] == 0)
    assert office.responses() == before
    told = f"SELECT unreadable + clear_unreadable FROM device WHERE name = '{name}'"
    wait_until(lambda: send_now(kiosk) or office.count(told) == 0)


def test_codes_are_checked_on_the_device_as_on_the_server(kiosk: Page) -> None:
    codes = [new_code() for _ in range(50)]
    slips = [
        code[:place] + CROCKFORD[(CROCKFORD.index(code[place]) + 7) % 32] + code[place + 1 :]
        for place, code in enumerate(codes[:10])
    ]
    swapped = [code[1] + code[0] + code[2:] for code in codes]
    spelled = [f" {code[:5].lower()}-{code[5:]} ".replace("0", "O").replace("1", "l") for code in codes]
    typed = [*codes, *slips, *swapped, *spelled, "", "UUUUUUUUUUU", codes[0][:-1], codes[0] + "0"]
    found = kiosk.evaluate(
        "(typed) => import('/static/kiosk/code.js').then((it) => typed.map(it.canonicalCode))", typed
    )
    assert found == [canonical_token(code) for code in typed]
    assert found[:50] == codes
    assert found[50:60] == [None] * 10


def test_what_is_on_the_device_can_be_read_by_nobody_there(kiosk: Page, office: Office) -> None:
    keep_directly(kiosk, [office.codes[1]])
    told = kiosk.evaluate(
        """async () => {
          const store = await import("/static/kiosk/store.js");
          const { current } = await store.recall("keys");
          const out = await crypto.subtle.exportKey("jwk", current.privateKey).then(() => "out", () => "kept");
          return [out, JSON.stringify(await store.listAnswers("waiting", 0, 9))];
        }"""
    )
    assert told[0] == "kept"
    assert office.codes[1] not in told[1]
    assert "G1" not in told[1]
    send_now(kiosk)


def test_an_answer_that_arrives_while_its_giver_looks_shows_the_receipt(kiosk: Page, office: Office) -> None:
    answer_by_hand(kiosk, office.codes[2])
    kiosk.wait_for_selector('[data-part="sent"]:not([hidden])')
    assert re.fullmatch(r"\w{5}-\w{5}", kiosk.inner_text(".code"))
    assert kiosk.is_hidden('[data-part="saved"]')


@pytest.mark.thorough
def test_what_somebody_typed_is_gone_a_while_after_they_left(kiosk: Page) -> None:
    kiosk.clock.install()
    kiosk.reload()
    kiosk.click('[data-language="en"][data-do]')
    kiosk.click('[data-do="voice"]')
    while not kiosk.locator("section.step:not([hidden]) textarea").count():
        for chosen in kiosk.locator('section.step:not([hidden]) input[value="1"]').all()[:1]:
            chosen.evaluate("(input) => input.click()")
        kiosk.click("section.step:not([hidden]) [data-do='next']")
    kiosk.fill("textarea", "Mr Binh kept me waiting")
    kiosk.clock.run_for(61_000)
    assert kiosk.is_visible("dialog[open]")
    kiosk.click('[data-do="stay"]')
    assert kiosk.input_value("textarea") == "Mr Binh kept me waiting"
    kiosk.clock.run_for(81_000)
    kiosk.wait_for_selector(".starts")
    assert "Binh" not in kiosk.content()
    assert kiosk.locator("dialog").count() == 0
    assert count_kept(kiosk)["waiting"] == 0


@pytest.mark.thorough
def test_it_says_aloud_that_it_takes_no_more_when_full_or_not_heard_for_a_week(kiosk: Page) -> None:
    fill = """async ([days, many]) => {
      const store = await import("/static/kiosk/store.js");
      const { today } = await import("/static/kiosk/queue.js");
      const day = today(new Date(Date.now() - days * 86400000));
      for (let n = 0; n < many; n += 1) await store.addAnswer(String(n), "00", day);
    }"""
    why = "import('/static/kiosk/queue.js').then((queue) => queue.whyRefusing())"
    assert kiosk.evaluate("import('/static/kiosk/queue.js').then((it) => [it.MOST, it.MOST_DAYS])") == [5000, 7]
    kiosk.evaluate(fill, [7, 1])
    assert kiosk.evaluate(why) is None
    kiosk.evaluate("import('/static/kiosk/store.js').then((it) => it.settle([], [{ n: 1 }]))")
    kiosk.evaluate(fill, [8, 1])
    assert kiosk.evaluate(why) == "old"
    kiosk.evaluate("import('/static/kiosk/store.js').then((it) => it.settle([], [{ n: 2 }]))")
    kiosk.evaluate(
        """() => new Promise((done) => {
          indexedDB.open("hailong-kiosk").onsuccess = ({ target: { result: database } }) => {
            const kept = database.transaction("answers", "readwrite");
            const day = new Date().toISOString().slice(0, 10);
            for (let n = 0; n < 4999; n += 1) {
              kept.objectStore("answers").add({ key: `k${n}`, envelope: "00".repeat(1024), day, state: "waiting" });
            }
            kept.oncomplete = () => { database.close(); done(); };
          };
        })"""
    )
    assert kiosk.evaluate(why) is None
    kiosk.evaluate(fill, [0, 1])
    assert kiosk.evaluate(why) == "full"
    kiosk.context.set_offline(True)
    kiosk.reload()
    kiosk.wait_for_selector("[role=alert] .big")
    assert kiosk.locator(".starts").count() == 0
    assert (faults(kiosk), overflow(kiosk)) == ([], 0)


def test_a_question_can_be_heard_with_the_network_gone(kiosk: Page, office: Office, tmp_path: Path) -> None:
    sound = tmp_path / "G1.mp3"
    sound.write_bytes(b"ID3" + bytes(2000))
    add_recording(office.home.path, load_questionnaire(QUESTIONNAIRE), "G1", "km", sound)
    kiosk.wait_for_function("navigator.serviceWorker.controller")
    recordings = "caches.open('kiosk-recordings').then((cache) => cache.keys()).then((kept) => kept.length)"
    wait_until(lambda: send_now(kiosk) or kiosk.evaluate(recordings) > 0)
    kiosk.context.set_offline(True)
    kiosk.reload()
    kiosk.click('[data-do="begin"][data-language="km"]')
    kiosk.click('[data-do="voice"]')
    kiosk.wait_for_selector("section.step")
    address = kiosk.get_attribute('[data-item="G1"] audio', "src")
    heard = "(address) => fetch(address).then((it) => it.arrayBuffer()).then((sound) => sound.byteLength)"
    assert kiosk.evaluate(heard, address) == 2003
    assert kiosk.evaluate("fetch('/receipt').then(() => 'network', () => 'none')") == "none"


def test_whoever_begins_while_the_device_looks_around_is_not_thrown_back(kiosk: Page) -> None:
    """Whichever of the device's own reads a touch falls into."""
    kiosk.context.set_offline(True)
    touched, thrown = kiosk.evaluate(
        """async () => {
          const read = IDBDatabase.prototype.transaction;
          const wait = (ms) => new Promise((done) => setTimeout(done, ms));
          const touch = (what) => document.querySelector(`[data-do="${what}"]`).click();
          const thrown = [];
          let touched = 0;
          for (let nth = 1; nth <= 12; nth += 1) {
            let left = nth;
            IDBDatabase.prototype.transaction = function (...asked) {
              left -= 1;
              if (left === 0) { touched += 1; queueMicrotask(() => touch("begin")); }
              return read.apply(this, asked);
            };
            dispatchEvent(new Event("online"));
            await wait(200);
            IDBDatabase.prototype.transaction = read;
            if (left > 0) break;
            if (!document.querySelector('form[data-form="code"]')) thrown.push(nth);
            else { touch("home"); await wait(50); }
          }
          return [touched, thrown];
        }"""
    )
    assert touched >= 4
    assert thrown == []


@pytest.mark.parametrize("language", first_of(LANGUAGES))
def test_no_screen_has_a_fault(
    browser: Browser,
    office: Office,
    office_server: Server,
    tmp_path: Path,
    language: str,
    screenshots: Path | None,
) -> None:
    def check(name: str) -> None:
        page.wait_for_timeout(100)
        assert page.locator("html").get_attribute("lang") == language, name
        assert (name, faults(page), overflow(page)) == (name, [], 0)
        if screenshots:
            page.screenshot(path=screenshots / f"kiosk-{name}-{language}.png")

    with kiosk_browser(browser, tmp_path / "profile") as context:
        page = open_kiosk(context, office_server.url, language)
        check("pair")
        page.fill("#pairing", "AAAA")
        page.press("#pairing", "Enter")
        page.wait_for_selector("#wrong:not(:empty)")
        check("pair-wrong")
        pair_by_hand(page, office.pairing_code(f"AXE-{language}"))
        page.click("summary")
        check("start")
        page.click('[data-do="larger"]')
        page.set_viewport_size({"width": 320, "height": 640})
        check("start-narrow-large")
        page.click(f'[data-do="begin"][data-language="{language}"]')
        page.click('form[data-form="code"] > button')
        page.wait_for_selector("#wrong:not(:empty)")
        check("code-wrong-narrow")
        page.set_viewport_size({"width": 800, "height": 1100})
        page.click('[data-do="voice"]')
        page.wait_for_selector("section.step")
        page.click("section.step:not([hidden]) [data-do='next']")
        page.wait_for_selector('[data-part="missing"]:not([hidden])')
        check("form-missing")
        page.click('[data-do="home"]')
        page.wait_for_selector(".starts")
        answer_by_hand(page, office.codes[3 + LANGUAGES.index(language)], language)
        page.wait_for_selector('[data-part="sent"]:not([hidden])')
        check("thanks")
        for name in ("closed", "full"):
            page.evaluate(
                """([language, name]) => {
                  const words = document.querySelector(`[data-screens=${language}] [data-screen=${name}]`).content;
                  document.getElementById("screen").replaceChildren(words.cloneNode(true));
                }""",
                [language, name],
            )
            check(name)
        page.evaluate(
            """(language) => {
              const words = document.querySelector(`[data-screens=${language}] [data-screen=still]`).content;
              document.body.append(words.cloneNode(true));
              document.querySelector("dialog").showModal();
            }""",
            language,
        )
        check("still")


@pytest.mark.thorough
def test_no_page_of_operators_or_of_a_poster_has_a_fault(
    browser: Browser, office: Office, office_server: Server, screenshots: Path | None
) -> None:
    def check(path: str, name: str) -> None:
        for place, language in enumerate(LANGUAGES):
            answer = page.goto(f"{path}?language={language}")
            assert answer is not None
            assert answer.status == 200
            assert (path, language, overflow(page)) == (path, language, 0)
            if (len(name) + place) % len(LANGUAGES) == 0:  # by turns: axe-core takes its time
                assert (path, language, faults(page)) == (path, language, [])
            if screenshots:
                page.screenshot(path=screenshots / f"{name}-{language}.png", full_page=True)

    def sign_in(role: str) -> None:
        password = "mật khẩu đủ dài để thử"
        with office.home.database() as database:
            add_staff(database, role, role, password, now=datetime.now(UTC), actor="tests")
        page.goto("/staff/sign-in")
        page.fill("#name", role)
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)

    with browser.new_context(base_url=office_server.url, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        sign_in("operator")
        page.goto("/staff/devices")
        page.fill("#name", "QUAY-9")
        page.press("#name", "Enter")
        page.wait_for_selector(".offered")
        assert faults(page) == []
        check("/staff/devices", "devices")
        check("/staff/devices/poster/A", "poster")
        page.set_viewport_size({"width": 360, "height": 740})
        check("/staff/devices", "devices-narrow")
        check("/v/A", "voice-form")
        page.click('label:has(input[name="G1"][value="4"])')
        page.click("form button:not([name])")
        page.wait_for_selector("p.code")
        context.clear_cookies()
        sign_in("statistician")
        check("/staff/voice", "voice")
