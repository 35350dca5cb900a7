"""Whoever is still told apart in a protected file shares it with at least k of their stratum."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.actions.disclosing import _group_sizes, choices_to_tell, protect

OUT, K = 98, 5
KEYS = ("sex", "age")


def make(rows: list[tuple[int, int, int, int]]) -> dict[str, np.ndarray]:
    names = ("stratum", *KEYS, "overall")
    table = np.array(rows, dtype=np.int32).reshape(-1, 4)
    return {name: table[:, place].copy() for place, name in enumerate(names)}


def groups(columns: dict[str, np.ndarray]) -> Counter[tuple[int, ...]]:
    return Counter(zip(*(columns[name].tolist() for name in ("stratum", *KEYS)), strict=True))


def test_a_choice_of_few_or_of_one_mind_is_not_told_and_neither_is_the_one_it_would_follow_from() -> None:
    assert choices_to_tell({1: (40, 20), 2: (50, 30)}, 30) == {1, 2}
    assert choices_to_tell({1: (29, 20), 2: (50, 30), 3: (60, 1)}, 30) == {3}
    assert choices_to_tell({1: (29, 20), 2: (10, 5), 3: (60, 1)}, 30) == {3}
    assert choices_to_tell({1: (40, 40), 2: (50, 0), 3: (60, 1)}, 30) == {3}
    assert choices_to_tell({1: (29, 20), 2: (50, 30)}, 30) == set()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(*(st.integers(0, most) for most in (2, 2, 6, 4))), max_size=150))
def test_every_group_that_tells_something_has_k_persons(rows: list[tuple[int, int, int, int]]) -> None:
    columns = make(rows)
    before = {name: column.copy() for name, column in columns.items()}
    report = protect(columns, KEYS, ["overall"], overall="overall", k=K, withheld=OUT)
    sizes = Counter(columns["stratum"].tolist())
    for (stratum, *told), persons in groups(columns).items():
        assert persons >= K or (set(told) == {OUT} and persons == sizes[stratum])
    for name in ("stratum", "overall"):
        assert (columns[name] == before[name]).all(), "the sample itself is never changed"
    for name in KEYS:
        assert ((columns[name] == before[name]) | (columns[name] == OUT)).all()
    assert report.smallest_group == 0 or report.smallest_group >= K


def test_without_protection_somebody_is_alone() -> None:
    """The control: one woman of 60 among thirty men is found in the raw file, and not afterwards."""
    columns = make([(1, 0, 3, 5)] * 30 + [(1, 1, 6, 2)])
    assert min(groups(columns).values()) == 1
    report = protect(columns, KEYS, ["overall"], overall="overall", k=K, withheld=OUT)
    assert report.unique_before == 1
    assert columns["sex"][-1] == columns["age"][-1] == OUT
    assert (columns["sex"] == OUT).sum() == K, "four men are withheld with her, else her silence would tell"
    assert report.smallest_group == 26


def test_a_file_without_anybody_is_left_alone() -> None:
    assert protect(make([]), KEYS, ["overall"], overall="overall", k=K, withheld=OUT).responses == 0


def test_groups_are_counted_as_by_hand_also_where_their_codes_would_not_fit_a_number() -> None:
    """Fourteen variables of sixty values: 60^14 is more than 2^63. Every row stands there once to four times."""
    chance = np.random.default_rng(5)
    rows = np.repeat(chance.integers(0, 60, (40, 14)), chance.integers(1, 5, 40), axis=0)
    stratum, keys = rows[:, 0].astype(np.int32), [column.astype(np.uint8) for column in rows.T[1:]]
    by_hand = Counter(map(tuple, rows.tolist()))
    assert _group_sizes(stratum, keys).tolist() == [by_hand[tuple(row)] for row in rows.tolist()]
