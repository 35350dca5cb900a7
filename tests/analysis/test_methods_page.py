"""docs/methods.md is held to the code: the tests and the functions it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import analysis
from analysis.intervals import METHODS
from analysis.multiplicity import FACTORS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "methods.md").read_text()


def test_every_test_that_the_page_names_exists():
    written = "\n".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) >= 10
    assert {name for name in named if f"def {name}(" not in written} == set()
    assert all((Path(__file__).parent / name).exists() for name in re.findall(r"`(test_\w+\.py)`", PAGE))


def test_every_function_that_a_heading_names_is_public():
    named = {name for line in PAGE.splitlines() if line.startswith("## ") for name in re.findall(r"`(\w+)[`(]", line)}
    assert len(named) > 20
    assert {name for name in named if not hasattr(analysis, name)} == set()


def test_every_method_and_adjustment_is_explained():
    assert {method for method in METHODS if f"`{method}`" not in PAGE} == set()
    assert {
        name for name in ("Holm", "Hochberg", "Benjamini-Hochberg", "Benjamini-Yekutieli") if name not in PAGE
    } == set()
    assert len(FACTORS) == 4
