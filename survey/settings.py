"""Settings come from the environment, are checked at start, and say what to set when they are wrong."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from survey.durable import write_durably

SECRET_FILE = "secret.key"
ADDRESS_FILE = "address"
MINIMUM_SECRET_LENGTH = 32
WELL_KNOWN_SECRETS = ("changeme", "secret", "password", "example", "insecure", "default", "hailong")
ROLES_WITH_ADDRESS = ("migrate", "work", "read", "audit")  # the web process has HAILONG_DATABASE_URL
STAFF_ROLES = ("operator", "official", "statistician", "auditor", "kiosk", "interviewer", "keyer")
DEFAULT_ADDRESS = "http://127.0.0.1:8000"


class SettingsError(Exception):
    """A setting is missing or weak; the message says what to set."""


@dataclass(frozen=True, slots=True)
class Sending:
    """How invitations reach people. `address` is what a message names; `links` puts a link into messages as well.

    At most `cap` invitations go to one contact in `cap_days` days; `reminder_hours` after a message comes one reminder,
    none when it is 0. Where an agency lies in one of `bilingual` (areas or groups of areas), messages are in both
    languages. `auditor_share` of those drawn can be called back by auditors. `alert_emails` get one digest of alerts
    after a day with a release.
    """

    gateways: Path
    address: str
    links: bool = False
    cap: int = 1
    cap_days: int = 90
    reminder_hours: int = 48
    bilingual: tuple[str, ...] = ("khmer_majority",)
    auditor_share: float = 0.05
    auditor_emails: tuple[str, ...] = ()
    alert_emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Where one installation lives and what it must keep secret.

    `hosts` empty means: any host name that resolves to this machine's loopback address, nothing else. `signer` is the
    socket of the process that holds the key; None means embedded, where the key is in the home. `mirror` is
    a folder for the public bundle. `stolen_passwords` is a file of those that nobody may choose; `second_factor` names
    the roles that need more than a password.
    """

    home: Path
    database_url: str
    secret_key: bytes
    hosts: tuple[str, ...] = ()
    base_url: str = DEFAULT_ADDRESS
    proxies: int = 0
    database_urls: Mapping[str, str] = field(default_factory=dict)
    signer: Path | None = None
    mirror: Path | None = None
    backup_folder: Path | None = None
    metrics_token: str = ""
    stolen_passwords: Path | None = None
    second_factor: tuple[str, ...] = ()

    def database_url_of(self, role: str) -> str:
        """Where a process signs in as `role`: its own address, else the operator's for who looks, else the web's."""
        shared = self.database_url if role in ("web", "migrate") else self.database_urls.get("work", self.database_url)
        return self.database_urls.get(role, shared)

    @property
    def backups(self) -> Path:
        return self.backup_folder or self.home / "backups"

    @property
    def lock_file(self) -> Path:
        return self.home / "write.lock"

    @property
    def key_folder(self) -> Path:
        return self.home / "keys"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of an installation that `hailong init` has made. Raises SettingsError."""
    environ = os.environ if environ is None else environ
    home = home_folder(environ)
    return Settings(
        home=home,
        database_url=database_url(environ, home),
        secret_key=_secret_key(environ, home),
        hosts=tuple(host.strip().lower() for host in environ.get("HAILONG_HOSTS", "").split(",") if host.strip()),
        base_url=_base_url(environ, home),
        proxies=_whole_number(environ, "HAILONG_PROXIES"),
        database_urls=_database_urls(environ),
        signer=_signer_socket(environ),
        mirror=_folder(environ, "HAILONG_MIRROR"),
        backup_folder=_folder(environ, "HAILONG_BACKUPS"),
        metrics_token=_metrics_token(environ),
        stolen_passwords=_stolen_passwords(environ),
        second_factor=_second_factor(environ),
    )


def load_sending(settings: Settings, environ: Mapping[str, str] | None = None) -> Sending:
    """Read how invitations are sent. Raises SettingsError."""
    environ = os.environ if environ is None else environ
    parts = urlsplit(settings.base_url)
    return Sending(
        gateways=Path(environ.get("HAILONG_GATEWAYS") or settings.home / "gateways.toml").expanduser(),
        address=environ.get("HAILONG_MESSAGE_ADDRESS") or parts.netloc + parts.path,
        links=_yes_or_no(environ, "HAILONG_MESSAGE_LINKS"),
        cap=_limited_number(environ, "HAILONG_CONTACT_CAP", 1, 1, 100),
        cap_days=_limited_number(environ, "HAILONG_CONTACT_CAP_DAYS", 90, 1, 730),
        reminder_hours=_limited_number(environ, "HAILONG_REMINDER_HOURS", 48, 0, 71),
        bilingual=_listed(environ.get("HAILONG_BILINGUAL", "khmer_majority")),
        auditor_share=_limited_number(environ, "HAILONG_AUDITOR_PERCENT", 5, 0, 100) / 100,
        auditor_emails=_listed(environ.get("HAILONG_AUDITOR_EMAILS", "")),
        alert_emails=_listed(environ.get("HAILONG_ALERT_EMAILS", "")),
    )


def home_folder(environ: Mapping[str, str]) -> Path:
    """The data folder: HAILONG_HOME, else `.hailong` in the current folder."""
    return Path(environ.get("HAILONG_HOME") or ".hailong").expanduser().resolve()


def database_url(environ: Mapping[str, str], home: Path) -> str:
    """HAILONG_DATABASE_URL in SQLAlchemy's spelling, else a SQLite file in the home. Raises SettingsError."""
    return sqlalchemy_url("HAILONG_DATABASE_URL", environ.get("HAILONG_DATABASE_URL") or own_file(home))


def own_file(home: Path) -> str:
    """The URL of the SQLite file that an installation has when no other database is set."""
    return f"sqlite:///{home / 'hailong.sqlite'}"


def _database_urls(environ: Mapping[str, str]) -> dict[str, str]:
    names = {role: f"HAILONG_{role.upper()}_DATABASE_URL" for role in ROLES_WITH_ADDRESS}
    return {role: sqlalchemy_url(name, environ[name]) for role, name in names.items() if environ.get(name)}


def _metrics_token(environ: Mapping[str, str]) -> str:
    token = environ.get("HAILONG_METRICS_TOKEN", "")
    if token and len(token) < MINIMUM_SECRET_LENGTH:
        raise SettingsError(
            "HAILONG_METRICS_TOKEN is too short. Set it to at least 32 random characters, for instance the output of "
            "`openssl rand -hex 32`, or leave it out: then there are no metrics."
        )
    return token


def _folder(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]).expanduser() if environ.get(name) else None


def _signer_socket(environ: Mapping[str, str]) -> Path | None:
    address = environ.get("HAILONG_SIGNER")
    if not address:
        return None
    if not address.startswith("unix:/"):
        raise SettingsError(f"HAILONG_SIGNER is '{address}'. Set it to unix:/path/of/the/socket of `hailong sign`.")
    return Path(address.removeprefix("unix:"))


def _stolen_passwords(environ: Mapping[str, str]) -> Path | None:
    name = environ.get("HAILONG_STOLEN_PASSWORDS")
    if not name:
        return None
    if not Path(name).is_file():
        raise SettingsError(
            f"HAILONG_STOLEN_PASSWORDS is '{name}', which is no file. Set it to a file of passwords, one a line, or of "
            "their SHA-1 digests in order."
        )
    return Path(name)


def _second_factor(environ: Mapping[str, str]) -> tuple[str, ...]:
    roles = _listed(environ.get("HAILONG_SECOND_FACTOR", ""))
    unknown = set(roles) - set(STAFF_ROLES)
    if unknown:
        raise SettingsError(
            f"HAILONG_SECOND_FACTOR names '{min(unknown)}', which is no role. Choose from: {', '.join(STAFF_ROLES)}."
        )
    return roles


def sqlalchemy_url(name: str, url: str) -> str:
    """A database's address in SQLAlchemy's spelling; `name` is what the message tells to set. Raises SettingsError."""
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return url
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return "postgresql+psycopg:" + url.partition(":")[2]
    raise SettingsError(
        f"{name} starts with '{scheme}:', which is not supported. "
        "Set it to sqlite:////path/to/file.sqlite or postgresql://user:password@host/database."
    )


def make_home(environ: Mapping[str, str]) -> Path:
    """Make the data folder and, when none is set or kept, a secret key in it (readable by its owner only)."""
    home = home_folder(environ)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not environ.get("HAILONG_SECRET_KEY") and not (home / SECRET_FILE).exists():
        write_private(home / SECRET_FILE, secrets.token_hex(32).encode() + b"\n")
    return home


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, on the disk when this returns. Raises FileExistsError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    write_durably(path, content)


def _secret_key(environ: Mapping[str, str], home: Path) -> bytes:
    secret = environ.get("HAILONG_SECRET_KEY")
    if secret is None:
        kept = home / SECRET_FILE
        if not kept.exists():
            raise SettingsError(
                f"There is no secret key. Run `hailong init` (it makes one in {home}) or set HAILONG_SECRET_KEY "
                "to at least 32 random characters, for instance the output of `openssl rand -hex 32`."
            )
        secret = kept.read_text(encoding="ascii").strip()
    _refuse_weak(secret)
    return secret.encode()


def _refuse_weak(secret: str) -> None:
    cure = "Set HAILONG_SECRET_KEY to at least 32 random characters, for instance the output of `openssl rand -hex 32`."
    if len(secret) < MINIMUM_SECRET_LENGTH:
        raise SettingsError(f"The secret key is too short ({len(secret)} characters). {cure}")
    if len(set(secret)) < 10 or any(word in secret.lower() for word in WELL_KNOWN_SECRETS):
        raise SettingsError(f"The secret key can be guessed. {cure}")


def _base_url(environ: Mapping[str, str], home: Path) -> str:
    kept = home / ADDRESS_FILE
    url = environ.get("HAILONG_BASE_URL") or (kept.read_text().strip() if kept.exists() else DEFAULT_ADDRESS)
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise SettingsError(
            f"HAILONG_BASE_URL is '{url}', which is not a web address. "
            "Set it to the address that citizens open, for instance https://khaosat.example.gov.vn."
        )
    return url.rstrip("/")


def _whole_number(environ: Mapping[str, str], name: str) -> int:
    value = environ.get(name, "0")
    if not value.isascii() or not value.isdigit():
        raise SettingsError(f"{name} is '{value}'. Set it to a whole number (0 when no proxy stands in front).")
    return int(value)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _yes_or_no(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name) or "no"
    if value not in ("yes", "no"):
        raise SettingsError(f"{name} is '{value}'. Set it to yes or no.")
    return value == "yes"


def _limited_number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = environ.get(name) or str(default)
    if not (value.isascii() and value.isdigit()) or not least <= int(value) <= most:
        raise SettingsError(f"{name} is '{value}'. Set it to a whole number from {least} to {most}.")
    return int(value)
