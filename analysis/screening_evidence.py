"""What the fraud screen looks at: counts by agency and channel, none of them about a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

OFFICE, OWN = 0, 1
CHANNELS = ("office", "own")
TARGETS = (0.85, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Counts with the axes (..., agency, channel); channel 0 is within the staff's reach (a slip, a code, the office's
    screen), 1 is the citizen's own link. Leading axes are independent screenings. NaN: not collected.

    `rated` and `satisfied` have a last axis of periods. `timed` answers are those whose speed is known, `fast` took
    under a second an item. `straight` forms have one answer to all items; among the others, `near_pairs` with the mean
    and variance of their permutation distribution come from `screening_duplicates`.

    `arrivals` are counted by half-day: `crowded` pairs fell into one half-day, `crowded_even` would if all half-days
    were alike; `after_hours`, `closing` (the period's last days) and `overdue` (the invitation was drawn long before)
    are parts of the arrivals. Of the `device_pairs` of one day, `same_device` share the day's keyed hash.
    """

    invited: Floats
    answered: Floats
    rated: Floats
    satisfied: Floats
    timed: Floats
    fast: Floats
    straight: Floats
    near_pairs: Floats
    near_mean: Floats
    near_variance: Floats
    arrivals: Floats
    crowded: Floats
    crowded_even: Floats
    after_hours: Floats
    closing: Floats
    overdue: Floats
    device_pairs: Floats
    same_device: Floats

    @property
    def answers(self) -> Floats:
        """Rated answers of all periods."""
        return np.asarray(np.nansum(self.rated, axis=-1))


def stack(several: Sequence[Evidence]) -> Evidence:
    """Independent screenings of the same shape as one, on a new first axis."""
    return Evidence(**{each.name: np.stack([getattr(one, each.name) for one in several]) for each in fields(Evidence)})
