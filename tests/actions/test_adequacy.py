"""The adequacy of a release: frozen with it, complete, and without a number of what is hidden."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from statistics_wave import TODAY, statistics_wave

from survey.actions.adequacy import answers_of, freeze_due, read_frozen, target_of
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
    assert target_of(found, "agency", "land") == 0.85
    assert target_of(found, "wave", "") is None


def test_what_is_frozen_already_is_not_frozen_again(frozen: Database) -> None:
    assert freeze_due(frozen, TODAY) == 0
