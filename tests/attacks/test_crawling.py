"""An official who opens every page, export and address there is, on two days of releases, finds nothing that the
releases leave out."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import pytest
from fieldwork import AFTER, TODAY, Fieldwork, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient

from survey.actions import releasing
from survey.actions.releasing import release_wave
from survey.actions.signing_in import add_staff
from survey.actions.suppressing import hide_small
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import releases
from survey.store.database import Database
from survey.store.releases import StoredFigure

PASSWORD = "mật khẩu đủ dài để thử"
NOON = datetime(2026, 12, 1, 5, tzinfo=UTC)
SECTORS = ("land", "certification", "investment")
SEEDS = range(5 if os.environ.get("HAILONG_FULL_COUNTS") == "1" else 1)
MOST_PAGES = 300
LINK = re.compile(r'(?:href|action)="([^"]+)"')
ENTRANCES = ("/", "/staff/", "/staff/scoreboard")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.thorough
def test_no_page_prints_what_the_releases_leave_out(
    database: Database, keys: Keys, signer: Signer, settings: Settings, seed: int
) -> None:
    told = release_two_days(database, begin(database, keys, signer, seed), seed)
    found = crawl(create_app(settings, now=lambda: NOON))
    assert len(found) >= 10, "pages were read"
    scoreboards = [page for path, page in found.items() if path.startswith("/staff/scoreboard")]
    assert any(stands_in(rate, page) for rate in told.shown for page in scoreboards), "what is shown stands there"
    assert len(told.hidden) >= 3
    assert told.left_behind == [], "a hidden figure has no number under any definition"
    assert [(path, rate) for path, page in found.items() for rate in told.hidden if stands_in(rate, page)] == []


@pytest.mark.thorough
def test_the_crawler_finds_them_where_nothing_is_left_out(
    database: Database, keys: Keys, signer: Signer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same days, released whole."""
    work = begin(database, keys, signer, 0)
    told = release_two_days(database, work, 0, monkeypatch)
    found = crawl(create_app(settings, now=lambda: NOON))
    assert {rate for rate in told.hidden for page in found.values() if stands_in(rate, page)}


class Told:
    """Rates in per cent as printed: of figures that are shown, and those that only hidden figures have.

    A shown figure tells more than one share: a hidden rate that equals, say, the rate of a whole sector under another
    definition could not be told from it on a page.
    """

    def __init__(self, whole: Sequence[StoredFigure], released: Sequence[StoredFigure]) -> None:
        out = {(each.level, each.sector_code, each.place) for each in released if each.suppressed}
        rates = [
            ((each.level, each.sector_code, each.place) in out, each.numbers) for each in whole if each.numbers["n"]
        ]
        numbers = [value for each in released if not each.suppressed for value in numbers_in(each.numbers)]
        self.shown = {percent(value) for value in numbers if 0 < value < 1}
        self.left_behind = [each.figure for each in released if each.suppressed and each.numbers]
        self.hidden = {percent(n["rate"]) for is_hidden, n in rates if is_hidden and 0 < n["rate"] < 1} - self.shown


def numbers_in(value: object) -> Iterator[float]:
    """Every fraction in what a figure holds, however deep."""
    if isinstance(value, float):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from numbers_in(each)


def begin(database: Database, keys: Keys, signer: Signer, seed: int) -> Fieldwork:
    chance = random.Random(seed)
    frame = {(agency, sector): chance.randint(150, 500) for agency in "ABCD" for sector in SECTORS}
    add_staff(database, "official", "official", PASSWORD, now=NOON, actor="tests")
    return begin_fieldwork(database, keys, signer, frame, invited=30, seal_minimum=10)


def release_two_days(
    database: Database, work: Fieldwork, seed: int, monkeypatch: pytest.MonkeyPatch | None = None
) -> Told:
    """Answers of two days, released after each; what a release of everything would have told besides."""
    chance, whole = random.Random(seed), list[StoredFigure]()
    for day, most in ((TODAY, 20), (AFTER, 9)):
        sizes = {stratum: chance.randint(3, most) for stratum in work.tokens}
        work.answer_all({stratum: "".join(chance.choices("5541", k=n)) for stratum, n in sizes.items()})
        work.seal_and_tally(day)
        with pytest.MonkeyPatch.context() as all_shown, database.reading() as connection:
            all_shown.setattr(releasing, "hide_small", lambda figures, *_: figures)
            whole += releasing.compute_release(connection, "W")[1]
        if monkeypatch is not None:
            monkeypatch.setattr(releasing, "hide_small", lambda figures, *_: list(figures))
        drafted = release_wave(database, "W", by="tests", today=day)
        assert drafted is not None
        with database.writing("publish") as connection:
            releases.publish_release(connection, drafted.code, by="somebody", on=day)
    with database.reading() as connection:
        inside = [each for code in ("W.1", "W.2") for each in releases.list_figures(connection, code)]
    if monkeypatch is not None:
        inside = hide_small(whole[len(whole) // 2 :], 10)
    return Told(whole, inside)


def crawl(app: Flask) -> dict[str, str]:
    """Every page that links and the map of routes lead an official to, by address."""
    client = sign_in(app)
    routes = [str(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    waiting, found = [*ENTRANCES, *sorted(routes)], dict[str, str]()
    while waiting and len(found) < MOST_PAGES:
        path = waiting.pop(0)
        if path in found or "sign-out" in path or path.startswith("/static"):
            continue
        page = client.get(path, follow_redirects=True)
        found[path] = page.get_data(as_text=True) if page.status_code == 200 else ""
        waiting += [link for link in links(path, found[path]) if link not in found]
    return {path: page for path, page in found.items() if page}


def links(path: str, page: str) -> Iterator[str]:
    """Addresses of this installation; the same numbers in other letters are left out, English has its own commas."""
    for link in LINK.findall(page):
        whole = urlsplit(urljoin(f"http://localhost{path}", link.replace("&amp;", "&")))
        other_letters = whole.query.startswith("font=") or whole.query in ("language=km", "language=vi")
        if whole.netloc == "localhost" and whole.scheme == "http" and not other_letters:
            yield whole.path + (f"?{whole.query}" if whole.query else "")


def sign_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    token = re.findall(r'name="csrf_token" value="([^"]*)"', client.get("/staff/sign-in").text)[0]
    client.post("/staff/sign-in", data={"name": "official", "password": PASSWORD, "csrf_token": token})
    return client


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def stands_in(rate: str, page: str) -> bool:
    """Whether a rate in per cent stands on a page, with a point or a comma, or as a share."""
    share = f"{float(rate) / 100:.3f}"
    text = re.sub(r"<(?:svg|style|script).*?</(?:svg|style|script)>", "", page, flags=re.DOTALL)
    forms = "|".join(re.escape(form) for form in (rate, rate.replace(".", ","), share, share.replace(".", ",")))
    return re.search(rf"(?<![\d.,])(?:{forms})(?!\d)", text) is not None
