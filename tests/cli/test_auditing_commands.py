"""The auditor's commands: bundles, verify, witness, exclude, key, audit; and every act of weight is in the trail."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fieldwork import begin_fieldwork

from survey.actions.signing_in import add_staff
from survey.keys import derive_keys, load_signer
from survey.mandate.rules import Rule
from survey.settings import load_settings
from survey.store.database import Database

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "mot-mat-khau-that-dai-1"
PEOPLE = {"mot": "auditor", "hai": "auditor", "lanh-dao": "official", "thong-ke": "statistician"}
Run = Callable[..., Any]


@pytest.fixture
def sealed(installed: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An installation with a sealed wave whose rule names an exclusion rule, and staff whose passwords are typed."""
    monkeypatch.setattr("click.prompt", lambda *_, **__: PASSWORD)
    settings = load_settings()
    database = Database(settings.database_url, settings.lock_file)
    signer, keys = load_signer(settings), derive_keys(settings.secret_key)
    rule = Rule(exclusions=("late@1",))
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 400}, invited=60, rule=rule)
    receipts = work.answer_all({"A.land": "5" * 30 + "2" * 10})
    work.seal_and_tally()
    for name, role in PEOPLE.items():
        add_staff(database, name, role, PASSWORD, now=NOW, actor="test")
    database.close()
    (home / "receipt").write_text(receipts[0])
    return installed


def auditors(*names: str) -> list[str]:
    return [word for name in names for word in ("--auditor", name)]


def events(run: Run) -> list[str]:
    shown = run("audit", "--auditor", "mot", "--last", "500")
    assert shown.status == 0, shown.err
    return [line.split("  ")[3] for line in shown.lines if line[:1].isdigit()]


def test_two_bundles_are_checked_far_away_and_say_what_is_not_told(sealed: Run, home: Path, tmp_path: Path) -> None:
    public, auditor = str(tmp_path / "public"), str(tmp_path / "auditor")
    assert sealed("release", "W").status == 0
    for command in (("bundle", public), ("bundle", auditor, "--rows")):
        assert sealed(*command).status == 0
    vkey = (tmp_path / "public" / "log.vkey").read_text().strip()
    shutil.rmtree(home / "keys")
    (home / "hailong.sqlite").unlink()
    receipt = (home / "receipt").read_text()
    near = sealed("verify", public, "--key", vkey, "--receipt", receipt)
    assert near.status == 0, near.out
    assert "not computed again" in near.out
    assert "counted in checkpoint 000001" in near.out
    far = sealed("verify", auditor, "--key", vkey)
    assert far.lines == ["ok    everything in this bundle agrees"]
    wrong = tmp_path / "auditor" / "accounting" / "000001.json"
    wrong.write_bytes(wrong.read_bytes().replace(b"60", b"61"))
    told = sealed("verify", auditor, "--key", vkey)
    assert told.status == 1
    assert told.lines[0].startswith("WRONG accounting/000001.json")


def test_a_rule_is_applied_by_one_auditor_and_a_row_is_excluded_by_two(sealed: Run) -> None:
    done = sealed("exclude", "--rule", "late@1", "--wave", "W", *auditors("mot"))
    assert (done.status, done.out.split(".")[0]) == (0, "late@1 excludes 0 responses of W")
    assert sealed("exclude", "0", "--reason", "thử", *auditors("mot", "hai")).status == 0
    for names in (("lanh-dao",), ("thong-ke",), ("lanh-dao", "mot")):
        refused = sealed("exclude", "1", "--reason", "thử", *auditors(*names))
        assert (refused.status, "auditors" in refused.err) == (1, True)
    assert sealed("exclude", "--rule", "late@1", "--wave", "W", *auditors("lanh-dao")).status == 1
    assert sealed("exclude", *auditors("mot")).status == 2


def test_keys_are_rotated_lost_and_listed(sealed: Run, home: Path) -> None:
    first = sealed("key", "list").lines
    assert len(first) == 1
    assert "from checkpoint 1 on" in first[0]
    assert sealed("key", "rotate", "--reason", "mỗi năm").status == 0
    (home / "keys" / "checkpoint.key").unlink()
    lost = sealed("key", "lost", "--reason", "cháy ổ đĩa", *auditors("mot", "hai"))
    assert lost.status == 0, lost.err
    assert sealed("key", "compromised", "--reason", "x", *auditors("mot", "lanh-dao")).status == 1
    listed = sealed("key", "list").lines
    assert ["rotated: mỗi năm" in listed[0], "lost: cháy ổ đĩa" in listed[1], "on" in listed[2]] == [True] * 3
    assert sealed("verify").status == 0


def test_a_witness_cosigns_a_bundle(sealed: Run, tmp_path: Path) -> None:
    sealed("bundle", str(tmp_path / "public"))
    vkey = (tmp_path / "public" / "log.vkey").read_text().strip()
    arguments = ("witness", str(tmp_path / "public"), "--key", vkey, "--memory", str(tmp_path / "memory"))
    done = sealed(*arguments)
    assert (done.status, done.out.count("\n— ")) == (0, 2)


def test_only_an_auditor_reads_the_trail_and_a_changed_entry_is_named(sealed: Run, home: Path) -> None:
    assert sealed("audit", "--auditor", "lanh-dao").status == 1
    assert sealed("audit", "--auditor", "mot").status == 0
    database = Database(f"sqlite:///{home / 'hailong.sqlite'}", home / "write.lock")
    with database.writing("test") as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.exec_driver_sql("UPDATE audit SET actor = 'nobody' WHERE position = 1")
    database.close()
    told = sealed("audit", "--auditor", "mot")
    assert told.status == 1
    assert any(line.startswith("WRONG entry 1 ") for line in told.lines)


def test_every_act_of_weight_is_in_the_trail(sealed: Run, home: Path, tmp_path: Path) -> None:
    """Reading rows, exports, roles, rules, releases: each by its command, each with an entry of its own."""
    acts = {
        "rows-exported": ("bundle", str(tmp_path / "rows"), "--rows"),
        "wave-opened": (
            *("wave", "open", "W2", "--questionnaire", "onequestion@1", "--name", "Hai"),
            *("--from", "2030-01-01", "--to", "2030-02-01", "--exclusion", "late@1"),
        ),
        "wave-closed": ("wave", "close", "W2"),
        "release-drafted": ("release", "W"),
        "staff-added": ("staff", "add", "ba", "--role", "auditor"),
        "excluded-by-rule": ("exclude", "--rule", "late@1", "--wave", "W", *auditors("mot")),
        "excluded": ("exclude", "3", "--reason", "thử", *auditors("mot", "hai")),
        "key-replaced": ("key", "rotate", "--reason", "thử"),
    }
    before = events(sealed)
    for event, command in acts.items():
        done = sealed(*command)
        assert done.status == 0, (command, done.err)
        after = events(sealed)
        assert event in after[len(before) :], command
        before = after


def test_the_public_bundle_opens_no_row_and_is_not_audited(sealed: Run, tmp_path: Path) -> None:
    """The control: what reads no row leaves no entry."""
    before = [event for event in events(sealed) if event != "signed-in"]
    sealed("bundle", str(tmp_path / "public"))
    assert [event for event in events(sealed) if event != "signed-in"] == before
    assert not (tmp_path / "public" / "ledger.jsonl").exists()
    assert json.loads((tmp_path / "public" / "manifests" / "000001.json").read_text())["separated"] is False
