"""The certificate of a rate is that of the design it was estimated from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import Design, certify, post_stratify, rate
from analysis.certificate import SimulatedDesign
from analysis.certifying import certify_rate, read_simulated
from analysis.errors import EmptyDomain

FRAME = pd.DataFrame(
    {
        "office": ["A", "A", "B", "B", "C", "C"],
        "N": [900, 900, 300, 300, 60, 60],
        "sat": [1, 0, 1, 0, 1, 0],
        "n": [54, 6, 36, 4, 20, 0],
    }
)
DESIGN = Design(stratum="office", population="N", count="n")


def test_a_frame_of_counts_gives_the_design_written_out():
    by_hand = SimulatedDesign.read(["A", "B", "C"], [60, 40, 20], [15.0, 7.5, 3.0], [900, 300, 60])
    assert certify_rate(FRAME, DESIGN, "sat", 0.9) == certify(by_hand, 0.9)


def test_its_kish_design_effect_and_fraction_are_the_estimate_s():
    found, simulated = rate(FRAME, DESIGN, "sat"), read_simulated(FRAME, DESIGN, "sat")
    assert simulated.kish_deff == pytest.approx(found.kish_deff, rel=1e-12)
    assert simulated.observed == pytest.approx(found.fraction, rel=1e-12)
    assert simulated.answers.sum() == found.n


def test_a_domain_keeps_its_part_of_the_population():
    """Half of office A's sixty answered in the morning: 450 of 900 stand behind them."""
    frame = FRAME.assign(morning=[1, 1, 0, 0, 1, 1], n=[27, 3, 36, 4, 20, 0])
    frame = pd.concat([frame, frame.iloc[:2].assign(morning=0)])
    simulated = read_simulated(frame, DESIGN, "sat", "morning == 1")
    assert simulated.population.tolist() == pytest.approx([450, 60])
    assert certify_rate(frame, DESIGN, "sat", 0.9, within="morning == 1", seed=5, draws=500).coverage > 0.93


def test_unequal_weights_within_a_stratum_stay_apart_and_steps_count():
    folder = Path(__file__).parent / "reference"
    frame = pd.read_csv(folder / "csat.csv").dropna(subset=["answer"])
    frame["sat"] = (frame["answer"] >= 4).astype(float)
    design = Design(weight="w1", stratum="stratum", lonely_psu="adjust")
    totals = {"sex": {"F": 6000, "M": 5800}}
    weighted = post_stratify(frame, design, totals)
    simulated = read_simulated(frame, weighted, "sat")
    assert simulated.population is None
    assert simulated.n.size > simulated.answers.size
    assert float(simulated.n @ simulated.weight) == pytest.approx(11_800)
    assert simulated.kish_deff == pytest.approx(rate(frame, weighted, "sat").kish_deff, rel=1e-12)


def test_empty_domains_are_refused():
    with pytest.raises(EmptyDomain, match="widen"):
        certify_rate(FRAME.assign(sat=np.nan), DESIGN, "sat", 0.9)
