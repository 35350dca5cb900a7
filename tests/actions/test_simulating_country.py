"""A country whose truth is known: the interval holds it when everybody is alike, and what biases an estimate does."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from survey.actions.simulating_country import BadCountry, Country, draw_sample, make_truth, study
from survey.cli import hailong

SMALL = {"areas": 4, "agencies": 2, "procedures": 2, "invited": 30}


def test_the_same_seed_makes_the_same_country_and_another_another() -> None:
    one = draw_sample(Country(**SMALL), make_truth(Country(**SMALL), 7), 7)
    pd.testing.assert_frame_equal(one, draw_sample(Country(**SMALL), make_truth(Country(**SMALL), 7), 7))
    assert not one.equals(draw_sample(Country(**SMALL), make_truth(Country(**SMALL), 8), 8))


def test_the_interval_holds_the_truth_where_silence_is_even() -> None:
    """40 samples: coverage of a 95 % interval below .85 has a chance of about .003."""
    found = study(Country(**SMALL), samples=40, seed=3)
    assert found.coverage >= 0.85
    assert found.mean_rate == pytest.approx(found.truth, abs=0.01)


def test_silence_of_the_dissatisfied_and_stuffing_lift_the_rate() -> None:
    """p .6 / (p .6 + (1-p) .2) at p = .88 is .957: seven points too high; the control has none."""
    even = study(Country(**SMALL), samples=6, seed=3)
    silent = study(Country(**SMALL, answers_if_satisfied=0.6, answers_if_not=0.2), samples=6, seed=3)
    stuffed = study(Country(**SMALL, stuffed_agencies=1.0, stuffing=0.5), samples=6, seed=3)
    assert abs(even.mean_rate - even.truth) < 0.02
    assert silent.mean_rate - silent.truth > 0.04
    assert silent.false_met > 0.5
    assert stuffed.mean_rate - stuffed.truth > 0.02


def test_clusters_widen_the_interval() -> None:
    """Equal strata, everybody answers, ten a cluster, rho .5: the variance is 1 + (10 - 1) .5 = 5.5 times that of
    persons alone (Kish 1965, 5.4), the width 2.3 times; 2.1 to 2.7 over twenty seeds of four samples."""
    large = {**SMALL, "invited": 60, "largest": 60, "answers_if_satisfied": 1.0, "answers_if_not": 1.0}
    alone = study(Country(**large), samples=4, seed=3)
    together = study(Country(**large, cluster_size=10, rho=0.5), samples=4, seed=3)
    assert 1.9 < together.mean_width / alone.mean_width < 2.9


def test_the_command_writes_truth_and_sample(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        hailong, ["simulate", "--country", str(tmp_path / "x"), "--areas", "3", "--invited", "20", "--samples", "3"]
    )
    assert done.exit_code == 0, done.output
    assert "coverage" in done.output
    truth, sample = (pd.read_csv(tmp_path / "x" / name) for name in ("truth.csv", "sample.csv"))
    assert len(truth) == 3 * 2 * 4
    assert set(sample["stratum"]) <= set(truth["stratum"])
    assert set(sample["answer"]) <= {1, 2, 3, 4, 5}


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadCountry, match=r"satisfaction is 1\.2"):
        Country(satisfaction=1.2)
    assert CliRunner().invoke(hailong, ["simulate"]).exit_code == 2
