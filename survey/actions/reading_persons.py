"""Reading the persons of a wave from the ledger as columns of small numbers, a byte for each answer."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from survey.actions.disclosing import Column
from survey.documents.microdata import NO_ANSWER, NOT_APPLICABLE
from survey.mandate.periods import month_of
from survey.mandate.questionnaires import NOT_APPLICABLE as NA
from survey.mandate.questionnaires import Item, Questionnaire
from survey.mandate.text import LANGUAGES

EVERY = 50_000  # rows between two reports of progress
TEXTS = ("stratum", "psu", "class", "channel")


@dataclass
class Persons:
    """Columns by name: items, `language`, `assisted`, `month` (202611), and codes of the texts in `texts`.

    `left_out` counts the leaves that are no person who counts: excluded and withdrawn.
    """

    columns: dict[str, Column]
    texts: dict[str, tuple[str, ...]]
    left_out: int


@dataclass
class _Coder:
    """Texts as numbers, in the order in which they are met."""

    codes: dict[str, int] = field(default_factory=dict)
    column: array[int] = field(default_factory=lambda: array("i"))

    def add(self, text: str) -> None:
        self.column.append(self.codes.setdefault(text, len(self.codes)))

    def sorted(self) -> tuple[Column, tuple[str, ...]]:
        """The column with codes in the order of the texts, so that no code tells who came first."""
        names = sorted(self.codes)
        place = np.empty(len(names), dtype=np.int32)
        for code, name in enumerate(names):
            place[self.codes[name]] = code
        return place[np.frombuffer(self.column, dtype=np.int32)] if names else np.empty(0, np.int32), tuple(names)


def code_choices(item: Item) -> dict[str, int]:
    """The number of each choice in a file: the level of a scale, else its place from 1; 97 for "not applicable"."""
    codes: dict[str, int] = {}
    for place, choice in enumerate((each for each in item.choices if each.code != NA), 1):
        codes[choice.code] = choice.score if item.kind == "scale" and choice.score is not None else place
    return codes | ({NA: NOT_APPLICABLE} if item.not_applicable or any(c.code == NA for c in item.choices) else {})


def read_persons(
    leaves: Iterable[tuple[int, bytes]],
    questionnaire: Questionnaire,
    excluded: set[int],
    progress: Callable[[int], None],
) -> Persons:
    """The persons among a wave's leaves (position and codes, in the order of the tree), less those left out."""
    items = [item for item in questionnaire.items if item.kind != "comment"]
    lookups = [(item.code, code_choices(item), bytearray()) for item in items]
    coders = {name: _Coder() for name in TEXTS}
    months: dict[str, int] = {}
    month, language, assisted, positions = array("i"), bytearray(), bytearray(), array("q")
    withdrawn: set[int] = set()
    read = 0
    for read, (position, bare) in enumerate(leaves, 1):
        codes: Mapping[str, Any] = json.loads(bare)
        if read % EVERY == 0:
            progress(read)
        if codes["kind"] != "response":
            withdrawn.update([codes["withdrawn"]] if codes["kind"] == "withdrawal" else [])
            continue
        answers = codes["answers"]
        for code, lookup, column in lookups:
            column.append(lookup.get(answers.get(code), NO_ANSWER))
        for name, coder in coders.items():
            coder.add(codes[name])
        period = codes["period"]
        month.append(months.setdefault(period, _month_number(period)))
        language.append(LANGUAGES.index(codes["language"]) + 1)
        assisted.append(codes["assisted"])
        positions.append(position)
    progress(read)
    columns: dict[str, Column] = {code: np.frombuffer(column, dtype=np.uint8) for code, _, column in lookups}
    columns |= {"language": np.frombuffer(language, dtype=np.uint8), "assisted": np.frombuffer(assisted, np.uint8)}
    columns |= {"month": np.frombuffer(month, dtype=np.int32)}
    texts = {}
    for name, coder in coders.items():
        columns[name], texts[name] = coder.sorted()
    kept = ~np.isin(np.frombuffer(positions, dtype=np.int64), sorted(excluded | withdrawn))
    return Persons({name: column[kept] for name, column in columns.items()}, texts, int((~kept).sum()))


def _month_number(period: str) -> int:
    name = period if len(period) == len("2026-11") else month_of(period)
    return int(name.replace("-", ""))
