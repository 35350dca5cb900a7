"""One factory, two doors: the citizens' door, the staff's door, or both in one process."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from flask import Flask, Response, abort, current_app, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from survey import logs
from survey.actions.signalling import Arrivals
from survey.gateways.configuring import load_identity_provider
from survey.keys import derive_keys
from survey.settings import Settings, load_sending
from survey.store.database import Database, DatabaseUnreachable
from survey.store.migrating import check_schema
from survey.store.roles import Role
from survey.store.writer import open_writer
from survey.web import checkpoints, citizen, citizen_pages, health, kiosk, privacy, public, stopping, voice
from survey.web.access import check_every_route, largest_upload
from survey.web.gates import Gates
from survey.web.headers import install_headers
from survey.web.hosts import is_served
from survey.web.lane import Lane
from survey.web.lean import LeanFlask
from survey.web.prefixed import Prefixed
from survey.web.services import Services, clock, install_services

CITIZENS, STAFF = "citizens", "staff"
BOTH = (CITIZENS, STAFF)
LARGEST_BODY = 64 * 1024
MOST_FORM_PARTS = 500
SMALLEST_BUFFER = 512 * 1024


def create_app(settings: Settings, doors: Collection[str] = BOTH, now: Callable[[], datetime] = clock) -> Flask:
    """The web application of an installation. Raises UndeclaredAccess, or SchemaOutdated for an old database."""
    app = LeanFlask("survey.web", static_folder="static")
    keys = derive_keys(settings.secret_key)
    database = Database(settings.database_url, settings.lock_file, Role.WEB)
    check_schema(database)
    app.config.update(
        SECRET_KEY=keys.web_session,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        MAX_FORM_PARTS=MOST_FORM_PARTS,
        SESSION_COOKIE_NAME="form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=10),
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    known = Services(settings, database, keys, open_writer(database), Arrivals(database), now)
    install_services(app, known)
    _number_requests(app)
    install_headers(app)
    _install_host_check(app, settings)
    _install_address_check(app)
    app.register_blueprint(health.blueprint)
    if CITIZENS in doors:
        app.register_blueprint(citizen.blueprint)
        app.register_blueprint(public.blueprint)
        app.register_blueprint(checkpoints.blueprint)
        app.register_blueprint(privacy.blueprint)
        app.register_blueprint(kiosk.blueprint)
        app.register_blueprint(voice.blueprint)
        app.register_blueprint(stopping.blueprint)
        _open_results(app)
    if STAFF in doors:
        _open_staff_door(app, settings)
    if CITIZENS in doors:
        app.wsgi_app = Lane(app.wsgi_app, known)  # type: ignore[method-assign]
    app.wsgi_app = Gates(app.wsgi_app)  # type: ignore[method-assign]
    if settings.metrics_token:  # around the lane and the gates: what they answer is counted as well
        from survey.web.metrics import install_metrics

        install_metrics(app)
    _install_errors(app)
    _declare_static(app)
    check_every_route(app)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = Prefixed(app.wsgi_app)  # type: ignore[method-assign]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops)  # type: ignore[method-assign]
    return app


def _open_results(app: Flask) -> None:
    from survey.web import public_calendar, results

    app.register_blueprint(results.blueprint)
    app.register_blueprint(public_calendar.blueprint)


def _open_staff_door(app: Flask, settings: Settings) -> None:
    from survey.web import (
        accounts,
        api,
        auditor,
        ballots,
        boards,
        builder,
        calendar,
        condition,
        confirming,
        contact_upload,
        counter,
        devices,
        frame_upload,
        interviewer,
        joining,
        keyer,
        official,
        own_account,
        places,
        planning,
        sampling,
        second_step,
        session,
        single_sign_on,
        staff,
        statistician,
        trail,
        waves_operator,
        webhooks,
    )

    csrf = CSRFProtect(app)
    app.extensions[single_sign_on.PROVIDER] = load_identity_provider(load_sending(settings).gateways, os.environ)

    @app.before_request
    def guard_staff() -> Response | None:
        if _for_staff():
            most = largest_upload(app.view_functions.get(request.endpoint or ""))
            if most is not None:
                request.max_content_length = most
                request.max_form_memory_size = SMALLEST_BUFFER  # Werkzeug's parser holds two blocks of 64 KiB
            csrf.protect()
        return session.guard()

    app.after_request(session.send_renewed)
    app.teardown_request(session.let_go)
    for each in (
        staff,
        official,
        boards,
        statistician,
        trail,
        builder,
        places,
        counter,
        devices,
        auditor,
        keyer,
        interviewer,
        planning,
    ):
        app.register_blueprint(each.blueprint)
    for each in (api, calendar, waves_operator, frame_upload, contact_upload, sampling, ballots, webhooks, condition):
        app.register_blueprint(each.blueprint)
    for each in (second_step, confirming, joining, own_account, accounts, single_sign_on):
        app.register_blueprint(each.blueprint)
    _open_statisticians_tools(app)


def _open_statisticians_tools(app: Flask) -> None:
    from survey.web import (
        alerts,
        cells,
        comments,
        compare_methods,
        drivers,
        exports,
        nonresponse,
        outside,
        own_file,
        progress,
        release_way,
        reports,
        small_areas,
        workshop,
    )

    for each in (alerts, cells, comments, compare_methods, drivers, nonresponse, outside, own_file, progress):
        app.register_blueprint(each.blueprint)
    for each in (exports, release_way, reports, small_areas, workshop):
        app.register_blueprint(each.blueprint)


def _declare_static(app: Flask) -> None:
    from survey.web.access import allow_everybody

    @allow_everybody
    def serve_static(filename: str) -> Response:
        return app.send_static_file(filename)

    app.view_functions["static"] = serve_static


def _number_requests(app: Flask) -> None:
    """A random number for each request, so that its lines in the log belong together."""

    @app.before_request
    def begin() -> None:
        logs.begin_request()

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        logs.end_request()


def _install_host_check(app: Flask, settings: Settings) -> None:
    """Answer only to the names that the settings list; to any when none is listed and the server is on loopback."""

    @app.before_request
    def check_host() -> Response | None:
        if not is_served(settings, request.host):
            logs.note_event("host-refused")
            return Response("This address is not served here.\n", 421, mimetype="text/plain")
        return None


def _install_address_check(app: Flask) -> None:
    """No code holds a control character or half of one, and PostgreSQL refuses to be asked for NUL."""

    @app.before_request
    def check_address() -> None:
        if not all(str(part).isprintable() for part in (request.view_args or {}).values()):
            abort(404)


def _install_errors(app: Flask) -> None:
    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_: Exception) -> Response:
        return citizen_pages.too_large()

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return _refused(error)

    @app.errorhandler(DatabaseUnreachable)
    def away(error: DatabaseUnreachable) -> Response:
        app.logger.warning("%s: %s", request.endpoint, type(error).__name__)
        response = _numbered(_staff_error("server_error", 503) if _for_staff() else citizen_pages.broken())
        response.status_code = 503
        response.headers["Retry-After"] = "30"
        return response

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        app.logger.error("unhandled %s in %s", type(error).__name__, request.endpoint, exc_info=error)
        return _numbered(_staff_error("server_error", 500) if _for_staff() else citizen_pages.broken())


def _refused(error: HTTPException) -> Response:
    if "api" in current_app.blueprints and request.path.startswith("/api/"):
        from survey.web.api import refuse

        return refuse(error)
    if error.code == 404 and not _for_staff():
        return citizen_pages.not_found()
    if _for_staff():
        _note_refusal(error)
        words = {403: "forbidden", 404: "not_found", 400: "expired_form"}
        return _staff_error(words.get(error.code or 500, "server_error"), error.code or 500)
    return Response(f"{error.name}\n", error.code, mimetype="text/plain")


def _numbered(response: Response) -> Response:
    """A failure says which line of the log is about it."""
    response.headers["X-Request-Id"] = logs.request_number()
    return response


def _note_refusal(error: HTTPException) -> None:
    """Who is refused, is told that something is missing or sends a form of another session may be trying doors."""
    from survey.web.session import current_staff

    if error.code in (400, 403, 404):
        member = current_staff()
        role = member.role if member else ""
        logs.note_event("refused", status=error.code, route=request.endpoint or "", role=role)


def _for_staff() -> bool:
    """By address, so that no blueprint of the staff's door can be forgotten."""
    return "staff" in current_app.blueprints and request.path.startswith("/staff")


def _staff_error(code: str, status: int) -> Response:
    from survey.web.shell import staff_error

    return staff_error(code, status)
