"""The adequacy of a release: frozen with it, complete, and without a number of what is hidden."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from statistics_wave import TODAY, statistics_wave

from survey.actions.adequacy import answers_of, freeze_due, read_frozen, target_of
from survey.actions.monitoring import list_days
from survey.actions.nonresponse import list_channels
from survey.keys import Keys
from survey.proof import Signer
from survey.store import adequacy
from survey.store.adequacy import Asked
from survey.store.database import Database


@pytest.fixture(scope="module")
def frozen(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer
) -> Iterator[Database]:
    with statistics_wave(migrated_file, tmp_path_factory.mktemp("statistics"), keys, signer) as (_, work):
        yield work.database


def list_cells(database: Database, level: str) -> list[dict[str, object]]:
    with database.reading() as connection:
        return adequacy.list_checked(connection, Asked({"level": level}))


def test_every_cell_of_the_release_has_its_checks_with_value_limit_and_warning(frozen: Database) -> None:
    cells = [*list_cells(frozen, "sector"), *list_cells(frozen, "agency")]
    assert len(cells) == 4 + 24
    for cell in cells:
        found = {name: warning for name, _, _, warning in json.loads(str(cell["checks"]))["checks"]}
        assert (len(found) >= 30) is not cell["hidden"]
        assert sum(found.values()) == cell["warnings"]
    names = {name for cell in cells for name, *_ in json.loads(str(cell["checks"]))["checks"]}
    assert {
        *("effective_answers", "design_over_kish", "degrees_of_freedom", "half_width", "dissatisfied_printable"),
        *("undecided", "answers_needed", "power_for_three_points", "RR1", "RR6", "r_indicator", "partial:agency"),
        "response_cv",
        *("coverage", "strata_with_1", "heaviest_over_median", "certified_coverage", "silent_rate_to_flip"),
    } <= names


def test_a_cell_that_the_release_hides_is_kept_without_a_number(frozen: Database) -> None:
    hidden = [cell for cell in list_cells(frozen, "agency") if cell["hidden"]]
    assert hidden
    numbers = ("n", "n_effective", "deff", "df", "half_width", "response_rate", "coverage", "answers_needed")
    assert {cell[name] for cell in hidden for name in numbers} == {None}
    assert {json.loads(str(cell["checks"]))["checks"] == [] for cell in hidden} == {True}
    shown = [cell for cell in list_cells(frozen, "agency") if not cell["hidden"]]
    assert None not in {cell["n"] for cell in shown}


def test_the_worst_cell_comes_first_and_any_column_sorts(frozen: Database) -> None:
    with frozen.reading() as connection:
        worst = adequacy.list_cells(connection, Asked({"level": "sector"}))
        fewest = adequacy.list_cells(connection, Asked({"level": "agency"}, sort="n", descending=False))
    assert worst[0]["verdict"] == "not_shown"
    assert [cell["badness"] for cell in worst] == sorted((cell["badness"] for cell in worst), reverse=True)
    sizes = [cell["n"] for cell in fewest if cell["n"] is not None]
    assert sizes == sorted(sizes)


def test_the_frozen_counts_are_those_of_the_release(frozen: Database) -> None:
    found = read_frozen(frozen, "W")
    whole = found.shown["wave", "", "W"]
    assert int(found.data.answers["n"].sum()) == int(found.channels["n"].sum()) == whole["n"]
    assert int(answers_of(found, "sector", "land", "land")["n"].sum()) == found.shown["sector", "land", "land"]["n"]
    assert target_of(found, "land") == 0.85
    assert target_of(found, "") is None


def test_response_and_precision_are_held_to_the_plan_of_the_rule(frozen: Database) -> None:
    """Half of those invited, three points: what the rule says where nobody planned otherwise."""
    (cell,) = [cell for cell in list_cells(frozen, "sector") if cell["sector_code"] == "land"]
    found = {name: (value, limit) for name, value, limit, _ in json.loads(str(cell["checks"]))["checks"]}
    assert found["RR2"][1] == 0.5
    assert found["half_width"][1] == pytest.approx(1.25 * 0.03)
    data = read_frozen(frozen, "W").data
    short = [each for each in data.strata if each.sector_code == "land" and data.answered.get(each.code, 0) < 30]
    assert found["strata_below_plan"][0] == len(short), "30 of 60 invited in each were to answer"


def test_response_by_channel_and_day_adds_up_to_the_whole(frozen: Database) -> None:
    found = read_frozen(frozen, "W")
    channels = list_channels(found)
    assert sum(each.invited for each in channels) == sum(found.fielded.invited.values())
    assert sum(each.answered for each in channels) == found.shown["wave", "", "W"]["n"]
    last = list_days(found)[-1]
    assert last.sealed == sum(last.channels.values()) == sum(found.data.answered.values())
    one = list_days(found, "CQ-3.land")[-1]
    assert (one.sealed, one.channels) == (found.data.answered["CQ-3.land"], {})
    assert one.planned == pytest.approx(60 * 0.5 * 24 / 30), "the 24th of 30 days"


def test_what_is_frozen_already_is_not_frozen_again(frozen: Database) -> None:
    assert freeze_due(frozen, TODAY) == 0
