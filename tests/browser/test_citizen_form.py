"""The citizen's form in a real browser: its weight on the wire, the keyboard, a screen reader's order, no script, no
style sheet, paper, sound and letters on demand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from citizen_door import Door, choose, press
from playwright.sync_api import Browser, BrowserContext, Page, Route
from requirements import first_of

from survey.actions.recording import FOLDER, add_recording
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.text import LANGUAGES

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
BUDGET = 6_000  # bytes as they come over the network, headers included
FIRST_CHOICES = "div > label:first-child input[type=radio]"
RECEIPT = re.compile(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b")
Open = Callable[..., BrowserContext]


@pytest.fixture
def opened(browser: Browser, citizen_door: Door) -> Iterator[Open]:
    """A fresh browser of a phone's size."""
    contexts: list[BrowserContext] = []

    def fresh(**options: object) -> BrowserContext:
        contexts.append(browser.new_context(viewport=PHONE, base_url=citizen_door.url, **options))
        return contexts[-1]

    yield fresh
    for context in contexts:
        context.close()


class Wire:
    """What a page costs: bytes as received and the addresses asked for, redirects apart."""

    def __init__(self, page: Page) -> None:
        self.page, self.bytes, self.asked = page, 0, []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._ask)
        session.on("Network.loadingFinished", self._finish)

    def weigh(self) -> int:
        """Bytes, once the browser has reported them."""
        while not self.bytes:
            self.page.wait_for_timeout(5)
        return self.bytes

    def reset(self) -> None:
        self.bytes, self.asked = 0, []

    def _ask(self, event: dict[str, object]) -> None:
        address = event["request"]["url"]
        if not address.startswith("data:") and "redirectResponse" not in event:
            self.asked.append(address)

    def _finish(self, event: dict[str, float]) -> None:
        self.bytes += int(event["encodedDataLength"])


@pytest.mark.parametrize("language", first_of(LANGUAGES))
def test_the_short_form_is_one_request_of_at_most_six_kilobytes(
    opened: Open, citizen_door: Door, language: str
) -> None:
    page = opened().new_page()
    wire = Wire(page)
    page.goto(f"/t/{citizen_door.token('short')}?language={language}")
    assert page.locator("html").get_attribute("lang") == language
    assert 2_000 < wire.weigh() <= BUDGET
    assert len(wire.asked) == 1


@pytest.mark.parametrize("language", first_of(LANGUAGES))
def test_every_step_of_the_long_form_is_one_request_of_at_most_six_kilobytes(
    opened: Open, citizen_door: Door, language: str
) -> None:
    page = opened().new_page()
    wire = Wire(page)
    page.goto(f"/t/{citizen_door.token('steps')}?language={language}")
    weights = []
    for _ in load_questionnaire("household@1").pages:
        weights.append(wire.weigh())
        assert len(wire.asked) == 1, wire.asked
        wire.reset()
        page.evaluate(
            "document.querySelectorAll('div > label:first-child input[type=radio]').forEach(each => each.click())"
        )
        press(page)
    assert RECEIPT.search(page.locator("main").inner_text())
    assert len(weights) == 7
    assert max(weights) <= BUDGET


def test_a_form_that_asks_more_fetches_one_small_script(opened: Open, citizen_door: Door) -> None:
    page = opened().new_page()
    wire = Wire(page)
    page.goto(f"/t/{citizen_door.token('quick')}", wait_until="networkidle")
    assert len(wire.asked) == 2
    assert wire.asked[1].endswith("/static/show-if.js")
    assert wire.bytes <= BUDGET + 1_500


def test_with_the_script_questions_come_and_go_as_one_answers(opened: Open, citizen_door: Door) -> None:
    page = opened().new_page()
    page.goto(f"/t/{citizen_door.token('quick')}")
    shown = "all => all.filter(each => !each.hidden).map(each => each.id)"
    assert page.eval_on_selector_all("fieldset", shown) == ["i-G1"]
    choose(page, G1="2")
    choose(page, W1="staff")
    assert page.eval_on_selector_all("fieldset", shown) == ["i-G1", "i-W1", "i-W2"]
    page.locator("#W2").fill("Lịch sự hơn")
    choose(page, G1="4")
    assert page.eval_on_selector_all("fieldset", shown) == ["i-G1"]
    press(page)
    assert RECEIPT.search(page.locator("main").inner_text())


@pytest.mark.parametrize("styled", [True, False], ids=["with style", "without style"])
def test_a_long_form_is_filled_in_without_scripts_and_without_style(
    opened: Open, citizen_door: Door, styled: bool
) -> None:
    context = opened(java_script_enabled=False)
    if not styled:
        context.route("**/*", strip_style)
    page = context.new_page()
    page.goto(f"/t/{citizen_door.token('steps')}?language=en")
    assert page.locator("style").count() == (1 if styled else 0)
    page.locator('input[name="G1"][value="2"]').check(force=True)
    press(page)
    page.locator('input[name="N2"][value="online"]').check(force=True)
    press(page, "back")
    assert page.locator('input[name="G1"]:checked').get_attribute("value") == "2"
    press(page)
    press(page, "km")
    assert page.locator('input[name="N2"]:checked').get_attribute("value") == "online"
    press(page, "en")
    for _ in range(2):
        press(page)
    page.locator('input[name="S1"][value="no"]').check(force=True)
    for _ in range(2):
        press(page)
    page.locator("textarea").fill("Thank you")
    press(page)
    assert RECEIPT.search(page.locator("main").inner_text())


def strip_style(route: Route) -> None:
    """The page as somebody sees it who has switched style sheets off."""
    answer = route.fetch()
    route.fulfill(response=answer, body=re.sub(r"<style.*?</style>", "", answer.text(), flags=re.DOTALL))


def test_the_keyboard_meets_everything_in_reading_order_and_sends(opened: Open, citizen_door: Door) -> None:
    page = opened().new_page()
    page.goto(f"/t/{citizen_door.token('quick')}?language=vi")
    met = []
    for _ in range(8):
        page.keyboard.press("Tab")
        met.append(page.evaluate("(document.activeElement.name ?? '') + '=' + (document.activeElement.value ?? '')"))
    assert met == ["go=vi", "go=km", "go=en", "=", "G1=1", "K1=", "receipt=no", "="]
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "2"
    assert page.evaluate("document.activeElement.checked")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "W1"
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # in a field, as on a phone's keyboard: sends, and changes no language
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "vi"
    assert RECEIPT.search(page.locator("main").inner_text())


def test_focus_is_always_seen(opened: Open, citizen_door: Door) -> None:
    page = opened().new_page()
    page.goto(f"/t/{citizen_door.token('quick')}")
    look = """() => { const at = document.activeElement, beside = at.nextElementSibling;
        return [at, beside].filter(Boolean).some(each => parseFloat(getComputedStyle(each).outlineWidth) >= 3) }"""
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(look), page.evaluate("document.activeElement.outerHTML")


def test_a_screen_reader_hears_the_questions_in_order_with_their_names(opened: Open, citizen_door: Door) -> None:
    page = opened().new_page()
    page.goto(f"/t/{citizen_door.token('quick')}?language=en")
    assert page.locator("body").aria_snapshot() == "\n".join(
        [
            '- navigation "Language":',
            "  - list:",
            "    - listitem:",
            '      - button "Tiếng Việt"',
            "    - listitem:",
            '      - button "ខ្មែរ"',
            "    - listitem:",
            '      - button "English"',
            "- main:",
            '  - heading "Your view of this service" [level=1]',
            "  - paragraph: It takes about one minute.",
            "  - paragraph:",
            "    - text: This form keeps no name, telephone number or device of yours. Please skip any question you "
            "would rather not answer.",
            '    - link "What we keep and for how long":',
            "      - /url: /privacy",
            '  - heading "Main question" [level=2]',
            '  - group "Overall, how satisfied are you with this service? (answer needed)":',
            "    - text: Overall, how satisfied are you with this service? (answer needed)",
            '    - radio "Very dissatisfied"',
            "    - text: Very dissatisfied",
            '    - radio "Dissatisfied"',
            "    - text: Dissatisfied",
            '    - radio "Neither satisfied nor dissatisfied"',
            "    - text: Neither satisfied nor dissatisfied",
            '    - radio "Satisfied"',
            "    - text: Satisfied",
            '    - radio "Very satisfied"',
            "    - text: Very satisfied",
            '  - heading "Anything else" [level=2]',
            "  - text: Is there anything you would like to add?",
            "  - paragraph: Please do not write names, telephone numbers or application numbers.",
            '  - textbox "Is there anything you would like to add?"',
            '  - checkbox "I need no receipt"',
            "  - text: I need no receipt",
            '  - button "Send"',
        ]
    )


def test_errors_are_announced_and_the_focus_is_on_the_first(opened: Open, citizen_door: Door) -> None:
    page = opened().new_page()
    page.goto(f"/t/{citizen_door.token('short')}?language=vi")
    page.locator("textarea").fill("Chờ lâu")
    press(page)
    assert page.evaluate("[document.activeElement.name, document.activeElement.value]") == ["G1", "1"]
    assert page.title().startswith("Chưa gửi được")
    assert page.get_by_role("alert").get_by_role("link").get_attribute("href") == "#i-G1"
    assert page.locator("#i-G1").get_attribute("aria-describedby") == "x-G1"
    assert page.locator("textarea").input_value().strip() == "Chờ lâu"


def test_a_question_is_heard_on_demand_and_not_a_byte_before(
    opened: Open, citizen_door: Door, tmp_path: object
) -> None:
    sound = citizen_door.home / "g1.ogg"
    sound.write_bytes(b"OggS" + bytes(500))
    added = add_recording(citizen_door.home, load_questionnaire("procedures@1"), "G1", "km", sound)
    try:
        page = opened(java_script_enabled=False).new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"/t/{citizen_door.token('short')}?language=km", wait_until="networkidle")
        player = page.locator("#i-G1 audio")
        assert player.is_visible()
        assert not [address for address in asked if FOLDER in address]
        assert page.locator("audio").count() == 1
        with page.expect_request("**/recordings/**"):
            player.evaluate("each => each.load() || each.play().catch(() => 0)")
    finally:
        added.path.unlink()


def test_khmer_letters_come_when_somebody_asks_and_stay(opened: Open, citizen_door: Door) -> None:
    page = opened().new_page()
    fonts: list[str] = []
    page.on("request", lambda request: fonts.append(request.url) if request.resource_type == "font" else None)
    page.goto(f"/t/{citizen_door.token('short')}?language=km", wait_until="networkidle")
    choose(page, G1="4")
    assert fonts == []
    press(page, "font")
    page.evaluate("document.fonts.load('1rem \"Noto Sans Khmer\"', 'ក')")
    assert len(fonts) == 1
    assert page.locator('input[name="G1"]:checked').get_attribute("value") == "4"
    assert page.evaluate("document.fonts.check('1rem \"Noto Sans Khmer\"', 'ក')")
    line, size = page.eval_on_selector("p", "p => [getComputedStyle(p).lineHeight, getComputedStyle(p).fontSize]")
    assert float(line[:-2]) / float(size[:-2]) == pytest.approx(1.8)


def test_on_paper_the_form_can_be_filled_in_by_hand(opened: Open, citizen_door: Door) -> None:
    page = opened().new_page()
    page.goto(f"/t/{citizen_door.token('short')}")
    page.emulate_media(media="print")
    assert page.locator("form button").first.is_hidden()
    assert page.locator("ul.l").is_hidden()
    boxes = page.eval_on_selector_all("input[type=radio]", "all => all.map(each => getComputedStyle(each).opacity)")
    framed = page.eval_on_selector_all(
        ".n span, .o span", "all => all.map(each => getComputedStyle(each, ':before').borderTopWidth)"
    )
    assert boxes.count("1") >= 5 * 15
    assert set(framed) == {"2px"}


def test_a_refused_comment_can_be_copied_and_a_busy_server_takes_it_again(opened: Open, citizen_door: Door) -> None:
    page = opened(java_script_enabled=False).new_page()
    page.goto(f"/t/{citizen_door.token('steps')}?language=vi")
    choose(page, G1="3")
    for _ in range(5):
        press(page)
    page.locator("textarea").fill("Chờ lâu quá")
    citizen_door.faults.busy = True
    press(page)
    citizen_door.faults.busy = False
    assert "Chờ lâu quá" in page.content()
    page.get_by_role("button", name="Gửi lại").click()
    assert RECEIPT.search(page.locator("main").inner_text())
