"""Design-based statistics of satisfaction surveys: rates, intervals, weights and verdicts from counts.

Names are loaded when they are first used: a process that only needs `analysis.intervals` never imports pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.adequacy import StratumSpread as StratumSpread
    from analysis.adequacy import answers_needed as answers_needed
    from analysis.adequacy import power_now as power_now
    from analysis.adequacy import where_to_ask as where_to_ask
    from analysis.cells import Cells as Cells
    from analysis.cells import cells as cells
    from analysis.contrasts import Difference as Difference
    from analysis.contrasts import difference as difference
    from analysis.contrasts import ratio as ratio
    from analysis.contrasts import total as total
    from analysis.decisions import Minimum as Minimum
    from analysis.decisions import Target as Target
    from analysis.decisions import Verdict as Verdict
    from analysis.decisions import judge as judge
    from analysis.design import Design as Design
    from analysis.drawing import Drawn as Drawn
    from analysis.drawing import draw as draw
    from analysis.estimate import Estimate as Estimate
    from analysis.estimation import covariance_of as covariance_of
    from analysis.estimation import mean as mean
    from analysis.estimation import mean_by as mean_by
    from analysis.estimation import rate as rate
    from analysis.estimation import rate_by as rate_by
    from analysis.intervals import Interval as Interval
    from analysis.intervals import interval as interval
    from analysis.planning import allocate as allocate
    from analysis.planning import best_take as best_take
    from analysis.planning import cluster_deff as cluster_deff
    from analysis.planning import decision_power as decision_power
    from analysis.planning import decision_size as decision_size
    from analysis.planning import kish_compromise as kish_compromise
    from analysis.planning import neyman as neyman
    from analysis.planning import power_allocation as power_allocation
    from analysis.planning import precision_size as precision_size
    from analysis.planning import proportional as proportional
    from analysis.replicates import Replicates as Replicates
    from analysis.weights import adjust_nonresponse as adjust_nonresponse
    from analysis.weights import calibrate as calibrate
    from analysis.weights import list_factors as list_factors
    from analysis.weights import post_stratify as post_stratify
    from analysis.weights import rake as rake
    from analysis.weights import trim as trim
    from analysis.weights import weights_of as weights_of

_HOMES = {
    "adequacy": (
        "StratumSpread",
        "answers_needed",
        "power_now",
        "where_to_ask",
    ),
    "cells": (
        "Cells",
        "cells",
    ),
    "contrasts": (
        "Difference",
        "difference",
        "ratio",
        "total",
    ),
    "decisions": (
        "Minimum",
        "Target",
        "Verdict",
        "judge",
    ),
    "design": ("Design",),
    "drawing": (
        "Drawn",
        "draw",
    ),
    "estimate": ("Estimate",),
    "estimation": (
        "covariance_of",
        "mean",
        "mean_by",
        "rate",
        "rate_by",
    ),
    "intervals": (
        "Interval",
        "interval",
    ),
    "planning": (
        "allocate",
        "best_take",
        "cluster_deff",
        "decision_power",
        "decision_size",
        "kish_compromise",
        "neyman",
        "power_allocation",
        "precision_size",
        "proportional",
    ),
    "replicates": ("Replicates",),
    "weights": (
        "adjust_nonresponse",
        "calibrate",
        "list_factors",
        "post_stratify",
        "rake",
        "trim",
        "weights_of",
    ),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_MODULE_OF)  # noqa: PLE0605 the table above is the one list of public names


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    value = getattr(import_module(f"analysis.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
