"""What a page of the official's boards costs the server when a province has years of releases.

    python benchmarks/dashboard.py [--waves 60] [--areas 103] [--gets 40]

Releases with invented figures are put into a database as they are stored, wave by wave: so many areas with an agency
each in every sector that has no others below it. Every page is asked for in turn, in this process, without a network;
the floor is a plain SELECT of the rows that the page shows, on the same connection. Printed: the median, the 95th of
100, the ratio to the floor, and the weight of the page as gzip. The first look at each page, which derives what is
then kept, is told apart.
"""

from __future__ import annotations

import gzip
import json
import platform
import re
import statistics
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from flask.testing import FlaskClient
from sqlalchemy import text

from analysis.limits import clopper_pearson
from survey.actions import signing_in
from survey.actions.waves import load_mandate, open_wave
from survey.app import create_app
from survey.mandate.indicators import load_indicators
from survey.mandate.rules import Rule
from survey.mandate.sectors import descendants, load_sectors
from survey.settings import Settings
from survey.store import area_trees, places, releases
from survey.store.database import Connection, Database
from survey.store.migrating import migrate
from survey.store.releases import Release, StoredFigure, release_digest

BUDGET_SECONDS, BUDGET_BYTES = 0.050, 60_000
PASSWORD = "a password that is long enough"
SECRET = b"a secret of the benchmark, long enough"
PAGES = {
    "scoreboard": "/staff/scoreboard",
    "sector": "/staff/scoreboard/land",
    "places of a sector": "/staff/scoreboard/land/places",
    "places of all procedures": "/staff/scoreboard/procedures/places",
    "trend": "/staff/scoreboard/procedures/trend",
    "drivers": "/staff/scoreboard/procedures/drivers",
    "definitions": "/staff/scoreboard/land/definitions",
    "bridge": "/staff/scoreboard/land/bridge?published=97.2",
    "agency": "/staff/scoreboard/agency/P-001",
    "public results": "/results",
    "public sector": "/results/land",
}
FLOORS = {
    "agency": "SELECT * FROM release_figure WHERE release_code = :code AND level = 'agency' AND place = 'P-001'",
    "places of all procedures": "SELECT * FROM release_figure WHERE release_code = :code AND level = 'agency'",
    "scoreboard": "SELECT * FROM release_figure WHERE release_code = :code AND level = 'sector'",
    "public results": "SELECT * FROM release_figure WHERE release_code = :code AND level = 'sector'",
    "trend": "SELECT * FROM release_figure WHERE level = 'sector' AND sector_code = 'procedures'",
}
ONE_SECTOR = "SELECT * FROM release_figure WHERE release_code = :code AND sector_code = 'land'"


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--waves", type=int, default=60)
    options.add_argument("--areas", type=int, default=103)
    options.add_argument("--gets", type=int, default=40)
    chosen = options.parse_args()
    print(f"\n{platform.machine()}, Python {platform.python_version()}, {chosen.waves} waves, {chosen.areas} areas\n")
    with TemporaryDirectory() as place:
        home = Path(place)
        database = Database(f"sqlite:///{home / 'hailong.sqlite'}", home / "write.lock")
        newest = fill(database, chosen.waves, chosen.areas)
        measure(database, home, newest, chosen.gets)
        database.close()


def measure(database: Database, home: Path, newest: str, gets: int) -> None:
    """Every page beside its floor, one line each; says when a budget is missed."""
    client = sign_in(database, home)
    print(f"{'page':26}{'first':>9}{'median':>9}{'p95':>9}{'floor':>9}{'ratio':>7}{'gzip':>9}")
    for name, path in PAGES.items():
        first = time_of(lambda path=path: client.get(path))
        page = client.get(path)
        assert page.status_code == 200, (name, page.status_code)
        times = sorted(time_of(lambda path=path: client.get(path)) for _ in range(gets))
        query = FLOORS.get(name, ONE_SECTOR)
        floor = statistics.median(time_of(lambda query=query: select(database, query, newest)) for _ in range(gets))
        middle, late = statistics.median(times), times[int(0.95 * (len(times) - 1))]
        weight = len(gzip.compress(page.data))
        missed = " MISSED" if late > BUDGET_SECONDS or weight > BUDGET_BYTES else ""
        print(
            f"{name:26}{first * 1e3:7.1f}ms{middle * 1e3:7.1f}ms{late * 1e3:7.1f}ms{floor * 1e3:7.2f}ms"
            f"{middle / floor:7.1f}{weight:8,}B{missed}"
        )


def fill(database: Database, waves: int, areas: int) -> str:
    """Agencies, a map of tiles and published releases of that many monthly waves; the code of the newest."""
    migrate(database)
    load_mandate(database, date(2026, 11, 24))
    codes = [f"P-{number:03}" for number in range(areas)]
    with database.writing("benchmark") as connection:
        known = sorted(code for code, each in area_trees.list_areas(connection).items() if each.parent is not None)
        homes = {code: known[number % len(known)] for number, code in enumerate(codes)}
        places.add_places(connection, places.agency, [_agency(code, homes[code]) for code in codes])
        for number, code in enumerate(sorted(set(homes.values()))):
            area_trees.set_shape(connection, code, _tile(number), "tiles")
    code = ""
    for number in range(waves):
        code = _add_wave(database, number, waves, codes)
    return code


def sign_in(database: Database, home: Path) -> FlaskClient:
    """A client of an official."""
    now = datetime(2026, 11, 24, 5, tzinfo=UTC)
    signing_in.add_staff(database, "official", "official", PASSWORD, now=now, actor="benchmark")
    settings = Settings(home, str(database.engine.url), SECRET, base_url="http://localhost")
    client = create_app(settings, now=lambda: now).test_client()
    token = re.findall(r'name="csrf_token" value="([^"]*)"', client.get("/staff/sign-in").text)[0]
    client.post("/staff/sign-in", data={"name": "official", "password": PASSWORD, "csrf_token": token})
    return client


def select(database: Database, query: str, code: str) -> int:
    with database.reading() as connection:
        return len(connection.execute(text(query), {"code": code} if ":code" in query else {}).fetchall())


def time_of(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _add_wave(database: Database, number: int, waves: int, agencies: list[str]) -> str:
    opens = date(2026, 10, 1) - timedelta(days=30 * (waves - 1 - number))
    wave = f"M-{number:03}"
    name = {"vi": f"Tháng {opens:%m/%Y}", "en": f"{opens:%m/%Y}", "km": f"{opens:%m/%Y}"}
    open_wave(
        database,
        code=wave,
        name=name,
        questionnaire="onequestion@1",
        opens_on=opens,
        closes_on=opens + timedelta(days=29),
        rule=Rule(),
        purpose="official",
    )
    figures = list(_figures(wave, agencies, 0.001 * number, np.random.default_rng(number)))
    header = {
        "wave": wave,
        "checkpoint": {"number": number + 1, "size": number + 1, "root": ""},
        "frame": {"version": 1, "digest": ""},
        "rule": json.loads(Rule().canonical()),
    }
    text_of_header = json.dumps(header, sort_keys=True)
    code = f"{wave}.1"
    digest = release_digest(text_of_header, figures)
    day = opens + timedelta(days=31)
    with database.writing("benchmark") as connection:
        _store(connection, Release(code, wave, 1, text_of_header, digest, "a", day, None, None, "{}"), figures, day)
    return code


def _store(connection: Connection, draft: Release, figures: list[StoredFigure], day: date) -> None:
    releases.add_release(connection, draft, figures)
    releases.publish_release(connection, draft.code, by="b", on=day)


def _figures(wave: str, agencies: list[str], drift: float, chance: np.random.Generator) -> Iterator[StoredFigure]:
    sectors = list(load_sectors())
    leaves = [code for code in sectors if len(descendants(code)) == 1]
    yield _figure("wave", "", wave, 0.9 + drift, 40_000, {})
    for sector in sectors:
        rate = float(np.clip(0.86 + drift + chance.normal(0, 0.03), 0.5, 0.99))
        yield _figure("sector", sector, sector, rate, 4_000, _more(rate))
        for agency in agencies if sector in leaves else ():
            n = int(chance.integers(10, 120))
            if chance.random() < 0.15:
                yield StoredFigure("agency", sector, agency, True, "{}")
            else:
                yield _figure("agency", sector, agency, round(chance.binomial(n, rate) / n, 3), n, {})


def _figure(level: str, sector: str, place: str, rate: float, n: int, more: dict[str, object]) -> StoredFigure:
    low, high = clopper_pearson(rate, n)
    numbers = {"rate": round(rate, 3), "low": round(float(low), 3), "high": round(float(high), 3), "n": n}
    numbers |= {"n_effective": float(n), "deff": 1.0, "df": n - 1, "coverage": 1.0, "population": 12 * n}
    numbers |= {"invited": 2 * n, "answered": n, "strata": 1, "strata_empty": [], "lone_strata": 0}
    return StoredFigure(level, sector, place, False, json.dumps(numbers | more, sort_keys=True))


def _more(rate: float) -> dict[str, object]:
    told = {"rate": rate, "low": rate - 0.01, "high": rate + 0.01, "target": 0.9, "answers_needed": 212}
    base = {"target_code": "T", "status": "unknown", "numbers": told, "p_met": 0.5, "p_not": 0.5}
    bar = base | {"kind": "in_force", "target": 0.9, "due": "2025-12-31", "verdict": "not_shown"}
    ahead = base | {"kind": "due", "target": 0.95, "due": "2030-12-31", "verdict": "cannot_tell"}
    verdicts = [{"target": 0.9, "due": "2025-12-31", "verdict": "not_shown"}]
    keys = {"net@1": 2 * rate - 0.96, "silence766@1": 0.97}
    definitions = [
        {"key": key, "rate": keys.get(key, rate), "low": rate - 0.01, "high": rate + 0.01, "verdicts": verdicts}
        for key in load_indicators()
    ]
    return {
        "judgements": [
            bar | {"reason": "interval_straddles"},
            ahead | {"reason": "interval_straddles", "points_a_year": 0.01},
        ],
        "definitions": definitions,
    }


def _agency(code: str, area: str) -> dict[str, object]:
    name = {"vi": f"Trung tâm {code}", "en": f"Centre {code}", "km": f"មជ្ឈមណ្ឌល {code}"}
    begun = {"valid_from": date(2020, 1, 1), "valid_to": None}
    return {"code": code, "name": name, "kind": "commune_centre", "ownership": "public", "area_code": area} | begun


def _tile(number: int) -> str:
    x, y = 105 + number % 10 * 0.1, 10 - number // 10 * 0.1
    ring = [[x, y], [x + 0.09, y], [x + 0.09, y - 0.09], [x, y - 0.09], [x, y]]
    return json.dumps({"type": "MultiPolygon", "coordinates": [[ring]]})


if __name__ == "__main__":
    sys.exit(main())
