"""One key follows another: who was given one finds the others, and a key outside its time signs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from preparing import Prepare

from survey.actions.bundling import write_bundle
from survey.actions.excluding import NotExcluded
from survey.actions.rekeying import (
    NEW_KEY_FILE,
    KeyNotReplaced,
    list_keys,
    replace_key,
    rotate_key,
    settle_key,
)
from survey.actions.sealing import NotTheLogsKey
from survey.actions.signing_in import ROLES, add_staff, sign_in
from survey.actions.verifying import verify_installation
from survey.actions.witnessing import Witness, cosign_bundle
from survey.keys import SIGNING_KEY_FILE, Keys
from survey.proof import (
    Checkpoint,
    MalformedNote,
    Signer,
    UnverifiedNote,
    Verifier,
    bundle_keys,
    parse_note,
    read_statement,
    sign_note,
    verify_bundle,
)
from survey.store import audits, key_trail
from survey.store.database import Database

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "mot-mat-khau-that-dai-1"
Bundle = Callable[[], Path]


@pytest.fixture
def folder(tmp_path: Path, signer: Signer) -> Path:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / SIGNING_KEY_FILE).write_text(signer.skey + "\n")
    return keys


def prepare(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    made = begin_fieldwork(database, keys, signer, {("A", "land"): 100}, invited=30)
    made.answer_all({"A.land": "543"})
    made.seal_and_tally()
    return made


@pytest.fixture(scope="module")
def preparation() -> Prepare:
    return prepare


@pytest.fixture
def work(prepared: Fieldwork) -> Fieldwork:
    return prepared


@pytest.fixture
def bundle(work: Fieldwork, folder: Path, tmp_path: Path) -> Bundle:
    def make() -> Path:
        made = tmp_path / f"bundle{len(list(tmp_path.iterdir()))}"
        write_bundle(work.database, current(folder).verifier, made)
        return made

    return make


def current(folder: Path) -> Signer:
    return Signer.parse((folder / SIGNING_KEY_FILE).read_text().strip())


def rotate(work: Fieldwork, folder: Path) -> Signer:
    rotate_key(work.database, folder, reason="mỗi năm một lần", actor="test", now=NOW, today=TODAY)
    return current(folder)


def replace(work: Fieldwork, folder: Path, became: str, *sessions: str) -> Signer:
    replace_key(work.database, work.keys, folder, became=became, reason="thử", sessions=sessions, now=NOW, today=TODAY)
    return current(folder)


def enter(work: Fieldwork, name: str, role: str = "auditor") -> str:
    add_staff(work.database, name, role, PASSWORD, now=NOW, actor="test")
    return sign_in(work.database, work.keys, name, PASSWORD, NOW)


def seal_more(work: Fieldwork, signer: Signer) -> None:
    work.signer = signer
    work.answer_all({"A.land": "5"})
    work.seal_and_tally()


def messages(folder: Path, *keys: Signer) -> list[str]:
    return [str(found) for found in verify_bundle(folder, [key.verifier for key in keys], processes=1)]


def test_who_was_given_any_key_of_a_rotated_log_believes_all_of_them(
    work: Fieldwork, folder: Path, bundle: Bundle, signer: Signer
) -> None:
    second = rotate(work, folder)
    seal_more(work, second)
    third = rotate(work, folder)
    seal_more(work, third)
    made = bundle()
    for given in (signer, second, third):
        assert messages(made, given) == []
        assert set(bundle_keys(made, [given.verifier])) == {each.verifier for each in (signer, second, third)}
    assert len({each.verifier.name for each in (signer, second, third)}) == 1
    assert [(key.first, key.last, key.became) for key in list_keys(work.database)] == [
        (1, 1, "rotated"),
        (2, 3, "rotated"),
        (4, None, None),
    ]
    assert verify_installation(work.database, third.verifier).is_clean


@pytest.mark.parametrize("became", ["lost", "compromised"])
def test_after_a_loss_only_a_key_from_another_hand_goes_on_under_a_new_name(
    work: Fieldwork, folder: Path, bundle: Bundle, signer: Signer, became: str
) -> None:
    if became == "lost":
        (folder / SIGNING_KEY_FILE).unlink()
    second = replace(work, folder, became, enter(work, "mot"), enter(work, "hai"))
    seal_more(work, second)
    made = bundle()
    assert messages(made, second) == [], "the new key names the old one and its last checkpoint"
    (first, *_) = messages(made, signer)
    assert "checkpoints/000002.note" in first
    assert f"the one before was {became}" in first
    assert second.verifier.vkey in first
    assert second.verifier.name == signer.verifier.name + ".g2"
    with work.database.reading() as connection:
        statement = read_statement(key_trail.list_statements(connection)[0].note)
        event = audits.list_entries(connection, newest=1)[0]
    assert (statement.auditors, statement.became) == ("hai, mot", became)
    assert (event.event, json.loads(event.detail)["became"]) == ("key-replaced", became)


@pytest.mark.parametrize(
    "people",
    [[("mot", "auditor")], [("mot", "auditor"), ("hai", "official")], *([("x", role)] for role in ROLES), []],
)
def test_nobody_but_two_auditors_replaces_a_key(
    work: Fieldwork, folder: Path, people: list[tuple[str, str]], signer: Signer
) -> None:
    sessions = [enter(work, name, role) for name, role in people]
    with pytest.raises(NotExcluded):
        replace(work, folder, "compromised", *sessions)
    assert current(folder).verifier == signer.verifier


def test_a_checkpoint_signed_after_its_key_was_replaced_is_refused_and_named(
    work: Fieldwork, folder: Path, bundle: Bundle, signer: Signer
) -> None:
    second = rotate(work, folder)
    seal_more(work, second)
    made = bundle()
    newest = made / "checkpoints" / "000003.note"
    newest.write_text(sign_note(parse_note(newest.read_text()).text, signer))
    found = messages(made, signer)[0]
    assert found.startswith(f"checkpoints/000003.note: signed by {signer.verifier.name}+{signer.verifier.key_id.hex()}")
    assert "whose time was from checkpoint 1 to 1" in found


def test_a_thief_cannot_replace_the_last_checkpoint_of_a_stolen_key(
    work: Fieldwork, folder: Path, bundle: Bundle, signer: Signer
) -> None:
    """Its text is named by the statement that the new key signed."""
    second = replace(work, folder, "compromised", enter(work, "mot"), enter(work, "hai"))
    made = bundle()
    note = made / "checkpoints" / "000001.note"
    head = Checkpoint.parse(parse_note(note.read_text()).text)
    forged = Checkpoint(head.origin, head.size, bytes(32), head.extensions)
    note.write_text(sign_note(forged.format(), signer))
    assert any("not the last checkpoint that the key statement" in each for each in messages(made, second))


def test_no_line_of_a_statement_can_change(work: Fieldwork, folder: Path, bundle: Bundle, signer: Signer) -> None:
    rotate(work, folder)
    made = bundle()
    path = made / "keys" / "000002.json"
    (note,) = json.loads(path.read_text())
    for old, new in (("first 2", "first 1"), ("rotated", "lost"), ("mỗi năm", "mỗi tháng"), ("number 1", "number 2")):
        changed = note.replace(old, new)
        assert changed != note
        with pytest.raises((UnverifiedNote, MalformedNote)):
            read_statement(changed)
        path.write_text(json.dumps([changed], ensure_ascii=False))
        assert any("keys/000002.json" in each for each in messages(made, signer))


def test_a_thief_of_the_old_key_alone_cannot_rotate(work: Fieldwork, folder: Path, signer: Signer) -> None:
    rotate(work, folder)
    with work.database.reading() as connection:
        (stored,) = key_trail.list_statements(connection)
    only_old = sign_note(parse_note(stored.note).text, signer)
    with pytest.raises(UnverifiedNote):
        read_statement(only_old)
    only_new = sign_note(parse_note(stored.note).text, current(folder))
    with pytest.raises(UnverifiedNote):
        read_statement(only_new)


def test_whoever_still_holds_the_old_key_signs_nothing_more(work: Fieldwork, folder: Path) -> None:
    old = work.signer
    rotate(work, folder)
    work.answer_all({"A.land": "5"})
    with pytest.raises(NotTheLogsKey, match="key list"):
        work.seal_and_tally()
    seal_more(work, current(folder))
    assert old.verifier != current(folder).verifier


@pytest.mark.parametrize("point", ["before the statement", "after the statement"])
def test_a_rotation_that_was_killed_is_finished_or_forgotten(
    work: Fieldwork, folder: Path, signer: Signer, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if point == "before the statement":
            patch.setattr(key_trail, "add_statement", die)
        else:
            patch.setattr(Path, "replace", lambda self, to: die() if self.name == NEW_KEY_FILE else self.rename(to))
        with pytest.raises(Killed):
            rotate(work, folder)
    settle_key(work.database, folder)
    assert not (folder / NEW_KEY_FILE).exists()
    assert (current(folder).verifier == signer.verifier) is (point == "before the statement")
    seal_more(work, current(folder))
    assert verify_installation(work.database, current(folder).verifier).is_clean


def test_a_key_that_is_there_is_not_lost_and_a_reason_is_needed(work: Fieldwork, folder: Path) -> None:
    sessions = [enter(work, "mot"), enter(work, "hai")]
    with pytest.raises(KeyNotReplaced, match="not lost"):
        replace(work, folder, "lost", *sessions)
    with pytest.raises(KeyNotReplaced, match="reason"):
        rotate_key(work.database, folder, reason="\n", actor="test", now=NOW, today=TODAY)


def test_a_witness_follows_a_rotation_and_no_loss(
    work: Fieldwork, folder: Path, bundle: Bundle, tmp_path: Path, signer: Signer
) -> None:
    def follow(given: Verifier, name: str) -> str:
        made = bundle()
        return cosign_bundle(Witness(tmp_path / name, bundle_keys(made, [given])), made, 1_800_000_000)

    follow(signer.verifier, "memory")
    seal_more(work, rotate(work, folder))
    assert "witness" in follow(signer.verifier, "memory")
    second = replace(work, folder, "compromised", enter(work, "mot"), enter(work, "hai"))
    seal_more(work, second)
    with pytest.raises(UnverifiedNote, match="compromised"):
        follow(signer.verifier, "memory")
    assert "witness" in follow(second.verifier, "memory"), "the new key is given by another hand"
