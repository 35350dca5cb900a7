"""Codes of key columns: sorted places, whatever the values are; missing ones belong to no combination."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import coding
from analysis.coding import code_columns, code_values, number, order_by_appearance


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([7, 5, 7, -2]),
        pd.Series([7, 5, 7, 10**12]),
        pd.Series([2.5, np.nan, 2.5, -1.0]),
        pd.Series(["b", None, "a", "b"]),
        pd.Series([3, None, 1, 3], dtype="Int64"),
        pd.Series([200, 5, 200, 7], dtype="uint8"),
        pd.Series([True, False, True, True]),
        pd.Series([], dtype="int64"),
    ],
    ids=str,
)
def test_values_are_coded_in_their_order(values: pd.Series) -> None:
    codes, labels = code_values(values)
    assert list(labels) == sorted(values.dropna().unique())
    assert [labels[code] if code >= 0 else None for code in codes] == [None if pd.isna(v) else v for v in values]


def test_combinations_are_sorted_and_only_those_that_occur() -> None:
    table = pd.DataFrame({"a": ["y", "x", "y", None, "y"], "b": [2, 1, 1, 1, 2]})
    codes, labels = code_columns(table, ("a", "b"))
    assert labels.values.tolist() == [["x", 1], ["y", 1], ["y", 2]]
    assert codes.tolist() == [2, 0, 1, -1, 2]
    codes, labels = code_columns(table.iloc[3:4], ("a", "b"))
    assert (codes.tolist(), len(labels)) == ([-1], 0)


def test_sorting_and_the_table_number_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = np.array([9, 3, -1, 9, 0])
    by_table = number(joined, 10)
    monkeypatch.setattr(coding, "_DENSE", 0)
    by_sorting = number(joined, 10)
    for found in (by_table, by_sorting):
        assert [part.tolist() for part in found] == [[0, 3, 9], [2, 1, -1, 2, 0]]


def test_groups_are_numbered_as_they_appear() -> None:
    assert order_by_appearance(np.array([2, 0, 2, 1])).tolist() == [0, 1, 0, 2]
    assert order_by_appearance(np.array([0, 0, 1])).tolist() == [0, 0, 1]
