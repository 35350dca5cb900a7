"""Which definition reproduces a figure that somebody else published, over all rows of the packaged file."""

from __future__ import annotations

import csv

import pandas as pd
import pytest

from survey.actions.comparing import compare_with_published
from survey.actions.importing_counts import LEVELS
from survey.mandate.published import published_file

TOP2, RESCALED = "top2@1", "rescaled_mean@1"
NEITHER = {("use-an-lpa", "2023-02"), ("use-an-lpa", "2025-04")}
AFTER_THE_BREAK = {"2026-04", "2026-05", "2026-06"}


def levels(*counts: int) -> pd.DataFrame:
    return pd.DataFrame({"level": range(1, 6), "n": counts})


@pytest.fixture(scope="module")
def compared() -> dict[tuple[str, str], list[str]]:
    """The definitions that fit, by service and month."""
    with published_file("opg_satisfaction.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["service"], row["month"]): compare_with_published(
                levels(*(int(row[level]) for level in LEVELS)), row["published_percent"]
            )["matches"]
            for row in csv.DictReader(file)
        }


def test_the_rescaled_mean_fits_in_70_of_78_rows(compared: dict[tuple[str, str], list[str]]) -> None:
    assert len(compared) == 78
    assert sum(RESCALED in matches for matches in compared.values()) == 70


def test_from_april_2026_on_the_publisher_printed_the_share_satisfied(
    compared: dict[tuple[str, str], list[str]],
) -> None:
    after = {key: matches for key, matches in compared.items() if key[1] in AFTER_THE_BREAK}
    assert len(after) == 6
    assert all(TOP2 in matches and RESCALED not in matches for matches in after.values())


def test_two_rows_fit_neither_definition(compared: dict[tuple[str, str], list[str]]) -> None:
    fitting_neither = {key for key, matches in compared.items() if not {TOP2, RESCALED} & set(matches)}
    assert fitting_neither == NEITHER


def test_definitions_are_exact_quotients() -> None:
    """Levels 1..5 given 1 2 3 4 10 times, 20 in all: top two 14/20; rescaled (2 x 25 + 3 x 50 + 4 x 75 + 10 x 100)/20
    = 75 of 100; mean of five (1 + 4 + 9 + 16 + 50)/20 = 4, which is 75 % of the way from 1 to 5 too."""
    found = compare_with_published(levels(1, 2, 3, 4, 10), None)
    assert found["values"][TOP2] == 0.7
    assert found["values"][RESCALED] == 0.75
    assert (found["published"], found["matches"]) == (None, [])


@pytest.mark.parametrize(
    ("printed", "fits"), [("63", True), ("62.5", True), ("62.50", True), ("62", False), ("62.6", False)]
)
def test_a_printed_figure_is_met_at_its_own_decimals_rounded_half_up(printed: str, fits: bool) -> None:
    """5 of 8 are 62.5 %: half up gives 63, half to even would give 62."""
    assert (TOP2 in compare_with_published(levels(3, 0, 0, 0, 5), printed)["matches"]) is fits
