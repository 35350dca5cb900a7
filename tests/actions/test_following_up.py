"""The auditors' subsample: drawn by the seed, sealed to a key that is nowhere in the house, gone after 45 days."""

from __future__ import annotations

from pathlib import Path

import pytest
from posting import NOW, TEL, keep_contacts, load_frame, make_post, send

from analysis.drawing import Drawn
from survey.actions.contacts import import_contacts
from survey.actions.following_up import (
    BadKey,
    KeyTaken,
    NotForThisKey,
    add_auditor_key,
    choose_followed,
    export_sealed,
    new_auditor_key,
    open_sealed,
    retire_auditor_key,
)
from survey.actions.inviting import draw_places
from survey.keys import Keys
from survey.store.database import Database
from survey.store.tables import audit, invitation, metadata

TODAY = NOW.date()
PRIVATE, PUBLIC = new_auditor_key()


def draw_followed(database: Database, keys: Keys, wave: str, folder: Path, share: float = 0.25) -> Path:
    path = load_frame(database, keys, wave, folder, TODAY, 20)
    draw_places(database, wave, 12, seed=1, today=TODAY, followed_share=share)
    return path


def add_key(database: Database, name: str = "Thanh tra", public: str = PUBLIC) -> None:
    add_auditor_key(database, name, public, now=NOW, actor="tester")


def export(database: Database, wave: str, name: str = "Thanh tra") -> list[str]:
    return export_sealed(database, wave, name, now=NOW, actor="tester")


def keep(database: Database, keys: Keys, path: Path, wave: str) -> str:
    return str(import_contacts(database, keys, path, wave_code=wave, channels=("sms",), now=NOW, actor="tester"))


def test_the_auditor_and_nobody_else_opens_a_quarter_of_those_drawn(
    database: Database, keys: Keys, wave: str, tmp_path: Path
) -> None:
    path = draw_followed(database, keys, wave, tmp_path)
    add_key(database)
    assert "3 of them sealed for auditors" in keep(database, keys, path, wave)
    sealed = export(database, wave)
    opened = list(open_sealed(sealed, PRIVATE))
    assert [set(each) for each in opened] == [{"channel", "contact", "language", "place", "stratum", "wave"}] * 3
    assert {each["contact"] for each in opened} == {f"84{TEL}{each['place']:03}" for each in opened}
    with database.reading() as connection:
        followed = connection.execute(invitation.select().where(invitation.c.followed)).all()
        tables = repr([connection.execute(table.select()).all() for table in metadata.sorted_tables])
        events = [row.event for row in connection.execute(audit.select())]
    assert {each["place"] for each in opened} == {row.position for row in followed}
    assert PRIVATE not in tables
    assert repr(bytes.fromhex(PRIVATE)) not in tables
    assert repr(bytes.fromhex(PUBLIC)) in tables  # the control: that is where a key would be seen
    assert "sealed-contacts-exported" in events
    other, _ = new_auditor_key()
    with pytest.raises(NotForThisKey, match="Line 1"):
        list(open_sealed(sealed, other))
    spoilt = sealed[0][:-2] + ("00" if sealed[0][-2:] != "00" else "01")
    with pytest.raises(NotForThisKey):
        list(open_sealed([spoilt], PRIVATE))


def test_the_subsample_is_decided_by_the_seed() -> None:
    drawn = [Drawn("a", str(number), 0.5) for number in range(40)] + [Drawn("b", "1", 0.5)]
    one, same, other = (choose_followed(drawn, 0.1, seed) for seed in ("W/1", "W/1", "W/2"))
    assert one == same != other
    assert sorted(stratum for stratum, _ in one) == ["a"] * 4 + ["b"]
    assert choose_followed(drawn, 0.0, "W/1") == set()


def test_without_an_auditor_nothing_is_sealed(database: Database, keys: Keys, wave: str, tmp_path: Path) -> None:
    path = draw_followed(database, keys, wave, tmp_path)
    assert "sealed" not in keep(database, keys, path, wave)
    assert export(database, wave) == []


def test_a_retired_key_gets_nothing_more(database: Database, keys: Keys, wave: str, tmp_path: Path) -> None:
    path = draw_followed(database, keys, wave, tmp_path)
    add_key(database)
    retire_auditor_key(database, "Thanh tra", now=NOW, actor="tester")
    keep(database, keys, path, wave)
    assert export(database, wave) == []
    with pytest.raises(BadKey):
        retire_auditor_key(database, "Thanh tra", now=NOW, actor="tester")


@pytest.mark.parametrize(("days", "left"), [(44, 3), (45, 0)])
def test_what_was_sealed_is_gone_after_45_days(
    database: Database, keys: Keys, wave: str, tmp_path: Path, days: int, left: int
) -> None:
    path = draw_followed(database, keys, wave, tmp_path)
    add_key(database)
    post = make_post(database, keys)
    keep(database, keys, path, wave)
    send(post, hours=24 * days)
    assert len(export(database, wave)) == left


def test_contacts_for_auditors_outlive_the_message(database: Database, keys: Keys, wave: str, tmp_path: Path) -> None:
    from outside import text_provider

    path = draw_followed(database, keys, wave, tmp_path)
    add_key(database)
    with text_provider() as provider:
        post = make_post(database, keys, provider, reminder_hours=0)
        keep_contacts(post, path, wave)
        send(post)
    assert len(export(database, wave)) == 3


@pytest.mark.parametrize("text", ["", "xyz", "00" * 31, "00" * 33])
def test_what_is_no_key_is_said(database: Database, text: str) -> None:
    with pytest.raises(BadKey, match="hailong auditor-key new"):
        add_key(database, public=text)


def test_a_name_is_taken_once(database: Database) -> None:
    add_key(database)
    with pytest.raises(KeyTaken):
        add_key(database, public=new_auditor_key()[1])
