"""Inviting: units drawn from the newest frame by a seed that anybody can repeat, tokens by chance that nobody can."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from analysis.drawing import Drawn, draw
from survey.actions.waves import UnknownWave
from survey.keys import Keys, new_code, new_token
from survey.store import audits, frames, invitations
from survey.store import waves as wave_store
from survey.store.database import Connection, Database
from survey.store.waves import Wave

STEP = "invite"
LEAST_IN_A_STRATUM = 2  # a stratum needs two answers before it has a variance


class NoFrame(LookupError):
    """The wave has no frame to draw from."""


class WaveOver(ValueError):
    """The wave takes no more answers."""


class TooMany(ValueError):
    """More invitations were asked for than units are left in the frame."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A fresh token for a link and a code to be typed, both of one invitation: they are kept nowhere else."""

    token: str
    code: str
    stratum_code: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """The newest frame of a wave and the places in it that were drawn before."""

    version: int
    populations: Mapping[str, int]
    drawn: Mapping[str, Sequence[int]]

    def drawn_in(self, stratum_code: str) -> int:
        return len(self.drawn.get(stratum_code, ()))


def invite(
    database: Database,
    keys: Keys,
    wave_code: str,
    count: int,
    *,
    seed: int | str,
    today: date,
    channel: str = "slip",
    now: datetime | None = None,
    actor: str = "hailong invite",
) -> list[str]:
    """Draw `count` units that were never drawn before and keep their invitations; the tokens, ordered by stratum.

    Proportional to the strata's sizes over all draws of the wave, with two in each stratum where the count allows.
    The seed decides the units, never the tokens. Raises UnknownWave, WaveOver, NoFrame or TooMany.
    """
    invited = draw_invitations(
        database, keys, wave_code, count, seed=seed, today=today, channel=channel, now=now, actor=actor
    )
    return [each.token for each in invited]


def draw_invitations(
    database: Database,
    keys: Keys,
    wave_code: str,
    count: int,
    *,
    seed: int | str,
    today: date,
    channel: str = "slip",
    now: datetime | None = None,
    actor: str = "hailong invite",
) -> list[Invited]:
    """Do what `invite` does and tell the stratum of each token too."""
    while True:
        with database.reading() as connection:
            frame = _read_frame(connection, _find_wave(connection, wave_code, today))
        # Drawing takes seconds: it is done before the writing lock is taken, and again when the frame has moved on.
        drawn = _draw(frame, wave_code, count, str(seed))
        invited = [Invited(new_token(), new_code(), each.stratum) for each in drawn]
        rows = _rows(keys, wave_code, frame, drawn, invited, today, channel)
        with database.writing(STEP) as connection:
            if _has_moved_on(connection, wave_code, frame):
                continue
            invitations.add_invitations(connection, rows)
            audits.add_event(
                connection,
                at=now or datetime.combine(today, time(), UTC),
                actor=actor,
                event="invited",
                subject=wave_code,
                detail={"count": count, "frame_version": frame.version, "seed": str(seed)},
            )
        return invited


def allocate(populations: Mapping[str, int], drawn: Mapping[str, int], count: int) -> dict[str, int]:
    """How many to draw in each stratum now, given how many were drawn before; those with none are left out.

    The next invitation goes to the stratum that has fewest per head (Sainte-Laguë's divisors), after every stratum has
    two; so a larger count holds the smaller one's allocation. `count` is at most what is left.
    """
    given = {code: drawn.get(code, 0) for code in populations}
    queue = [_turn(code, size, given[code]) for code, size in populations.items() if given[code] < size]
    heapq.heapify(queue)
    allocation: dict[str, int] = {}
    for _ in range(count):
        code = queue[0][2]
        given[code] += 1
        allocation[code] = allocation.get(code, 0) + 1
        if given[code] < populations[code]:
            heapq.heapreplace(queue, _turn(code, populations[code], given[code]))
        else:
            heapq.heappop(queue)
    return allocation


def _turn(code: str, population: int, given: int) -> tuple[int, float, str]:
    return min(given, LEAST_IN_A_STRATUM), (given + 0.5) / population, code


def _find_wave(connection: Connection, wave_code: str, today: date) -> Wave:
    wave = wave_store.find_wave(connection, wave_code)
    if wave is None:
        raise UnknownWave(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
    if wave.is_over(today):
        raise WaveOver(f"Wave {wave_code} takes no more answers. `hailong waves --open` lists those that do.")
    return wave


def _read_frame(connection: Connection, wave: Wave) -> _Frame:
    version = frames.find_frame_version(connection, wave.code)
    if version is None:
        raise NoFrame(
            f"Wave {wave.code} has no frame to draw from. Run `hailong import frame FILE --wave {wave.code}`."
        )
    strata = frames.list_strata(connection, wave.code, version)
    populations = {stratum.code: stratum.population for stratum in strata}
    return _Frame(version, populations, invitations.list_drawn_positions(connection, wave.code))


def _draw(frame: _Frame, wave_code: str, count: int, seed: str) -> list[Drawn]:
    """A simple random sample of the places left in each stratum, each place named by its number."""
    before = {code: frame.drawn_in(code) for code in frame.populations}
    left = sum(max(0, size - before[code]) for code, size in frame.populations.items())
    if count > left:
        raise TooMany(
            f"{count:,} invitations were asked for, but {left:,} units of wave {wave_code} are left to draw. "
            "Ask for fewer, or import a newer frame."
        )
    allocation = allocate(frame.populations, before, count)
    places = {code: _places_left(frame.populations[code], frame.drawn.get(code, ())) for code in allocation}
    return draw(places, allocation, f"{wave_code}/{seed}")


def _places_left(population: int, drawn: Sequence[int]) -> list[str]:
    taken = set(drawn)
    return [str(place) for place in range(1, population + 1) if place not in taken]


def _rows(
    keys: Keys,
    wave_code: str,
    frame: _Frame,
    drawn: Sequence[Drawn],
    invited: Sequence[Invited],
    today: date,
    channel: str,
) -> list[dict[str, object]]:
    overall = {code: frame.drawn_in(code) for code in frame.populations}
    for each in drawn:
        overall[each.stratum] += 1
    return [
        {
            "token_hash": keys.token_hash(new.token),
            "code_hash": keys.token_hash(new.code),
            "wave_code": wave_code,
            "stratum_code": each.stratum,
            "position": int(each.identifier),
            "probability": min(1.0, overall[each.stratum] / frame.populations[each.stratum]),
            "frame_version": frame.version,
            "drawn_on": today,
            "channel": channel,
        }
        for each, new in zip(drawn, invited, strict=True)
    ]


def _has_moved_on(connection: Connection, wave_code: str, frame: _Frame) -> bool:
    """Whether somebody else drew, or brought a newer frame, since this draw began."""
    counted = {code: len(places) for code, places in frame.drawn.items()}
    return (
        frames.find_frame_version(connection, wave_code) != frame.version
        or invitations.count_invitations(connection, wave_code) != counted
    )
