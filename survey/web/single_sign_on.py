"""Single sign-on: the way to the provider and back, for signing in, joining, tying an account, confirming."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, make_response, redirect, request, url_for
from flask import session as browser

from survey.actions import single_sign_on as flows
from survey.actions.accounts import InvitationGone
from survey.actions.signing_in import ROLES
from survey.actions.single_sign_on import CONFIRM, JOIN, LINK, SIGN_IN, Flow, TiedAlready, UnknownIdentity
from survey.documents.shell import Link
from survey.gateways.errors import GatewayError
from survey.gateways.identity import Identity, IdentityProvider
from survey.web import headers, session
from survey.web.access import allow, allow_everybody
from survey.web.local_paths import local_path
from survey.web.services import services
from survey.web.shell import staff_error

blueprint = Blueprint("single_sign_on", __name__, url_prefix="/staff/sso")
PROVIDER, FLOW = "hailong_identity_provider", "sso"


def is_offered() -> bool:
    return current_app.extensions.get(PROVIDER) is not None


def offer(address: str) -> Link:
    """A button of this page that leads to the provider, whose host the page's forms may then reach."""
    provider = _provider()
    headers.may_post_to(f"https://{provider.allowed.host}", provider.issuer)
    return Link(provider.name or provider.allowed.host, address)


@blueprint.post("/sign-in")
@allow_everybody
def sign_in() -> Response:
    return _begin(SIGN_IN, next_url=local_path(request.form.get("next", "")))


@blueprint.post("/join/<token>")
@allow_everybody
def join(token: str) -> Response:
    return _begin(JOIN, token=token)


@blueprint.post("/link")
@allow(*ROLES, confirmed=True)
def link() -> Response:
    return _begin(LINK)


@blueprint.post("/confirm")
@allow(*ROLES)
def confirm() -> Response:
    return _begin(CONFIRM, next_url=local_path(request.form.get("next", "")))


@blueprint.get("/back")
@allow_everybody
def come_back() -> Response:
    """The provider sends the browser here; only with the state that this same browser took there."""
    kept, known = browser.pop(FLOW, None), services()
    if not isinstance(kept, dict):
        return staff_error("sign_on_lost", 400)
    flow = Flow(**kept)
    try:
        identity = flows.finish(
            _provider(), flow, state=request.args.get("state", ""), code=request.args.get("code", ""), now=known.now()
        )
        return _arrive(flow, identity)
    except (UnknownIdentity, TiedAlready, InvitationGone) as refused:
        current_app.logger.warning("single sign-on: %s", type(refused).__name__)
        return staff_error("sign_on_unknown", 403)
    except GatewayError as error:
        current_app.logger.warning("single sign-on: %r", str(error))
        return staff_error("sign_on_failed", 502)


def _begin(purpose: str, *, next_url: str = "", token: str = "") -> Response:
    redirect_uri = url_for("single_sign_on.come_back", _external=True)
    try:
        address, flow = flows.begin(_provider(), purpose, redirect_uri, next_url=next_url, token=token)
    except GatewayError as error:
        current_app.logger.warning("single sign-on: %r", str(error))
        return staff_error("sign_on_failed", 502)
    browser[FLOW] = flow.kept()
    return make_response(redirect(address, 303))


def _arrive(flow: Flow, identity: Identity) -> Response:
    known, live = services(), session.live_session()
    target = local_path(flow.next_url) or url_for("staff.go_home")
    if flow.purpose in (LINK, CONFIRM):
        if live is None or live.is_half:
            return make_response(redirect(url_for("staff.sign_in")))
        if flow.purpose == LINK:
            flows.link(known.database, live, identity, known.now())
            return make_response(redirect(url_for("own_account.show", done="linked"), 303))
        flows.confirm(known.database, live, identity, known.now())
        session.renew_session(live)
        return make_response(redirect(target, 303))
    if flow.purpose == JOIN:
        flows.join(known.database, known.keys, identity, flow.token, known.now())
        target = url_for("own_account.show")
    value = flows.sign_in(known.database, known.keys, identity, known.now(), device=session.kind_of_browser())
    response = make_response(redirect(target, 303))
    session.set_session_cookie(response, value)
    return response


def _provider() -> IdentityProvider:
    found: IdentityProvider | None = current_app.extensions.get(PROVIDER)
    if found is None:
        abort(404)
    return found
