"""Inviting: places drawn from the newest frame by a seed that anybody can repeat, tokens by chance that nobody can.

A place is drawn in one commit and gets its token in another, when it is handed out: printed, sent, or given at a
counter. Whoever is killed in between loses nothing: the place waits for its token. Tokens are written out first and
committed then, so a job that dies leaves at worst a printed link that opens nothing, never a live one that nobody has.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from analysis.drawing import Drawn, draw
from survey.actions.following_up import choose_followed
from survey.actions.waves import UnknownWave, WrongChannel, find_wave
from survey.keys import Keys, new_code, new_token
from survey.store import audits, frames, invitations, minting
from survey.store import waves as wave_store
from survey.store.database import Connection, Database
from survey.store.minting import Minted, Place
from survey.store.waves import Wave

STEP, MINT_STEP = "invite", "mint"
AT_ONCE = 1000
ON_PAPER = ("slip", "link")
LEAST_IN_A_STRATUM = 2  # a stratum needs two answers before it has a variance


class NoFrame(LookupError):
    """The wave has no frame to draw from."""


class WaveOver(ValueError):
    """The wave takes no more answers."""


class AlreadyDrawn(ValueError):
    """The planned sample was drawn before."""


class TooMany(ValueError):
    """More invitations were asked for than units are left in the frame."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A fresh token for a link and a code to be typed, both of one invitation: they are kept nowhere else."""

    token: str
    code: str
    stratum_code: str


HandOut = Callable[[Sequence[Invited]], None]


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
) -> list[Invited]:
    """Draw places and hand their tokens out to the caller, who must not lose them.

    Raises UnknownWave, WaveOver, NoFrame or TooMany.
    """
    places = draw_places(database, wave_code, count, seed=seed, today=today, channel=channel, now=now, actor=actor)
    return list(hand_out(database, keys, places, channel))


def draw_places(
    database: Database,
    wave_code: str,
    count: int,
    *,
    seed: int | str,
    today: date,
    channel: str = "slip",
    followed_share: float = 0.0,
    now: datetime | None = None,
    actor: str = "hailong invite",
    strata: Mapping[str, int] | None = None,
    planned: str = "",
) -> list[Place]:
    """Draw `count` units that were never drawn before and keep their places, without tokens; ordered by stratum.

    Proportional to the strata's sizes over all draws of the wave, with two in each stratum where the count allows.
    The seed decides the units, never the tokens, and the share of them that auditors may call back. `strata` says how
    many of each instead, and `planned` names the planned sample that they are: it is drawn once.
    Raises UnknownWave, WaveOver, NoFrame, TooMany or AlreadyDrawn.
    """
    while True:
        with database.reading() as connection:
            frame = _read_frame(connection, _find_wave(connection, wave_code, today))
        # Drawing takes seconds: it is done before the writing lock is taken, and again when the frame has moved on.
        drawn = _draw(frame, wave_code, count, str(seed), strata)
        followed = choose_followed(drawn, followed_share, f"{wave_code}/{seed}")
        rows = _rows(wave_code, frame, drawn, followed, today, channel)
        detail = {"count": count, "frame_version": frame.version, "seed": str(seed)}
        with database.writing(STEP) as connection:
            frames.hold_turn(connection, wave_code)
            if _has_moved_on(connection, wave_code, frame):
                continue
            if planned:
                _record_planned(connection, planned, actor, now or datetime.combine(today, time(), UTC))
            invitations.add_invitations(connection, rows)
            audits.add_event(
                connection,
                at=now or datetime.combine(today, time(), UTC),
                actor=actor,
                event="invited",
                subject=wave_code,
                detail=detail | ({"followed": len(followed)} if followed else {}),
            )
        return [_place(row) for row in rows]


def list_places_left(database: Database, wave_code: str, today: date) -> list[Place]:
    """Drawn places that have no token yet and no contact to send one to. Raises UnknownWave or WaveOver."""
    with database.reading() as connection:
        _find_wave(connection, wave_code, today)
        return minting.list_places_without_token(connection, wave_code)


def check_channel(database: Database, wave_code: str, channel: str) -> None:
    """Raise WrongChannel when a wave does not invite by this channel; UnknownWave."""
    wave = find_wave(database, wave_code)
    if not wave.uses(channel):
        raise WrongChannel(wave, channel)


def list_places_again(database: Database, wave_code: str, drawn_on: date, today: date) -> list[Place]:
    """Places drawn on a day whose slip or link was never used: perhaps it was never printed.

    Raises UnknownWave or WaveOver.
    """
    with database.reading() as connection:
        _find_wave(connection, wave_code, today)
        return minting.list_unanswered(connection, wave_code, drawn_on, ON_PAPER)


def record_replaced(database: Database, places: Sequence[Place], *, now: datetime, actor: str) -> None:
    """Enter in the audit trail that slips are being replaced, before they are."""
    for wave_code in sorted({place.wave_code for place in places}):
        count = sum(place.wave_code == wave_code for place in places)
        with database.writing(STEP) as connection:
            audits.add_event(
                connection, at=now, actor=actor, event="slips-replaced", subject=wave_code, detail={"count": count}
            )


def hand_out(
    database: Database, keys: Keys, places: Sequence[Place], channel: str, write: HandOut | None = None
) -> Iterator[Invited]:
    """Make a token for each place: first `write` brings many of them to where they are safe, then they become live.

    A place that had a token loses it; one that was answered, or that somebody else gave a token to meanwhile, keeps
    what it has, and what was written for it opens nothing.
    """
    for start in range(0, len(places), AT_ONCE):
        made = [
            (place, Invited(new_token(), new_code(), place.stratum_code)) for place in places[start : start + AT_ONCE]
        ]
        if write is not None:
            write([invited for _, invited in made])
        minted = [Minted(place, keys.token_hash(new.token), keys.token_hash(new.code)) for place, new in made]
        with database.writing(MINT_STEP) as connection:
            minting.mint_first(connection, [each for each in minted if not each.place.has_token], channel)
            minting.mint(connection, [each for each in minted if each.place.has_token], channel)
        yield from (invited for _, invited in made)


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


def _record_planned(connection: Connection, planned: str, actor: str, now: datetime) -> None:
    if audits.has_event(connection, "planned-sample-drawn", planned):
        raise AlreadyDrawn(f"The planned sample {planned} was drawn before. `hailong invite --left` prints what waits.")
    audits.add_event(connection, at=now, actor=actor, event="planned-sample-drawn", subject=planned, detail={})


def _draw(frame: _Frame, wave_code: str, count: int, seed: str, strata: Mapping[str, int] | None = None) -> list[Drawn]:
    """A simple random sample of the places left in each stratum, each place named by its number."""
    before = {code: frame.drawn_in(code) for code in frame.populations}
    left = sum(max(0, size - before[code]) for code, size in frame.populations.items())
    short = [code for code, n in (strata or {}).items() if n > frame.populations.get(code, 0) - before.get(code, 0)]
    if count > left or short:
        raise TooMany(
            f"{count:,} invitations were asked for, but {left:,} units of wave {wave_code} are left to draw. "
            "Ask for fewer, or import a newer frame."
        )
    allocation = allocate(frame.populations, before, count) if strata is None else dict(strata)
    places = {code: _places_left(frame.populations[code], frame.drawn.get(code, ())) for code in allocation}
    return draw(places, allocation, f"{wave_code}/{seed}")


def _places_left(population: int, drawn: Sequence[int]) -> list[str]:
    taken = set(drawn)
    return [str(place) for place in range(1, population + 1) if place not in taken]


def _rows(
    wave_code: str,
    frame: _Frame,
    drawn: Sequence[Drawn],
    followed: set[tuple[str, str]],
    today: date,
    channel: str,
) -> list[dict[str, object]]:
    overall = {code: frame.drawn_in(code) for code in frame.populations}
    for each in drawn:
        overall[each.stratum] += 1
    return [
        {
            "token_hash": minting.no_token(),
            "code_hash": None,
            "wave_code": wave_code,
            "stratum_code": each.stratum,
            "position": int(each.identifier),
            "probability": min(1.0, overall[each.stratum] / frame.populations[each.stratum]),
            "frame_version": frame.version,
            "drawn_on": today,
            "channel": channel,
            "disposition": minting.DRAWN,
            "followed": (each.stratum, each.identifier) in followed,
        }
        for each in drawn
    ]


def _place(row: Mapping[str, Any]) -> Place:
    return Place(
        token_hash=row["token_hash"],
        wave_code=row["wave_code"],
        stratum_code=row["stratum_code"],
        position=row["position"],
        disposition=minting.DRAWN,
        voided=0,
        followed=row["followed"],
    )


def _has_moved_on(connection: Connection, wave_code: str, frame: _Frame) -> bool:
    """Whether somebody else drew, or brought a newer frame, since this draw began."""
    counted = {code: len(places) for code, places in frame.drawn.items()}
    return (
        frames.find_frame_version(connection, wave_code) != frame.version
        or invitations.count_invitations(connection, wave_code) != counted
    )
