"""The doctor: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from survey.actions.backing_up import NoBackup, is_counted, list_backups, read_about
from survey.documents.messages import MessageTooLong, check_messages
from survey.gateways.configuring import GatewaysWrong, load_gateways
from survey.mandate.areas import load_area_groups, load_areas
from survey.settings import SECRET_FILE, Settings, SettingsError, load_sending
from survey.store import jobs, ledger, responses
from survey.store.database import Database, sqlite_version
from survey.store.migrating import SchemaOutdated
from survey.store.roles import Role
from survey.store.roles_postgresql import is_restricted

FREE_BYTES = 1 << 30
OLDEST_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
WAL_RESET_FIXED = (3, 51, 3)
LATE = timedelta(days=1)
OLDEST_BACKUP = timedelta(hours=26)
OLDEST_CHECK = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at; a remedy where it needs mending, or where it is good to know."""

    is_fine: bool
    what: str
    remedy: str = ""


class Patient(Protocol):
    """What the doctor looks at: the command line's installation."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def now(self) -> datetime: ...
    def database_of(self, role: Role) -> Database: ...


def examine(installation: Patient) -> list[Diagnosis]:
    """Look at everything that can be looked at; a broken part hides only what rests on it."""
    try:
        settings = installation.settings
    except SettingsError as error:
        return [Diagnosis(False, "Settings", str(error))]
    findings = [Diagnosis(True, f"Settings: home {settings.home}"), *_examine_machine(settings, installation.now)]
    findings += [_examine_gateways(settings), _examine_backups(settings, installation.now)]
    try:
        database = installation.database
    except SchemaOutdated as error:
        return [*findings, Diagnosis(False, "Database schema", str(error))]
    except Exception as error:
        remedy = f"{type(error).__name__}: check HAILONG_DATABASE_URL, and that the server runs and accepts this user."
        return [*findings, Diagnosis(False, "Database cannot be opened", remedy)]
    findings += [Diagnosis(True, "Database schema is the newest"), _examine_roles(installation.database_of(Role.WEB))]
    return [*findings, *_examine_database(database, installation.now)]


def _examine_gateways(settings: Settings) -> Diagnosis:
    """Whether messages could be sent: the file is read, every message fits, every named area exists."""
    try:
        sending = load_sending(settings)
        gateways = load_gateways(sending.gateways, os.environ)
        check_messages(sending.address, settings.base_url, links=sending.links)
    except (SettingsError, GatewaysWrong, MessageTooLong) as error:
        return Diagnosis(False, "Sending", str(error))
    unknown = [code for code in sending.bilingual if code not in {**load_areas(), **load_area_groups()}]
    if unknown:
        return Diagnosis(
            False, "Sending", f"HAILONG_BILINGUAL names {unknown[0]}, which is no area and no group of areas."
        )
    return Diagnosis(
        True, f"Sending: by {', '.join(gateways.channels) or 'no gateway, only slips, links and the counter'}"
    )


def _examine_backups(settings: Settings, now: datetime) -> Diagnosis:
    """A backup counts once it was brought back; one that nobody tried is a hope."""
    found = list_backups(settings.backups)
    if not found:
        return Diagnosis(
            True, f"Backups: none in {settings.backups}", "Good for a trial. Else run `hailong backup` every night."
        )
    try:
        age = now - read_about(found[-1]).made
    except NoBackup as error:
        return Diagnosis(False, "Backups", str(error))
    if age > OLDEST_BACKUP:
        return Diagnosis(
            False, f"Backups: the newest is {age.days} days old", "Run `hailong backup`, and look at its timer."
        )
    counted = [path for path in found if is_counted(path)]
    if not counted or now - read_about(counted[-1]).made > OLDEST_CHECK:
        remedy = f"Run `hailong restore {found[-1]} --check --key FILE` with the auditor: only then does it count."
        return Diagnosis(False, f"Backups: {len(found)}, none of the last {OLDEST_CHECK.days} days was tried", remedy)
    return Diagnosis(True, f"Backups: {len(found)}, the newest {age.total_seconds() / 3600:.0f} hours old")


def _examine_machine(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Diagnosis(sys.version_info >= (3, 11), f"Python {python}", "" if sys.version_info >= (3, 11) else "Use 3.11.")
    yield _examine_secret(settings)
    free = shutil.disk_usage(settings.home).free
    remedy = "" if free > FREE_BYTES else "Free some space: answers cannot be stored on a full disk."
    yield Diagnosis(free > FREE_BYTES, f"Disk: {free / FREE_BYTES:.1f} GiB free", remedy)
    right = now > OLDEST_CLOCK
    yield Diagnosis(right, f"Clock: {now:%Y-%m-%d %H:%M} UTC", "" if right else "Set the clock; use NTP.")
    if settings.is_sqlite:
        yield _examine_sqlite()
    if not settings.base_url.startswith("https:"):
        yield Diagnosis(
            True,
            f"Citizens' address: {settings.base_url} (not HTTPS)",
            "Good for a trial on this machine. For citizens, put HTTPS in front and set HAILONG_BASE_URL.",
        )


def _examine_secret(settings: Settings) -> Diagnosis:
    kept = settings.home / SECRET_FILE
    if kept.exists() and kept.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Diagnosis(False, f"Others can read {kept}", f"chmod 600 {kept}")
    return Diagnosis(True, "Secret key is long enough and kept private")


def _examine_sqlite() -> Diagnosis:
    found = f"SQLite {'.'.join(map(str, sqlite_version()))}"
    if sqlite_version() >= WAL_RESET_FIXED:
        return Diagnosis(True, found)
    return Diagnosis(
        True,
        found,
        "Older than 3.51.3, which can corrupt a WAL when two connections checkpoint at once: hailong takes one lock "
        "for that. Do not open the file for writing with other programs while it serves.",
    )


def _examine_database(database: Database, now: datetime) -> Iterator[Diagnosis]:
    checks: tuple[Callable[[Database, datetime], Diagnosis], ...] = (_examine_jobs, _examine_checkpoint)
    for check in checks:
        yield check(database, now)


def _examine_jobs(database: Database, _now: datetime) -> Diagnosis:
    with database.reading() as connection:
        failed = [run for run in jobs.list_runs(connection) if run.state == "failed"]
    if not failed:
        return Diagnosis(True, "Jobs: none failed")
    names = ", ".join(f"{run.name} ({run.message})" for run in failed)
    return Diagnosis(False, f"Jobs failed: {names}", "Run `hailong work --once` and read what it prints.")


def _examine_checkpoint(database: Database, now: datetime) -> Diagnosis:
    with database.reading() as connection:
        waiting = sum(responses.count_waiting(connection).values())
        newest = ledger.find_latest_checkpoint(connection)
    age = f"newest checkpoint {newest.number} of {newest.signed_on}" if newest else "no checkpoint yet"
    late = bool(waiting) and (newest is None or now.date() - newest.signed_on > LATE)
    remedy = "Is `hailong work` running? Strata with few answers wait until their wave closes." if late else ""
    return Diagnosis(True, f"Ledger: {age}, {waiting:,} answers in the inbox", remedy)


def _examine_roles(database: Database) -> Diagnosis:
    if database.is_sqlite:
        return Diagnosis(True, "Database: one file; its web connections may not change or remove an answer")
    if is_restricted(database):
        return Diagnosis(True, "Database: the web's user may not change or remove an answer")
    return Diagnosis(
        True,
        "Database: one user for all; whoever breaks into the web process may remove answers that are not sealed",
        "Good for a trial. Else run `hailong roles create` and give each process the address of its role.",
    )
