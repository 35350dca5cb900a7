"""Which definition reproduces a figure that somebody else published?"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from survey.mandate.indicators import LEVELS, load_indicators

COMPARED = ("top2@1", "rescaled_mean@1", "mean5@1")


def compare_with_published(rows: pd.DataFrame, published: str | None) -> dict[str, Any]:
    """The share under each definition, the published per cent, and the definitions that round to it.

    `rows` are the answers of one service in one period, a row a level. Shares are exact quotients of counts, rounded
    half up to as many decimals as the publisher printed.
    """
    counts = [int(rows.loc[rows["level"] == level, "n"].sum()) for level in range(1, LEVELS + 1)]
    values = {key: _value(key, counts) for key in COMPARED}
    return {
        "values": {key: float(value) for key, value in values.items()},
        "published": float(Decimal(published) / 100) if published else None,
        "matches": [key for key, value in values.items() if published and _rounds_to(value, published)],
    }


def _value(key: str, counts: list[int]) -> Decimal:
    indicator = load_indicators()[key]
    total = sum(score * count for score, count in zip(indicator.scores, counts, strict=True))
    span = indicator.highest - indicator.lowest
    return (Decimal(total) / sum(counts) - indicator.lowest) / span


def _rounds_to(value: Decimal, published: str) -> bool:
    printed = Decimal(published)
    return (100 * value).quantize(Decimal(1).scaleb(printed.as_tuple().exponent), ROUND_HALF_UP) == printed  # type: ignore[arg-type]
