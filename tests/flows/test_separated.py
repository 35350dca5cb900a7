"""Each process as its own role of PostgreSQL: an answer travels from the web to the ledger, and nobody oversteps."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from postgresql_server import Server as PostgresqlServer
from serving import ROOT, Home, serving
from sqlalchemy import select

from survey.store.tables import ledger

sys.path += [str(ROOT / "tests" / "faults"), str(ROOT / "benchmarks")]

import load_client
from broken_homes import invite, make_home
from load_client import Visitor

pytestmark = [pytest.mark.postgresql, pytest.mark.thorough]


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory, postgresql_server: PostgresqlServer) -> Home:
    return make_home(tmp_path_factory.mktemp("separated") / "home", postgresql_server.create("separated"))


def url_of(owner: Home, role: str) -> str:
    assert owner.database_url is not None
    return owner.database_url.replace("hailong@", f"hailong_{role}@")


def test_web_and_work_do_their_part_as_their_own_roles(owner: Home) -> None:
    assert "one user for all" in owner.run("doctor")
    assert "All have their grants" in owner.run("roles", "create")
    assert "Roles made: none, they were there" in owner.run("roles", "create")
    web = replace(owner, database_url=url_of(owner, "web"))
    work = replace(web, more={"HAILONG_WORK_DATABASE_URL": url_of(owner, "work")})
    [token] = invite(work, 1, 1)
    with serving(web, "--no-work") as server, Visitor(server.address) as visitor:
        load_client.send_form(visitor, load_client.open_form(visitor, token) | {"G1": "5"})
        with Visitor(server.address) as other, pytest.raises(load_client.NotAcknowledged):
            load_client.send_form(other, load_client.open_form(other, token) | {"G1": "1"})
    assert "seal: 1" in work.run("work", "--once")
    assert "may not change or remove an answer" in work.run("doctor")
    with owner.database() as database, database.reading() as connection:
        assert connection.execute(select(ledger.c.kind)).scalars().all() == ["response"]


def test_whoever_checks_and_whoever_looks_sign_in_as_their_own_roles(owner: Home, tmp_path: Path) -> None:
    """By their own address or by the operator's; the control: with too few rights they are refused."""
    owner.run("roles", "create")
    web = replace(owner, database_url=url_of(owner, "web"))
    work = {"HAILONG_WORK_DATABASE_URL": url_of(owner, "work")}
    audit, read = ({f"HAILONG_{role.upper()}_DATABASE_URL": url_of(owner, role)} for role in ("audit", "read"))
    commands = (("verify",), ("bundle", str(tmp_path / "rows"), "--rows"), ("estimate", "--wave", "MAU"))
    for command, own in zip(commands, (audit, audit, read), strict=True):
        said = [replace(web, more=more).start(*command) for more in (own, work)]
        assert ["permission denied" in each.stderr for each in said] == [False, False], said
    refused = replace(web, more={"HAILONG_AUDIT_DATABASE_URL": url_of(owner, "read")})
    assert "permission denied" in refused.run("verify", fails=True)


def test_the_web_role_neither_works_nor_migrates(owner: Home) -> None:
    """The control: were its rights not its own, these would succeed."""
    owner.run("roles", "create")
    web = replace(owner, database_url=url_of(owner, "web"))
    assert "permission denied" in web.run("invite", "MAU", "--count", "1", "--seed", "1", fails=True)
    assert "does not own the tables" in web.run("roles", "create", fails=True)
    assert "permission denied" in web.run("work", "--once", fails=True)


def test_grants_are_shown_as_sql(owner: Home) -> None:
    shown = owner.run("roles", "show", "web")
    assert 'GRANT SELECT (id, wave_code, stratum_code, receipt_hash), INSERT ON "inbox" TO hailong_web;' in shown
    assert "DELETE" not in "".join(line for line in shown.splitlines() if '"inbox"' in line or '"ledger"' in line)
