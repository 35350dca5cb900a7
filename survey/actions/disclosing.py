"""Disclosure control on persons, in a file or behind the rates of a question: nobody is alone with what others know.

Key variables are what an acquaintance may know: how and when somebody answered, and the profile. Rare categories are
withheld first; then, where fewer than k persons of a stratum share all key variables, these are withheld one by one,
the most telling first (local suppression: Hundepool et al. 2012, Statistical Disclosure Control, 3.4). What is
withheld is a category of its own when persons are counted, and so is telling nothing: every group of a stratum has k
persons. A stratum of fewer than k keeps its overall answers, which are the sample, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Column: TypeAlias = NDArray[Any]
MOST_CODES = 2**62


@dataclass
class DisclosureReport:
    """What was done to a file of `responses` persons, and what remains.

    `rare`: persons of each rare category that was withheld, by variable. `withheld`: persons whose value of a variable
    was withheld for being alone with it. `unique_before` counts those who were alone with their key variables,
    `smallest_group` is the least number who share any that are still told (0: none is told). `small_strata` have fewer
    than k persons: `emptied` of them lost all answers but the overall one. `homogeneous_strata` answered all alike.
    """

    k: int
    responses: int
    key_variables: tuple[str, ...]
    left_out: tuple[str, ...]
    rare: dict[str, dict[str, int]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    unique_before: int = 0
    smallest_group: int = 0
    small_strata: int = 0
    emptied: int = 0
    homogeneous_strata: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def protect(
    columns: dict[str, Column],
    keys: Sequence[str],
    answers: Sequence[str],
    *,
    overall: str,
    k: int,
    withheld: int,
    left_out: Sequence[str] = (),
) -> DisclosureReport:
    """Withhold (in place) what would tell who somebody is; `columns` has a code for each person, with "stratum".

    `withheld` is the code that replaces a value. Raises nothing: with no person there is nothing to do.
    """
    stratum = columns["stratum"]
    report = DisclosureReport(k, len(stratum), tuple(keys), tuple(left_out))
    if not len(stratum):
        return report
    report.unique_before = int((_group_sizes(stratum, [columns[name] for name in keys]) == 1).sum())
    for name in keys:
        _withhold_rare(columns, name, k, withheld, report)
    _withhold_lonely(columns, keys, k, withheld, report)
    _hide_among_others(columns, keys, k, withheld, report)
    _empty_small_strata(columns, [*keys, *(name for name in answers if name != overall)], k, withheld, report)
    told = np.any([columns[name] != withheld for name in keys], axis=0) if keys else np.zeros(len(stratum), dtype=bool)
    sizes = _group_sizes(stratum, [columns[name] for name in keys])
    report.smallest_group = int(sizes[told].min()) if told.any() else 0
    report.homogeneous_strata = _count_alike(stratum, columns[overall])
    return report


def choices_to_tell(counts: Mapping[int, tuple[int, int]], fewest: int) -> set[int]:
    """The choices of a question, each with its persons and the satisfied among them, whose rates may be told.

    They are of many persons who are not all of one mind. Where one choice alone is left out, so is the next smallest:
    the first would follow from the whole.
    """
    told = sorted((n, choice) for choice, (n, satisfied) in counts.items() if n >= fewest and 0 < satisfied < n)
    return {choice for _, choice in (told[1:] if len(counts) - len(told) == 1 else told)}


def _withhold_rare(columns: Mapping[str, Column], name: str, k: int, withheld: int, report: DisclosureReport) -> None:
    """Values that fewer than k persons of the whole file have."""
    values, counts = np.unique(columns[name], return_counts=True)
    rare = (counts < k) & (values != withheld)
    if rare.any():
        columns[name][np.isin(columns[name], values[rare])] = withheld
        report.rare[name] = {str(value): int(count) for value, count in zip(values[rare], counts[rare], strict=True)}


def _withhold_lonely(
    columns: Mapping[str, Column], keys: Sequence[str], k: int, withheld: int, report: DisclosureReport
) -> None:
    """Go through the key variables from the most values to the fewest, and withhold each where a group is small."""
    order = sorted(keys, key=lambda name: -_number(columns[name])[1])
    for name in order:
        small = _group_sizes(columns["stratum"], [columns[each] for each in keys]) < k
        small &= columns[name] != withheld
        columns[name][small] = withheld
        report.withheld[name] = int(small.sum())
    # What was withheld may have left others alone: whoever still is loses all.
    while True:
        small = _group_sizes(columns["stratum"], [columns[each] for each in keys]) < k
        small &= np.any([columns[name] != withheld for name in keys], axis=0) if keys else False
        if not small.any():
            return
        for name in keys:
            report.withheld[name] += int((small & (columns[name] != withheld)).sum())
            columns[name][small] = withheld


def _hide_among_others(
    columns: Mapping[str, Column], keys: Sequence[str], k: int, withheld: int, report: DisclosureReport
) -> None:
    """Where fewer than k of a stratum tell nothing, that itself tells who they are: others join them, chosen by their
    number in their group and never by an answer, from the largest group that stays large enough, else all of one."""
    if not keys:
        return
    hidden = np.all([columns[name] == withheld for name in keys], axis=0)
    order = np.argsort(columns["stratum"], kind="stable")
    starts = np.flatnonzero(np.diff(columns["stratum"][order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        while 0 < (few := int(hidden[rows].sum())) < min(k, len(rows)):
            told = rows[~hidden[rows]]
            _, group = np.unique(np.stack([columns[name][told] for name in keys]), axis=1, return_inverse=True)
            sizes = np.bincount(group.ravel())
            largest = int(sizes.argmax())
            enough = sizes[largest] >= 2 * k - few
            chosen = told[group.ravel() == (largest if enough else int(sizes.argmin()))]
            chosen = chosen[: k - few] if enough else chosen
            for name in keys:
                report.withheld[name] += int((columns[name][chosen] != withheld).sum())
                columns[name][chosen] = withheld
            hidden[chosen] = True


def _empty_small_strata(
    columns: Mapping[str, Column], names: Sequence[str], k: int, withheld: int, report: DisclosureReport
) -> None:
    codes, counts = np.unique(columns["stratum"], return_counts=True)
    report.small_strata = int((counts < k).sum())
    inside = np.isin(columns["stratum"], codes[counts < k])
    report.emptied = int(inside.sum())
    for name in names:
        columns[name][inside] = withheld


def _count_alike(stratum: Column, overall: Column) -> int:
    pairs = np.unique(np.stack([stratum.astype(np.int64), overall.astype(np.int64)]), axis=1)
    _, answers = np.unique(pairs[0], return_counts=True)
    return int((answers == 1).sum())


def _group_sizes(stratum: Column, keys: Sequence[Column]) -> NDArray[np.int64]:
    """How many persons of the same stratum share each person's key variables."""
    code, codes = stratum.astype(np.int64), int(stratum.max()) + 1
    for column in keys:
        place, values = _number(column)
        if codes * values > MOST_CODES:
            _, code = np.unique(code, return_inverse=True)
            codes = int(code.max()) + 1
        code *= values
        code += place
        codes *= values
    _, code = np.unique(code, return_inverse=True)
    return np.bincount(code)[code]


def _number(column: Column) -> tuple[Column, int]:
    """The values of a column of small numbers as 0, 1, ... in their order, and how many there are: without sorting,
    which a million persons and ten variables would be sorted hundreds of times by."""
    least = column.min()
    known = np.bincount(column - least) > 0
    return (np.cumsum(known) - 1)[column - least], int(known.sum())
