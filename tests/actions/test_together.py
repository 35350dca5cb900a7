"""Two who import, draw or send the same batch at the same moment wait for each other; nobody sees a broken key."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TypeVar

from survey.actions.importing_frame import import_frame
from survey.actions.inviting import draw_places
from survey.actions.receiving import receive
from survey.keys import Keys
from survey.store import clients, frames, invitations
from survey.store.database import Database

AT_ONCE = 4
Result = TypeVar("Result")


def test_frames_that_arrive_together_become_versions_one_after_the_other(
    database: Database, keys: Keys, wave: str, today: date, examples: Path
) -> None:
    path = examples / "frame-totals.csv"
    loaded = together(lambda _: import_frame(database, keys, path, wave_code=wave, today=today).version)
    assert sorted(loaded) == [1, 2, 3, 4]


def test_draws_that_are_made_together_draw_nobody_twice(
    database: Database, load_totals: Callable[..., int], wave: str, today: date
) -> None:
    load_totals(land=400)
    drawn = together(lambda seed: len(draw_places(database, wave, 20, seed=seed, today=today)))
    assert drawn == [20] * AT_ONCE
    with database.reading() as connection:
        assert invitations.count_invitations(connection, wave) == {"TTPVHCC-31507.land": 20 * AT_ONCE}


def test_a_batch_that_comes_twice_at_once_counts_once(database: Database, keys: Keys, wave: str, today: date) -> None:
    with database.writing("test") as connection:
        clients.add_client(connection, "portal", today)
    each = {"agency": "TTPVHCC-31507", "procedure": "VD-CHUNG-THUC"}
    parsed = {"wave": wave, "transactions": [{"dossier": f"D{number}", **each} for number in range(50)]}
    body = json.dumps(parsed).encode()
    keyed = together(lambda _: receive(database, keys, "portal", "k", body, parsed, today=today).answer)
    assert len(set(keyed)) == 1
    others = together(lambda number: receive(database, keys, "portal", f"k{number}", body, parsed, today=today).answer)
    assert {json.loads(answer)["already"] for answer in others} == {50}
    with database.reading() as connection:
        assert clients.count_waiting(connection) == {wave: 50}
        assert frames.find_frame_version(connection, wave) is None


def together(work: Callable[[int], Result]) -> list[Result]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, range(AT_ONCE)))
