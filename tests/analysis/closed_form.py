"""Check this library against every case of a `closed_form.json`: numbers that base R made from published formulas.

`check_all(folder)` gives one (id, "ok" | "unsupported" | "wrong", detail) per case; the report of the reference run
adds them to its count. A case states its inputs; a key is an expectation only where its checker compares it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from analysis.decisions import one_sided_p
from analysis.estimate import Estimate
from analysis.intervals import Interval, interval
from analysis.limits import beta_prior, clopper_pearson, exact_finite, fade, wilson
from analysis.multiplicity import adjust
from analysis.planning import decision_size, neyman, power_allocation, proportional
from analysis.ranks import comparison_factor
from analysis.reliability import nchs_reliability
from analysis.response import Dispositions, representativity, response_rates, tipping_points
from analysis.sequences import confidence_sequence
from analysis.smallarea import benchmark, fay_herriot
from analysis.sufficient import NOTE_NO_ANSWER

Case = Mapping[str, Any]
Pair = tuple[str, Any, Any]
TOLERANCE = 1e-9


def check_all(folder: Path) -> list[tuple[str, str, str]]:
    """Check every case of folder/closed_form.json; an unknown test is reported as unsupported, case by case."""
    tests = json.loads((folder / "closed_form.json").read_text())["tests"]
    return [
        (f"{name}/{number}", *_check(CHECKS.get(name), case))
        for name, test in tests.items()
        for number, case in enumerate(test["cases"])
    ]


def _check(checker: Callable[[Case], Iterator[Pair]] | None, case: Case) -> tuple[str, str]:
    if checker is None:
        return "unsupported", "no checker of this name"
    wrong = [f"{key}: {got!r}, expected {want!r}" for key, got, want in checker(case) if not _agrees(got, want)]
    return ("wrong", "; ".join(wrong)) if wrong else ("ok", "")


def _agrees(got: Any, want: Any) -> bool:
    if isinstance(want, bool | str) or (isinstance(want, list) and any(isinstance(v, str) for v in want)):
        return bool(got == want)
    a, b = np.asarray(got, dtype=float).ravel(), np.asarray(want, dtype=float).ravel()
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= TOLERANCE * np.maximum(1e-3, np.abs(b))))


def _korn_graubard(case: Case) -> Iterator[Pair]:
    p, n, edge = case["p"], case["n"], case["p"] in (0, 1)
    inside = min(max(round(n * p), 1), n - 1)
    known = {
        "rate": p,
        "variance": case["deff"] * p * (1 - p) / n,
        "n": n,
        "df": case["df"],
        "kish_deff": case["kish_deff"],
        "confidence_level": case["level"],
        "successes": round(n * p) if edge else inside,
    }
    beta = interval("beta", **known)
    if edge:
        yield "r_beta has no answer", beta.notes[0], NOTE_NO_ANSWER
    else:
        yield "r_beta", (beta.low, beta.high), case["r_beta"]
    for method, key in (("nchs", "nchs"), ("guarded-full", "guarded")):
        given = interval(method, **known)
        yield key, (given.low, given.high), case[key]
        yield f"{key}_n", given.n_effective, case[f"{key}_n"]
    faded = _faded(case, known, edge)
    yield "guarded_fade", (faded.low, faded.high), case["guarded_fade"]
    yield "fade_n", faded.n_effective, case["fade_n"]
    estimate = Estimate(p, 0.0, faded.low, faded.high, case["df"], n, faded.n_effective, 1.0, "guarded", 0.95)
    p_values = np.array([one_sided_p(estimate, target) for target in (0.85, 0.9, 0.95)])
    yield "p_met", p_values[:, 0], case["p_met_85_90_95"]
    yield "p_not_met", p_values[:, 1], case["p_not_met_85_90_95"]


def _faded(case: Case, known: dict[str, Any], edge: bool) -> Interval:
    """The default interval; a case whose rounded count of the rarer answer is 0 inside (0, 1) exists on paper only,
    there the size is put together from its parts.
    """
    p, n, m = case["p"], case["n"], case["m"]
    if edge or m > 0:
        return interval("guarded", **{**known, "successes": n - m if p >= 0.5 else m})
    tail = (1 - case["level"]) / 2
    factor = float(special.stdtrit(case["df"], tail) / special.stdtrit(n - 1, tail)) ** 2
    size = n / float(fade(case["deff"] * factor, case["kish_deff"], m))
    low, high = clopper_pearson(p, size, case["level"])
    return Interval(float(low), float(high), size, n / size, "guarded")


def _wilson_jeffreys_uniform(case: Case) -> Iterator[Pair]:
    p, n, level = case["p"], case["n"], case["level"]
    yield "wilson", wilson(p, n, case["df"], level), case["wilson"]
    low, high = beta_prior(p, n, 0.5, level)
    yield "jeffreys", (0.0 if p <= 0 else low, 1.0 if p >= 1 else high), case["jeffreys"]
    yield "uniform", beta_prior(p, n, 1.0, level), case["uniform"]


def _gamma(case: Case) -> Iterator[Pair]:
    w, y = np.array(case["weights"]), np.array(case["y"])
    total = w.sum()
    given = interval(
        "gamma",
        rate=float(w @ y / total),
        variance=0.001,
        n=w.size,
        successes=int(y.sum()),
        df=w.size - 1,
        confidence_level=case["level"],
        rare_squares=float((w * w) @ (1 - y) / total**2),
        largest_share=float(w.max() / total),
    )
    yield "estimate", float(w @ y / total), case["est"]
    yield "limits", (given.low, given.high), (case["lo"], case["hi"])


def _nchs_flags(case: Case) -> Iterator[Pair]:
    given = nchs_reliability(
        case["p"],
        n=case["n"],
        successes=case["x"],
        n_effective=case["n_eff"],
        low=case["lo"],
        high=case["hi"],
        df=case["df"],
    )
    yield "show", given.show, case["show"]
    yield "flags", sorted(given.flags), sorted(case["flags"])


def _hypergeometric(case: Case) -> Iterator[Pair]:
    yield "K", exact_finite(case["x"], case["n"], case["N"], case["level"]), (case["K_lo"], case["K_hi"])
    given = interval(
        "exact-fpc",
        rate=case["x"] / case["n"],
        variance=0.01,
        n=case["n"],
        successes=case["x"],
        df=case["n"] - 1,
        population=case["N"],
        confidence_level=case["level"],
    )
    yield "limits", (given.low, given.high), (case["lo"], case["hi"])


def _p_adjust(case: Case) -> Iterator[Pair]:
    for method, key in (("holm", "holm"), ("hochberg", "hochberg"), ("bh", "BH"), ("by", "BY")):
        yield key, adjust(case["p"], method), case[key]


def _confidence_sequence(case: Case) -> Iterator[Pair]:
    limits = confidence_sequence(case["x"], case["n"], (case["a"], case["b"]), 1 - case["alpha"])
    yield "limits", limits, (case["lo"], case["hi"])


def _one_sample_exact_power(case: Case) -> Iterator[Pair]:
    size = decision_size(case["target"], case["p"], case["alpha"], case["power"])
    assert size is not None
    yield "n_first", size.n, case["n_first"]
    yield "critical_x", size.critical, case["critical_x"]
    yield "n_all_satisfied", size.n_all_satisfied, case["n_all_satisfied"]


def _allocation(case: Case) -> Iterator[Pair]:
    size, p, n = np.array(case["N"], dtype=float), np.array(case["p"]), case["n"]
    sd = np.sqrt(p * (1 - p))
    best = neyman(size, sd, n)
    yield "proportional", proportional(size, n), case["proportional"]
    yield "neyman", best, case["neyman"]
    yield "power", power_allocation(size, sd, n, case["q"]), case["power"]
    share = size / size.sum()
    yield "max_se_neyman", math.sqrt(float((share**2 * sd**2 / best).sum())), case["max_se_neyman"]


def _aapor(case: Case) -> Iterator[Pair]:
    outcome = Dispositions(
        complete=case["I"],
        partial=case["P"],
        refusal=case["R"],
        noncontact=case["NC"],
        other=case["O"],
        unknown_household=case["UH"],
        unknown_other=case["UO"],
        eligible_share=case["e"],
    )
    for name, rate in response_rates(outcome).items():
        yield name, rate, case[name]


def _r_indicator(case: Case) -> Iterator[Pair]:
    n, r = np.array(case["n"]), np.array(case["r"])
    rows, columns = np.indices(n.shape)
    given = representativity(n, r, {"row": rows, "column": columns})
    yield "R", given.indicator, case["R"]
    yield "S", given.spread, case["S"]
    yield "cv", given.cv, case["cv"]
    yield "Pu_row", given.partials["row"], case["Pu_row"]
    yield "Pu_col", given.partials["column"], case["Pu_col"]


def _tipping(case: Case) -> Iterator[Pair]:
    given = tipping_points(case["p"], case["target"], case["response"])
    yield "q_nonresp", given.silent_rate, case["q_nonresp"]
    yield "ddc", given.correlation, case["ddc"]
    yield "manski", (given.lowest, given.highest), case["manski"]


def _fay_herriot(case: Case) -> Iterator[Pair]:
    x = np.column_stack([np.ones(len(case["x"])), case["x"]])
    fit, weight, y = fay_herriot(case["y"], x, case["D"]), np.array(case["W"]), np.array(case["y"])
    yield "sigma2", fit.sigma2, case["sigma2"]
    yield "beta", fit.beta, case["beta"]
    yield "theta", fit.theta, case["theta"]
    yield "mse", fit.mse, case["mse"]
    total = float(weight @ y)
    yield "bench_diff", benchmark(fit.theta, weight, total), case["bench_diff"]
    yield "bench_ratio", benchmark(fit.theta, weight, total, "ratio"), case["bench_ratio"]


def _goldstein_healy(case: Case) -> Iterator[Pair]:
    yield "b", comparison_factor(case["se"]), case["b"]


CHECKS: dict[str, Callable[[Case], Iterator[Pair]]] = {
    "korn_graubard": _korn_graubard,
    "wilson_jeffreys_uniform": _wilson_jeffreys_uniform,
    "gamma_fay_feuer": _gamma,
    "nchs_flags": _nchs_flags,
    "hypergeometric_exact": _hypergeometric,
    "p_adjust": _p_adjust,
    "confidence_sequence": _confidence_sequence,
    "one_sample_exact_power": _one_sample_exact_power,
    "allocation": _allocation,
    "aapor": _aapor,
    "r_indicator": _r_indicator,
    "tipping": _tipping,
    "fay_herriot_reml": _fay_herriot,
    "goldstein_healy": _goldstein_healy,
}
