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
    from analysis.certificate import Certificate as Certificate
    from analysis.certificate import SimulatedDesign as SimulatedDesign
    from analysis.certificate import certify as certify
    from analysis.certifying import certify_rate as certify_rate
    from analysis.checklist import Check as Check
    from analysis.checklist import Evidence as Evidence
    from analysis.checklist import Plan as Plan
    from analysis.checklist import check_adequacy as check_adequacy
    from analysis.cluster_certificate import ClusteredDesign as ClusteredDesign
    from analysis.cluster_certificate import certify_clusters as certify_clusters
    from analysis.collapsing import variance_strata as variance_strata
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
    from analysis.driver_parts import Driver as Driver
    from analysis.driver_parts import drivers as drivers
    from analysis.estimate import Estimate as Estimate
    from analysis.estimation import covariance_of as covariance_of
    from analysis.estimation import mean as mean
    from analysis.estimation import mean_by as mean_by
    from analysis.estimation import rate as rate
    from analysis.estimation import rate_by as rate_by
    from analysis.forecast import Outlook as Outlook
    from analysis.forecast import look_ahead as look_ahead
    from analysis.formulas import INDICATORS as INDICATORS
    from analysis.formulas import Indicator as Indicator
    from analysis.indicators import Compared as Compared
    from analysis.indicators import compare_indicators as compare_indicators
    from analysis.indicators import measure as measure
    from analysis.intervals import Interval as Interval
    from analysis.intervals import guarded_intervals as guarded_intervals
    from analysis.intervals import interval as interval
    from analysis.keeping import cells as cells
    from analysis.multiplicity import AdjustedVerdict as AdjustedVerdict
    from analysis.multiplicity import adjust as adjust
    from analysis.multiplicity import judge_together as judge_together
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
    from analysis.ranks import RankSet as RankSet
    from analysis.ranks import comparison_factor as comparison_factor
    from analysis.ranks import rank_sets as rank_sets
    from analysis.reduction import Cells as Cells
    from analysis.reliability import both_sides as both_sides
    from analysis.reliability import nchs_reliability as nchs_reliability
    from analysis.replicates import Replicates as Replicates
    from analysis.response import Dispositions as Dispositions
    from analysis.response import coverage_bounds as coverage_bounds
    from analysis.response import representativity as representativity
    from analysis.response import response_rates as response_rates
    from analysis.response import self_selected_size as self_selected_size
    from analysis.response import tipping_points as tipping_points
    from analysis.sequences import asymptotic_sequence as asymptotic_sequence
    from analysis.sequences import confidence_sequence as confidence_sequence
    from analysis.smallarea import FayHerriot as FayHerriot
    from analysis.smallarea import SmallArea as SmallArea
    from analysis.smallarea import benchmark as benchmark
    from analysis.smallarea import fay_herriot as fay_herriot
    from analysis.smallarea import small_areas as small_areas
    from analysis.standardise import Standardised as Standardised
    from analysis.standardise import compare_areas as compare_areas
    from analysis.standardise import compare_with_whole as compare_with_whole
    from analysis.tables import Independence as Independence
    from analysis.tables import chi_square as chi_square
    from analysis.trends import Trend as Trend
    from analysis.trends import trend as trend
    from analysis.weight_checks import check_weights as check_weights
    from analysis.weight_checks import kish_deff as kish_deff
    from analysis.weight_checks import spencer_deff as spencer_deff
    from analysis.weights import adjust_nonresponse as adjust_nonresponse
    from analysis.weights import calibrate as calibrate
    from analysis.weights import list_factors as list_factors
    from analysis.weights import post_stratify as post_stratify
    from analysis.weights import rake as rake
    from analysis.weights import trim as trim
    from analysis.weights import weights_of as weights_of
    from analysis.window import unite_waves as unite_waves

_HOMES = {
    "adequacy": (
        "StratumSpread",
        "answers_needed",
        "power_now",
        "where_to_ask",
    ),
    "reduction": ("Cells",),
    "keeping": ("cells",),
    "certificate": (
        "Certificate",
        "SimulatedDesign",
        "certify",
    ),
    "checklist": (
        "Check",
        "Evidence",
        "Plan",
        "check_adequacy",
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
    "forecast": (
        "Outlook",
        "look_ahead",
    ),
    "formulas": ("INDICATORS", "Indicator"),
    "indicators": ("Compared", "compare_indicators", "measure"),
    "intervals": (
        "Interval",
        "guarded_intervals",
        "interval",
    ),
    "multiplicity": (
        "AdjustedVerdict",
        "adjust",
        "judge_together",
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
    "ranks": (
        "RankSet",
        "comparison_factor",
        "rank_sets",
    ),
    "reliability": (
        "both_sides",
        "nchs_reliability",
    ),
    "replicates": ("Replicates",),
    "response": (
        "Dispositions",
        "coverage_bounds",
        "representativity",
        "response_rates",
        "self_selected_size",
        "tipping_points",
    ),
    "sequences": (
        "asymptotic_sequence",
        "confidence_sequence",
    ),
    "smallarea": (
        "FayHerriot",
        "SmallArea",
        "benchmark",
        "fay_herriot",
        "small_areas",
    ),
    "standardise": (
        "Standardised",
        "compare_areas",
        "compare_with_whole",
    ),
    "tables": (
        "Independence",
        "chi_square",
    ),
    "trends": (
        "Trend",
        "trend",
    ),
    "collapsing": ("variance_strata",),
    "weight_checks": (
        "check_weights",
        "kish_deff",
        "spencer_deff",
    ),
    "weights": (
        "adjust_nonresponse",
        "calibrate",
        "list_factors",
        "post_stratify",
        "rake",
        "trim",
        "weights_of",
    ),
    "driver_parts": ("Driver", "drivers"),
    "window": ("unite_waves",),
    "certifying": ("certify_rate",),
    "cluster_certificate": ("ClusteredDesign", "certify_clusters"),
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
