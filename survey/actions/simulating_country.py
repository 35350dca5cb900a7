"""A synthetic country whose truth is known: what sampling, silence, clusters and stuffed answers do to a rate.

Areas have agencies, agencies handle procedures; every stratum (agency x procedure) has its own satisfaction, every
cluster in it a shift of its own. Whoever is satisfied answers more often than who is not; at some agencies answers that
nobody gave are added. The truth is kept beside the sample, so that coverage and wrong verdicts can be counted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import Design, rate

Whole = NDArray[np.int64]

CHANNELS = ("link", "slip", "kiosk", "interviewer")
CHANNEL_SHARES = (0.55, 0.25, 0.15, 0.05)
SPREAD = 0.6  # standard deviation of strata on the logit scale
SATISFIED_LEVELS, OTHERS = (4, 5), (1, 2, 3)
LEVEL_SHARES = ((0.55, 0.45), (0.2, 0.3, 0.5))
TOLD = ("stratum", "area", "agency", "procedure", "population")
TOO_HIGH = 0.97  # of the answers that a clerk makes up, satisfied


class BadCountry(ValueError):
    """A country that cannot be; the message says which number is out of range."""


@dataclass(frozen=True, slots=True)
class Country:
    """How a country is made. Shares are 0..1; `rho` is the correlation of answers in a cluster, `stuffed_agencies` the
    share of agencies that stuff, `stuffing` the share of their answers that is made up, `invited` persons a stratum."""

    areas: int = 12
    agencies: int = 2
    procedures: int = 4
    satisfaction: float = 0.88
    answers_if_satisfied: float = 0.5
    answers_if_not: float = 0.5
    cluster_size: int = 1
    rho: float = 0.0
    stuffed_agencies: float = 0.0
    stuffing: float = 0.0
    invited: int = 40
    largest: int = 4000

    def __post_init__(self) -> None:
        for name in ("satisfaction", "answers_if_satisfied", "answers_if_not", "stuffed_agencies"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadCountry(f"{name} is {getattr(self, name)}: it is a share between 0 and 1.")
        if not 0 <= self.rho < 1 or not 0 <= self.stuffing < 1:
            raise BadCountry("rho and stuffing are shares of at least 0 and less than 1.")
        if min(self.areas, self.agencies, self.procedures, self.cluster_size, self.invited) < 1:
            raise BadCountry("areas, agencies, procedures, cluster size and invitations are at least 1.")


@dataclass(frozen=True, slots=True)
class Experience:
    """What many samples of one country gave: mean and true rate, coverage of the interval, wrong verdicts at a target
    that is the truth itself: `false_met` and `false_not_met` may each happen in 2.5 per cent."""

    samples: int
    truth: float
    mean_rate: float
    coverage: float
    false_met: float
    false_not_met: float
    mean_width: float
    mean_answers: float


def make_truth(country: Country, seed: int) -> pd.DataFrame:
    """One row a stratum: stratum, area, agency, procedure, population, satisfaction (true share), stuffs (0/1)."""
    chance = np.random.default_rng([seed, 0])
    agencies = [(area, agency) for area in range(country.areas) for agency in range(country.agencies)]
    stuffs = chance.random(len(agencies)) < country.stuffed_agencies
    centre = np.log(country.satisfaction / (1 - country.satisfaction)) if 0 < country.satisfaction < 1 else None
    rows = []
    for (area, agency), stuffing in zip(agencies, stuffs, strict=True):
        for procedure in range(country.procedures):
            spread = centre + SPREAD * chance.standard_normal() if centre is not None else None
            share = country.satisfaction if spread is None else 1 / (1 + np.exp(-spread))
            population = int(
                np.clip(chance.lognormal(np.log(country.largest / 6), 0.8), country.invited, country.largest)
            )
            names = (f"X{area:03}", f"X{area:03}-{agency}", f"P{procedure}")
            rows.append((f"{names[1]}.{names[2]}", *names, population, float(share), int(stuffing)))
    columns = ["stratum", "area", "agency", "procedure", "population", "satisfaction", "stuffs"]
    return pd.DataFrame(rows, columns=columns)


def draw_sample(country: Country, truth: pd.DataFrame, seed: int) -> pd.DataFrame:
    """One row an answer: stratum, area, agency, procedure, channel, psu, population, answer (1..5), made_up (0/1)."""
    chance = np.random.default_rng([seed, 1])
    rows = zip(truth["population"], truth["satisfaction"], truth["stuffs"], strict=True)
    parts = [_draw_stratum(country, *row, chance) for row in rows]
    answered = [len(levels) for _, levels, _ in parts]
    sample = truth.loc[np.repeat(truth.index, answered), list(TOLD)].reset_index(drop=True)
    psu, sample["answer"], sample["made_up"] = (np.concatenate(column) for column in zip(*parts, strict=True))
    sample.insert(len(TOLD), "psu", sample["stratum"] + "." + pd.Series(psu).astype(str))
    sample["channel"] = chance.choice(CHANNELS, len(sample), p=CHANNEL_SHARES)
    return sample


def study(country: Country, *, samples: int, seed: int) -> Experience:
    """Draw a country again and again, estimate each sample by the default method, and count what was wrong."""
    truth = make_truth(country, seed)
    share = float((truth["population"] * truth["satisfaction"]).sum() / truth["population"].sum())
    found = []
    for number in range(samples):
        sample = draw_sample(country, truth, seed + 1 + number)
        sample["y"] = (sample["answer"] >= 4).astype(float)
        design = Design(stratum="stratum", psu="psu" if country.cluster_size > 1 else None, weight="weight")
        sample["weight"] = sample["population"] / sample.groupby("stratum")["y"].transform("size")
        each = rate(sample, design, "y")
        found.append((each.rate, each.low, each.high, each.n))
    rates, low, high, n = np.array(found).T
    return Experience(
        samples,
        share,
        float(rates.mean()),
        float(((low <= share) & (share <= high)).mean()),
        float((low > share).mean()),
        float((high < share).mean()),
        float((high - low).mean()),
        float(n.mean()),
    )


def write_country(country: Country, folder: Path, seed: int) -> list[str]:
    """Write truth.csv, sample.csv and country.csv (the numbers that it was made with); their names."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = make_truth(country, seed)
    tables = {
        "truth.csv": truth,
        "sample.csv": draw_sample(country, truth, seed),
        "country.csv": pd.DataFrame(
            [("seed", seed), *((each.name, getattr(country, each.name)) for each in fields(country))],
            columns=["name", "value"],
        ),
    }
    for name, table in tables.items():
        table.to_csv(folder / name, index=False, encoding="utf-8", lineterminator="\n")
    return list(tables)


def _draw_stratum(
    country: Country, population: int, share: float, stuffs: int, chance: np.random.Generator
) -> tuple[Whole, Whole, Whole]:
    """Cluster, level and made up (0/1) of each answer of one stratum."""
    invited = min(country.invited, population)
    clusters = np.arange(invited) // country.cluster_size
    if country.rho:  # a beta-binomial of this mean has the correlation 1 / (a + b + 1)
        size = 1 / country.rho - 1
        shares = chance.beta(share * size, (1 - share) * size, clusters.max() + 1)[clusters]
    else:
        shares = np.full(invited, share)
    satisfied = chance.random(invited) < shares
    answers = chance.random(invited) < np.where(satisfied, country.answers_if_satisfied, country.answers_if_not)
    satisfied, psu = satisfied[answers], clusters[answers]
    more = round(country.stuffing / (1 - country.stuffing) * len(satisfied)) if stuffs else 0
    made_up = np.repeat(np.array([0, 1], dtype=np.int64), [len(satisfied), more])
    if more:
        satisfied = np.concatenate([satisfied, chance.random(more) < TOO_HIGH])
        psu = np.concatenate([psu, chance.integers(0, clusters.max() + 1, more)])
    levels = np.where(
        satisfied,
        chance.choice(SATISFIED_LEVELS, len(satisfied), p=LEVEL_SHARES[0]),
        chance.choice(OTHERS, len(satisfied), p=LEVEL_SHARES[1]),
    )
    return psu, levels, made_up
