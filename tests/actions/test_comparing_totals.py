"""An incomplete frame: what somebody else counted stands beside the rate, and nothing is said to be met."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from fieldwork import begin_fieldwork

from survey.actions.comparing_totals import FrameGaps, import_totals
from survey.actions.releasing import compute_release
from survey.keys import Keys
from survey.proof import Signer
from survey.store.audits import By
from survey.store.database import Database
from survey.store.releases import StoredFigure
from survey.web.services import clock

BY = By("an-operator", clock())


def find(figures: list[StoredFigure], level: str, place: str) -> StoredFigure:
    return next(each for each in figures if (each.level, each.place) == (level, place))


def test_a_gap_is_the_share_of_the_independent_count_that_the_frame_lacks() -> None:
    """94 of 100 lack 6 %, over a limit of 5 %; 95 of 100 lack just the limit; more than was counted lacks nothing."""
    gaps = FrameGaps({"A": 94, "B": 95, "C": 120}, {"A": 100, "B": 100, "C": 100, "D": 50, "E": 0}, Decimal("0.05"))
    assert {each.agency_code: each.is_over_limit for each in gaps.compare()} == {
        "A": True,
        "B": False,
        "C": False,
        "D": True,
    }
    assert gaps.tell({"A", "B", "C"}) == {"agencies": 1, "lacking_rate": 0.06, "limit_rate": 0.05}
    assert gaps.tell({"A", "D"}) == {"agencies": 2, "lacking_rate": 1.0, "limit_rate": 0.05}
    assert gaps.tell({"B", "C"}) is None


def test_an_incomplete_frame_gets_no_met_and_the_gap_stands_beside_the_rate(
    database: Database, keys: Keys, signer: Signer, tmp_path: Path
) -> None:
    """60 of 60 satisfied are above 85 % beyond doubt, until 100 of 1,100 transactions turn out to be missing."""
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 1000}, invited=60)
    work.answer_all({"A.land": "5" * 60})
    work.seal_and_tally()
    with database.reading() as connection:
        complete = find(compute_release(connection, "W")[1], "sector", "land").numbers
    assert [each["verdict"] for each in complete["judgements"] if each["kind"] == "in_force"] == ["met"]
    assert "frame_gap" not in complete
    totals = tmp_path / "totals.csv"
    totals.write_text("agency,population\nA,1100\n", encoding="utf-8")
    (compared,) = import_totals(database, totals, wave_code="W", recorded=BY)
    assert compared.is_over_limit
    with database.reading() as connection:
        figures = compute_release(connection, "W")[1]
    sector = find(figures, "sector", "land").numbers
    (judged,) = [each for each in sector["judgements"] if each["kind"] == "in_force"]
    gap = {"agencies": 1, "lacking_rate": 0.091, "limit_rate": 0.05}
    assert (judged["verdict"], judged["reason"], judged["numbers"]) == ("not_shown", "incomplete_frame", gap)
    assert "above" not in [each["verdict"] for each in sector["judgements"]]
    assert sector["rate"] == complete["rate"]
    assert sector["frame_gap"] == find(figures, "agency", "A").numbers["frame_gap"] == gap
