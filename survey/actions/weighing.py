"""Weighing strata by a recipe: nonresponse cells, calibration to margins, trimming, in this order.

Every variable of a recipe belongs to a stratum, so a recipe gives each stratum a total: what its answers stand for.
Without one that is the stratum's population in the frame. The steps are tried in the workshop; a wave that adopts them
has them in its rule, and a release follows them or says why they could not be followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis import Design, adjust_nonresponse, calibrate, post_stratify, rake, trim, weights_of
from analysis.errors import AnalysisError
from survey.mandate.rules import Rule
from survey.proof import canonical_json
from survey.store.frames import Stratum

VARIABLES = ("agency", "sector", "procedure", "area")
METHODS = ("none", "post_stratify", "rake", "linear")
MOST_FACTOR = 5.0  # a margin may move a category's weight by this much; beyond, few answers would decide the rate


class BadRecipe(ValueError):
    """The steps cannot be carried out; `reason` is a code, `detail` names the line or the category."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do, in order: nonresponse cells, calibration to margins, trimming at so many medians (0: none)."""

    nonresponse: str = ""
    method: str = "none"
    margins: Mapping[str, Mapping[str, int]] | None = None
    source: str = ""
    source_date: str = ""
    cap: float = 0.0


@dataclass(frozen=True, slots=True)
class Basis:
    """What steps need besides the answers: each stratum's population and invitations, the least answers of a margin."""

    populations: Mapping[str, int]
    invited: Mapping[str, int]
    least: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the answers of each stratum stand for. `recipe` names what was followed; `refused` says why it was not;
    `untrimmed` is what they stood for before a recipe's trimming (empty: nothing was trimmed)."""

    totals: Mapping[str, float]
    recipe: str = ""
    refused: str = ""
    untrimmed: Mapping[str, float] = field(default_factory=dict)


def write_steps(steps: Steps) -> str:
    """The steps as canonical JSON."""
    return canonical_json(as_text(asdict(steps))).decode()


def read_steps(body: str) -> Steps:
    """The steps that `write_steps` wrote."""
    values = json.loads(body)
    return Steps(**{**values, "cap": float(values["cap"])})


def lock(name: str, body: str) -> str:
    """A recipe as a rule keeps it: its name and version, and every step."""
    return canonical_json({"name": name, "steps": json.loads(body)}).decode()


def weigh_strata(answers: pd.DataFrame, strata: Sequence[Stratum], basis: Basis, rule: Rule) -> Weighed:
    """What the answers of each stratum stand for under the recipe of a rule, or by the frame where there is none.

    `answers` has columns stratum, agency, sector, area, n. A recipe that these answers do not allow (a margin of too
    few, weights that move too far) is left out as a whole, and the reason is kept.
    """
    by_frame = {code: float(population) for code, population in basis.populations.items()}
    if not rule.recipe or answers.empty:
        return Weighed(by_frame)
    counts = answers.groupby(["stratum", "agency", "sector", "area"])["n"].sum().reset_index()
    counts = add_frame(counts, strata, basis.populations)
    design = Design(weight="weight", stratum="stratum", count="n")
    steps = read_steps(json.dumps(json.loads(rule.recipe)["steps"]))
    try:
        made = [("frame", design), *carry_out(counts, design, steps, basis)]
    except BadRecipe as bad:
        return Weighed(by_frame, rule.recipe_name, str(bad))
    totals = [
        dict(zip(counts["stratum"], (weights_of(counts, each) * counts["n"]).tolist(), strict=True)) for _, each in made
    ]
    untrimmed = totals[-2] if made[-1][0] == "trim" else {}
    return Weighed(by_frame | totals[-1], rule.recipe_name, untrimmed=untrimmed)


def add_frame(answers: pd.DataFrame, strata: Sequence[Stratum], populations: Mapping[str, int]) -> pd.DataFrame:
    """The answers with their procedure, and the frame's weight: population over answers of the stratum."""
    procedures = {each.code: each.procedure_code or "" for each in strata}
    sampled = answers.groupby("stratum")["n"].transform("sum")
    weight = answers["stratum"].map(dict(populations)).astype("float64") / sampled
    return answers.assign(procedure=answers["stratum"].map(procedures), weight=weight)


def carry_out(scored: pd.DataFrame, design: Design, steps: Steps, basis: Basis) -> Iterator[tuple[str, Design]]:
    """The name of each step and the design after it. Raises BadRecipe."""
    for name, make in _plan(scored, steps, basis):
        try:
            design = make(design)
        except AnalysisError as refused:
            raise BadRecipe("refused", str(refused)) from refused
        _check_factors(scored, design)
        yield name, design


def quantile(weights: Any, count: Any, share: float) -> float:
    """The least weight that this share of the responses does not exceed."""
    order = np.argsort(np.asarray(weights))
    reached = np.cumsum(np.asarray(count)[order])
    place = int(np.searchsorted(reached, max(1, np.ceil(share * reached[-1]))))
    return float(np.asarray(weights)[order][place])


def as_text(value: Any) -> Any:
    """Fractions as text: canonical JSON has none."""
    if isinstance(value, dict):
        return {name: as_text(each) for name, each in value.items()}
    return repr(value) if isinstance(value, float) else value


def _plan(scored: pd.DataFrame, steps: Steps, basis: Basis) -> list[tuple[str, Any]]:
    """Each step's name with what makes it from the design before it."""
    planned: list[tuple[str, Any]] = []
    if steps.nonresponse:
        planned.append(("nonresponse", _nonresponse(scored, steps.nonresponse, basis)))
    if steps.method != "none":
        margins = _check_margins(scored, steps, basis.least)
        planned.append((steps.method, lambda design: _calibrate(scored, design, steps.method, margins)))
    if steps.cap:
        if not 1 < steps.cap <= 100:
            raise BadRecipe("cap", f"{steps.cap:g}")
        planned.append(("trim", lambda design: _trim(scored, design, steps.cap)))
    return planned


def _nonresponse(scored: pd.DataFrame, column: str, basis: Basis) -> Any:
    """Base weights N / invited of each stratum, brought up to the invited of its cell."""
    if column not in VARIABLES:
        raise BadRecipe("variable", column)
    known = scored.drop_duplicates("stratum").set_index("stratum")[column]
    invited = {code: basis.populations[code] / max(1, n) for code, n in basis.invited.items()}
    base = scored["stratum"].map(invited)
    if base.isna().any():
        raise BadRecipe("uninvited", str(scored.loc[base.isna(), "stratum"].iloc[0]))
    scored["base"] = base
    cells: dict[str, float] = {}
    for code, label in known.items():
        cells[label] = cells.get(label, 0.0) + float(basis.populations[str(code)])
    return lambda design: adjust_nonresponse(scored, replace(design, weight="base"), {column: cells})


def _check_margins(scored: pd.DataFrame, steps: Steps, least: int) -> Mapping[str, Mapping[str, int]]:
    if steps.method not in METHODS:
        raise BadRecipe("method", steps.method)
    if not steps.margins:
        raise BadRecipe("margins")
    if steps.method == "post_stratify" and len(steps.margins) != 1:
        raise BadRecipe("one_margin")
    for column, totals in steps.margins.items():
        counts = scored.groupby(column)["n"].sum()
        few = [name for name in totals if counts.get(name, 0) < least]
        if few:
            raise BadRecipe("few", f"{column} {few[0]}")
    return steps.margins


def _calibrate(scored: pd.DataFrame, design: Design, method: str, margins: Mapping[str, Mapping[str, int]]) -> Design:
    wanted: dict[str | tuple[str, ...], Mapping[Any, float]] = {name: totals for name, totals in margins.items()}
    if method == "post_stratify":
        return post_stratify(scored, design, wanted)
    if method == "rake":
        return rake(scored, design, wanted)
    return calibrate(scored, design, {**wanted})


def _trim(scored: pd.DataFrame, design: Design, cap: float) -> Design:
    return trim(scored, design, upper=cap * quantile(weights_of(scored, design), scored["n"], 0.5))


def _check_factors(scored: pd.DataFrame, design: Design) -> None:
    """A category's weight may move by a few times only: else a rate of few answers could be read off."""
    before = scored["weight"] / (scored["weight"] * scored["n"]).sum()
    after = weights_of(scored, design)
    after = after / (after * scored["n"]).sum()
    ratio = after / before
    if ratio.max() > MOST_FACTOR or ratio.min() < 1 / MOST_FACTOR:
        far = ratio > MOST_FACTOR if ratio.max() > MOST_FACTOR else ratio < 1 / MOST_FACTOR
        raise BadRecipe("factor", str(scored["stratum"][far].iloc[0]))
