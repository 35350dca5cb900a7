"""The staff's session: a random cookie value whose keyed hash is in the database."""

from __future__ import annotations

from flask import Response, abort, current_app, g, redirect, request, url_for

from survey.actions.signing_in import find_signed_in
from survey.store.people import Staff
from survey.web.access import access_of
from survey.web.services import services


def cookie_name() -> str:
    """`__Host-` where the connection is secure; plain HTTP cannot carry that prefix."""
    return "__Host-staff" if request.is_secure else "staff"


def guard() -> Response | None:
    """Let a request pass only when its view's declaration allows it; run before every request."""
    view = current_app.view_functions.get(request.endpoint or "")
    declared = access_of(view) if view else None
    if declared is None or declared.public:
        return None
    member = current_staff()
    if member is None:
        return redirect(url_for("staff.sign_in", next=request.path, language=request.args.get("language")))  # type: ignore[return-value]
    if member.role not in declared.roles:
        abort(403)
    return None


def current_staff() -> Staff | None:
    """Who is signed in, looked up once a request."""
    if "staff" not in g:
        value = request.cookies.get(cookie_name(), "")
        known = services()
        g.staff = find_signed_in(known.database, known.keys, value, known.now()) if value else None
    member: Staff | None = g.staff
    return member


def signed_in_staff() -> Staff:
    """Who is signed in, in a view that only lets staff in."""
    member = current_staff()
    assert member is not None
    return member


def set_session_cookie(response: Response, value: str) -> None:
    response.set_cookie(cookie_name(), value, secure=request.is_secure, httponly=True, samesite="Lax", path="/")


def clear_session_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax", path="/")
