"""The doctor: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from survey.actions.backing_up import NoBackup, is_counted, list_backups, read_about
from survey.documents.messages import MessageTooLong, check_messages
from survey.documents.report_fonts import list_missing_fonts
from survey.gateways.configuring import GatewaysWrong, load_gateways
from survey.gateways.public_site import CertificateWrong, SiteUnreadable, read_certificate_end
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
CERTIFICATE_DAYS = 21


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at; a remedy where it needs mending, or where it is good to know.

    `code` and `values` are the same for a page, which says it in the reader's language (`documents/condition.py`).
    """

    is_fine: bool
    what: str
    remedy: str = ""
    code: str = "other"
    values: Mapping[str, object] = field(default_factory=dict)


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
        return [Diagnosis(False, "Settings", str(error), "settings_wrong")]
    findings = [Diagnosis(True, f"Settings: home {settings.home}", code="settings")]
    findings += [*_examine_machine(settings, installation.now), *_examine_address(settings, installation.now)]
    findings += [_examine_gateways(settings), _examine_backups(settings, installation.now)]
    try:
        database = installation.database
    except SchemaOutdated as error:
        return [*findings, Diagnosis(False, "Database schema", str(error), "schema_old")]
    except Exception as error:
        remedy = f"{type(error).__name__}: check HAILONG_DATABASE_URL, and that the server runs and accepts this user."
        return [*findings, Diagnosis(False, "Database cannot be opened", remedy, "database_away")]
    findings += [
        Diagnosis(True, "Database schema is the newest", code="schema"),
        _examine_roles(installation.database_of(Role.WEB)),
    ]
    return [*findings, *_examine_database(database, installation.now)]


def _examine_gateways(settings: Settings) -> Diagnosis:
    """Whether messages could be sent: the file is read, every message fits, every named area exists."""
    try:
        sending = load_sending(settings)
        gateways = load_gateways(sending.gateways, os.environ)
        check_messages(sending.address, settings.base_url, links=sending.links)
    except (SettingsError, GatewaysWrong, MessageTooLong) as error:
        return Diagnosis(False, "Sending", str(error), "sending_wrong")
    unknown = [code for code in sending.bilingual if code not in {**load_areas(), **load_area_groups()}]
    if unknown:
        remedy = f"HAILONG_BILINGUAL names {unknown[0]}, which is no area and no group of areas."
        return Diagnosis(False, "Sending", remedy, "sending_wrong")
    ways = ", ".join(gateways.channels)
    said = f"Sending: by {ways or 'no gateway, only slips, links and the counter'}"
    return Diagnosis(True, said, code="sending" if ways else "sending_none", values={"ways": ways})


def _examine_backups(settings: Settings, now: datetime) -> Diagnosis:
    """A backup counts once it was brought back; one that nobody tried is a hope."""
    found = list_backups(settings.backups)
    if not found:
        remedy = "Good for a trial. Else run `hailong backup` every night."
        return Diagnosis(True, f"Backups: none in {settings.backups}", remedy, "backups_none")
    try:
        age = now - read_about(found[-1]).made
    except NoBackup as error:
        return Diagnosis(False, "Backups", str(error), "backups_unreadable")
    if age > OLDEST_BACKUP:
        remedy, told = "Run `hailong backup`, and look at its timer.", {"days": age.days}
        return Diagnosis(False, f"Backups: the newest is {age.days} days old", remedy, "backups_old", told)
    counted = [path for path in found if is_counted(path)]
    if not counted or now - read_about(counted[-1]).made > OLDEST_CHECK:
        remedy = f"Run `hailong restore {found[-1]} --check --key FILE` with the auditor: only then does it count."
        untried = f"Backups: {len(found)}, none of the last {OLDEST_CHECK.days} days was tried"
        return Diagnosis(False, untried, remedy, "backups_untried", {"days": OLDEST_CHECK.days})
    hours = round(age.total_seconds() / 3600)
    told = {"count": len(found), "hours": hours}
    return Diagnosis(True, f"Backups: {len(found)}, the newest {hours} hours old", code="backups", values=told)


def _examine_machine(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    python = ".".join(map(str, sys.version_info[:3]))
    is_new = sys.version_info >= (3, 11)
    yield Diagnosis(is_new, f"Python {python}", "" if is_new else "Use 3.11.", "python", {"version": python})
    yield _examine_secret(settings)
    free = shutil.disk_usage(settings.home).free
    remedy = "" if free > FREE_BYTES else "Free some space: answers cannot be stored on a full disk."
    told: dict[str, object] = {"free": round(free / FREE_BYTES, 1)}
    code = "disk" if free > FREE_BYTES else "disk_low"
    yield Diagnosis(free > FREE_BYTES, f"Disk: {told['free']} GiB free", remedy, code, told)
    right = now > OLDEST_CLOCK
    remedy, told = "" if right else "Set the clock; use NTP.", {"now": now}
    yield Diagnosis(right, f"Clock: {now:%Y-%m-%d %H:%M} UTC", remedy, "clock" if right else "clock_wrong", told)
    if settings.is_sqlite:
        yield _examine_sqlite()
    yield _examine_fonts()


def _examine_fonts() -> Diagnosis:
    """Reports and paper are set in fonts that lie beside the program, Khmer among them."""
    missing = list_missing_fonts()
    remedy = f"{', '.join(missing)}: install the program again." if missing else ""
    return Diagnosis(not missing, "Fonts of reports", remedy, "fonts_missing" if missing else "fonts")


def _examine_address(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    """Whether citizens reach their address over HTTPS, by a certificate that holds and does not end soon."""
    told: dict[str, object] = {"address": settings.base_url}
    if not settings.base_url.startswith("https:"):
        remedy = "Good for a trial on this machine. For citizens, put HTTPS in front and set HAILONG_BASE_URL."
        yield Diagnosis(True, f"Citizens' address: {settings.base_url} (not HTTPS)", remedy, "no_https", told)
        return
    try:
        days = (read_certificate_end(settings.base_url) - now).days
    except CertificateWrong as wrong:
        remedy = f"{wrong} Install the certificate's authority here and on each kiosk (docs/install.md)."
        yield Diagnosis(False, f"Certificate of {settings.base_url}", remedy, "certificate_wrong", told)
        return
    except SiteUnreadable as away:
        remedy = f"{away} Look at the proxy, the name and the firewall."
        yield Diagnosis(False, f"{settings.base_url} is not reached from here", remedy, "address_away", told)
        return
    late = days < CERTIFICATE_DAYS
    remedy = "Renew it now: without it kiosks stop and citizens are warned away." if late else ""
    code, told = ("certificate_soon" if late else "certificate"), {"days": days}
    yield Diagnosis(not late, f"Certificate of {settings.base_url}: {days} days left", remedy, code, told)


def _examine_secret(settings: Settings) -> Diagnosis:
    kept = settings.home / SECRET_FILE
    if kept.exists() and kept.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Diagnosis(False, f"Others can read {kept}", f"chmod 600 {kept}", "secret_open")
    return Diagnosis(True, "Secret key is long enough and kept private", code="secret")


def _examine_sqlite() -> Diagnosis:
    found = f"SQLite {'.'.join(map(str, sqlite_version()))}"
    if sqlite_version() >= WAL_RESET_FIXED:
        return Diagnosis(True, found, code="sqlite", values={"version": found})
    remedy = (
        "Older than 3.51.3, which can corrupt a WAL when two connections checkpoint at once: hailong takes one lock "
        "for that. Do not open the file for writing with other programs while it serves."
    )
    return Diagnosis(True, found, remedy, "sqlite_old", {"version": found})


def _examine_database(database: Database, now: datetime) -> Iterator[Diagnosis]:
    checks: tuple[Callable[[Database, datetime], Diagnosis], ...] = (_examine_jobs, _examine_checkpoint)
    for check in checks:
        yield check(database, now)


def _examine_jobs(database: Database, _now: datetime) -> Diagnosis:
    with database.reading() as connection:
        failed = [run for run in jobs.list_runs(connection) if run.state == "failed"]
    if not failed:
        return Diagnosis(True, "Jobs: none failed", code="jobs")
    names = ", ".join(f"{run.name} ({run.message})" for run in failed)
    remedy, told = "Run `hailong work --once` and read what it prints.", {"names": ", ".join(r.name for r in failed)}
    return Diagnosis(False, f"Jobs failed: {names}", remedy, "jobs_failed", told)


def _examine_checkpoint(database: Database, now: datetime) -> Diagnosis:
    with database.reading() as connection:
        waiting = sum(responses.count_waiting(connection).values())
        newest = ledger.find_latest_checkpoint(connection)
    age = f"newest checkpoint {newest.number} of {newest.signed_on}" if newest else "no checkpoint yet"
    late = bool(waiting) and (newest is None or now.date() - newest.signed_on > LATE)
    remedy = "Is `hailong work` running? Strata with few answers wait until their wave closes." if late else ""
    told = {"waiting": waiting, "number": newest.number if newest else 0, "on": newest.signed_on if newest else ""}
    code = "ledger_late" if late else "ledger" if newest else "ledger_none"
    return Diagnosis(True, f"Ledger: {age}, {waiting:,} answers in the inbox", remedy, code, told)


def _examine_roles(database: Database) -> Diagnosis:
    if database.is_sqlite:
        said = "Database: one file; its web connections may not change or remove an answer"
        return Diagnosis(True, said, code="one_file")
    if is_restricted(database):
        return Diagnosis(True, "Database: the web's user may not change or remove an answer", code="separated")
    said = "Database: one user for all; whoever breaks into the web process may remove answers that are not sealed"
    remedy = "Good for a trial. Else run `hailong roles create` and give each process the address of its role."
    return Diagnosis(True, said, remedy, "one_user")
