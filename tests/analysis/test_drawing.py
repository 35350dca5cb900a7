"""Draws that anybody can repeat."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.drawing import BadDraw, draw, random_number

FRAME = {"A": [f"a{i:03}" for i in range(120)], "B": [f"b{i:02}" for i in range(15)]}


def identifiers(drawn):
    return [record.identifier for record in drawn]


@given(seed=st.text(max_size=8), shuffle=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_frame_does_not_matter(seed, shuffle):
    other = {name: random.Random(shuffle).sample(records, len(records)) for name, records in FRAME.items()}
    assert draw(FRAME, {"A": 10, "B": 3}, seed) == draw(other, {"B": 3, "A": 10}, seed)


@pytest.mark.parametrize("size", [1, 2, 5, 15])
def test_an_auditor_can_draw_it_with_a_hash_alone(size):
    """The smallest SHA-256 of (length, seed), (length, stratum), (length, identifier), however many are asked for."""

    def number(record):
        parts = [p.encode() for p in ("2026-Q1", "B", record)]
        return hashlib.sha256(b"".join(len(p).to_bytes(4, "big") + p for p in parts)).digest()

    records = FRAME["B"][:size]
    for n in range(size + 1):
        assert identifiers(draw({"B": records}, {"B": n}, "2026-Q1")) == sorted(records, key=number)[:n]


def test_the_sample_of_a_seed_is_pinned():
    """The same on any machine, this year and next."""
    assert identifiers(draw(FRAME, {"A": 3, "B": 2}, "pinned")) == PINNED


def test_tables_are_drawn_from_like_lists():
    rows = [(name, record) for name, records in FRAME.items() for record in records]
    table = pd.DataFrame(rows, columns=["office", "dossier"])
    asked = {"A": 7, "B": 2}
    for frame in (table, pl.from_pandas(table)):
        assert draw(frame, asked, "s", stratum="office", identifier="dossier") == draw(FRAME, asked, "s")
    table.loc[3, "dossier"] = None
    with pytest.raises(BadDraw, match="'dossier' must be filled"):
        draw(table, asked, "s", stratum="office", identifier="dossier")


def test_a_larger_sample_holds_the_smaller():
    small, large = (set(identifiers(draw(FRAME, {"A": n}, "grow"))) for n in (10, 25))
    assert small < large


@pytest.mark.parametrize("method", ["random", "systematic", "pps"])
def test_everybody_is_drawn_as_often_as_promised(method):
    """400 seeds, 3 of 15: each about 80 times (SD 8), by size in proportion; weights add up to 15 on average."""
    sizes = {record: 1.0 + place for place, record in enumerate(FRAME["B"])}
    hits = dict.fromkeys(FRAME["B"], 0)
    weights = []
    for seed in range(400):
        drawn = draw(FRAME, {"B": 3}, str(seed), method, sizes)
        weights.append(sum(record.weight for record in drawn))
        assert len(set(identifiers(drawn))) == 3
        for record in drawn:
            hits[record.identifier] += 1
    for record, count in hits.items():
        promised = 1200 * (sizes[record] / 120 if method == "pps" else 1 / 15)
        assert count == pytest.approx(promised, abs=5 * promised**0.5)
    assert np.mean(weights) == pytest.approx(15, rel=0.1)


def test_a_systematic_draw_is_evenly_spread():
    places = [FRAME["A"].index(name) for name in identifiers(draw(FRAME, {"A": 12}, "even", "systematic"))]
    assert set(np.diff(places)) == {10}


def test_a_record_larger_than_its_share_is_taken_with_certainty():
    """2 by size of 100, 10, 10, 10: the first surely; then 1 of the three, each with probability 1/3."""
    sizes = {"w": 100, "x": 10, "y": 10, "z": 10}
    drawn = draw({"S": list(sizes)}, {"S": 2}, "s", "pps", sizes)
    assert (drawn[0].identifier, drawn[0].probability) == ("w", 1.0)
    assert drawn[1].probability == pytest.approx(1 / 3)
    everybody = draw({"S": list(sizes)}, {"S": 4}, "s", "pps", sizes)
    assert {record.probability for record in everybody} == {1.0}


def test_a_number_is_a_seed_too():
    assert draw(FRAME, {"A": 3}, 2026) == draw(FRAME, {"A": 3}, "2026")


def test_nobody_is_drawn_where_nobody_is_asked_for():
    assert draw(FRAME, {"A": 0}, "none") == []


def test_a_random_number_depends_on_its_parts_and_not_on_their_joints():
    assert random_number("s", "ab", "c") != random_number("s", "a", "bc")
    assert 0 <= random_number("s") < 1


@pytest.mark.parametrize(
    ("frame", "allocation", "method", "sizes", "message"),
    [
        (FRAME, {"C": 1}, "random", None, "'C' is in the allocation but not in the frame"),
        (FRAME, {"B": 16}, "random", None, "holds 15 records, 16 cannot be drawn"),
        (FRAME, {"B": -1}, "random", None, "cannot be drawn"),
        ({"B": ["x", "x"]}, {"B": 1}, "random", None, "names a record twice"),
        (FRAME, {"B": 1}, "lottery", None, "choose random, systematic or pps"),
        (FRAME, {"B": 1}, "pps", {"b00": 1.0}, "needs a size above 0"),
        (FRAME, {"B": 1}, "pps", None, "needs a size above 0"),
    ],
)
def test_impossible_draws_are_refused_with_the_stratum(frame, allocation, method, sizes, message):
    with pytest.raises(BadDraw, match=message):
        draw(frame, allocation, "seed", method, sizes)


PINNED = ["a076", "a117", "a103", "b13", "b02"]
