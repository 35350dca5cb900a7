"""Exclusion rules: which sealed answers do not count, by what their codes say. Public, versioned, dated data."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from survey.mandate.errors import UnknownExclusionRule
from survey.mandate.files import Entry, read_entry
from survey.mandate.periods import days_of
from survey.mandate.sources import Source, find_source
from survey.mandate.text import Text


@dataclass(frozen=True)
class CodeCondition:
    """What one code of an answer must be or, where it is a list, hold: one of `among`; or a period after the end."""

    of: str
    among: tuple[str, ...] = ()
    after_close: bool = False

    def holds(self, codes: Mapping[str, Any], closes_on: datetime.date) -> bool:
        """Whether an answer with these codes meets it; one without the code does not."""
        value = codes.get(self.of)
        if value is None:
            return False
        if self.after_close:
            return days_of(str(value))[0] > closes_on
        return any(str(each) in self.among for each in (value if isinstance(value, list) else [value]))


@dataclass(frozen=True)
class ExclusionRule:
    """An answer that meets every condition does not count."""

    code: str
    version: int
    in_force_from: datetime.date
    source: Source
    name: Text
    reason: Text
    conditions: tuple[CodeCondition, ...]

    @property
    def key(self) -> str:
        """The rule's full name, such as "too-fast@1"."""
        return f"{self.code}@{self.version}"

    def meets(self, codes: Mapping[str, Any], closes_on: datetime.date) -> bool:
        """Whether all conditions hold."""
        return all(each.holds(codes, closes_on) for each in self.conditions)


@cache
def load_exclusion_rules() -> dict[str, ExclusionRule]:
    """Every rule by its full name, such as "too-fast@1"."""
    top = read_entry("exclusions.toml")
    rules: dict[str, ExclusionRule] = {}
    for entry in top.entries("rule"):
        rule = _read(entry)
        if rule.key in rules:
            raise entry.error("this version exists already: a rule is never edited, give it a new version")
        rules[rule.key] = rule
    top.finish()
    return rules


def load_exclusion_rule(key: str) -> ExclusionRule:
    """The rule with this full name. Raises `UnknownExclusionRule`."""
    rules = load_exclusion_rules()
    if key not in rules:
        raise UnknownExclusionRule(f"No exclusion rule {key!r}: use one of {', '.join(rules)}")
    return rules[key]


def _read(entry: Entry) -> ExclusionRule:
    rule = ExclusionRule(
        code=entry.string("code"),
        version=entry.integer("version"),
        in_force_from=entry.date("in_force_from"),
        source=find_source(entry.string("source")),
        name=entry.text("name"),
        reason=entry.text("reason"),
        conditions=tuple(_read_condition(each) for each in entry.entries("condition")),
    )
    entry.finish()
    if not rule.conditions:
        raise entry.error("a rule without a condition would exclude everybody: say what its codes must be")
    return rule


def _read_condition(entry: Entry) -> CodeCondition:
    condition = CodeCondition(
        of=entry.string("of"),
        among=entry.strings("among"),
        after_close=entry.flag("after_close", default=False),
    )
    entry.finish()
    if bool(condition.among) == condition.after_close:
        raise entry.error("a condition has one of among and after_close")
    return condition
