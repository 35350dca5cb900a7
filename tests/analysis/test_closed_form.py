"""Every closed-form case of the open reference folder, through the public functions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from closed_form import check_all

FOLDER = Path(__file__).parent / "reference"
REPORT = check_all(FOLDER)


@pytest.mark.parametrize(("case", "status", "detail"), REPORT, ids=[case for case, _, _ in REPORT])
def test_case_is_matched(case, status, detail):
    assert status == "ok", f"{case}: {detail}"


def test_an_unknown_test_is_reported_and_not_passed_over(tmp_path):
    (tmp_path / "closed_form.json").write_text(json.dumps({"tests": {"tarot": {"formula": "?", "cases": [{}]}}}))
    assert check_all(tmp_path) == [("tarot/0", "unsupported", "no checker of this name")]


def test_a_wrong_number_is_reported(tmp_path):
    case = {"se": [0.01, 0.01, 0.01], "b": 1.0}
    (tmp_path / "closed_form.json").write_text(json.dumps({"tests": {"goldstein_healy": {"cases": [case]}}}))
    assert check_all(tmp_path)[0][1] == "wrong"
