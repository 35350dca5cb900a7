"""The demonstration: labelled, repeatable, safe to load twice, and of the very shapes that citizens' answers have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copy

import pytest

from survey.actions import estimating, tallying
from survey.actions.answering import answer, check_answers, open_form
from survey.actions.demonstrating import ACTOR, CLOSED_WAVES, Demo, load_demo
from survey.keys import Keys
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.rules import EVERYBODY, Rule, level_outcome
from survey.mandate.sectors import descendants
from survey.mandate.targets import targets_for
from survey.proof import Signer
from survey.store import frames, invitations, ledger, places, tallies, waves
from survey.store.database import Database
from survey.store.tables import audit, inbox
from survey.store.writer import open_writer

OPEN = "TTHC-OPEN"


def open_database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'hailong.sqlite'}", folder / "write.lock")


@pytest.fixture(scope="module")
def loaded(
    migrated_file: Path, keys: Keys, signer: Signer, today: date, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Demo]]:
    """A database with the demonstration, tallied. Who writes into it must not mind what others wrote."""
    folder = tmp_path_factory.mktemp("demo")
    copy(migrated_file, folder)
    database = open_database(folder)
    demo = load_demo(database, keys, signer, today=today)
    tallying.tally(database)
    yield database, demo
    database.close()


def cells(database: Database, wave: str) -> list[dict[str, object]]:
    outcomes = (EVERYBODY, *(level_outcome(level) for level in range(1, 6)))
    with database.reading() as connection:
        return tallies.list_cells(connection, wave, outcomes)


@pytest.mark.thorough
def test_every_synthetic_wave_and_agency_says_that_it_is_a_sample(loaded: tuple[Database, Demo]) -> None:
    database, demo = loaded
    with database.reading() as connection:
        known = {wave.code: wave for wave in waves.list_waves(connection)}
        agencies = places.list_agencies(connection, places.EVERYTHING)
        judged = {agency for code in demo.waves for agency in frames.list_stratum_agencies(connection, code).values()}
    for code in demo.waves:
        assert known[code].purpose == "demo"
        assert "(dữ liệu mẫu)" in known[code].name["vi"]
    for code in judged:
        assert [agencies[code].name[language].endswith(mark) for language, mark in MARKS.items()] == [True] * 3


MARKS = {"vi": "(mẫu)", "en": "(sample)", "km": "(គំរូ)"}


def test_the_province_has_43_communes_with_a_centre_each_and_about_a_year_of_transactions(
    loaded: tuple[Database, Demo],
) -> None:
    database, _ = loaded
    with database.reading() as connection:
        agencies = places.list_agencies(connection, places.EVERYTHING).values()
        transactions = sum(
            stratum.population
            for wave in CLOSED_WAVES
            if wave.opens_on.year == 2026
            for stratum in frames.list_strata(connection, wave.code, 1)
        )
    centres = [agency.area_code for agency in agencies if agency.kind == "commune_centre"]
    assert len(set(centres)) == len(centres) == 43
    assert 150_000 < transactions < 300_000


def test_the_real_counts_are_there_as_self_selected(loaded: tuple[Database, Demo]) -> None:
    database, demo = loaded
    with database.reading() as connection:
        wave = waves.find_wave(connection, demo.real_wave)
        assert wave is not None
        assert (wave.collected, wave.is_official) == ("self-selected", False)
        assert sum(tallies.count_counted(connection, demo.real_wave).values()) == 911_823 + 221_396


def test_each_response_spends_one_token_of_its_stratum(loaded: tuple[Database, Demo]) -> None:
    database, _ = loaded
    for wave in CLOSED_WAVES:
        with database.reading() as connection:
            answered = invitations.count_spent(connection, wave.code)
            counted = tallies.count_counted(connection, wave.code)
            invited = invitations.count_invitations(connection, wave.code)
        assert answered == counted
        assert sum(invited.values()) == wave.invited
        assert 0.4 < sum(answered.values()) / wave.invited < 0.55


def test_every_synthetic_answer_is_one_that_the_form_would_take(loaded: tuple[Database, Demo]) -> None:
    database, demo = loaded
    with database.reading() as connection:
        rows = [row for code in demo.waves for row in ledger.iterate_rows(connection, wave_code=code)]
    assert len(rows) > 5000
    languages: Counter[str] = Counter()
    for row in rows[::7]:
        codes = json.loads(row.codes)
        comments = json.loads(row.text or b"{}")
        chosen, said = check_answers(load_questionnaire(codes["questionnaire"]), codes["answers"] | comments)
        assert (chosen, said) == (codes["answers"], comments)
        languages[codes["language"]] += 1
    assert languages["vi"] > languages["km"] > languages["en"] > 0


def test_a_visitor_with_the_token_answers_in_the_same_shape(
    loaded: tuple[Database, Demo], keys: Keys, today: date
) -> None:
    database, demo = loaded
    token = demo.tokens[OPEN]
    overall = open_form(database, keys, token, today).questionnaire.overall_item.code
    answer(
        database,
        open_writer(database),
        keys,
        token=token,
        key="0123456789abcdef0123",
        language="vi",
        answers={overall: "4"},
        today=today,
    )
    with database.reading() as connection:
        theirs = json.loads(connection.execute(inbox.select()).mappings().one()["codes"])
        ours = json.loads(next(ledger.iterate_rows(connection, wave_code=OPEN)).codes)
    assert set(ours) == set(theirs)
    assert {name: ours[name] for name in ("kind", "questionnaire", "wave", "class", "psu")} == {
        name: theirs[name] for name in ("kind", "questionnaire", "wave", "class", "psu")
    }


def test_the_verdicts_differ(loaded: tuple[Database, Demo], today: date) -> None:
    database, _ = loaded
    assert verdict(database, "TTHC-2026", "procedures", today) == "met"
    assert verdict(database, "TTHC-2026", "land", today) == "not_met"
    assert verdict(database, "TTHC-2026", "construction", today) == "not_shown"
    assert verdict(database, "TTHC-2026", "investment", today) == "too_few"
    assert verdict(database, "YTE-2026", "health", today) == "not_shown"
    assert verdict(database, "GD-2026", "education", today) == "met"


def verdict(database: Database, wave: str, sector: str, today: date) -> str:
    """The word for a sector against the level that fell due at the end of 2025."""
    rule = Rule()
    bar = max((t for t in targets_for(sector, rule.territory, today) if t.due <= today), key=lambda t: t.due)
    with database.reading() as connection:
        data = estimating.read_wave(connection, wave)
    answers = data.answers[data.answers["sector"].isin(descendants(sector))]
    [domain] = estimating.estimate_domains(
        data,
        estimating.load_indicator(rule.indicator),
        (),
        method=rule.method,
        confidence_level=float(rule.confidence_level),
        answers=answers,
    )
    return estimating.judge_by_rule(domain.estimate, bar.rate, rule, on=today).code


def test_a_second_load_adds_nothing_but_a_visitor(
    loaded: tuple[Database, Demo], keys: Keys, signer: Signer, today: date
) -> None:
    database, _ = loaded
    before = _sizes(database)
    again = load_demo(database, keys, signer, today=today)
    assert _sizes(database) - before == Counter({"invitations": 1, "audit": 1})
    assert set(again.tokens) == {OPEN}


def test_a_load_that_was_cut_off_is_taken_up_and_gives_the_same_tally(
    loaded: tuple[Database, Demo],
    migrated_file: Path,
    keys: Keys,
    signer: Signer,
    today: date,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy(migrated_file, tmp_path)
    database = open_database(tmp_path)

    class PowerCut(Exception):
        pass

    def cut(*_: object) -> None:
        raise PowerCut

    monkeypatch.setattr("survey.actions.demonstrating.CLOSED_WAVES", CLOSED_WAVES[:1])
    with monkeypatch.context() as patch:
        patch.setattr("survey.actions.demonstrating.append_leaves", cut)
        with pytest.raises(PowerCut):
            load_demo(database, keys, signer, today=today)
    load_demo(database, keys, signer, today=today)
    tallying.tally(database)
    for wave in (CLOSED_WAVES[0].code, OPEN):
        assert cells(database, wave) == cells(loaded[0], wave)
        assert len(cells(database, wave)) > 500
    database.close()


def _sizes(database: Database) -> Counter[str]:
    with database.reading() as connection:
        return Counter(
            leaves=ledger.count_leaves(connection),
            waves=len(waves.list_waves(connection)),
            agencies=len(places.list_agencies(connection, places.EVERYTHING)),
            invitations=sum(
                sum(invitations.count_invitations(connection, wave.code).values())
                for wave in waves.list_waves(connection)
            ),
            audit=len([1 for row in connection.execute(audit.select()).mappings() if row["actor"] == ACTOR]),
        )
