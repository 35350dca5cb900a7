"""Asking the silent again: a seeded subsample of the places of a wave that nobody answered, stratum by stratum.

What they say then is the second phase of a two-phase design (`survey.actions.nonresponse.analyse_follow_up`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.drawing import draw
from survey.actions.waves import find_wave
from survey.store import invitations
from survey.store.audits import By
from survey.store.database import Connection, Database

LEAST = 2  # of a stratum: one alone has no variance


class NobodySilent(LookupError):
    """Everybody who was invited has answered, or nobody was invited."""


class TooLate(LookupError):
    """What led from an answer's code to its place is destroyed: nobody can tell who was silent any more."""


class BadShare(ValueError):
    """The share of the silent must lie above 0 and up to 1."""


@dataclass(frozen=True, slots=True)
class Silent:
    """One place to ask again, with the chance that it had among the silent of its stratum."""

    stratum: str
    position: int
    probability: float


def size_subsample(silent: Mapping[str, int], share: float) -> dict[str, int]:
    """How many of the silent of each stratum: this share of them, at least two where there are two."""
    return {code: min(n, max(LEAST, round(n * share))) for code, n in silent.items() if n}


def draw_silent(database: Database, wave_code: str, share: float, *, seed: str, by: By) -> list[Silent]:
    """Draw whom to ask again, by stratum and place; recorded. The same seed draws the same places while nobody answers.

    Raises UnknownWave, NobodySilent, TooLate, BadShare.
    """
    if not 0 < share <= 1:
        raise BadShare(f"The share of the silent must lie above 0 and up to 1, not {share:g}.")
    wave = find_wave(database, wave_code)
    with database.writing("draw-silent") as connection:
        silent = _list_silent(connection, wave.code)
        sizes = size_subsample({code: len(positions) for code, positions in silent.items()}, share)
        frame = {code: [str(position) for position in silent[code]] for code in sizes}
        drawn = draw(frame, sizes, f"{wave.code}/{seed}/silent")
        by.record(connection, "silent-drawn", wave.code, places=len(drawn), seed=seed, share=repr(share))
    return sorted(
        (Silent(each.stratum, int(each.identifier), each.probability) for each in drawn),
        key=lambda each: (each.stratum, each.position),
    )


def _list_silent(connection: Connection, wave_code: str) -> dict[str, list[int]]:
    silent = invitations.list_silent_positions(connection, wave_code)
    if not silent:
        raise NobodySilent(f"Nobody in wave {wave_code} is silent: there is nobody to ask again.")
    invited = invitations.count_invitations(connection, wave_code)
    answered = invitations.count_spent(connection, wave_code)
    if any(len(positions) + answered.get(code, 0) > invited[code] for code, positions in silent.items()):
        raise TooLate(f"Ninety days after wave {wave_code} nothing tells any more who of its invited was silent.")
    return silent
