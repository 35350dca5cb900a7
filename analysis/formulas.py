"""Definitions of indicators: how five levels become one figure. Each has a code, a version, a source and its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.errors import AnalysisError

Kind = Literal["score", "mean_of_shares", "pooled_share"]


class BadIndicator(AnalysisError):
    """The formula is not complete, or the columns do not suit it."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A definition: `scores[k - 1]` is what level k adds; the figure is (mean - lowest) / (highest - lowest).

    `kind`: "score" reads one overall item; "mean_of_shares" averages the items' own means, "pooled_share" divides all
    items' points by all items' answers. `silence` is the score of a response without an answer (None: it is left out).
    A `comparison_only` figure is never a verdict of its own.
    """

    code: str
    source: str
    scores: tuple[float, ...] = (0, 0, 0, 1, 1)
    lowest: float = 0
    highest: float = 1
    kind: Kind = "score"
    version: int = 1
    silence: float | None = None
    comparison_only: bool = False

    def __post_init__(self) -> None:
        if len(set(self.scores)) < 2 or self.lowest >= self.highest:
            raise BadIndicator(f"{self.code}: give at least two different scores, and a highest above the lowest")
        if self.silence is not None and self.kind != "score":
            raise BadIndicator(f"{self.code}: silence is counted on one overall item only")

    @property
    def key(self) -> str:
        return f"{self.code}@{self.version}"

    @property
    def bounds(self) -> tuple[float, float]:
        """The figure if everybody gave the lowest, or the highest, score."""
        return self._place(min(self.scores)), self._place(max(self.scores))

    def to_unit(self, figure: float) -> float:
        """Where a figure lies between its bounds, 0..1."""
        low, high = self.bounds
        return (figure - low) / (high - low)

    def _place(self, score: float) -> float:
        return (score - self.lowest) / (self.highest - self.lowest)


TOP_TWO = Indicator(
    "top2", "share of the answers 'satisfied' and 'very satisfied': provincial survey reports, e.g. 2022"
)
TOP_ONE = Indicator("top1", "share of the answers 'very satisfied'", (0, 0, 0, 0, 1))
MEAN_FIFTH = Indicator(
    "mean5", "Ministry of Health, patient satisfaction index 2018: mean score over 5", (1, 2, 3, 4, 5), 0, 5
)
RESCALED_MEAN = Indicator(
    "rescaled_mean", "UK Government Service Standard: (mean - 1) / 4", (0, 25, 50, 75, 100), 0, 100
)
NET = Indicator("net", "satisfied minus dissatisfied", (-1, -1, 0, 1, 1))
MEAN_OF_ITEM_SHARES = Indicator("item_shares", "mean of the items' own shares", kind="mean_of_shares")
POOLED_ITEM_SHARE = Indicator("pooled_items", "satisfied item answers over all item answers", kind="pooled_share")
SILENCE_SATISFIED = Indicator(
    "silence766",
    "Decision 766/QĐ-TTg of 23 June 2022: whoever does not complain counts as satisfied",
    (0, 0, 1, 1, 1),
    silence=1,
    comparison_only=True,
)
INDICATORS = {
    indicator.key: indicator
    for indicator in (
        TOP_TWO,
        TOP_ONE,
        MEAN_FIFTH,
        RESCALED_MEAN,
        NET,
        MEAN_OF_ITEM_SHARES,
        POOLED_ITEM_SHARE,
        SILENCE_SATISFIED,
    )
}
