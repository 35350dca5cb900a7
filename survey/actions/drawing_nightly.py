"""Continuous sampling: each night the transactions that came are drawn, each with the chance that was planned.

The frame grows at its end. Whether a place is drawn follows from the wave's seed and the place, so a night that is run
twice adds nothing, one that was missed is made up for, and the order of the nights changes nobody's chance.
"""

from __future__ import annotations

from datetime import date

from analysis.planning import BadPlan
from survey.actions.inviting import NoFrame, WaveOver
from survey.actions.planning import choose_continuously, list_taken
from survey.actions.waves import find_wave
from survey.store import frames, invitations, minting
from survey.store.audits import By
from survey.store.database import Database

TURN = "invite"


def draw_nightly(database: Database, wave_code: str, rate: float, *, seed: str, today: date, by: By) -> int:
    """Draw at a planned rate from the newest frame; how many places were added. They wait for their tokens.

    Raises UnknownWave, WaveOver, NoFrame, BadPlan.
    """
    if not 0 < rate <= 1:
        raise BadPlan("the rate is a chance above 0 and up to 1")
    if find_wave(database, wave_code).is_over(today):
        raise WaveOver(f"Wave {wave_code} takes no more answers. `hailong waves --open` lists those that do.")
    with database.writing(TURN) as connection:
        version = frames.find_frame_version(connection, wave_code)
        if version is None:
            raise NoFrame(f"Wave {wave_code} has no frame. Run `hailong import frame FILE --wave {wave_code}`.")
        populations = {each.code: each.population for each in frames.list_strata(connection, wave_code, version)}
        taken = list_taken(connection, wave_code)
        drawn = choose_continuously(populations, dict.fromkeys(populations, rate), f"{wave_code}/{seed}", taken)
        rows = [
            {
                "token_hash": minting.no_token(),
                "code_hash": None,
                "wave_code": wave_code,
                "stratum_code": each.stratum,
                "position": each.position,
                "probability": each.probability,
                "frame_version": version,
                "drawn_on": today,
                "channel": "slip",
                "disposition": minting.DRAWN,
                "followed": False,
            }
            for each in drawn
        ]
        invitations.add_invitations(connection, rows)
        by.record(connection, "invited-nightly", wave_code, count=len(rows), seed=seed, rate=repr(rate))
    return len(rows)
