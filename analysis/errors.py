"""What can be wrong with a frame, a design or a request: every message names the cell, the cause and the way out."""

from __future__ import annotations


class AnalysisError(ValueError):
    """Any refusal of this library to answer with a silent number."""


class BadFrame(AnalysisError):
    """What was given is not a table, has a column twice, or a column name that the library needs itself."""


class ColumnMissing(AnalysisError):
    """A column that the design or the question names is not in the frame."""


class ValueMissing(AnalysisError):
    """A design column (stratum, PSU, count, population) has a missing value."""


class BadWeight(AnalysisError):
    """A weight is negative, missing or infinite, or all weights of a domain are zero."""


class BadCount(AnalysisError):
    """A count is negative, or not a whole number."""


class BadPopulation(AnalysisError):
    """A stratum's population is below its responses, or differs within the stratum."""


class NotNumeric(AnalysisError):
    """A weight, count, population or outcome is text, a date, infinite, or too large to square."""


class NotBinary(AnalysisError):
    """A rate was asked of an outcome that has values other than 0 and 1."""


class EmptyDomain(AnalysisError):
    """Nobody with a valid answer belongs to the domain."""


class LonelyPSU(AnalysisError):
    """A stratum has one sampled unit, so its variance cannot be estimated, and the rule is "fail"."""


class PSUInTwoStrata(AnalysisError):
    """A PSU's label occurs in two strata and the design does not say `nest=True`."""


class BadCondition(AnalysisError):
    """A domain's condition cannot be read."""


class BadDesign(AnalysisError):
    """The parts of a design contradict one another."""


class BadMargin(AnalysisError):
    """A margin and the frame do not have the same categories, or the margins' totals disagree."""


class CalibrationFailed(AnalysisError):
    """No weights meet the totals, or the iterations did not find them."""


class BoundsTooTight(CalibrationFailed):
    """Weights that meet the totals exist, but none within the bounds."""


class StaleWeights(AnalysisError):
    """The frame is not the one on which the design's weights were computed."""
