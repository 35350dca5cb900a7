"""Kiosks at the citizens' door: the page, which works alone, and what a paired device asks and brings, signed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from survey.actions import interviewing, kiosks, recording, replaying, waves
from survey.actions.versions import load_version
from survey.documents.kiosk import KioskForm, kiosk_form, kiosk_style, render_kiosk, worker_script
from survey.mandate.text import LANGUAGES
from survey.store.devices import Device
from survey.web.access import allow_everybody
from survey.web.language import reader_language
from survey.web.limits import FailureBrake
from survey.web.services import services

blueprint = Blueprint("kiosk", __name__, url_prefix="/kiosk")
brake = FailureBrake(most=100, per_second=2)
LARGEST_REPLAY = 1024 * 1024
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; worker-src 'self'; "
    "img-src 'self' data:; font-src 'self'; media-src 'self'; manifest-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
MANIFEST = {
    "name": "Hài Lòng",
    "short_name": "Hài Lòng",
    "start_url": "/kiosk/",
    "scope": "/kiosk/",
    "display": "fullscreen",
    "background_color": "#ffffff",
    "theme_color": "#0b5a52",
}

Answer = Callable[[Device, bytes], Any]


@blueprint.get("/")
@allow_everybody
def show_kiosk() -> Response:
    """The page of every kiosk; which one it is, the device knows."""
    return _send(_page(reader_language(), _version()), "text/html; charset=utf-8")


@blueprint.get("/style.css")
@allow_everybody
def show_style() -> Response:
    return _send(kiosk_style(), "text/css; charset=utf-8")


@blueprint.get("/worker.js")
@allow_everybody
def show_worker() -> Response:
    return _send(worker_script(_version()), "text/javascript; charset=utf-8")


@blueprint.get("/manifest.webmanifest")
@allow_everybody
def show_manifest() -> Response:
    response = jsonify(MANIFEST)
    response.headers["Content-Type"] = "application/manifest+json"
    return response


@blueprint.get("/form/<wave>")
@allow_everybody
def show_form(wave: str) -> Response:
    """What is asked in a wave, in every language; public like the questionnaire."""
    try:
        found = waves.find_wave(services().database, wave)
    except waves.UnknownWave:
        return _refuse("unknown_wave", 404)
    if found.questionnaire_code is None:
        return _refuse("unknown_wave", 404)
    return _send(_form(found.questionnaire).html, "text/html; charset=utf-8")


@blueprint.post("/pair")
@allow_everybody
def pair() -> Response:
    """Pair the device that knows a one-time code; failures alone are counted."""
    known = services()
    try:
        told = kiosks.read_object(request.get_data())
    except ValueError:
        return _refuse("unreadable", 400)
    code, point, signature = (str(told.get(name, "")) for name in ("code", "point", "signature"))
    try:
        device = kiosks.accept_pairing(
            known.database, known.keys, code, _from_hex(point), _from_hex(signature), known.now()
        )
    except kiosks.NotPaired:
        return _refuse("not_paired", 404) if brake.count_failure() else _refuse("too_many_failures", 429)
    return _tell_work(device)


def _signed(path: str) -> Callable[[Answer], Callable[[], Response]]:
    """Answer only the paired device that signed the request; its body is read after that and not before."""

    def decorate(answer: Answer) -> Callable[[], Response]:
        @wraps(answer)
        def view() -> Response:
            request.max_content_length = LARGEST_REPLAY
            try:
                body, headers = request.get_data(), request.headers
            except RequestEntityTooLarge:
                return _refuse("too_large", 413)
            name, clock = headers.get("Device", ""), headers.get("Device-Clock", "")
            signature = _from_hex(headers.get("Device-Signature", ""))
            try:
                device = kiosks.find_signer(services().database, name, path, clock, body, signature)
            except kiosks.UnknownDevice:
                return _refuse("unknown_device", 403) if brake.count_failure() else _refuse("too_many_failures", 429)
            try:
                return _answer(answer, device, body)
            except ValueError:
                return _refuse("unreadable", 400)

        return view

    return decorate


@blueprint.post("/replay")
@allow_everybody
@_signed("/kiosk/replay")
def replay(device: Device, body: bytes) -> Any:
    """Take what the device kept: committed first, told afterwards."""
    known = services()
    told = replaying.replay(
        known.database,
        known.keys,
        device,
        replaying.read_replay(body),
        clock=_clock(),
        now=known.now(),
        today=known.today(),
    )
    return [{"key": each.key, "outcome": each.outcome, "receipt": each.receipt} for each in told]


@blueprint.post("/held")
@allow_everybody
@_signed("/kiosk/held")
def held(device: Device, body: bytes) -> Any:
    """Which receipts a checkpoint holds, so that the device may forget their answers."""
    return replaying.find_held(services().database, replaying.read_receipts(body))


@blueprint.post("/contact")
@allow_everybody
@_signed("/kiosk/contact")
def contact(device: Device, body: bytes) -> Any:
    """Hear how the device is, and tell it what it works for."""
    known = services()
    kiosks.note_contact(known.database, device, kiosks.read_contact(body, str(_clock())), known.now())
    return _tell_work(device)


@blueprint.post("/renew")
@allow_everybody
@_signed("/kiosk/renew")
def renew(device: Device, body: bytes) -> Any:
    """Take a new key, which the old one vouches for."""
    known, told = services(), kiosks.read_object(body)
    point, signature = (_from_hex(str(told.get(name, ""))) for name in ("point", "signature"))
    try:
        kiosks.renew_key(known.database, device, point, signature, known.now())
    except kiosks.NotPaired:
        return _refuse("unreadable", 400)
    return {}


def _answer(answer: Answer, device: Device, body: bytes) -> Response:
    """A device that hears of a failure keeps what it has and comes again, so a full disk is no error page."""
    try:
        told = answer(device, body)
    except ValueError:
        raise
    except Exception as failure:
        current_app.logger.error("unhandled %s in %s", type(failure).__name__, request.endpoint, exc_info=failure)
        return _refuse("busy", 503)
    return told if isinstance(told, Response) else jsonify(told)


def _tell_work(device: Device) -> Response:
    known = services()
    work = kiosks.describe_work(known.database, known.keys, device, known.today())
    return jsonify({**work, "form": _form(str(work["questionnaire"])).digest, "version": _version()})


def _form(questionnaire: str) -> KioskForm:
    home = services().settings.home
    heard = {language: recording.addresses(home, questionnaire, language) for language in LANGUAGES}
    return kiosk_form(load_version(services().database, questionnaire), heard)


def _page(language: str, version: str) -> str:
    return render_kiosk(language, version, interviewing.FINAL, interviewing.AGES)


@cache
def _version() -> str:
    """Changes with every byte that a kiosk keeps of us."""
    folder = Path(__file__).parent / "static"
    files = [*sorted((folder / "kiosk").glob("*.js")), folder / "fonts" / "noto-sans-khmer.woff2"]
    kept = [path.read_bytes() for path in files] + [_page(language, "").encode() for language in LANGUAGES]
    return sha256(b"".join([*kept, kiosk_style().encode(), worker_script("").encode()])).hexdigest()[:16]


def _clock() -> int:
    told = request.headers.get("Device-Clock", "")
    if not (told.isascii() and told.isdigit() and len(told) <= 15):
        raise ValueError(told)
    return int(told)


def _from_hex(text: str) -> bytes:
    """Bytes, or none where it is not hexadecimal: nothing is signed with none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _send(body: str, kind: str) -> Response:
    response = Response(body, content_type=kind)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _refuse(code: str, status: int) -> Response:
    response = jsonify({"error": code})
    response.status_code = status
    return response
