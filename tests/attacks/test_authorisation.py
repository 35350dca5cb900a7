"""The authorisation matrix, made from the route map: every route, every role, things of every place.

An account of one ward asks for what is its own, of a sibling, of the parent, of elsewhere, and for what is not there.
What lies outside answers as what is missing: 404, and no page names it. A new route is in the matrix at once; one with
an unknown parameter stops this test until it is said here what the parameter names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from matrix_world import AREAS, NOON, World, build
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from survey.actions.signing_in import ROLES
from survey.keys import Keys
from survey.proof import Signer
from survey.store.people import Staff
from survey.web.access import Access, access_of

PLACES = (*AREAS, "missing")
OUTSIDE = ("sibling", "parent", "foreign", "missing")
SKIPPED_METHODS = {"HEAD", "OPTIONS"}

# What lies somewhere: by the parameter's name, or by blueprint and name where names are shared.
PLACED: dict[str, Callable[[World, str], str]] = {
    "wave": lambda _, place: f"W-{place}",
    "agency": lambda _, place: f"CQ-{place}",
    "waves_operator.code": lambda _, place: f"W-{place}",
    "sampling.code": lambda _, place: f"W-{place}",
    "ballots.code": lambda _, place: f"W-{place}",
    "frame_upload.code": lambda _, place: f"W-{place}",
    "contact_upload.code": lambda _, place: f"W-{place}",
    "statistician.code": lambda _, place: f"W-{place}.1",
    "release_way.code": lambda _, place: f"W-{place}.1",
    "reports.code": lambda _, place: f"W-{place}.1",
    "exports.code": lambda _, place: f"W-{place}.1",
    "devices.name": lambda _, place: f"may-{place}",
    "accounts.name": lambda _, place: f"nv-{place}",
    "keyer.code": lambda world, place: world.batches.get(place, "00000000000"),
}
# What lies nowhere: laws, questionnaires, one's own things, secrets that say themselves whose they are.
SHARED = {
    "official.sector": "land",
    "boards.sector": "land",
    "drivers.sector": "land",
    "comments.number": 1,
    "official.service": "khong-co",
    "reports.number": 1,
    "reports.form": "pdf",
    "exports.job": 1,
    "builder.code": "onequestion",
    "builder.name": "onequestion@1",
    "builder.form": "json",
    "builder.target": "vi",
    "workshop.name": "khong-co",
    "workshop.version": 1,
    "interviewer.psu": "khong-co",
    "interviewer.number": 1,
    "keyer.sheet": "00000000000",
    "own_account.code": "khong-co",
    "joining.token": "khong-co",
    "single_sign_on.token": "khong-co",
}
# Where even one's own answers 404, because the small world has no such thing in it: nothing is shown by these rows.
# A package of a wave is for whoever sees the whole installation; here everybody has a ward (tests/web/test_exports.py).
NOT_IN_THIS_WORLD = {
    "auditor",
    "compare_methods",
    "exports",
    "interviewer",
    "nonresponse",
    "progress",
    "small_areas",
    "workshop",
    "devices.show_poster",
    "frame_upload.load",
    "frame_upload.try_file",
    "official.show_series",
    "statistician.show_adequacy",
}
# Names and codes of areas and agencies are a public register, shown whole: no figure and no person is in it. The audit
# trail is one chain, which auditors read whole or not at all.
REGISTERS = {"places.show_places", "places.export_procedures", "places.load", "trail.show_trail"}
PUBLIC_ON_PURPOSE = {"staff.sign_in", "second_step", "joining", "single_sign_on", "static"}


@pytest.fixture(scope="module")
def world(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer) -> Iterator[World]:
    made = build(migrated_file, tmp_path_factory.mktemp("matrix"), keys, signer)
    yield made
    made.database.close()


def staff_routes(world: World) -> list[tuple[Rule, str, Access]]:
    """Every route of the staff with each of its methods, signing out last."""
    found = []
    for rule in world.app.url_map.iter_rules():
        declared = access_of(world.app.view_functions[rule.endpoint])
        assert declared is not None
        if not declared.public:
            found += [(rule, method, declared) for method in sorted((rule.methods or set()) - SKIPPED_METHODS)]
    return sorted(found, key=lambda each: (each[0].endpoint == "staff.sign_out", each[0].rule, each[1]))


def placed(rule: Rule) -> str | None:
    """The parameter of a route that lies somewhere."""
    return next((name for name in sorted(rule.arguments) if key_of(rule, name) in PLACED), None)


def key_of(rule: Rule, name: str) -> str:
    own = f"{rule.endpoint.partition('.')[0]}.{name}"
    return own if own in PLACED or own in SHARED else name


def address(world: World, rule: Rule, place: str) -> str:
    values: dict[str, object] = {}
    for name in rule.arguments:
        key = key_of(rule, name)
        values[name] = PLACED[key](world, place) if key in PLACED else SHARED[key]
    with world.app.test_request_context():
        built = rule.build(values)
    assert built is not None, (rule, values)
    return built[1]


def client_of(world: World, member: Staff, *, began: datetime = NOON) -> FlaskClient:
    client = world.app.test_client()
    client.set_cookie("staff", world.session(member, began))
    return client


def test_every_parameter_of_every_staff_route_is_known(world: World) -> None:
    unknown = {
        f"{rule.endpoint}: {name}"
        for rule, _, _ in staff_routes(world)
        for name in rule.arguments
        if key_of(rule, name) not in PLACED | SHARED
    }
    assert unknown == set(), "say in PLACED or SHARED what these parameters name"
    assert len(staff_routes(world)) > 90


def test_what_is_open_to_everybody_behind_the_staff_door_is_listed(world: World) -> None:
    public = {
        rule.endpoint
        for rule in world.app.url_map.iter_rules()
        if rule.rule.startswith("/staff")
        and getattr(access_of(world.app.view_functions[rule.endpoint]), "public", False)
    }
    assert {each for each in public if not {each, each.partition(".")[0]} & PUBLIC_ON_PURPOSE} == set()


def test_nobody_who_is_not_signed_in_gets_further_than_the_door(world: World) -> None:
    client = world.app.test_client()
    for rule, method, _ in staff_routes(world):
        for place in PLACES if placed(rule) else ("own",):
            answer = client.open(address(world, rule, place), method=method)
            assert answer.status_code == 302, (rule, method, place)
            assert answer.headers["Location"].startswith("/staff/sign-in"), (rule, method, place)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_enters_what_is_declared_and_nothing_outside_its_scope(world: World, role: str) -> None:
    member = world.member(role)
    client, tried, leaks = client_of(world, member), 0, []
    for rule, method, declared in staff_routes(world):
        for place in PLACES if placed(rule) else ("own",):
            answer = client.open(address(world, rule, place), method=method)
            tried += 1
            wrong = judge(rule, declared, role, place, answer.status_code)
            if wrong:
                leaks.append((rule.endpoint, method, place, wrong))
            named = outsiders(answer.get_data(as_text=True)) if answer.status_code < 400 else set()
            if named and rule.endpoint not in REGISTERS:
                leaks.append((rule.endpoint, method, place, f"names {sorted(named)}"))
    assert leaks == []
    assert tried > 200


def judge(rule: Rule, declared: Access, role: str, place: str, status: int) -> str:
    """What is wrong with an answer; nothing when it is as it must be."""
    if role not in declared.roles:
        return "" if status == 403 else f"{status} instead of 403"
    if placed(rule) is None:
        return "" if status < 500 else f"{status}"
    if place in OUTSIDE:
        return "" if status == 404 else f"{status} instead of 404"
    if status == 404 and is_missing_here(rule):
        return ""
    shared = any(key_of(rule, name) in SHARED for name in rule.arguments)
    return f"{status} for one's own" if status >= 500 or (status in (403, 404) and not shared) else ""


def is_missing_here(rule: Rule) -> bool:
    return bool({rule.endpoint, rule.endpoint.partition(".")[0]} & NOT_IN_THIS_WORLD)


def outsiders(text: str) -> set[str]:
    """Names of things outside the ward that a page holds."""
    things = [f"{kind}-{place}" for kind in ("W", "CQ", "may", "nv") for place in ("sibling", "parent", "foreign")]
    return {each for each in things if each in text}


def test_whoever_was_not_asked_for_ten_minutes_is_asked_before_a_guarded_view(world: World) -> None:
    """Made from the route map: each view that declares it, by a session of eleven minutes; the control is a new one."""
    late, asked = NOON - timedelta(minutes=11), 0
    for role in ROLES:
        member = world.member(role, scoped=False)
        old, new = client_of(world, member, began=late), client_of(world, member)
        for rule, method, declared in staff_routes(world):
            if declared.confirmed and role in declared.roles:
                where = address(world, rule, "own")
                assert is_asked(old.open(where, method=method)), (rule, method, role)
                assert not is_asked(new.open(where, method=method)), (rule, method, role)
                asked += 1
    assert asked > 30


WRITES_ON_LOOKING = {"own_account.show_key"}  # the challenge that a security key is to sign


def test_looking_changes_nothing(world: World) -> None:
    """No GET of any role commits anything: SQLite counts every commit of others. The control is a post."""
    raw = world.database.engine.raw_connection()
    try:
        version = lambda: raw.cursor().execute("PRAGMA data_version").fetchone()[0]  # noqa: E731
        changed = []
        for role in ROLES:
            client = client_of(world, world.member(role, scoped=False))
            for rule, method, declared in staff_routes(world):
                if method == "GET" and role in declared.roles and rule.endpoint not in WRITES_ON_LOOKING:
                    before, where = version(), address(world, rule, "own")
                    client.get(where)
                    changed += [(role, where)] if version() != before else []
        assert changed == []
        before = version()
        client_of(world, world.member("operator", scoped=False)).post("/staff/devices/may-own/renew")
        assert version() != before
    finally:
        raw.close()


def is_asked(answer: TestResponse) -> bool:
    return answer.status_code == 403 and "Xác nhận lại" in answer.text


def test_whoever_sees_everything_sees_what_the_ward_did_not(world: World) -> None:
    """The control: the same routes and the same things, without a scope. 404 above came from the scope alone."""
    shown = 0
    for role in ("operator", "statistician", "auditor", "official"):
        client = client_of(world, world.member(role, scoped=False))
        for rule, method, declared in staff_routes(world):
            if method == "GET" and placed(rule) and role in declared.roles and not is_missing_here(rule):
                if any(key_of(rule, name) in SHARED for name in rule.arguments):
                    continue
                status = client.get(address(world, rule, "foreign")).status_code
                assert status == 200, (rule, role, status)
                shown += 1
    assert shown >= 8


def test_a_view_that_forgets_the_scope_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other control: without the check before every view the matrix has leaks."""
    from survey.web import session

    monkeypatch.setattr(session, "check_reach", lambda scope: None)
    client = client_of(world, world.member("operator"))
    status = client.get("/staff/set-up/W-foreign").status_code
    assert status == 200
