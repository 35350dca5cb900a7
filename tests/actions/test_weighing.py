"""A recipe of weights that a wave adopted is in its rule; its releases follow it, and other programs rebuild them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork

from survey.actions.adequacy import freeze
from survey.actions.bundling import write_bundle as write_auditors_bundle
from survey.actions.releasing import release_wave
from survey.actions.reproducing import reproduce, write_bundle
from survey.actions.waves import open_wave
from survey.actions.weighing import BadRecipe, Steps, lock, write_steps
from survey.actions.weighting import adopt_recipe
from survey.keys import Keys
from survey.mandate.rules import Rule, read_rule
from survey.proof import Signer, verify_bundle
from survey.store import adequacy, recipes, releases, waves
from survey.store.audits import By
from survey.store.database import Database
from survey.store.recipes import Recipe

POPULATIONS = {("A", "land"): 400, ("B", "land"): 600, ("A", "certification"): 500, ("B", "certification"): 300}
ANSWERS = {
    "A.land": "5" * 12 + "2" * 4,  # .75
    "B.land": "4" * 15 + "1" * 5,  # .75
    "A.certification": "5" * 18 + "3" * 2,  # .9
    "B.certification": "5" * 27 + "2" * 3,  # .9
}
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BY = By("os:lan", datetime(2031, 1, 1, tzinfo=UTC))


def recipe(**margins: int) -> Rule:
    steps = Steps(method="post_stratify", margins={"sector": margins}, source="Sổ một cửa", source_date="2026-10-31")
    return Rule(weighting="recipe", recipe=lock("quý 4@1", write_steps(steps)))


def begin(database: Database, keys: Keys, signer: Signer, rule: Rule) -> Fieldwork:
    work = begin_fieldwork(database, keys, signer, POPULATIONS, invited=60, rule=rule)
    work.answer_all(ANSWERS)
    work.seal_and_tally()
    return work


def release(work: Fieldwork) -> tuple[dict[str, float], dict[str, object], str]:
    """Rates by place, the header, the code."""
    made = release_wave(work.database, work.wave, by="lan", today=TODAY)
    assert made is not None
    with work.database.reading() as connection:
        figures = releases.list_figures(connection, made.code)
    rates = {each.place: each.numbers["rate"] for each in figures if each.level in ("wave", "sector")}
    return rates, json.loads(made.header), made.code


@pytest.mark.thorough
def test_a_release_follows_the_recipe_of_its_rule_and_every_program_rebuilds_it(
    database: Database, keys: Keys, signer: Signer, tmp_path: Path
) -> None:
    """(3000 x .75 + 1000 x .9) / 4000 = .7875; by the frame it would be (1000 x .75 + 800 x .9) / 1800 = .817."""
    work = begin(database, keys, signer, recipe(land=3000, certification=1000))
    rates, header, code = release(work)
    assert rates["W"] == pytest.approx(0.7875, abs=5e-4)
    assert (rates["land"], rates["certification"]) == (0.75, 0.9)
    told = header["weighed"]
    assert isinstance(told, dict)
    assert (told["recipe"], told["refused"]) == ("quý 4@1", "")
    assert told["totals"]["A.land"] == pytest.approx(400 * 3000 / 1000)
    again = reproduce(database, code, by=BY)
    assert again.findings.is_clean, again.findings.lines
    write_bundle(again, tmp_path / "again")
    if not database.is_sqlite:
        return  # what was written is held against the figures above; other programs need not run twice
    for script in [[sys.executable, "rebuild.py"]] + ([["Rscript", "rebuild.R"]] if shutil.which("Rscript") else []):
        done = subprocess.run(script, cwd=tmp_path / "again", capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    write_auditors_bundle(database, signer.verifier, tmp_path / "bundle", reader=BY)
    assert not list(verify_bundle(tmp_path / "bundle", [signer.verifier], processes=1))


@ON_SQLITE
def test_without_a_recipe_the_frame_weighs(database: Database, keys: Keys, signer: Signer) -> None:
    """The control."""
    rates, header, _ = release(begin(database, keys, signer, Rule()))
    assert rates["W"] == pytest.approx(1470 / 1800, abs=5e-4)
    assert "weighed" not in header


@ON_SQLITE
def test_a_recipe_that_the_answers_do_not_allow_is_left_out_and_the_release_says_why(
    database: Database, keys: Keys, signer: Signer
) -> None:
    """A weight would move some hundred times."""
    work = begin(database, keys, signer, recipe(land=100_000, certification=10))
    rates, header, _ = release(work)
    assert rates["W"] == pytest.approx(1470 / 1800, abs=5e-4)
    told = header["weighed"]
    assert isinstance(told, dict)
    assert told["refused"].startswith("factor: ")


@ON_SQLITE
def test_what_trimming_took_away_is_told(database: Database, keys: Keys, signer: Signer) -> None:
    """Weights 400/16 = 25, 600/20 = 30, 500/20 = 25, 300/30 = 10 of 16, 20, 20, 30 answers; the median is 25, so the 20
    of B.land lose 30 - 27.5 each: 50 of 1,800."""
    steps = lock("cắt@1", write_steps(Steps(cap=1.1)))
    work = begin(database, keys, signer, Rule(weighting="recipe", recipe=steps))
    *_, code = release(work)
    with database.reading() as connection:
        made = releases.find_release(connection, code)
    assert made is not None
    freeze(database, made, TODAY, draws={"wave": 100})
    with database.reading() as connection:
        cell = adequacy.find_cell(connection, "W", "wave", "", "W")
    assert cell is not None
    found = {name: value for name, value, *_ in json.loads(cell["checks"])["checks"]}
    assert found["trimmed_share"] == pytest.approx(50 / 1800, abs=5e-4)


@ON_SQLITE
def test_adopting_locks_the_recipe_in_the_rule_of_a_wave_that_invited_nobody(
    database: Database, keys: Keys, signer: Signer
) -> None:
    work = begin_fieldwork(database, keys, signer, POPULATIONS, invited=1)
    open_wave(
        database,
        code="NEXT",
        name={"vi": "Đợt sau"},
        questionnaire="onequestion@1",
        opens_on=date(2027, 1, 1),
        closes_on=date(2027, 1, 31),
        rule=Rule(minimum_df=9),
    )
    body = write_steps(Steps(nonresponse="sector"))
    made = Recipe("quý 4", 2, body, bytes(32), "W", "lan", TODAY)
    with database.writing("test") as connection:
        recipes.add_recipe(connection, made)
    adopt_recipe(database, "NEXT", made, BY, TODAY)
    with pytest.raises(BadRecipe, match="late"):
        adopt_recipe(database, work.wave, made, BY, TODAY)
    with database.reading() as connection:
        wave = waves.find_wave(connection, "NEXT")
    assert wave is not None
    rule = read_rule(wave.rule)
    assert (rule.recipe_name, rule.weighting, rule.minimum_df) == ("quý 4@2", "recipe", 9)
    assert wave.rule_digest == rule.digest() != Rule(minimum_df=9).digest()
