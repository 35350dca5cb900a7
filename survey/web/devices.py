"""The operators' pages of devices and posters, and where open voice is read."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import kiosks, open_voice, reading, waves
from survey.actions.kiosks import BadDevice, DeviceReport, UnknownDevice
from survey.actions.open_voice import NothingOpen, Voices
from survey.documents.devices import (
    DeviceRow,
    DevicesPage,
    VoicePage,
    VoiceRow,
    render_devices,
    render_poster,
    render_voice,
)
from survey.documents.shell import Link
from survey.store.places import Agency
from survey.store.tables.devices import CHANNELS
from survey.store.waves import Wave
from survey.web import headers
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import LOCAL_TIME, services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("devices", __name__, url_prefix="/staff")
LEVELS = ("1", "2", "3", "4", "5")
SILENT = timedelta(days=1)


@blueprint.get("/devices")
@allow("operator", "auditor")
def show_devices() -> Response:
    """Every device in the reader's area: what waits on it and when it was last heard."""
    return _devices()


@blueprint.post("/devices/pair")
@allow("operator", confirmed=True)
def pair() -> Response:
    """Offer a pairing code, shown once on the page that answers."""
    known, member = services(), signed_in_staff()
    name, agency, wave = (request.form.get(field, "").strip() for field in ("name", "agency", "wave"))
    channel = request.form.get("channel") or CHANNELS[0]
    if agency not in _agencies() or channel not in CHANNELS:
        return _devices(problem="bad_place", name=name, status=422)
    try:
        code = kiosks.pair_device(
            known.database,
            known.keys,
            name,
            agency=agency,
            wave=wave,
            now=known.now(),
            actor=member.name,
            channel=channel,
        )
    except waves.WrongChannel:
        return _devices(problem="bad_channel", name=name, status=422)
    except (BadDevice, waves.UnknownWave):
        problem = "bad_place" if kiosks.NAME.fullmatch(name) else "bad_name"
        return _devices(problem=problem, name=name, status=422)
    return _devices(offered=(name, code))


@blueprint.post("/devices/<name>/unpair")
@allow("operator", confirmed=True)
def unpair(name: str) -> Response:
    known = services()
    _check_scope(name)
    kiosks.unpair_device(known.database, name, now=known.now(), actor=signed_in_staff().name)
    return make_response(redirect(url_for("devices.show_devices"), 303))


@blueprint.post("/devices/<name>/renew")
@allow("operator", confirmed=True)
def renew(name: str) -> Response:
    known = services()
    _check_scope(name)
    kiosks.ask_for_new_key(known.database, name, now=known.now(), actor=signed_in_staff().name)
    return make_response(redirect(url_for("devices.show_devices"), 303))


@blueprint.post("/devices/<name>/clear")
@allow("operator", confirmed=True)
def clear(name: str) -> Response:
    """Have a device get rid of what nobody can read; the number stays counted."""
    known = services()
    _check_scope(name)
    with suppress(BadDevice):  # it told meanwhile that nothing is left
        kiosks.clear_unreadable(known.database, name, now=known.now(), actor=signed_in_staff().name)
    return make_response(redirect(url_for("devices.show_devices"), 303))


@blueprint.get("/devices/poster/<agency>")
@allow("operator")
def show_poster(agency: str) -> Response:
    """A poster to print, for an agency where open voice is asked for."""
    known, language = services(), reader_language()
    if agency not in _agencies():
        abort(404)
    try:
        open_voice.find_voice(known.database, agency, known.today())
    except NothingOpen:
        abort(404)
    url = f"{known.settings.base_url}/v/{agency}"
    name = _name(_agencies()[agency], language)
    return staff_page(render_poster(name, url, url_for("devices.show_devices"), headers.nonce(), language))


@blueprint.get("/voice")
@allow("statistician", "auditor")
def show_voice() -> Response:
    """What people said without an invitation, apart from every rate."""
    known, language = services(), reader_language()
    agencies = _agencies()
    heard = [
        (
            _wave_name(wave, language),
            tuple(_voice_row(each, language) for each in voices if each.agency_code in agencies),
        )
        for wave, voices in open_voice.list_all_voices(known.database)
    ]
    return staff_page(render_voice(VoicePage(tuple(heard)), staff_shell("voice"), language))


def _devices(
    *, offered: tuple[str, str] | None = None, problem: str | None = None, name: str = "", status: int = 200
) -> Response:
    known, language, agencies = services(), reader_language(), _agencies()
    is_operator = signed_in_staff().role == "operator"
    reports = [each for each in kiosks.list_reports(known.database) if each.device.agency_code in agencies]
    asking = [w for w in reading.list_waves(known.database) if kiosks.asks(w) and not w.is_over(known.today())]
    asking = [wave for wave in asking if sees_wave(wave.code)]
    speaking = open_voice.list_agencies(known.database, known.today()) & agencies.keys()
    page = DevicesPage(
        rows=tuple(_row(each, agencies, language, is_operator=is_operator) for each in reports),
        agencies=tuple((code, _name(agency, language)) for code, agency in agencies.items()),
        waves=tuple((wave.code, _wave_name(wave, language)) for wave in asking),
        posters=tuple(
            Link(_name(agencies[code], language), url_for("devices.show_poster", agency=code))
            for code in sorted(speaking)
        ),
        pair_url=url_for("devices.pair") if is_operator else None,
        kiosk_url=f"{known.settings.base_url}/kiosk/",
        offered=offered,
        problem=problem,
        name=name,
    )
    return staff_page(render_devices(page, staff_shell("devices"), language), status)


def _row(report: DeviceReport, agencies: dict[str, Agency], language: str, *, is_operator: bool) -> DeviceRow:
    device, heard = report.device, _local(report.device.contact_at)
    refused = [counts for counts in report.refused.values()]
    second = sum(counts.get("spent", 0) for counts in refused)
    acts = is_operator and device.state == "paired"
    return DeviceRow(
        name=device.name,
        channel=device.channel,
        agency=_name(agencies[device.agency_code], language),
        wave=device.wave_code,
        state=device.state,
        contact_on=heard.date() if heard else None,
        contact_hour=heard.hour if heard else 0,
        is_silent=heard is not None and services().now() - heard > SILENT,
        waiting=device.waiting,
        waiting_since=device.waiting_since,
        unreadable=device.unreadable,
        stored=device.stored,
        second_uses=second,
        other_refused=sum(sum(counts.values()) for counts in refused) - second,
        skew=device.skew,
        unpair_url=url_for("devices.unpair", name=device.name) if acts else None,
        renew_url=url_for("devices.renew", name=device.name) if acts and not device.renew_key else None,
        clear_url=url_for("devices.clear", name=device.name)
        if acts and device.unreadable and not device.clear_unreadable
        else None,
        is_clearing=device.clear_unreadable,
    )


def _voice_row(heard: Voices, language: str) -> VoiceRow:
    name = heard.agency_name.get(language, heard.agency_name["vi"])
    levels = tuple(heard.levels.get(level, 0) for level in LEVELS) if heard.levels else ()
    return VoiceRow(name, heard.count, levels)


def _check_scope(name: str) -> None:
    """A device of another area is as unknown as one that does not exist."""
    try:
        found = kiosks.find_device(services().database, name)
    except UnknownDevice:
        abort(404)
    if found.agency_code not in _agencies():
        abort(404)


def _agencies() -> dict[str, Agency]:
    return reading.list_agencies(services().database, signed_in_staff().scope)


def _name(agency: Agency, language: str) -> str:
    return agency.name.get(language, agency.name["vi"])


def _wave_name(wave: Wave, language: str) -> str:
    return wave.name.get(language, wave.name["vi"])


def _local(moment: datetime | None) -> datetime | None:
    """SQLite hands moments back without their zone, which is UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(LOCAL_TIME)
