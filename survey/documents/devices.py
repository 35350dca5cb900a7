"""The operators' page of devices, the page of open voice, and the poster that leads to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from survey.documents.environment import render
from survey.documents.shell import Link, Shell
from survey.documents.slips import draw_qr

LANGUAGES = ("vi", "km", "en")


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device as operators see it. `state` is waiting, paired or unpaired; `contact_on` and `contact_hour` say when it
    was last heard, no finer; `is_silent` that it was not for a day; `skew` is none, fast or slow;
    `is_clearing` that it was asked to get rid of what cannot be read."""

    name: str
    channel: str
    agency: str
    wave: str
    state: str
    contact_on: date | None
    contact_hour: int
    is_silent: bool
    waiting: int
    waiting_since: date | None
    unreadable: int
    stored: int
    second_uses: int
    other_refused: int
    skew: str
    unpair_url: str | None = None
    renew_url: str | None = None
    clear_url: str | None = None
    is_clearing: bool = False


@dataclass(frozen=True, slots=True)
class DevicesPage:
    """`offered` is the code of a device that was just made: shown once. `problem` is bad_name or bad_place."""

    rows: tuple[DeviceRow, ...]
    agencies: tuple[tuple[str, str], ...] = ()
    waves: tuple[tuple[str, str], ...] = ()
    posters: tuple[Link, ...] = ()
    pair_url: str | None = None
    kiosk_url: str = ""
    offered: tuple[str, str] | None = None
    problem: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """How many spoke at an agency; `levels` from lowest to highest, empty where too few spoke."""

    agency: str
    count: int
    levels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VoicePage:
    """Open voice wave by wave: (name of the wave, its agencies)."""

    waves: tuple[tuple[str, tuple[VoiceRow, ...]], ...]


def render_devices(page: DevicesPage, shell: Shell, language: str) -> str:
    return render("field/devices.html", language, page=page, shell=shell)


def render_voice(page: VoicePage, shell: Shell, language: str) -> str:
    return render("field/voice.html", language, page=page, shell=shell)


def render_poster(agency: str, url: str, back: str, nonce: str, language: str) -> str:
    """A page to print and hang up: in three languages, with the address for those who scan nothing."""
    words = [Markup(render("field/poster_words.html", each)) for each in LANGUAGES]  # noqa: S704 our own template
    return render(
        "field/poster.html",
        language,
        agency=agency,
        url=url,
        back=back,
        nonce=nonce,
        qr=draw_qr(url),
        words=words,
    )
