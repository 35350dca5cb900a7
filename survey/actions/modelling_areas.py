"""Small areas: a model beside the direct figures of the agencies of a sector, with what speaks for and against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis import SmallArea, fay_herriot, small_areas
from survey.actions.adequacy import Frozen

LEAST_AREAS = 5


@dataclass(frozen=True, slots=True)
class Modelled:
    """The areas, the variance between them, whether it had to be kept above zero, the largest standardised residual,
    how many direct figures lie outside the model's interval, and how many areas are hidden and so not in the model."""

    areas: list[SmallArea]
    direct_limits: dict[str, tuple[float, float]]
    between: float
    adjusted: bool
    largest_residual: float
    outside: int
    hidden: int


def model_sector(frozen: Frozen, sector: str) -> Modelled | None:
    """The agencies that the release shows for a sector, modelled and benchmarked to the sector's own rate; None where
    too few are shown. Rests on released figures alone."""
    shown = {
        place: numbers
        for (level, of, place), numbers in frozen.shown.items()
        if level == "agency" and of == sector and numbers["rate"] is not None
    }
    whole = frozen.shown.get(("sector", sector, sector))
    if len(shown) < LEAST_AREAS or whole is None or whole["rate"] is None:
        return None
    names = sorted(shown)
    rates = np.array([shown[name]["rate"] for name in names])
    sizes = np.array([max(1.0, shown[name]["n_effective"]) for name in names])
    populations = [shown[name]["population"] for name in names]
    areas = small_areas(names, rates, sizes, populations, whole["rate"])
    variance = 1 / (4 * sizes)
    fit = fay_herriot(np.arcsin(np.sqrt(rates)), np.ones((len(names), 1)), variance)
    residuals = (np.arcsin(np.sqrt(rates)) - fit.beta[0]) / np.sqrt(fit.sigma2 + variance)
    strata = {each.agency_code for each in frozen.data.strata if each.sector_code == sector}
    return Modelled(
        areas,
        {name: (shown[name]["low"], shown[name]["high"]) for name in names},
        between=fit.sigma2,
        adjusted=fit.adjusted,
        largest_residual=float(np.abs(residuals).max()),
        outside=sum(not each.low <= each.direct <= each.high for each in areas),
        hidden=len(strata) - len(names),
    )


def list_modelled_sectors(frozen: Frozen) -> list[str]:
    """Sectors of which enough agencies are shown."""
    counts: dict[str, int] = {}
    for level, sector, _ in frozen.shown:
        if level == "agency":
            counts[sector] = counts.get(sector, 0) + 1
    return sorted(sector for sector, n in counts.items() if n >= LEAST_AREAS)
