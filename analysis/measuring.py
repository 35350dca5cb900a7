"""Variances, covariances and degrees of freedom of domain means, by linearisation or from the design's replicates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from analysis.arrays import Vector
from analysis.design import Design
from analysis.domains import Domains, domain_variances, linearise
from analysis.replication import loosen, read_replication
from analysis.sample import Sample, read_sample
from analysis.variance import covariance


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: an outcome, in domains of the columns `by`, of the responses `within`."""

    frame: Any
    design: Design
    outcome: str
    by: tuple[str, ...] = ()
    within: str | None = None
    binary: bool = False

    def read(self) -> Sample:
        """The sample behind it; replicates play no part there."""
        plain = replace(self.design, replicates=None, lonely_psu=loosen(self.design))
        return read_sample(self.frame, plain, (self.outcome,), self.by, within=self.within, binary=self.binary)


@dataclass(frozen=True, slots=True)
class Measured:
    """Domains with the variances of their means; `covary` computes the whole matrix of those with answers.

    `logit_variances`: replicates give the variance of a rate's logit directly, without linearising the logit.
    """

    domains: Domains
    variances: Vector
    covary: Callable[[], Vector]
    logit_variances: Vector | None = None


def measure(question: Question, sample: Sample, domains: Domains) -> Measured:
    """Variances of the domains' means under the question's design."""
    if question.design.replicates is not None:
        return _replicate(question, domains)

    def covary() -> Vector:
        return covariance(sample, linearise(sample, domains, np.flatnonzero(domains.n > 0)))

    return Measured(domains, domain_variances(sample, domains), covary)


def _replicate(question: Question, domains: Domains) -> Measured:
    outcome, by = (question.outcome,), question.by
    replication = read_replication(question.frame, question.design, outcome, by, question.within)
    code, _ = replication.classes.cells.sort_out(by)
    sums = replication.sums((1, 2), code, len(domains))
    answered = np.flatnonzero(domains.n > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums[:, answered, 1] / sums[:, answered, 0]
    matrix = replication.covariance(means, domains.means[answered])
    inside = replication.classes.counts[:, 1]
    df, variances = np.zeros(len(domains)), np.zeros(len(domains))
    df[answered] = [replication.count_df(inside * (code == place)) for place in answered]
    variances[answered] = np.diag(matrix)
    with np.errstate(divide="ignore", invalid="ignore"):
        logits = replication.covariance(special.logit(means), special.logit(domains.means[answered]))
    on_logit = np.full(len(domains), np.nan)
    on_logit[answered] = np.diag(logits)
    return Measured(replace(domains, df=df), variances, lambda: matrix, on_logit if question.binary else None)
