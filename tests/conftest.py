"""Options of the whole test suite, and the fixtures that many rooms share."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fieldwork import Fieldwork
from playwright.sync_api import Browser, sync_playwright
from postgresql_server import NoServer, Server, run_server
from preparing import Prepare, Shelf
from requirements import skip_or_fail
from serving import Home
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from survey.actions import passwords
from survey.actions.waves import load_mandate
from survey.keys import Keys, derive_keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.migrating import migrate
from survey.store.roles import RESTRICTED, Role
from survey.store.roles_postgresql import make_roles, role_name

TODAY = date(2026, 11, 24)
SECRET = b"a secret of the tests, long enough to pass"
TEMPLATE = "migrated"
TOLD_APART = "tests/store/"  # where the databases differ
TOGETHER = ("tests/(browser/|flows/test_main_job)", "tests/faults/test_(power_cut|failover)")  # a demonstration; a shim
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reference",
        action="store",
        default=None,
        metavar="DIR",
        help="check the statistics against the reference numbers of this folder instead of the repository's own",
    )


class OnePlace(LoadFileScheduling):
    """What a file, or files around one server, set up once is set up once: their tests run in one process."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        return next((shared for shared in TOGETHER if re.match(shared, path)), path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OnePlace:
    return OnePlace(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Outside of the store, what passed on SQLite is thorough on PostgreSQL. What only `make nightly` asks for is not
    part of another run."""
    for item in items:
        if item.get_closest_marker("postgresql") and TOLD_APART not in item.nodeid:
            item.add_marker(pytest.mark.thorough)
    if os.environ.get("HAILONG_FULL_COUNTS") == "1":
        return
    nightly = [item for item in items if item.get_closest_marker("nightly")]
    config.hook.pytest_deselected(items=nightly)
    items[:] = [item for item in items if item not in nightly]


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Passwords that are cheap to hash in this process: they guard nothing, and the cost would be most of the time."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", lambda: cheap)
        yield


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema and the mandate, to be copied and never opened."""
    folder = tmp_path_factory.mktemp("migrated")
    database = Database(f"sqlite:///{folder / 'hailong.sqlite'}", folder / "write.lock")
    migrate(database)
    load_mandate(database, TODAY)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder / "hailong.sqlite"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A real PostgreSQL server; without one these tests are skipped aloud, or fail where all is required."""
    try:
        with run_server(durable=False) as server:
            yield server
    except NoServer as missing:
        skip_or_fail(f"No PostgreSQL server: install the package postgresql. {missing}")


@pytest.fixture(scope="session")
def migrated_template(postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database with the newest schema and the mandate, to be cloned."""
    database = Database(postgresql_server.create(TEMPLATE), tmp_path_factory.mktemp("template") / "write.lock")
    migrate(database)
    load_mandate(database, TODAY)
    database.close()
    return TEMPLATE


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `hailong init --demo` makes: `home`, to be copied and never opened, and what it said in `said.txt`.

    Made once for all processes of the run.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "demonstration"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "said.txt").exists():
            (folder / "said.txt").write_text(Home(folder / "home").run("init", "--demo"), encoding="utf-8")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The data folder of an installation of this test alone."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def shelves() -> dict[str, Shelf]:
    """Prepared databases by kind, as tests ask for them."""
    return {}


@pytest.fixture(scope="module")
def preparation() -> Prepare | None:
    """What a module's tests find in their databases beside the mandate; a module that shares something overrides it."""
    return None


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(
    request: pytest.FixtureRequest,
    home: Path,
    shelves: dict[str, Shelf],
    preparation: Prepare | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The URL of a migrated database of this test alone, with the mandate in it: on SQLite, then on PostgreSQL."""
    kind: str = request.param
    if kind not in shelves:
        names = ("migrated_file", None) if kind == "sqlite" else ("migrated_template", "postgresql_server")
        shelves[kind] = Shelf(
            tmp_path_factory.mktemp("shelf"), *(name and request.getfixturevalue(name) for name in names)
        )
    if preparation is not None:
        shelves[kind].make(preparation, *(request.getfixturevalue(name) for name in ("keys", "signer")))
    with shelves[kind].copy(preparation, home) as url:
        yield url


@pytest.fixture
def prepared(shelves: dict[str, Shelf], preparation: Prepare, database: Database) -> Fieldwork:
    """What the module's `preparation` made, in this test's own database."""
    return shelves["sqlite" if database.is_sqlite else "postgresql"].work(preparation, database)


@pytest.fixture
def database(database_url: str, home: Path) -> Iterator[Database]:
    """A migrated database of this test alone, with the mandate in it: on SQLite, then on PostgreSQL."""
    opened = Database(database_url, home / "write.lock")
    yield opened
    opened.close()


@pytest.fixture
def as_role(database: Database, home: Path) -> Iterator[dict[Role, Database]]:
    """The same database opened as each restricted role: by an authorizer, by signing in as the role."""
    if not database.is_sqlite:
        make_roles(database)
    opened = {role: Database(_url_of(database, role), home / "write.lock", role) for role in RESTRICTED}
    yield opened
    for each in opened.values():
        each.close()


def _url_of(database: Database, role: Role) -> str:
    url = database.engine.url if database.is_sqlite else database.engine.url.set(username=role_name(role))
    return url.render_as_string(hide_password=False)


@pytest.fixture
def settings(home: Path, database_url: str) -> Settings:
    """The settings of an installation whose database is `database`."""
    return Settings(home, database_url, SECRET, base_url="http://localhost")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: `CHROMIUM` names the program, else it is looked up; without one these tests are skipped aloud."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if program is None:
        skip_or_fail("No Chromium found: install the package chromium, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=CHROMIUM_SWITCHES)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def today() -> date:
    """The day on which the tests take place, whatever the machine's clock says."""
    return TODAY


@pytest.fixture(scope="session")
def keys() -> Keys:
    return derive_keys(SECRET)


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("hailong-tests", bytes(range(32)))
