"""Who answered: response by stratum, agency and channel, frame against respondents, early against late, modes, bounds.

Groups of few are left out, and one more where a single one could be worked out from the rest.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis import Cells, Design, cells, difference, rate_by, tipping_points
from analysis.errors import AnalysisError
from analysis.response import TippingPoints
from analysis.twophase import TwoPhaseEstimate, TwoPhaseStratum, estimate_two_phases
from survey.actions.adequacy import Frozen
from survey.actions.asking_again import size_subsample
from survey.actions.estimating import make_design, score_answers
from survey.actions.suppressing import GROUP_DISCLOSURE, round_printed
from survey.mandate.indicators import load_indicator

Followed = tuple[int, int]


class BadFollowUp(ValueError):
    """The counts of a follow-up cannot be read; the message says which line and why."""


@dataclass(frozen=True, slots=True)
class Response:
    """Invited and answered of a group; `name` is a stratum, an agency, a sector or a channel."""

    name: str
    invited: int
    answered: int

    @property
    def rate(self) -> float | None:
        return self.answered / self.invited if self.invited else None


@dataclass(frozen=True, slots=True)
class Share:
    """A group's share of the frame, of the invited, of those who answered, and of these once weighted."""

    name: str
    frame: float
    invited: float | None
    answered: float
    weighted: float


@dataclass(frozen=True, slots=True)
class GroupRate:
    """The weighted rate of a group and its difference from the largest one; None where the group is too small."""

    name: str
    n: int | None
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None


def list_response(frozen: Frozen, by: str) -> list[Response]:
    """Response by `stratum`, `agency` or `sector` under the release's checkpoint, the lowest rate first."""
    invited, answered = frozen.fielded.invited, frozen.fielded.answered
    names = {each.code: _group(each, by) for each in frozen.data.strata}
    found = [
        Response(name, *(sum(counts.get(code, 0) for code in codes) for counts in (invited, answered)))
        for name, codes in _invert(names).items()
    ]
    return sorted(found, key=lambda each: (each.rate if each.rate is not None else 2.0, each.name))


def list_channels(frozen: Frozen) -> list[Response]:
    """Response by channel, the lowest rate first: invitations that went out by it, answers that came by it. Where it
    asked nobody (a kiosk, say), or its few answers would tell what they said, there is no rate."""
    counts, asked, hidden = _count_channels(frozen), frozen.fielded.channels, hide_channels(frozen)
    found = [
        Response(name, asked.get(name, 0), counts.get(name, 0)) for name in {*counts, *asked} if name not in hidden
    ]
    return sorted(found, key=lambda each: (each.rate if each.rate is not None else 2.0, each.name))


def hide_channels(frozen: Frozen) -> set[str]:
    """Channels by which too few answered."""
    counts = _count_channels(frozen)
    return hide_groups(counts, {name: n / 2 for name, n in counts.items()}, frozen.data.rule.minimum_cell)


def list_shares(frozen: Frozen, by: str) -> list[Share]:
    """Frame, invited, respondents and weighted respondents by `agency` or `sector`."""
    strata = frozen.data.strata
    answered = frozen.data.answered
    groups = _invert({each.code: _group(each, by) for each in strata})
    populations = frozen.data.populations
    covered = {code: n for code, n in populations.items() if answered.get(code)}

    def shares(counts: Mapping[str, int]) -> dict[str, float]:
        total = sum(counts.values())
        return {name: sum(counts.get(c, 0) for c in codes) / total if total else 0.0 for name, codes in groups.items()}

    parts = [shares(counts) for counts in (populations, frozen.fielded.invited, answered, covered)]
    asked = bool(frozen.fielded.invited)
    return [
        Share(name, parts[0][name], parts[1][name] if asked else None, parts[2][name], parts[3][name])
        for name in sorted(groups)
    ]


def compare_periods(frozen: Frozen) -> list[GroupRate]:
    """Early against late: the half-months in which answers came, in their order."""
    scored = score_answers(frozen.data, load_indicator(frozen.data.rule.indicator), frozen.data.answers)
    return _compare(frozen, scored, "period")


def compare_modes(frozen: Frozen) -> list[GroupRate]:
    """Channels, those who were helped apart."""
    rows = frozen.channels.copy()
    if rows.empty:
        return []
    rows["mode"] = rows["channel"] + rows["assisted"].map({0: "", 1: "+"})
    rows["level"] = rows["level"].where(rows["level"] > 0).astype("float64")
    places = frozen.data.answers.drop_duplicates("stratum").set_index("stratum")
    rows["agency"] = rows["stratum"].map(places["agency"])
    return _compare(frozen, score_answers(frozen.data, load_indicator(frozen.data.rule.indicator), rows), "mode")


def list_tipping(frozen: Frozen) -> list[tuple[str, float, TippingPoints]]:
    """For each judged sector: its target, and what those who did not answer would have to be like to change it."""
    found = []
    for (level, sector, _), numbers in frozen.shown.items():
        judged = [each for each in numbers.get("judgements", ()) if each["kind"] == "in_force"]
        answered, invited = numbers.get("answered", 0), numbers.get("invited", 0)
        if level == "sector" and judged and numbers["rate"] is not None and 0 < answered < invited:
            target = float(judged[0]["target"])
            found.append((sector, target, tipping_points(numbers["rate"], target, answered / invited)))
    return found


def read_follow_up(text: str) -> dict[str, Followed]:
    """Lines `stratum, asked again and answered, satisfied of these`. Raises BadFollowUp."""
    found: dict[str, Followed] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        parts = [cell.strip() for cell in line.replace(";", ",").split(",")]
        if not any(parts):
            continue
        if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()) or parts[0] in found:
            raise BadFollowUp(f"{number}: {line[:60]}")
        found[parts[0]] = (int(parts[1]), int(parts[2]))
    return found


def size_follow_up(frozen: Frozen, share: float) -> dict[str, int]:
    """How many of the silent of each stratum to ask again: this share of them, at least two."""
    return size_subsample({code: _silent(frozen, code) for code in frozen.data.populations}, share)


def analyse_follow_up(frozen: Frozen, followed: Mapping[str, Followed]) -> TwoPhaseEstimate:
    """The wave's rate once some of the silent were asked again, as a two-phase design. Raises BadFollowUp and what
    `estimate_two_phases` raises."""
    unknown = set(followed) - set(frozen.data.populations)
    if unknown:
        raise BadFollowUp(sorted(unknown)[0])
    scored = score_answers(frozen.data, load_indicator(frozen.data.rule.indicator), frozen.data.answers)
    scored = scored[scored["y"].notna()]
    n = scored.groupby("stratum")["n"].sum()
    satisfied = (scored["y"] * scored["n"]).groupby(scored["stratum"]).sum()
    strata = [
        TwoPhaseStratum(
            code,
            float(frozen.data.populations[code]),
            int(n.get(code, 0)),
            round(satisfied.get(code, 0)),
            _silent(frozen, code),
            *followed.get(code, (0, 0)),
        )
        for code in sorted(frozen.data.populations)
    ]
    finite = frozen.data.rule.target_population == "finite"
    return estimate_two_phases(strata, finite=finite, confidence_level=float(frozen.data.rule.confidence_level))


def _count_channels(frozen: Frozen) -> dict[str, int]:
    return {str(name): int(n) for name, n in frozen.channels.groupby("channel")["n"].sum().items()}


def _silent(frozen: Frozen, code: str) -> int:
    return max(0, frozen.fielded.invited.get(code, 0) - frozen.data.answered.get(code, 0))


def _group(stratum: object, by: str) -> str:
    return str(getattr(stratum, {"stratum": "code", "agency": "agency_code", "sector": "sector_code"}[by]) or "")


def _invert(names: Mapping[str, str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for code, name in names.items():
        groups.setdefault(name, []).append(code)
    return groups


def _compare(frozen: Frozen, scored: pd.DataFrame, by: str) -> list[GroupRate]:
    rows = scored[scored["y"].notna()]
    counts = {str(name): int(n) for name, n in rows.groupby(by)["n"].sum().items()}
    satisfied = {str(name): float(n) for name, n in (rows["y"] * rows["n"]).groupby(rows[by]).sum().items()}
    hidden = hide_groups(counts, satisfied, frozen.data.rule.minimum_cell)
    shown = [name for name in counts if name not in hidden]
    if not shown:
        return [GroupRate(name, None) for name in sorted(counts)]
    design = make_design(frozen.data, scored)
    kept = cells(scored, design, "y", by=[by])  # summed once for the rates and all their differences
    table = rate_by(kept, design, "y", by)
    found = {str(name): row for name, row in zip(table.index, table.to_dict("records"), strict=True)}
    largest = max(shown, key=lambda name: counts[name])
    return [
        _describe(kept, design, by, name, largest, found[name], counts[name])
        if name in shown
        else GroupRate(name, None)
        for name in sorted(counts)
    ]


def hide_groups(counts: Mapping[str, int], satisfied: Mapping[str, float], k: int) -> set[str]:
    """Groups of fewer than k, or alike and fewer than 30; one alone takes the smallest other with it."""
    hidden = {
        name for name, n in counts.items() if n < k or (n < GROUP_DISCLOSURE and satisfied.get(name, 0) in (0, n))
    }
    rest = sorted((n, name) for name, n in counts.items() if name not in hidden)
    while hidden and rest and (len(hidden) == 1 or sum(counts[name] for name in hidden) < k):
        hidden.add(rest.pop(0)[1])
    return hidden


def _describe(
    kept: Cells, design: Design, by: str, name: str, largest: str, row: Mapping[Hashable, Any], n: int
) -> GroupRate:
    rates = [round_printed(float(row[each])) for each in ("rate", "low", "high")]
    if name == largest:
        return GroupRate(name, n, *rates)
    try:
        gap = difference(kept, design, "y", by, name, largest)
    except AnalysisError:
        return GroupRate(name, n, *rates)
    return GroupRate(name, n, *rates, *(round_printed(each) for each in (gap.difference, gap.low, gap.high)))


def list_unfollowed(frozen: Frozen, followed: Iterable[str]) -> Sequence[str]:
    """Strata with silent people of whom nobody was asked again: their silence has no estimate."""
    known = set(followed)
    return [code for code in sorted(frozen.data.populations) if _silent(frozen, code) and code not in known]
