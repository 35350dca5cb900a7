"""Every number that R computed is ours too; where R is wrong or silent, we answer inside 0..1 with a positive width.

`pytest tests/analysis/test_reference.py --reference DIR` checks another folder of the same format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import closed_form
import pytest
from reference_checks import NotSupported, check
from reference_format import OWN, Folder

LINE = "reference: {} matched, {} not supported, {} wrong"


@pytest.fixture(scope="module")
def paths(request: pytest.FixtureRequest) -> list[Path]:
    given = request.config.getoption("--reference")
    return [Path(given)] if given else [OWN, OWN / "designs"]


def test_every_record_and_closed_form_matches(paths: list[Path], report_last: list[str]) -> None:
    """Designs, calibrations, replicates, domains and estimates are built from the JSON alone."""
    answers = [answer for path in paths for answer in (*answer_records(path), *answer_closed_forms(path))]
    counted = Counter(answer for answer, _ in answers)
    report_last.append(LINE.format(counted["matched"], counted["not supported"], counted["wrong"]))
    assert answers, f"{paths[0]} has no records"
    assert not [complaint for answer, complaint in answers if answer != "matched"], "\n".join(
        complaint for answer, complaint in answers if answer != "matched"
    )


def answer_records(path: Path) -> Iterator[tuple[str, str]]:
    if not (path / "reference.json").exists():
        return
    folder = Folder(path)
    for record in folder.records:
        try:
            wrong = check(folder, record)
        except NotSupported as missing:
            yield "not supported", f"{record['id']}: not supported ({missing})"
        except Exception as error:
            yield "wrong", f"{record['id']}: {type(error).__name__}: {error}"
        else:
            yield ("wrong", "\n".join(wrong)) if wrong else ("matched", "")


def answer_closed_forms(path: Path) -> Iterator[tuple[str, str]]:
    if not (path / "closed_form.json").exists():
        return
    words = {"ok": "matched", "unsupported": "not supported", "wrong": "wrong"}
    for name, answer, detail in closed_form.check_all(path):
        yield words[answer], f"closed form {name}: {detail}"
