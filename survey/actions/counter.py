"""The counter: is this dossier drawn, and if so its slip, made at that moment and once.

Whether a dossier is drawn was decided by the seeded draw before anybody came to the counter; nobody at the counter
can draw. The code exists only on what is shown or printed; only its keyed hash is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from survey.actions.inviting import HandOut, Invited
from survey.keys import Keys, new_code, new_token
from survey.store import audits, minting, places
from survey.store import waves as wave_store
from survey.store.database import Connection, Database
from survey.store.minting import Minted, Place
from survey.store.places import EVERYTHING, Scope

STEP = "counter-slip"
CHANNEL = "counter"
DRAWN, GIVEN, NOT_DRAWN, UNKNOWN = "drawn", "given", "not_drawn", "unknown"
LONGEST_DOSSIER = 200
MOST_REPLACED = 2
HANDED_OUT = (minting.MINTED, minting.SENT, minting.DELIVERED)
SENTENCES = {
    DRAWN: "drawn, no slip was given yet",
    GIVEN: "a slip or message was given already",
    NOT_DRAWN: "not drawn",
    UNKNOWN: "in no frame of a wave that takes answers now",
}


class NoSlip(Exception):
    """No slip is given for this dossier; `state` says why."""

    def __init__(self, state: str) -> None:
        super().__init__(f"No slip: {SENTENCES[state]}.")
        self.state = state


class NotReplaced(Exception):
    """The slip cannot be replaced: it was replaced before, or perhaps used. Nobody at a counter is told which."""

    def __init__(self) -> None:
        super().__init__("This slip cannot be replaced any more. The person may still use the one that was given.")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a counter is told of a dossier: drawn, given, not_drawn or unknown, and for the first two the wave."""

    state: str
    wave_code: str | None = None

    @property
    def sentence(self) -> str:
        return SENTENCES[self.state]


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh token and code, to be shown or printed once."""

    invited: Invited
    wave_code: str
    closes_on: date


def look_up(database: Database, keys: Keys, dossier: str, *, today: date, scope: Scope = EVERYTHING) -> Looked:
    """Whether a dossier is drawn, among the agencies that the counter may serve; looking changes nothing."""
    with database.reading() as connection:
        state, place = _find(connection, keys, dossier, today, scope)
    return Looked(state, place.wave_code if place else None)


def issue(
    database: Database,
    keys: Keys,
    dossier: str,
    *,
    today: date,
    now: datetime,
    actor: str,
    scope: Scope = EVERYTHING,
    again: bool = False,
    write: HandOut | None = None,
) -> Issued:
    """Make the slip of a drawn dossier; with `again` replace the one that was given, which is void from then on.

    Every slip is entered in the audit trail under the account that gave it. Raises NoSlip or NotReplaced.
    """
    token, code = new_token(), new_code()
    with database.reading() as connection:
        state, place = _find(connection, keys, dossier, today, scope)
    if place is None or state != (GIVEN if again else DRAWN):
        raise NoSlip(state)
    if again and place.voided >= MOST_REPLACED:
        raise NotReplaced
    invited = Invited(token, code, place.stratum_code)
    if write is not None:
        write([invited])
    with database.writing(STEP) as connection:
        minted = Minted(place, keys.token_hash(token), keys.token_hash(code))
        if not minting.mint(connection, [minted], CHANNEL)[0]:
            raise NotReplaced if again else NoSlip(GIVEN)
        wave = wave_store.find_wave(connection, place.wave_code)
        assert wave is not None
        audits.add_event(
            connection,
            at=now,
            actor=actor,
            event="slip-replaced" if again else "slip-given",
            subject=place.wave_code,
            detail={"stratum": place.stratum_code},
        )
    return Issued(invited, place.wave_code, wave.closes_on)


def _find(connection: Connection, keys: Keys, dossier: str, today: date, scope: Scope) -> tuple[str, Place | None]:
    """The state of a dossier, and its place when it was drawn; a wave in which it was drawn goes before others."""
    cleaned = dossier.strip()[:LONGEST_DOSSIER]
    unit_hash = keys.unit_hash(cleaned)
    served = places.list_agencies(connection, scope).keys() if scope != EVERYTHING else None
    known = False
    for wave_code, agency_code in minting.list_waves_of_unit(connection, unit_hash, today) if cleaned else ():
        if served is not None and agency_code not in served:
            continue
        wave = wave_store.find_wave(connection, wave_code)
        if wave is None or not wave.uses(CHANNEL):
            continue
        known = True
        place = minting.find_drawn_unit(connection, wave_code, unit_hash)
        if place is not None:
            return (GIVEN if place.disposition in HANDED_OUT else DRAWN), place
    return (NOT_DRAWN if known else UNKNOWN), None
