"""Every number that R computed is ours too; where R is wrong or silent, we answer inside 0..1 with a positive width.

`pytest tests/analysis/test_reference.py --reference DIR` checks another folder of the same format.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from reference_checks import NotSupported, check
from reference_format import OWN, Folder


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest) -> Folder:
    return Folder(Path(request.config.getoption("--reference") or OWN))


def test_every_record_of_the_folder_matches(folder: Folder, report_last: list[str]) -> None:
    """Built from the JSON alone: designs, calibrations, replicates, domains, estimates, intervals, weights."""
    outcome: Counter[str] = Counter()
    complaints: list[str] = []
    for record in folder.records:
        try:
            wrong = check(folder, record)
        except NotSupported as missing:
            outcome["not supported"] += 1
            complaints.append(f"{record['id']}: not supported ({missing})")
            continue
        except Exception as error:
            wrong = [f"{record['id']}: {type(error).__name__}: {error}"]
        outcome["wrong" if wrong else "matched"] += 1
        complaints += wrong
    report_last.append(
        f"reference: {outcome['matched']} matched, {outcome['not supported']} not supported, {outcome['wrong']} wrong"
    )
    assert not complaints, "\n".join(complaints)
