"""Random numbers that do not depend on the machine."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.chance import Chance


def test_a_seed_gives_the_same_numbers_everywhere():
    """Pinned: a change here changes every published certificate and rank set."""
    assert Chance("seed").uniforms(3) == pytest.approx(PINNED, abs=0)


def test_numbers_are_inside_the_unit_interval_and_spread_over_it():
    u = Chance("spread").uniforms(20_000)
    assert u.min() > 0
    assert u.max() < 1
    assert np.histogram(u, 10, (0, 1))[0] == pytest.approx(2000, abs=200)


def test_normals_have_mean_zero_and_variance_one():
    z = Chance("normal").normals(100, 200)
    assert z.mean() == pytest.approx(0, abs=0.02)
    assert z.std() == pytest.approx(1, abs=0.02)


def test_a_stream_moves_on_and_another_seed_differs():
    chance = Chance("a")
    assert chance.uniforms(1) != chance.uniforms(1)
    assert Chance("a").uniforms(1) != Chance("b").uniforms(1)


PINNED = [0.17136182085134022, 0.523207704226926, 0.32528717713166644]
