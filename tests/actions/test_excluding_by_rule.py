"""A public rule, named by the wave's locked rule, excludes what it meets, and only an auditor applies it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from preparing import Prepare

from survey.actions.excluding import NotExcluded, exclude_by_rule
from survey.actions.sealing import append_leaves, new_leaf
from survey.actions.signing_in import ROLES, add_staff, sign_in
from survey.actions.tallying import tally
from survey.actions.verifying import verify_installation
from survey.actions.withdrawing import withdraw
from survey.keys import Keys
from survey.mandate.errors import MandateFileError, UnknownExclusionRule
from survey.mandate.exclusions import ExclusionRule, _read, load_exclusion_rules
from survey.mandate.files import Entry
from survey.mandate.rules import MalformedRule, Rule, read_rule
from survey.proof import Signer
from survey.store import audits, ledger, tallies
from survey.store.database import Database

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "mot-mat-khau-that-dai-1"
DECLARED = Rule(exclusions=("too-fast@1", "late@1", "helped-at-kiosk@1"))


def prepare(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "land"): 100, ("B", "land"): 100}, invited=30, rule=DECLARED)


@pytest.fixture(scope="module")
def preparation() -> Prepare:
    return prepare


@pytest.fixture
def work(prepared: Fieldwork) -> Fieldwork:
    return prepared


def add_responses(work: Fieldwork, *more: dict[str, object]) -> None:
    """Sealed responses with these codes beside the usual ones."""
    usual = {
        "answers": {"G1": "5"},
        "class": "",
        "kind": "response",
        "period": "2026-11b",
        "psu": "",
        "questionnaire": "onequestion@1",
        "stratum": "A.land",
        "wave": "W",
    }
    leaves = [new_leaf("response", usual | each) for each in more]
    with work.database.writing("test") as connection:
        append_leaves(connection, work.signer, "W", leaves, [bytes([n]) * 32 for n in range(len(leaves))], TODAY)
    tally(work.database)


def enter(work: Fieldwork, name: str, role: str = "auditor") -> str:
    add_staff(work.database, name, role, PASSWORD, now=NOW, actor="test")
    return sign_in(work.database, work.keys, name, PASSWORD, NOW)


def apply(work: Fieldwork, rule: str, *sessions: str, wave: str = "W") -> int:
    return exclude_by_rule(
        work.database, work.keys, work.signer, rule=rule, wave_code=wave, sessions=sessions, now=NOW, today=TODAY
    )


def excluded(work: Fieldwork) -> list[int]:
    with work.database.reading() as connection:
        return [each["excluded_position"] for each in ledger.list_exclusions(connection)]


def test_it_excludes_what_the_codes_say_and_nothing_else(work: Fieldwork) -> None:
    add_responses(work, {"signals": []}, {"signals": ["fast"]}, {}, {"signals": ["fast", "other"]}, {"signals": "slow"})
    assert apply(work, "too-fast@1", enter(work, "mot")) == 2
    assert excluded(work) == [1, 3]
    tally(work.database)
    with work.database.reading() as connection:
        assert tallies.count_counted(connection, "W") == {"A.land": 3}
        rows = list(ledger.iterate_rows(connection, kind="exclusion"))
        checkpoint = ledger.find_latest_checkpoint(connection)
    assert checkpoint is not None
    assert [json.loads(row.codes)["rule"] for row in rows] == ["too-fast@1"] * 2
    assert "chưa đầy một giây" in checkpoint.exclusions
    assert verify_installation(work.database, work.signer.verifier).is_clean


def test_somebody_elses_help_excludes_at_the_agencys_own_device_and_nowhere_else(work: Fieldwork) -> None:
    sent = [{"channel": "kiosk", "assisted": helped} for helped in (0, 1)] + [{"channel": "phone", "assisted": 1}]
    add_responses(work, *sent)
    assert apply(work, "helped-at-kiosk@1", enter(work, "mot")) == 1
    assert excluded(work) == [1]


def test_a_half_month_that_begins_after_the_last_day_is_late(work: Fieldwork) -> None:
    add_responses(work, {"period": "2026-11b"}, {"period": "2026-12a"})
    assert apply(work, "late@1", enter(work, "mot")) == 1
    assert excluded(work) == [1]


def test_again_it_excludes_only_what_is_new(work: Fieldwork) -> None:
    session = enter(work, "mot")
    add_responses(work, {"signals": ["fast"]})
    assert apply(work, "too-fast@1", session) == 1
    assert apply(work, "too-fast@1", session) == 0
    assert excluded(work) == [0]


def test_what_its_giver_withdrew_is_not_excluded_as_well(work: Fieldwork) -> None:
    receipt = work.answer(work.tokens["A.land"].pop(), "5")
    assert withdraw(work.database, receipt) == "withdrawn"
    work.seal_and_tally(TODAY)
    assert apply(work, "late@1", enter(work, "mot")) == 0


def test_a_rule_that_the_wave_did_not_declare_cannot_be_applied(database: Database, keys: Keys, signer: Signer) -> None:
    work = begin_fieldwork(database, keys, signer, {("C", "land"): 100}, code="V", invited=3)
    with pytest.raises(NotExcluded, match="declared when the wave is opened"):
        apply(work, "too-fast@1", enter(work, "mot"), wave="V")
    with pytest.raises(NotExcluded, match="no wave"):
        apply(work, "too-fast@1", enter(work, "hai"), wave="NOWHERE")
    with pytest.raises(UnknownExclusionRule, match="too-fast@1"):
        apply(work, "too-fast@9", enter(work, "ba"))


@pytest.mark.parametrize("role", [role for role in ROLES if role != "auditor"])
def test_no_other_role_applies_a_rule(work: Fieldwork, role: str) -> None:
    add_responses(work, {"signals": ["fast"]})
    with pytest.raises(NotExcluded, match="No other role can"):
        apply(work, "too-fast@1", enter(work, "ai", role))
    with pytest.raises(NotExcluded):
        apply(work, "too-fast@1")
    assert excluded(work) == []


def test_applying_a_rule_is_in_the_audit_trail_under_the_very_checkpoint(work: Fieldwork) -> None:
    add_responses(work, {"signals": ["fast"]})
    apply(work, "too-fast@1", enter(work, "mot"))
    with work.database.reading() as connection:
        newest = audits.list_entries(connection, newest=1)[0]
        checkpoint = ledger.find_latest_checkpoint(connection)
    assert checkpoint is not None
    assert (newest.event, newest.actor, newest.subject) == ("excluded-by-rule", "mot", "W")
    assert json.loads(newest.detail) == {"by": ["mot"], "excluded": [0], "rule": "too-fast@1"}
    assert json.loads(checkpoint.manifest)["audit"]["entries"] == newest.position + 1


def test_the_rules_are_dated_have_a_source_and_speak_three_languages() -> None:
    for key, rule in load_exclusion_rules().items():
        assert key == f"{rule.code}@{rule.version}"
        assert rule.name.missing == rule.reason.missing == ()
        assert rule.source.document


def test_a_rule_without_a_condition_is_refused() -> None:
    values = {"code": "x", "version": 1, "in_force_from": TODAY, "source": "hailong", "name": {"vi": "x"}}
    with pytest.raises(MandateFileError, match="exclude everybody"):
        _read(Entry(values | {"reason": {"vi": "x"}}, "x"))
    condition = [{"of": "channel", "among": ["kiosk"], "after_close": True}]
    with pytest.raises(MandateFileError, match="one of among and after_close"):
        _read(Entry(values | {"reason": {"vi": "x"}, "condition": condition}, "x"))


def test_a_locked_rule_names_only_rules_that_exist_and_old_ones_keep_their_bytes() -> None:
    with pytest.raises(MalformedRule, match="too-fast@1"):
        Rule(exclusions=("anything@1",))
    assert read_rule(DECLARED.canonical()) == DECLARED
    assert "exclusions" not in Rule().canonical()


def test_a_rule_in_force_later_is_not_applied_yet(work: Fieldwork, monkeypatch: pytest.MonkeyPatch) -> None:
    later: ExclusionRule = replace(load_exclusion_rules()["late@1"], in_force_from=TODAY.replace(year=2027))
    monkeypatch.setattr("survey.actions.excluding.load_exclusion_rule", lambda _: later)
    with pytest.raises(NotExcluded, match="in force from 2027"):
        apply(work, "late@1", enter(work, "mot"))
