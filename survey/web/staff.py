"""The staff's door: sign in, sign out, and where to go from there."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, request, url_for
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from survey.actions import signing_in
from survey.documents import pages
from survey.documents.pages import LoginPage
from survey.logs import note_event
from survey.web import known_browser, session, single_sign_on
from survey.web.access import allow, allow_everybody
from survey.web.language import reader_language
from survey.web.limits import AccountBrakes, FailureBrake
from survey.web.local_paths import local_path
from survey.web.services import services
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
brake = FailureBrake(most=20, per_second=0.1)
ATTEMPTS = "attempts_at_accounts"
HOME_OF_ROLE = {
    "statistician": "statistician.choose_wave",
    "operator": "waves_operator.show_waves",
    "kiosk": "counter.show_counter",
    "keyer": "keyer.show_paper",
    "interviewer": "interviewer.show_work",
}


class SignInForm(FlaskForm):  # type: ignore[misc]
    name = StringField(validators=[InputRequired(), Length(max=64)])
    password = PasswordField(validators=[InputRequired(), Length(max=1024)])


@blueprint.get("/")
@allow("official", "statistician", "operator", "auditor", "kiosk", "keyer", "interviewer")
def go_home() -> Response:
    role = session.signed_in_staff().role
    return make_response(redirect(url_for(HOME_OF_ROLE.get(role, "official.show_scoreboard"))))


@blueprint.route("/sign-in", methods=["GET", "POST"])
@allow_everybody
def sign_in() -> Response:
    form = SignInForm()
    next_url = local_path(request.values.get("next", ""))
    if request.method == "GET":
        return _ask(next_url)
    known = services()
    name, password = form.name.data or "", form.password.data or ""
    line = known_browser.line_of(name)
    if not _attempts().may_try(line):
        note_event("sign-in-braked")
        return _ask(next_url, name=name, error="too_many", status=429)
    try:
        if not form.validate():
            raise signing_in.NotSignedIn
        value = signing_in.sign_in(
            known.database, known.keys, name, password, known.now(), device=session.kind_of_browser()
        )
    except signing_in.NotSignedIn:
        note_event("sign-in-failed")
        error = "wrong" if brake.count_failure() else "too_many"
        return _ask(next_url, name=name, error=error, status=401 if error == "wrong" else 429)
    _attempts().was_right(line)
    _end_earlier_session()
    response = make_response(redirect(next_url or url_for("staff.go_home"), 303))
    session.set_session_cookie(response, value)
    known_browser.remember(response, name)
    return response


@blueprint.post("/sign-out")
@allow("official", "statistician", "operator", "auditor", "kiosk", "keyer", "interviewer")
def sign_out() -> Response:
    known = services()
    signing_in.sign_out(known.database, known.keys, request.cookies.get(session.cookie_name(), ""))
    response = make_response(redirect(url_for("staff.sign_in"), 303))
    session.clear_session_cookie(response)
    return response


def _attempts() -> AccountBrakes:
    """Ten passwords at once and one a minute, of this process."""
    found: AccountBrakes = current_app.extensions.setdefault(ATTEMPTS, AccountBrakes(most=10, per_second=1 / 60))
    return found


def _ask(next_url: str, *, name: str = "", error: str | None = None, status: int = 200) -> Response:
    sign_on = single_sign_on.offer(url_for("single_sign_on.sign_in")) if single_sign_on.is_offered() else None
    page = LoginPage(url_for("staff.sign_in"), next_url, name, error, sign_on)
    return staff_page(pages.render_login(page, staff_shell(), reader_language()), status)


def _end_earlier_session() -> None:
    """Whoever signs in anew leaves no session behind, and takes over none."""
    known, earlier = services(), request.cookies.get(session.cookie_name())
    if earlier:
        signing_in.sign_out(known.database, known.keys, earlier)
