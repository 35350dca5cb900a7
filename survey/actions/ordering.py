"""Ordering a draw on a page. Whoever serves pages cannot draw: the work process does, and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from analysis.planning import BadPlan
from survey.actions.drawing_nightly import draw_nightly
from survey.actions.inviting import AlreadyDrawn, NoFrame, TooMany, WaveOver, draw_places
from survey.actions.waves import UnknownWave, find_wave
from survey.store import audits, draw_orders, frames, invitations
from survey.store.audits import By
from survey.store.database import Database
from survey.store.draw_orders import DrawOrder

REFUSALS = (AlreadyDrawn, BadPlan, NoFrame, TooMany, UnknownWave, WaveOver)
NIGHT = "nightly-drawn"
LONGEST_TOLD = 200
LONGEST_SEED = 64


class BadOrder(ValueError):
    """The order cannot be carried out as it is; the message says what to change."""


def order_draw(
    database: Database,
    wave_code: str,
    *,
    seed: str,
    by: By,
    today: date,
    count: int | None = None,
    strata: Mapping[str, int] | None = None,
    rate: float | None = None,
) -> DrawOrder:
    """Order a draw of `count` places, of the places of a plan (`strata`), or at a `rate` night by night.

    Raises UnknownWave, WaveOver, NoFrame, TooMany or BadOrder at once rather than when nobody looks.
    """
    if find_wave(database, wave_code).is_over(today):
        raise WaveOver(f"Wave {wave_code} takes no more answers. `hailong waves --open` lists those that do.")
    if not 1 <= len(seed) <= LONGEST_SEED or not seed.isprintable():
        raise BadOrder("The seed is 1 to 64 letters: whoever has it draws the same sample again.")
    if rate is not None and not 0 < rate <= 1:
        raise BadOrder("The rate is a chance above 0 and up to 1.")
    count = sum(strata.values()) if strata else count
    _check_room(database, wave_code, count or 0, strata or {})
    with database.writing("order-draw") as connection:
        number = draw_orders.next_number(connection, wave_code)
        order = DrawOrder(wave_code, number, count, strata, rate, seed, by.actor, today)
        draw_orders.add_order(connection, order)
        by.record(connection, "draw-ordered", wave_code, number=number, seed=seed)
    return order


def list_orders(database: Database, wave_code: str) -> list[DrawOrder]:
    with database.reading() as connection:
        return draw_orders.list_orders(connection, wave_code)


def carry_out_orders(database: Database, now: datetime, today: date, *, followed_share: float = 0.0) -> int:
    """Carry out every order that waits; how many draws were made."""
    with database.reading() as connection:
        waiting = draw_orders.list_waiting(connection)
    return sum(_carry_out(database, order, now, today, followed_share) for order in waiting)


def _carry_out(database: Database, order: DrawOrder, now: datetime, today: date, followed_share: float) -> bool:
    try:
        if order.rate is not None:
            return _draw_tonight(database, order, order.rate, now, today)
        drawn = len(_draw(database, order, now, today, followed_share))
    except AlreadyDrawn:
        drawn = order.count or 0
    except REFUSALS as refused:
        _settle(database, order, draw_orders.DONE if order.rate else draw_orders.REFUSED, str(refused))
        return False
    _settle(database, order, draw_orders.DONE, f"{drawn}")
    return True


def _draw(database: Database, order: DrawOrder, now: datetime, today: date, followed_share: float) -> list[object]:
    return list(
        draw_places(
            database,
            order.wave_code,
            order.count or 0,
            seed=order.seed,
            today=today,
            followed_share=followed_share,
            now=now,
            actor=order.ordered_by,
            strata=order.strata,
            planned=f"{order.wave_code}/order-{order.number}",
        )
    )


def _draw_tonight(database: Database, order: DrawOrder, rate: float, now: datetime, today: date) -> bool:
    """Draw from a frame that grew since the last time; the order waits on for the next night."""
    with database.reading() as connection:
        version = frames.find_frame_version(connection, order.wave_code)
        night = f"{order.wave_code}/{order.number}/{version}"
        if version is None or audits.has_event(connection, NIGHT, night):
            return False
    by = By(order.ordered_by, now)
    drawn = draw_nightly(database, order.wave_code, rate, seed=order.seed, today=today, by=by)
    with database.writing("night-drawn") as connection:
        by.record(connection, NIGHT, night, count=drawn)
        draw_orders.settle_order(connection, order, draw_orders.WAITING, f"{today.isoformat()}: {drawn}")
    return True


def _settle(database: Database, order: DrawOrder, state: str, told: str) -> None:
    with database.writing("settle-order") as connection:
        draw_orders.settle_order(connection, order, state, told[:LONGEST_TOLD])


def _check_room(database: Database, wave_code: str, count: int, strata: Mapping[str, int]) -> None:
    with database.reading() as connection:
        version = frames.find_frame_version(connection, wave_code)
        if version is None:
            raise NoFrame(f"Wave {wave_code} has no frame. Run `hailong import frame FILE --wave {wave_code}`.")
        drawn = invitations.count_invitations(connection, wave_code)
        left = {
            each.code: max(0, each.population - drawn.get(each.code, 0))
            for each in frames.list_strata(connection, wave_code, version)
        }
    if count > sum(left.values()) or any(n > left.get(code, 0) for code, n in strata.items()):
        raise TooMany(f"{count:,} were asked for, but {sum(left.values()):,} of wave {wave_code} are left to draw.")
