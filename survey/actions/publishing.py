"""Publishing: a draft is reviewed, a second person signs it, at the fixed hour it is public, and the next checkpoint
binds it. Who saw it before, and what a correction changes, is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from survey.actions.reading import AlreadyPublished, SecondPersonNeeded, UnknownRelease
from survey.store import audits, release_plans, release_steps, releases, waves
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.release_steps import RECALLED, REVIEWED, SEEN, SIGNED, ReleaseStep
from survey.store.releases import Release

JOB = "work"
FIXED_HOUR = time(9)  # where the province is
LONGEST_NOTE = 2000


class ReviewNeeded(PermissionError):
    """A job computed this draft, and no other person than whoever signs has looked at it."""


class NoteNeeded(ValueError):
    """A step that has to say something says nothing, or too much."""


class HourPassed(ValueError):
    """The hour of publication lies in the past."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far a release is on its way: its steps, its signature that stands, the public release that it replaces."""

    steps: tuple[ReleaseStep, ...]
    signature: ReleaseStep | None
    replaces: Release | None


def review(database: Database, code: str, *, note: str, by: By) -> None:
    """Say what was checked. Raises UnknownRelease, AlreadyPublished, NoteNeeded."""
    said = _read_note(note)
    with database.writing("review") as connection:
        _find_draft(connection, code)
        release_steps.add_step(connection, code, REVIEWED, by.actor, by.now, said)
        by.record(connection, "release-reviewed", code)


def sign(database: Database, code: str, *, note: str, due_at: datetime | None, by: By, today: date) -> None:
    """Sign a draft, to be published at once or at an hour; a correction says what changed and why.

    Raises UnknownRelease, AlreadyPublished, SecondPersonNeeded, ReviewNeeded, NoteNeeded, HourPassed.
    """
    if due_at is not None and due_at <= by.now:
        raise HourPassed(due_at.isoformat())
    with database.writing("sign") as connection:
        release = _find_draft(connection, code)
        check_signer(release, release_steps.list_steps(connection, code), by.actor)
        said = _read_note(note, needed=_find_public(connection, release) is not None)
        release_steps.add_step(connection, code, SIGNED, by.actor, by.now, said, due_at)
        due = due_at.astimezone(UTC).isoformat() if due_at else None
        by.record(connection, "release-signed", code, digest=release.digest.hex(), due_at=due)
        if due_at is None:
            _publish(connection, release, by, today)


def recall(database: Database, code: str, *, note: str, by: By) -> None:
    """Take a signature back before its hour. Raises UnknownRelease, AlreadyPublished, NoteNeeded."""
    said = _read_note(note)
    with database.writing("recall") as connection:
        _find_draft(connection, code)
        if release_steps.find_signature(connection, code) is None:
            return
        release_steps.add_step(connection, code, RECALLED, by.actor, by.now, said)
        by.record(connection, "release-recalled", code)


def see_draft(database: Database, code: str, *, by: By) -> None:
    """Remember who saw figures before they were public; once each."""
    with database.reading() as connection:
        release = releases.find_release(connection, code)
        if release is None or release.published_on is not None or _has_seen(connection, code, by.actor):
            return
    with database.writing("see-draft") as connection:
        if not _has_seen(connection, code, by.actor):
            release_steps.add_step(connection, code, SEEN, by.actor, by.now)


def publish_due(database: Database, now: datetime, today: date) -> int:
    """Publish every signed release whose hour has come; how many."""
    with database.reading() as connection:
        waiting = release_steps.list_waiting(connection)
    published = 0
    for step in waiting:
        if step.due_at is None or step.due_at > now:
            continue
        with database.writing("publish") as connection:
            signature = release_steps.find_signature(connection, step.release_code)
            release = releases.find_release(connection, step.release_code)
            if signature == step and release is not None and release.published_on is None:
                _publish(connection, release, By(step.by_name, now), today)
                published += 1
    return published


def read_way(database: Database, code: str) -> Way:
    """How far a release is. Raises UnknownRelease."""
    with database.reading() as connection:
        release = releases.find_release(connection, code)
        if release is None:
            raise UnknownRelease(code)
        steps = tuple(release_steps.list_steps(connection, code))
        signature = release_steps.find_signature(connection, code)
        return Way(steps, signature, _find_public(connection, release))


def plan_release(database: Database, wave_code: str, due_on: date, *, reason: str, by: By, today: date) -> None:
    """Set the day on which a wave's figures are to be published; moving it needs a reason. Raises UnknownRelease,
    NoteNeeded, HourPassed."""
    if due_on < today:
        raise HourPassed(due_on.isoformat())
    with database.writing("plan-release") as connection:
        if waves.find_wave(connection, wave_code) is None:
            raise UnknownRelease(wave_code)
        moved = bool(release_plans.list_plans(connection).get(wave_code))
        said = _read_note(reason, needed=moved)
        release_plans.add_plan(connection, wave_code, due_on, said, by.actor, today)
        by.record(connection, "release-planned", wave_code, due_on=due_on.isoformat())


def check_signer(release: Release, steps: Sequence[ReleaseStep], signer: str) -> None:
    """Two people stand behind a release: whoever computed or reviewed it, and whoever signs.

    Raises SecondPersonNeeded, ReviewNeeded.
    """
    if release.drafted_by == signer:
        raise SecondPersonNeeded(release.code)
    reviewers = {each.by_name for each in steps if each.step == REVIEWED} - {signer}
    if release.drafted_by == JOB and not reviewers:
        raise ReviewNeeded(release.code)


def _publish(connection: Connection, release: Release, by: By, today: date) -> None:
    releases.publish_release(connection, release.code, by=by.actor, on=today)
    audits.add_event(
        connection,
        at=by.now,
        actor=by.actor,
        event="release-published",
        subject=release.code,
        detail={"digest": release.digest.hex(), "drafted_by": release.drafted_by},
    )


def _find_draft(connection: Connection, code: str) -> Release:
    release = releases.find_release(connection, code)
    if release is None:
        raise UnknownRelease(code)
    if release.published_on is not None:
        raise AlreadyPublished(code)
    return release


def _find_public(connection: Connection, release: Release) -> Release | None:
    """The public release of the same wave that this one replaces, or replaced."""
    older = [
        each
        for each in releases.list_releases(connection)
        if each.wave_code == release.wave_code and each.number < release.number and each.published_on is not None
    ]
    return older[0] if older else None


def _has_seen(connection: Connection, code: str, name: str) -> bool:
    return any(each.by_name == name for each in release_steps.list_steps(connection, code))


def _read_note(note: str, *, needed: bool = True) -> str:
    said = note.strip()
    if (needed and not said) or len(said) > LONGEST_NOTE:
        raise NoteNeeded(str(len(said)))
    return said
