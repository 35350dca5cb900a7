"""The rate with and without what is excluded: shown where ten are, and no sum or difference tells about fewer."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product

import numpy as np
import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from preparing import Prepare

from survey.actions.releasing import release_wave
from survey.actions.sealing import append_leaves, new_leaf
from survey.actions.showing_excluded import WAVE_KEY, Key, key_of, show_excluded
from survey.actions.tallying import tally
from survey.keys import Keys
from survey.proof import Signer
from survey.store import ledger, releases
from survey.store.database import Database
from survey.store.releases import StoredFigure

K = 10
AGENCIES, LEAVES = ("A", "B", "C"), ("land", "construction", "civil_status")
ABOVE = {
    "land": ("land", "land_construction_investment"),
    "construction": ("construction", "land_construction_investment"),
}
Cells = dict[tuple[str, str], tuple[int, int]]
CELLS = st.dictionaries(
    st.tuples(st.sampled_from(LEAVES), st.sampled_from(AGENCIES)),
    st.tuples(st.integers(0, 40), st.sampled_from([0, 0, 0, 1, 5, 9, 10, 11, 25])),
    min_size=1,
)


def lattice(cells: Cells) -> tuple[list[StoredFigure], dict[Key, int]]:
    """The figures of a release over these cells (counted, excluded), and how many each excludes."""
    n: Counter[Key] = Counter()
    excluded: Counter[Key] = Counter()
    for (sector, agency), (counted, out) in cells.items():
        keys = [WAVE_KEY, ("agency", sector, agency)]
        keys += [("sector", each, each) for each in (*ABOVE.get(sector, (sector,)), "procedures")]
        for key in keys:
            n[key] += counted
            excluded[key] += out
    figures = [
        StoredFigure(
            level, sector, place or "W", n[level, sector, place] < K, json.dumps({"n": n[level, sector, place]})
        )
        for level, sector, place in n
    ]
    return figures, dict(excluded)


def shown(cells: Cells) -> dict[Key, int]:
    figures, excluded = lattice(cells)
    others = {key: {"n": 0, "rate": 0.5, "low": 0.4, "high": 0.6} for key in excluded}
    after = show_excluded(figures, excluded, others, K)
    return {key_of(each): each.numbers["excluded"] for each in after if "excluded" in each.numbers}


def derivable(cells: Cells, pairs: set[Key]) -> list[int]:
    """Sizes of every group of excluded answers that sums and differences of the shown pairs isolate.

    A pair tells the sum over its cells; whatever lies in the span of what is shown and is 0/1 on cells is a group.
    """
    places = [cell for cell, (_, out) in cells.items() if out]
    if not places or not pairs:
        return []
    rows = np.array([[covers(key, cell) for cell in places] for key in pairs], dtype=float)
    groups = np.array(list(product((0, 1), repeat=len(places))))
    spanned = groups @ np.linalg.pinv(rows) @ rows
    sizes = groups @ np.array([cells[place][1] for place in places])
    return [int(size) for size in sizes[np.abs(spanned - groups).max(axis=1) < 1e-9]]


def covers(key: Key, cell: tuple[str, str]) -> bool:
    level, sector, place = key
    if level == "wave":
        return True
    inside = sector in (*ABOVE.get(cell[0], (cell[0],)), "procedures")
    return inside and (level == "sector" or place == cell[1])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a machine that does other things
@given(cells=CELLS)
def test_no_sum_or_difference_of_shown_pairs_isolates_one_to_nine_excluded_answers(cells: Cells) -> None:
    assert [size for size in derivable(cells, set(shown(cells))) if 0 < size < K] == []


def test_the_attack_finds_what_a_rule_by_cell_alone_would_show() -> None:
    """The control: 12 are excluded, 11 of them at A; showing both pairs gives away the one at B."""
    cells = {("civil_status", "A"): (40, 11), ("civil_status", "B"): (40, 1)}
    alone = {WAVE_KEY, ("agency", "civil_status", "A")}
    assert 1 in derivable(cells, alone)
    assert ("agency", "civil_status", "A") not in shown(cells)
    assert shown(cells)[WAVE_KEY] == 12


@pytest.mark.parametrize(
    ("cells", "agencies"),
    [
        ({("civil_status", "A"): (40, 10), ("civil_status", "B"): (40, 0)}, {"A": 10, "B": 0}),
        ({("civil_status", "A"): (40, 10), ("civil_status", "B"): (40, 12)}, {"A": 10, "B": 12}),
        ({("civil_status", "A"): (40, 9), ("civil_status", "B"): (40, 9)}, {}),
        ({("civil_status", "A"): (9, 10), ("civil_status", "B"): (40, 12)}, {}),
    ],
)
def test_agencies_show_their_pairs_all_or_none(cells: Cells, agencies: dict[str, int]) -> None:
    assert {place: n for (level, _, place), n in shown(cells).items() if level == "agency"} == agencies
    assert WAVE_KEY in shown(cells)


def test_fewer_than_ten_in_the_whole_wave_show_nothing() -> None:
    assert shown({("civil_status", "A"): (40, 9)}) == {}


def prepare(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    made = begin_fieldwork(database, keys, signer, {("A", "land"): 400, ("B", "land"): 600}, invited=80)
    made.answer_all({"A.land": "5" * 40 + "2" * 10, "B.land": "5" * 12 + "1" * 38})
    made.seal_and_tally()
    return made


@pytest.fixture(scope="module")
def preparation() -> Prepare:
    return prepare


@pytest.fixture
def work(prepared: Fieldwork) -> Fieldwork:
    return prepared


def exclude(work: Fieldwork, stratum: str, count: int) -> None:
    """Exclude this many satisfied answers of a stratum, as two auditors would, in one batch."""
    with work.database.reading() as connection:
        rows = [(row.position, json.loads(row.codes)) for row in ledger.iterate_rows(connection, kind="response")]
    some = [at for at, codes in rows if codes["stratum"] == stratum and codes["answers"]["G1"] == "5"][:count]
    codes = {"kind": "exclusion", "reason": "thử", "rule": "try@1", "stratum": stratum, "wave": "W"}
    with work.database.writing("test") as connection:
        leaves = [new_leaf("exclusion", codes | {"excluded": at}) for at in some]
        append_leaves(connection, work.signer, "W", leaves, (), TODAY)
    tally(work.database)


def figures(work: Fieldwork) -> dict[tuple[str, str], dict[str, object]]:
    drafted = release_wave(work.database, "W", by="lan", today=TODAY)
    assert drafted is not None
    with work.database.reading() as connection:
        return {(each.level, each.place): each.numbers for each in releases.list_figures(connection, drafted.code)}


def test_a_release_shows_both_rates_where_ten_are_excluded(work: Fieldwork) -> None:
    """Without: (400 x 40/50 + 600 x 2/40) / 1000 = .35; with: (400 x 40/50 + 600 x 12/50) / 1000 = .464."""
    exclude(work, "B.land", 10)
    found = figures(work)
    wave = found["wave", "W"]
    assert wave["rate"] == pytest.approx(0.35, abs=5e-4)
    assert wave["excluded"] == 10
    assert wave["with_excluded"]["rate"] == pytest.approx(0.464, abs=5e-4)  # type: ignore[index]
    assert wave["with_excluded"]["n"] == 100  # type: ignore[index]
    assert found["agency", "B"]["with_excluded"]["rate"] == pytest.approx(0.24, abs=5e-4)  # type: ignore[index]
    assert found["agency", "A"]["excluded"] == 0
    assert "with_excluded" not in found["agency", "A"]


def test_a_release_says_nothing_of_nine(work: Fieldwork) -> None:
    exclude(work, "B.land", 9)
    for numbers in figures(work).values():
        assert "excluded" not in numbers
        assert "with_excluded" not in numbers


def test_ten_over_two_agencies_show_only_at_the_parent(work: Fieldwork) -> None:
    exclude(work, "A.land", 4)
    exclude(work, "B.land", 6)
    found = figures(work)
    assert found["sector", "land"]["excluded"] == 10
    assert [place for (level, place), numbers in found.items() if level == "agency" and "excluded" in numbers] == []
