"""The second wall, on PostgreSQL: what a query forgot to ask is missing instead of shown.

Each control is the same query without a reader, or without the policies: then everything is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fieldwork import TODAY, begin_fieldwork, publish
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from survey.actions import kiosks, reading
from survey.actions.adequacy import freeze_due
from survey.actions.keying import print_batches
from survey.actions.releasing import release_wave
from survey.actions.signing_in import start_session
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import drivers, people, statements
from survey.store.audits import By
from survey.store.database import Database
from survey.store.places import EVERYTHING, Scope
from survey.store.roles import Role
from survey.store.scoping import read_as
from survey.web.access import allow
from survey.web.services import services

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
HERE, ELSEWHERE = "31507", "94"
WARD, LAND, BOTH = Scope(HERE, None), Scope(None, "land"), Scope(HERE, "land")
AGENCIES = {
    "stratum": "SELECT DISTINCT agency_code || ' ' || sector_code FROM stratum",
    "device": "SELECT agency_code FROM device",
    "release_figure": "SELECT DISTINCT place || ' ' || sector_code FROM release_figure WHERE level = 'agency'",
    "adequacy_cell": "SELECT DISTINCT place || ' ' || sector_code FROM adequacy_cell WHERE level = 'agency'",
    "paper_batch": "SELECT DISTINCT stratum_code FROM paper_batch",
    "agency_statement": "SELECT agency_code FROM agency_statement",
    "staff": "SELECT name FROM staff",
}
OF_PLACES_ALONE = {"staff": {"an-A"}, "device": {"A"}, "agency_statement": {"A"}}
CELLS = {(agency, sector): 100 for agency in ("A", "B") for sector in ("land", "certification")}
pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True),
]


@pytest.fixture
def web(database: Database, as_role: dict[Role, Database], keys: Keys, signer: Signer) -> Iterator[Database]:
    """The web's role, on a wave of two agencies in two places and two sectors."""
    begin_fieldwork(database, keys, signer, CELLS, invited=30)
    with database.writing("test") as connection:
        for agency, area in (("A", HERE), ("B", ELSEWHERE)):
            connection.execute(text("UPDATE agency SET area_code = :a WHERE code = :c"), {"a": area, "c": agency})
            people.add_staff(connection, f"an-{agency}", "official", "", Scope(area, None))
        people.add_staff(connection, "everywhere", "official", "", EVERYTHING)
    for agency in ("A", "B"):
        kiosks.pair_device(database, keys, f"may-{agency}", agency=agency, wave="W", now=NOON, actor="test")
    yield as_role[Role.WEB]
    read_as(None)


@pytest.fixture
def released(web: Database, database: Database, keys: Keys, signer: Signer) -> Database:
    """Another wave of the same agencies, answered, released and published, with paper."""
    work = begin_fieldwork(database, keys, signer, CELLS, code="R", invited=30)
    work.answer_all({f"{agency}.{sector}": "5" * 20 + "22" for agency, sector in CELLS})
    work.seal_and_tally()
    release_wave(database, "R", by="one", today=TODAY)
    publish(database, "R.1", by="another", now=NOON, today=TODAY)
    with database.writing("test") as connection:
        for agency in ("A", "B"):
            statements.add_statement(connection, "R.1", agency, "Đang sửa.", f"an-{agency}", TODAY)
    freeze_due(database, TODAY)
    print_batches(database, "R", 2, "vi", seed=1, today=TODAY, by=By("test", NOON))
    return web


def found(database: Database, query: str, scope: Scope | None) -> set[str]:
    read_as(scope)
    with database.reading() as connection:
        return set(connection.scalars(text(query)))


def test_a_query_without_a_scope_shows_only_what_its_reader_may_see(released: Database) -> None:
    for table, query in AGENCIES.items():
        everything = found(released, query, None)
        assert found(released, query, EVERYTHING) == everything
        inside = found(released, query, WARD)
        if table in OF_PLACES_ALONE:
            assert inside == OF_PLACES_ALONE[table] < everything, table
            continue
        assert inside == {each for each in everything if each.startswith("A")}, table
        assert found(released, query, Scope(ELSEWHERE, None)) == everything - inside != everything, table
        land = {each for each in everything if each.endswith("land")}
        assert found(released, query, LAND) == land != everything, table
        assert found(released, query, BOTH) == inside & land != inside, table


def test_what_moves_with_satisfaction_in_another_sector_is_missing(released: Database, database: Database) -> None:
    rows = [drivers.KeptDrivers("R.1", sector, 0, "{}") for sector in ("land", "certification")]
    with database.writing("test") as connection:
        drivers.add_drivers(connection, rows)
    asked = "SELECT sector_code FROM driver"
    assert found(released, asked, LAND) == {"land"}
    assert found(released, asked, WARD) == found(released, asked, None) == {"land", "certification"}


def test_an_area_that_is_nowhere_shows_nothing_and_the_next_transaction_is_free_again(web: Database) -> None:
    for scope, expected in ((Scope("khong-co", None), set()), (None, {"A", "B"}), (WARD, {"A"}), (None, {"A", "B"})):
        assert found(web, AGENCIES["device"], scope) == expected


def test_nothing_is_written_outside_either(web: Database) -> None:
    """An official of the ward can neither change a device elsewhere nor make an account that sees more."""
    read_as(WARD)
    with web.writing("test") as connection:
        changed = connection.execute(text("UPDATE device SET state = state"))
        assert changed.rowcount == 1
    with pytest.raises(DBAPIError, match="row-level security"), web.writing("test") as connection:
        people.add_staff(connection, "mai", "official", "", Scope(ELSEWHERE, None))
    read_as(None)
    with web.writing("test") as connection:
        assert people.add_staff(connection, "mai", "official", "", Scope(ELSEWHERE, None)), "the control"


def test_a_readers_query_ends_after_half_a_minute_and_a_commit_never_does(web: Database) -> None:
    limits = []
    for scope in (EVERYTHING, None):
        read_as(scope)
        with web.reading() as connection:
            limits.append(connection.scalar(text("SHOW statement_timeout")))
        with web.writing("test") as connection:
            limits.append(connection.scalar(text("SHOW statement_timeout")))
    assert limits == ["30s", "0", "0", "0"]


def test_a_careless_view_names_nobody_elsewhere(
    released: Database, database: Database, settings: Settings, keys: Keys
) -> None:
    """A view that asks for everything, whoever reads it. The control has no policy on the table."""
    url = released.engine.url.render_as_string(hide_password=False)
    app = create_app(replace(settings, database_url=url), now=lambda: NOON)

    def careless() -> str:
        opened = reading.read_release(services().database, "R.1", EVERYTHING)
        return " ".join(figure.place for figure in opened.figures if figure.level == "agency")

    app.add_url_rule("/staff/careless", "careless", allow("official")(careless))
    client = app.test_client()
    with database.reading() as connection:
        member = people.find_staff(connection, "an-A")
    assert member is not None
    client.set_cookie("staff", start_session(database, keys, member, NOON))
    assert set(client.get("/staff/careless").text.split()) == {"A"}
    with database.writing("test") as connection:
        connection.execute(text("ALTER TABLE release_figure DISABLE ROW LEVEL SECURITY"))
    assert set(client.get("/staff/careless").text.split()) == {"A", "B"}
