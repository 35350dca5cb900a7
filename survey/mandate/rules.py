"""The rule of a wave: the recipe of its verdict, locked before the first invitation goes out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from survey.mandate.exclusions import load_exclusion_rules
from survey.mandate.indicators import DEFAULT_INDICATOR, LEVELS, load_indicators

EVERYBODY = "response"
ITEMS_ANSWERED = "items_answered"
ITEMS_SATISFIED = "items_satisfied"
TARGET_POPULATIONS = ("finite", "process")
COUNTED = ("dossiers", "applicants")
PLANNED_RESPONSES = tuple(f"0.{tenths}" for tenths in range(1, 10))
PLANNED_MARGINS = ("0.01", "0.02", "0.03", "0.04", "0.05")
LATER_FIELDS = ("exclusions", "counts", "largest_frame_gap", "recipe", "planned_response", "planned_margin")


class MalformedRule(ValueError):
    """A rule that this version of the program cannot follow."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What will be computed, and how, once the answers are in.

    Shares are kept as decimal text, so that the rule's bytes are the same everywhere. `outcomes` are the integer scores
    of a person that the tally sums: the five levels of the overall item, each 0 or 1, and the items counted.
    `target_population` is `finite` (these transactions, with finite population correction) or `process` (the service
    that will go on, without). `territory` is the area or area group whose targets the verdict is held against.
    `exclusions` names the exclusion rules that may be applied to its answers; no other may, whatever the answers say.
    `counts` says whether dossiers or applicants are drawn: with applicants, one agent's 300 dossiers are one citizen.
    `largest_frame_gap` is how much of an agency's independent total the frame may lack before nothing is "met".
    `recipe` holds the steps of weighting that the wave adopted, with name and version, as canonical JSON.
    `planned_response` is the share of those invited who were expected to answer, `planned_margin` the half-width that
    the sample was to reach: progress and adequacy are held to both.
    """

    indicator: str = DEFAULT_INDICATOR
    outcomes: tuple[str, ...] = ()
    method: str = "guarded"
    confidence_level: str = "0.95"
    weighting: str = "frame"
    calibration_variables: tuple[str, ...] = ()
    lonely_psu: str = "collapse"
    target_population: str = "process"
    minimum_effective: int = 30
    minimum_df: int = 8
    minimum_coverage: str = "0.95"
    minimum_cell: int = 10
    window_waves: int = 1
    many_agencies: str = "holm"
    territory: str = "former_soc_trang"
    exclusions: tuple[str, ...] = ()
    counts: str = "dossiers"
    largest_frame_gap: str = "0.05"
    recipe: str = ""
    planned_response: str = "0.5"
    planned_margin: str = "0.03"

    def __post_init__(self) -> None:
        if self.indicator not in load_indicators() or load_indicators()[self.indicator].comparison_only:
            raise MalformedRule(
                f"A rule cannot rest on the indicator {self.indicator!r}; see `hailong estimate --help`."
            )
        unknown = [key for key in self.exclusions if key not in load_exclusion_rules()]
        if unknown:
            raise MalformedRule(
                f"There is no exclusion rule {unknown[0]!r}: use one of {', '.join(load_exclusion_rules())}."
            )
        if self.target_population not in TARGET_POPULATIONS:
            raise MalformedRule(f"target_population must be one of {', '.join(TARGET_POPULATIONS)}.")
        if self.counts not in COUNTED:
            raise MalformedRule(f"counts must be one of {', '.join(COUNTED)}.")
        if self.planned_response not in PLANNED_RESPONSES or self.planned_margin not in PLANNED_MARGINS:
            raise MalformedRule(
                f"planned_response must be one of {', '.join(PLANNED_RESPONSES)}, planned_margin one of "
                f"{', '.join(PLANNED_MARGINS)}."
            )
        if not self.outcomes:
            object.__setattr__(self, "outcomes", person_outcomes())

    def canonical(self) -> str:
        """The rule's own bytes: sorted JSON without floats, and without later fields that are as they always were."""
        values = asdict(self)
        for name in LATER_FIELDS:
            if values[name] == type(self).__dataclass_fields__[name].default:
                del values[name]
        return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @property
    def recipe_name(self) -> str:
        """Name and version of the adopted recipe; empty without one."""
        return str(json.loads(self.recipe)["name"]) if self.recipe else ""

    def digest(self) -> bytes:
        """SHA-256 of the canonical text."""
        return hashlib.sha256(self.canonical().encode()).digest()


def read_rule(text: str) -> Rule:
    """The rule that `canonical` wrote. Raises MalformedRule."""
    values: dict[str, Any] = json.loads(text)
    for name in ("outcomes", "calibration_variables", "exclusions"):
        values[name] = tuple(values.get(name, ()))
    try:
        return Rule(**values)
    except TypeError as unknown:
        raise MalformedRule(f"This rule was written by another version of the program: {unknown}") from unknown


def level_outcome(level: int) -> str:
    """The outcome that is 1 for each person whose overall answer is this level (1 to 5)."""
    return f"level{level}"


def person_outcomes() -> tuple[str, ...]:
    """The five levels of the overall item, from which every definition of the figure follows, and the items counted."""
    return (*(level_outcome(level) for level in range(1, LEVELS + 1)), ITEMS_ANSWERED, ITEMS_SATISFIED)
