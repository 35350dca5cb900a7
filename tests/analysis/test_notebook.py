"""The example notebook runs from its first cell to its last, and its numbers are what arithmetic says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "own-file.ipynb"


def run_cells() -> dict[str, Any]:
    """Run every code cell in one namespace, as a kernel does. A notebook is JSON; nothing else is needed for that."""
    names: dict[str, Any] = {}
    for number, cell in enumerate(json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
    return names


def test_the_notebook_runs_and_weighs_each_commune_by_its_size() -> None:
    names = run_cells()
    survey = names["survey"].dropna(subset=["satisfied"])
    weights = survey["N_h"] / names["survey"].groupby("commune")["answer"].transform("size")[survey.index]
    assert names["estimate"].rate == pytest.approx((weights * survey["satisfied"]).sum() / weights.sum(), rel=1e-12)
    assert names["estimate"].df == len(survey) - 6
    assert names["verdict"].code in {"met", "not_met", "not_shown", "too_few"}
    assert len(names["by_commune"]) == 6


def test_the_notebook_is_kept_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs")] == []
