"""How five levels become one figure: named, versioned definitions, each with where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast, get_args

from survey.mandate.errors import UnknownIndicator
from survey.mandate.files import Entry, read_entry
from survey.mandate.sources import Source, find_source
from survey.mandate.text import Text

IndicatorKind = Literal["share", "rescaled_mean", "mean", "net"]
LEVELS = 5
DEFAULT_INDICATOR = "top2@1"


@dataclass(frozen=True)
class Indicator:
    """A definition of the satisfaction figure.

    `scores[k - 1]` is the whole number that one person's level k adds; the figure is
    (mean of the scores - `lowest`) / (`highest` - `lowest`). `silence` is the score of a person who did not answer,
    None where silence is not counted. `comparison_only` definitions are shown beside a rate and never judged.
    """

    code: str
    version: int
    name: Text
    scores: tuple[int, ...]
    kind: IndicatorKind
    source: Source
    official: bool
    lowest: int
    highest: int
    silence: int | None
    comparison_only: bool

    @property
    def key(self) -> str:
        """The definition's full name, such as "top2@1"."""
        return f"{self.code}@{self.version}"

    def value(self, mean: float) -> float:
        """The figure, on its published scale of 0..1 (-1..1 for "net"), that a mean score stands for."""
        return (mean - self.lowest) / (self.highest - self.lowest)

    def mean_of(self, counts: Sequence[int]) -> float:
        """The mean score of `counts`, the numbers of answers at levels 1 to 5. Raises `ValueError` with no answers."""
        if len(counts) != LEVELS or sum(counts) == 0:
            raise ValueError("Give five counts of answers, not all zero")
        return sum(score * count for score, count in zip(self.scores, counts, strict=True)) / sum(counts)


@cache
def load_indicators() -> dict[str, Indicator]:
    """Every definition by its full name, such as "top2@1"."""
    top = read_entry("indicators.toml")
    indicators: dict[str, Indicator] = {}
    for entry in top.entries("indicator"):
        indicator = _read(entry)
        if indicator.key in indicators:
            raise entry.error("this version exists already: a definition is never edited, give it a new version")
        indicators[indicator.key] = indicator
    top.finish()
    return indicators


def load_indicator(name: str) -> Indicator:
    """The definition called `name`: "top2@1", or "top2" for its latest version. Raises `UnknownIndicator`."""
    indicators = load_indicators()
    if name in indicators:
        return indicators[name]
    versions = [indicator for indicator in indicators.values() if indicator.code == name]
    if not versions:
        raise UnknownIndicator(f"No indicator {name!r}: use one of {', '.join(indicators)}")
    return max(versions, key=lambda indicator: indicator.version)


def _read(entry: Entry) -> Indicator:
    kind = entry.string("kind")
    if kind not in get_args(IndicatorKind):
        raise entry.error(f"kind must be one of {', '.join(get_args(IndicatorKind))}")
    indicator = Indicator(
        code=entry.string("code"),
        version=entry.integer("version"),
        name=entry.text("name"),
        scores=entry.integers("scores"),
        kind=cast(IndicatorKind, kind),
        source=find_source(entry.string("source")),
        official=entry.flag("official", default=False),
        lowest=entry.integer("lowest"),
        highest=entry.integer("highest"),
        silence=entry.optional_integer("silence"),
        comparison_only=entry.flag("comparison_only", default=False),
    )
    entry.finish()
    if len(indicator.scores) != LEVELS or indicator.lowest >= indicator.highest:
        raise entry.error("give five scores, and a highest score above the lowest")
    return indicator
