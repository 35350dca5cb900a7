"""Places beside each other, from shown figures only: adjusted for their mix, with the ranks that each may have.

Never a bare rank: every rank is a set that holds for all places together, and a place is called apart from the whole
only where its adjusted difference is shown after Holm's correction for having looked at so many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.combining import Part, combine, funnel_limits
from analysis.multiplicity import adjust
from analysis.ranks import RankSet, rank_sets
from analysis.standardise import Standardised, compare_with_whole
from survey.store.releases import StoredFigure

FUNNEL_STEPS = 24
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Compared:
    """One place: its own rate, the rate under the whole's mix and its difference from the whole, its possible ranks.

    `apart` is "above" or "below" where the difference is shown, else "".
    """

    place: str
    rate: float
    low: float
    high: float
    n: int
    n_effective: float
    adjusted: float
    difference: float
    difference_low: float
    difference_high: float
    best: int
    worst: int
    apart: str
    covered: float


@dataclass(frozen=True, slots=True)
class Limit:
    """The funnel at one effective size: limits at 95 and at 99.8 %."""

    size: float
    low: float
    high: float
    outer_low: float
    outer_high: float


def compare_places(figures: Sequence[StoredFigure], areas: Mapping[str, str] | None = None) -> list[Compared]:
    """Agencies (or, with the area of each agency, areas) by their adjusted rate, lowest first; two at least.

    `figures` are agencies of one or several sectors, as released: hidden ones do not count, and a place's `covered` is
    the share of the whole's transactions in the sectors that it has shown figures for.
    """
    cells: dict[tuple[str, str], list[StoredFigure]] = defaultdict(list)
    for each in figures:
        place = each.place if areas is None else areas.get(each.place, "")
        if place and not each.suppressed and each.numbers["rate"] is not None and each.numbers["population"]:
            cells[place, each.sector_code].append(each)
    places = {place for place, _ in cells}
    if len(places) < 2:
        return []
    merged = {key: _merge(each) for key, each in cells.items()}
    return _compare(places, merged, {key: sum(f.numbers["n"] for f in each) for key, each in cells.items()})


def draw_funnel(compared: Sequence[Compared], centre: float) -> list[Limit]:
    """The limits of the funnel from the smallest to the largest place."""
    low = min(each.n_effective for each in compared) / 1.2
    high = max(each.n_effective for each in compared) * 1.2
    sizes = [low * (high / low) ** (step / (FUNNEL_STEPS - 1)) for step in range(FUNNEL_STEPS)]
    inner, outer = funnel_limits(centre, sizes, 0.95), funnel_limits(centre, sizes, 0.998)
    return [Limit(size, *near, *far) for size, near, far in zip(sizes, inner, outer, strict=True)]


def _merge(figures: Sequence[StoredFigure]) -> Part:
    """Several agencies of a sector in one place as one rate, weighing what their transactions weigh."""
    numbers = [each.numbers for each in figures]
    parts = [Part(each["rate"], each["n_effective"], each["population"]) for each in numbers]
    if len(parts) == 1:
        return parts[0]
    together = combine(parts)
    return Part(together.rate, together.n_effective, sum(each.weight for each in parts))


def _compare(
    places: set[str], cells: Mapping[tuple[str, str], Part], counts: Mapping[tuple[str, str], int]
) -> list[Compared]:
    keys = sorted(cells)
    parts = [cells[key] for key in keys]
    standard = compare_with_whole(
        [place for place, _ in keys],
        [sector for _, sector in keys],
        [each.rate for each in parts],
        [each.rate * (1 - each.rate) / each.n_effective for each in parts],
        [each.weight for each in parts],
        n_effective=[each.n_effective for each in parts],
    )
    spread = {name: _variance(name, cells) for name in places}
    ranks = rank_sets(
        [each.area for each in standard], [s.standardised for s in standard], [spread[s.area] for s in standard]
    )
    shown = [bool(p <= SIGNIFICANT) for p in adjust([each.p for each in standard], "holm")]
    rows = [
        _row(each, rank, apart, [cells[key] for key in keys if key[0] == each.area], counts)
        for each, rank, apart in zip(standard, ranks, shown, strict=True)
    ]
    return sorted(rows, key=lambda each: (each.adjusted, each.place))


def _variance(place: str, cells: Mapping[tuple[str, str], Part]) -> float:
    """Of the adjusted rate: each sector's variance at the whole's mix of the sectors that the place has."""
    mine = {sector: part for (name, sector), part in cells.items() if name == place}
    mix = {sector: sum(part.weight for (_, each), part in cells.items() if each == sector) for sector in mine}
    whole = sum(mix.values())
    return sum((mix[sector] / whole) ** 2 * _binomial(part) for sector, part in mine.items())


def _binomial(part: Part) -> float:
    q = (part.n_effective * part.rate + 1) / (part.n_effective + 2)
    return max(part.rate * (1 - part.rate), q * (1 - q)) / part.n_effective


def _row(
    standard: Standardised, rank: RankSet, apart: bool, parts: Sequence[Part], counts: Mapping[tuple[str, str], int]
) -> Compared:
    together = combine(parts)
    return Compared(
        place=standard.area,
        rate=together.rate,
        low=together.low,
        high=together.high,
        n=sum(n for (place, _), n in counts.items() if place == standard.area),
        n_effective=together.n_effective,
        adjusted=standard.standardised,
        difference=standard.difference,
        difference_low=standard.low,
        difference_high=standard.high,
        best=rank.best,
        worst=rank.worst,
        apart="" if not apart else "above" if standard.difference > 0 else "below",
        covered=standard.covered,
    )
