"""Synthetic answers to a demonstration wave, honest or stuffed, on the same way as citizens' answers.

They are for trying the fraud screen: who stuffs is chosen, so what the screen says can be judged. Only a wave that was
opened with the purpose `demo` takes them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from survey.actions.answering import OpenForm, new_receipt, new_response
from survey.actions.demo_province import COMMENTS
from survey.actions.signalling import OVERDUE_AFTER, Arrivals, Sighting
from survey.actions.simulating import Setting, SyntheticResponse, simulate, stuff
from survey.actions.waves import UnknownWave
from survey.keys import Keys
from survey.mandate.questionnaires import Questionnaire
from survey.store import audits, screenings
from survey.store import waves as wave_store
from survey.store.database import Database
from survey.store.questionnaires import load_version
from survey.store.writer import Submission, store_submissions

DEMO = "demo"
AT_ONCE = 500
AGENCY_SPREAD = 0.06
FAST, FAST_IF_STUFFED = 0.04, 0.5
HONEST_HOURS, CLERKS_HOURS = (8, 9, 10, 14, 15, 16, 19), (9, 19)
SLOW, QUICK = 300, 1
CLERKS_TELEPHONES = 2


class NoDemo(ValueError):
    """The wave is not a demonstration, or has nobody left to answer."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """How many answered honestly, and how many answers each agency stuffed."""

    honest: int
    stuffed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Visit:
    """One made-up answer with its invitation, its hour and its device."""

    token_hash: bytes
    stratum: str
    agency: str
    channel: str
    drawn_on: date
    response: SyntheticResponse
    hour: int
    fast: bool
    device: str


def simulate_wave(
    database: Database,
    keys: Keys,
    wave_code: str,
    *,
    seed: int,
    stuffing: Mapping[str, float],
    now: datetime,
    today: date,
    actor: str,
) -> Simulated:
    """Answer the open invitations of a demonstration wave; at agencies in `stuffing`, that share of all answers is
    stuffed, as far as unused invitations go. Raises UnknownWave or NoDemo."""
    with database.reading() as connection:
        wave = wave_store.find_wave(connection, wave_code)
        open_now = screenings.list_unspent(connection, wave_code)
        questionnaire = load_version(connection, wave.questionnaire) if wave and wave.questionnaire_code else None
    if wave is None:
        raise UnknownWave(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
    if wave.purpose != DEMO or not open_now or questionnaire is None:
        raise NoDemo(
            f"Wave {wave_code} takes no synthetic answers: open one with --purpose demo, import a frame and invite."
        )
    unknown = stuffing.keys() - {agency for _, _, agency, _, _ in open_now}
    if unknown:
        raise NoDemo(f"Nobody is invited at {', '.join(sorted(unknown))}: name agencies of the wave's frame.")
    last_day = max(wave.opens_on, min(wave.closes_on, today))
    visits = _visits(questionnaire, open_now, seed, stuffing, wave.opens_on, last_day)
    _store(database, keys, wave_code, questionnaire, visits)
    counts = {agency: sum(v.agency == agency and v.device.startswith("clerk") for v in visits) for agency in stuffing}
    with database.writing("simulated") as connection:
        detail = {"answers": len(visits), "seed": seed, "stuffed": counts}
        audits.add_event(connection, at=now, actor=actor, event="simulated", subject=wave_code, detail=detail)
    return Simulated(len(visits) - sum(counts.values()), counts)


def _visits(
    questionnaire: Questionnaire,
    open_now: Sequence[tuple[bytes, str, str, str, date]],
    seed: int,
    stuffing: Mapping[str, float],
    first_day: date,
    last_day: date,
) -> list[_Visit]:
    chance = np.random.default_rng(seed)
    agencies = sorted({agency for _, _, agency, _, _ in open_now})
    rate = {agency: float(np.clip(0.88 + AGENCY_SPREAD * chance.standard_normal(), 0.5, 0.99)) for agency in agencies}
    settings = [Setting(rate[agency]) for _, _, agency, _, _ in open_now]
    people = simulate(questionnaire, settings, seed=seed, first_day=first_day, last_day=last_day, comments=COMMENTS)
    visits = [
        _Visit(*place, person, int(chance.choice(HONEST_HOURS)), bool(chance.random() < FAST), f"own {number}")
        for number, (place, person) in enumerate(zip(open_now, people, strict=True))
        if person is not None
    ]
    for number, (agency, share) in enumerate(sorted(stuffing.items())):
        silent = [
            place for place, person in zip(open_now, people, strict=True) if person is None and place[2] == agency
        ]
        wanted = round(share / (1 - share) * sum(visit.agency == agency for visit in visits))
        made = stuff(
            questionnaire, min(wanted, len(silent)), seed=seed + number + 1, first_day=first_day, last_day=last_day
        )
        visits += [
            _Visit(
                *place,
                response,
                int(chance.choice(CLERKS_HOURS)),
                bool(chance.random() < FAST_IF_STUFFED),
                f"clerk {agency} {chance.integers(CLERKS_TELEPHONES)}",
            )
            for place, response in zip(silent, made, strict=False)
        ]
    return sorted(visits, key=lambda visit: visit.response.day)


def _store(
    database: Database, keys: Keys, wave_code: str, questionnaire: Questionnaire, visits: Sequence[_Visit]
) -> None:
    arrivals = Arrivals(database)
    for start in range(0, len(visits), AT_ONCE):
        some = visits[start : start + AT_ONCE]
        with database.writing("simulate") as connection:
            store_submissions(connection, list(_submissions(keys, wave_code, questionnaire, some, arrivals)))
        for visit in some:
            at = _moment(visit)
            overdue = at.date() - visit.drawn_on > OVERDUE_AFTER
            arrivals.count(
                wave_code, visit.stratum, visit.channel, at=at, overdue=overdue, traits=visit.device.encode()
            )
    arrivals.write()


def _submissions(
    keys: Keys, wave_code: str, questionnaire: Questionnaire, visits: Sequence[_Visit], arrivals: Arrivals
) -> Iterator[Submission]:
    for visit in visits:
        made = visit.response
        form = OpenForm(wave_code, questionnaire, visit.token_hash, visit.stratum, visit.channel, visit.drawn_on)
        receipt = new_receipt(keys, secrets.token_hex(16))
        response = new_response(
            form,
            receipt,
            {**made.answers, **made.comments},
            language=made.language,
            on=made.day,
            assisted=int(made.assisted),
            sighting=Sighting(QUICK if visit.fast else SLOW, _moment(visit), visit.device.encode(), arrivals),
        )
        yield Submission(visit.token_hash, response)


def _moment(visit: _Visit) -> datetime:
    return datetime.combine(visit.response.day, time(), UTC) + timedelta(hours=visit.hour)
