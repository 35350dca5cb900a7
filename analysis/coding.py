"""Codes for the values of key columns: which cells are alike in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Codes

_SPARSE = 8  # possible values for each one that is there, beyond which hashing is faster than a table
_DENSE = 4_000_000  # numbers that are still told apart by a table instead of by sorting


def code_columns(table: pd.DataFrame, columns: tuple[str, ...]) -> tuple[Codes, pd.DataFrame]:
    """Place of each row among the sorted distinct combinations of the columns, -1 where one is missing; and these."""
    codes, values = code_values(table[columns[0]])
    labels: dict[str, Any] = {columns[0]: values}
    for name in columns[1:]:
        own, values = code_values(table[name])
        size = max(len(values), 1)
        found, codes = number(np.where((codes < 0) | (own < 0), -1, codes * size + own), (codes.max() + 1) * size)
        labels = {known: label[found // size] for known, label in labels.items()} | {name: values[found % size]}
    return codes, pd.DataFrame(labels)


def code_values(values: pd.Series[Any]) -> tuple[Codes, pd.Index[Any]]:
    """Place of each value among the sorted distinct values, -1 for a missing one; and these values.

    Whole numbers in a narrow range are coded by a table instead of by hashing and sorting.
    """
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "i" and len(values):
        numbers = values.to_numpy()
        least = int(numbers.min())
        span = int(numbers.max()) - least + 1
        if span <= _SPARSE * len(numbers):
            found, codes = number(numbers.astype(np.intp, copy=False) - least, span)
            return codes, pd.Index(found + least, dtype=values.dtype)
    codes, labels = pd.factorize(values, sort=True)
    return codes.astype(np.intp, copy=False), pd.Index(labels)


def number(joined: Codes, size: int) -> tuple[Codes, Codes]:
    """The distinct ones of some numbers in 0..size-1, in order, and the place of each number among them; -1 stays."""
    if joined.min(initial=0) < 0:
        places = np.full(len(joined), -1, dtype=np.intp)
        inside = joined >= 0
        found, places[inside] = number(joined[inside], size)
        return found, places
    if size > _DENSE:
        found, places = np.unique(joined, return_inverse=True)
        return found, places.astype(np.intp, copy=False)
    occurs = np.zeros(size, dtype=bool)
    occurs[joined] = True
    found = np.flatnonzero(occurs)
    place = np.empty(size, dtype=np.intp)  # not zeroed: only the pages of numbers that occur are touched
    place[found] = np.arange(len(found))
    return found, place[joined]


def order_by_appearance(codes: Codes) -> Codes:
    """The same groups, numbered in the order in which they first appear."""
    size = int(codes.max(initial=-1)) + 1
    first = np.empty(size, dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    if (first[1:] > first[:-1]).all():
        return codes
    place = np.empty(size, dtype=np.intp)
    place[np.argsort(first)] = np.arange(size)
    return place[codes]
