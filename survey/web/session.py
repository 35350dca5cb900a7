"""The staff's session: a random cookie value whose keyed hash is in the database."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, abort, current_app, g, redirect, request, url_for

from survey.actions import signing_in
from survey.actions.signing_in import Session, find_live_session, is_confirmed
from survey.store.people import Staff
from survey.store.scoping import read_as
from survey.web.access import access_of
from survey.web.reach import check_reach
from survey.web.services import services

BEFORE_ENROLMENT = ("own_account.", "staff.sign_out", "staff.go_home", "static")


def cookie_name() -> str:
    """`__Host-` where the connection is secure; plain HTTP cannot carry that prefix."""
    return "__Host-staff" if request.is_secure else "staff"


def guard() -> Response | None:
    """Let a request pass only when its view's declaration allows it; run before every request."""
    read_as(None)
    view = current_app.view_functions.get(request.endpoint or "")
    declared = access_of(view) if view else None
    if declared is None or declared.public:
        return None
    live = live_session()
    if live is None:
        return redirect(url_for("staff.sign_in", next=request.path, language=request.args.get("language")))  # type: ignore[return-value]
    if live.is_half:
        return redirect(url_for("second_step.ask", next=request.path))  # type: ignore[return-value]
    if live.staff.role not in declared.roles:
        abort(403)
    check_reach(live.staff.scope)
    read_as(live.staff.scope)
    if must_enrol(live.staff) and not (request.endpoint or "").startswith(BEFORE_ENROLMENT):
        return redirect(url_for("own_account.show"))  # type: ignore[return-value]
    if declared.confirmed and not is_confirmed(live, services().now()):
        from survey.web.confirming import ask_again

        return ask_again(live)
    return None


def let_go(_: BaseException | None) -> None:
    """The thread serves somebody else next."""
    read_as(None)


def must_enrol(member: Staff) -> bool:
    """Whether the installation asks this role for a second factor, and the account has none yet."""
    return member.role in services().settings.second_factor and not member.has_factor


def live_session() -> Session | None:
    """The session of this request, half or whole, looked up once."""
    if "live_session" not in g:
        value = request.cookies.get(cookie_name(), "")
        known = services()
        g.live_session = find_live_session(known.database, known.keys, value, known.now()) if value else None
    found: Session | None = g.live_session
    return found


def signed_in_session() -> Session:
    """The session, in a view that only lets staff in."""
    live = live_session()
    assert live is not None
    assert not live.is_half
    return live


def current_staff() -> Staff | None:
    """Who is signed in, wholly."""
    live = live_session()
    return live.staff if live is not None and not live.is_half else None


def renew_session(live: Session) -> None:
    """Whoever was recognised anew goes on under a new cookie value: one that was seen before is worth nothing."""
    known = services()
    value = signing_in.renew_session(known.database, known.keys, live)
    g.renewed, g.live_session = value, replace(live, session_hash=known.keys.session_hash(value))


def renewed_value() -> str:
    """The session's new value, if this request gave it one."""
    return str(g.get("renewed", ""))


def send_renewed(response: Response) -> Response:
    """After every request of the staff."""
    if "renewed" in g and request.endpoint != "staff.sign_out":
        set_session_cookie(response, g.renewed)
    return response


def signed_in_staff() -> Staff:
    """Who is signed in, in a view that only lets staff in."""
    return signed_in_session().staff


def set_session_cookie(response: Response, value: str) -> None:
    response.set_cookie(cookie_name(), value, secure=request.is_secure, httponly=True, samesite="Lax", path="/")


def clear_session_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax", path="/")


def kind_of_browser() -> str:
    """Which browser on which system, from a short list: enough to know one's own sessions by, nothing to track."""
    agent = request.headers.get("User-Agent", "")
    browsers = ("Firefox", "Edg", "OPR", "CocCoc", "coc_coc", "Chrome", "Safari")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
    browser = next((each for each in browsers if each in agent), "")
    system = next((each for each in systems if each in agent), "")
    named = {"Edg": "Edge", "OPR": "Opera", "coc_coc": "CocCoc", "Mac OS": "macOS"}
    return ", ".join(named.get(each, each) for each in (browser, system) if each) or "other"
