"""A job killed before or after any of its commits and run again makes the same bytes as one that nobody disturbed."""

from __future__ import annotations

import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import load_client
import pytest
from answered import ANSWERS, add_answers, answered_installation
from broken_homes import WAVE, invite, local_today, make_home
from campaign import COMMENT, OVERALL, Crowd, find_broken_promises, find_false_proofs, read_stored
from load_client import Visitor
from postgresql_server import Server as PostgresqlServer
from quick_home import QuickHome
from rounds import THOROUGH
from serving import Home, serving
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from survey.actions.sealing import Leaf, append_leaves
from survey.actions.tallying import tally
from survey.durable import CRASH_VARIABLE
from survey.store import tables

pytestmark = [pytest.mark.faults, pytest.mark.thorough]

TEMPLATE = "answered"
POINTS = ("before-commit", "after-commit")
JOB_STEPS = ("seal", "tally", "release", "remember-job")
CONVEYOR = (
    tables.inbox,
    tables.spent,
    tables.batch,
    tables.ledger,
    tables.receipt,
    tables.checkpoint,
    tables.tally_progress,
    tables.tally_cell,
    tables.tally_cross,
    tables.tally_item,
    tables.release,
    tables.release_figure,
)
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
KILLS_ON_POSTGRESQL = list(product(JOB_STEPS, POINTS)) if THOROUGH else [("seal", POINTS[1]), ("tally", POINTS[0])]
KILLS = [
    *(("sqlite", step, point) for step, point in product(JOB_STEPS, POINTS)),
    *(pytest.param("postgresql", *each, marks=pytest.mark.postgresql) for each in KILLS_ON_POSTGRESQL),
]
COUNTS = "service,month,very_dissatisfied,dissatisfied,neither,satisfied,very_satisfied\na,2026-01,1,2,3,40,50\n"


@dataclass
class Workshop:
    """What the tests of one kind of database share: each part is made once, when the first of them asks."""

    folder: Path
    prepared: Home
    server: PostgresqlServer | None

    @cached_property
    def answered(self) -> Home:
        """An installation with answers to both waves in its inbox, none of them sealed; to be copied."""
        if self.server is None:
            return answered_installation(self.prepared, self.folder / "answered")
        home = make_home(self.folder / "answered", self.server.create(TEMPLATE))
        add_answers(home)
        return home

    @cached_property
    def undisturbed(self) -> str:
        """The conveyor's tables after the jobs ran once, with nobody killing anything."""
        with self.copy(self.folder / "undisturbed") as home:
            home.run("work", "--once")
            assert find_false_proofs(home) == []
            return dump(home)

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Home]:
        """The same installation once more, with a database of its own."""
        path = Path(shutil.copytree(self.answered.path, folder))
        if self.server is None:
            yield QuickHome(path)
            return
        with self.server.clone(TEMPLATE) as url:
            yield QuickHome(path, url)


@pytest.fixture(scope="session")
def workshops() -> dict[str, Workshop]:
    """By the kind of database. A fixture with parameters would be built anew whenever these change between tests."""
    return {}


@pytest.fixture(params=["sqlite", POSTGRESQL])
def workshop(
    request: pytest.FixtureRequest,
    workshops: dict[str, Workshop],
    prepared_home: Home,
    tmp_path_factory: pytest.TempPathFactory,
) -> Workshop:
    kind = request.param
    if kind not in workshops:
        server = request.getfixturevalue("postgresql_server") if kind == "postgresql" else None
        workshops[kind] = Workshop(tmp_path_factory.mktemp(kind), prepared_home, server)
    return workshops[kind]


@pytest.fixture
def answered(workshop: Workshop, tmp_path: Path) -> Iterator[Home]:
    with workshop.copy(tmp_path / "answered") as home:
        yield home


def dump(home: Home) -> str:
    """Every row of the conveyor, table by table, in the order of their keys."""
    with home.database() as database, database.reading() as connection:
        rows = {table.name: connection.execute(select(table).order_by(*table.primary_key)).all() for table in CONVEYOR}
    return "\n".join(f"{name} {tuple(row)!r}" for name, found in rows.items() for row in found)


def assert_dies(home: Home, where: str, *arguments: str) -> None:
    ended = home.start(*arguments, **{CRASH_VARIABLE: where})
    assert ended.returncode == -signal.SIGKILL, f"{where} was never reached: {ended.stdout}{ended.stderr}"


@pytest.mark.parametrize(("workshop", "step", "point"), KILLS, indirect=["workshop"])
def test_a_killed_job_run_again_makes_the_same_bytes(answered: Home, workshop: Workshop, step: str, point: str) -> None:
    assert_dies(answered, f"{step}:{point}", "work", "--once")
    answered.run("work", "--once")
    assert dump(answered) == workshop.undisturbed


def test_the_undisturbed_run_moved_every_answer_along(workshop: Workshop) -> None:
    """Else equal dumps would prove nothing: two waves became two batches, a tally and a release."""
    lines = [line.partition(" ")[0] for line in workshop.undisturbed.splitlines()]
    assert {table.name for table in CONVEYOR} - set(lines) == {"inbox"}
    assert (lines.count("ledger"), lines.count("batch"), lines.count("release")) == (2 * ANSWERS, 2, 1)


def test_a_batch_sealed_twice_is_seen(answered: Home, workshop: Workshop) -> None:
    """The control: were a batch appended again, as by a job that forgets what it did, the bytes would differ."""
    answered.run("work", "--once")
    with answered.database() as database, database.writing("seal") as connection:
        rows = connection.execute(select(tables.ledger).where(tables.ledger.c.batch_number == 1)).all()
        leaves = [Leaf(row.kind, row.nonce1, row.codes, row.nonce2, row.text) for row in rows]
        receipts = [secrets.token_bytes(32) for _ in leaves]
        append_leaves(connection, answered.signer, rows[0].wave_code, leaves, receipts, local_today())
    with answered.database() as database:
        tally(database)
    assert dump(answered) != workshop.undisturbed


def test_an_answer_that_is_sealed_does_not_come_back_to_the_inbox(answered: Home) -> None:
    """The database refuses it; the control: the same rows under receipts that were never sealed are taken."""
    with answered.database() as database, database.reading() as connection:
        waiting = [dict(row) for row in connection.execute(select(tables.inbox)).mappings()]
    answered.run("work", "--once")
    with answered.database() as database:
        for row in (waiting[0], waiting[-1]):
            with pytest.raises(IntegrityError), database.writing("submit") as connection:
                connection.execute(tables.inbox.insert(), row)
        with database.writing("submit") as connection:
            connection.execute(tables.inbox.insert(), {**waiting[0], "receipt_hash": secrets.token_bytes(32)})


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_import_is_whole_or_not_there(installation: Home, tmp_path: Path, point: str) -> None:
    (tmp_path / "counts.csv").write_text(COUNTS)
    arguments = ("import", "counts", str(tmp_path / "counts.csv"), "--wave", "SO")
    assert_dies(installation, f"import-counts:{point}", *arguments)
    said = installation.run(*arguments, fails=point == "after-commit")
    assert "SO" in said
    installation.run("work", "--once")
    assert '"n": 96' in installation.run("estimate", "--wave", "SO", "--format", "json")
    assert find_false_proofs(installation) == []


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_draw_invites_nobody_twice(installation: Home, point: str) -> None:
    """Places that were committed are not drawn again; they wait for their links (`hailong invite WAVE --left`)."""
    assert_dies(installation, f"invite:{point}", "invite", WAVE, "--count", "30", "--seed", "1")
    kept = drawn(installation)
    assert len(kept) == (0 if point == "before-commit" else 30)
    assert len(set(invite(installation, 30, 1))) == 30
    assert len(set(drawn(installation))) == len(drawn(installation)) == len(kept) + 30


@pytest.mark.parametrize("point", POINTS)
def test_an_answer_whose_thanks_never_came_may_be_sent_again(installation: Home, point: str) -> None:
    """The same form gives the same receipt, and is stored once, whether or not the first one was."""
    crowd = Crowd(iter(invite(installation, 1, 3)))
    with serving(installation, "--no-work", **{CRASH_VARIABLE: f"submit:{point}"}) as server:
        with Visitor(server.address) as visitor:
            fields = load_client.open_form(visitor, next(crowd.tokens)) | {OVERALL: "4", COMMENT: "một"}
            with pytest.raises(OSError, match=r"closed|reset"):
                load_client.send_form(visitor, fields)
        server.kill()
    assert len(read_stored(installation).receipts) == (0 if point == "before-commit" else 1)
    crowd.unanswered["một"] = fields
    with serving(installation, "--no-work") as server:
        crowd.send_again(server.address)
        first, crowd.unanswered["một"] = crowd.acknowledged["một"], fields
        crowd.send_again(server.address)
    assert crowd.acknowledged["một"] == first
    assert find_broken_promises(crowd, read_stored(installation)) == []


def drawn(home: Home) -> list[tuple[str, int]]:
    query = select(tables.invitation.c.stratum_code, tables.invitation.c.position)
    with home.database() as database, database.reading() as connection:
        return [(stratum, position) for stratum, position in connection.execute(query)]
