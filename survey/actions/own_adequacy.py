"""Every adequacy check of the domains of a file: those of a wave's cells, as far as a file can tell.

A file does not say who was invited, so response, representativity and tipping points are left to waves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import narwhals as nw
import pandas as pd

from analysis import (
    Certificate,
    Check,
    Design,
    Evidence,
    Plan,
    StratumSpread,
    certify_rate,
    check_adequacy,
    check_weights,
    where_to_ask,
)
from analysis.adequacy import NothingToAsk
from analysis.certifying import read_simulated
from analysis.errors import AnalysisError
from survey.actions.adequacy_checks import DECIDING
from survey.actions.estimating import DomainEstimate
from survey.actions.estimating_file import CODED, CodedFile, FileQuestion, spell_value

DOMAIN = "hailong_domain"
INSIDE = f"{DOMAIN} == 1"
PLANNED_MARGIN = 0.03
DRAWS = 1000
MOST_DOMAINS = 40  # a certificate takes a thirtieth of a second, and somebody waits
ASKED_FIRST = 3


@dataclass(frozen=True, slots=True)
class DomainChecks:
    """The checks of one domain, and the strata where one more answer lowers the variance most."""

    checks: tuple[Check, ...]
    where: tuple[str, ...]


def check_domains(
    coded: CodedFile, question: FileQuestion, domains: Sequence[DomainEstimate], target: float | None
) -> Iterator[DomainChecks]:
    """The checks of the first domains, in their order; without a target, those that need none."""
    frame = nw.from_native(coded.frame).lazy().collect().to_pandas()
    spelled = {name: frame[name].map(spell_value) for name in question.by}
    for domain in domains[:MOST_DOMAINS]:
        inside = pd.Series(data=True, index=frame.index)
        for name, value in domain.keys.items():
            inside &= spelled[name] == value
        yield _check(frame.assign(**{DOMAIN: inside.astype("int64")}), question.design, domain, target)


def _check(frame: pd.DataFrame, design: Design, domain: DomainEstimate, target: float | None) -> DomainChecks:
    estimate = domain.estimate
    strata = _spread(frame, design, estimate.rate)
    simulated = read_simulated(frame, design, CODED, INSIDE)
    evidence = Evidence(
        strata=strata,
        weights=check_weights(simulated.weight, simulated.n),
        certificate=_certify(frame, design, target) if target else None,
    )
    checks = check_adequacy(estimate, target or 0.5, Plan(half_width=PLANNED_MARGIN), evidence)
    return DomainChecks(tuple(each for each in checks if target or each.name not in DECIDING), _where(strata))


def _spread(frame: pd.DataFrame, design: Design, rate: float) -> dict[str, StratumSpread]:
    """The strata that reach into the domain: people, answers, and the variance of the whole domain."""
    rows = frame[frame[DOMAIN] == 1]
    size = rows[design.count] if design.count else pd.Series(1, index=rows.index)
    names = rows[list(design.strata)].map(spell_value).agg("/".join, axis=1) if design.strata else ""
    known = pd.DataFrame({"stratum": names, "n": size.where(rows[CODED].notna(), 0), "N": _people(rows, design, size)})
    found: dict[str, StratumSpread] = {}
    for name, each in known.groupby("stratum"):
        people = each["N"].max() if design.populations else each["N"].sum()
        found[str(name)] = StratumSpread(float(people), int(each["n"].sum()), rate * (1 - rate))
    return found


def _people(rows: pd.DataFrame, design: Design, size: pd.Series) -> pd.Series:
    if design.populations:
        return rows[design.populations[0]]
    return rows[design.weight] * size if design.weight else size


def _certify(frame: pd.DataFrame, design: Design, target: float) -> Certificate | None:
    with suppress(AnalysisError):
        return certify_rate(frame, design, CODED, target, within=INSIDE, draws=DRAWS)
    return None


def _where(strata: dict[str, StratumSpread]) -> tuple[str, ...]:
    with suppress(NothingToAsk):
        return tuple(name for name, gain in where_to_ask(strata)[:ASKED_FIRST] if gain > 0 and name)
    return ()
