"""The ordinary visit without Flask: a link is opened, its form is shown, its answer is stored and thanked for.

Flask's way through a request costs more than all that is done for a citizen in it. So these three requests, in their
plainest shape, are answered here from the same actions and pages; whatever is unusual or refused goes on to the app,
which can do all of it. `tests/web/test_lane.py` holds the two to the same answers.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from survey.actions import answering, recording
from survey.actions.signalling import new_form_key
from survey.documents.form import DEFAULT_ACTION, form_page
from survey.documents.splicing import SplicedPage
from survey.keys import canonical_token
from survey.mandate.text import LANGUAGES
from survey.store.database import DatabaseUnreachable
from survey.store.writer import WriterBusy
from survey.web import form, language
from survey.web.citizen_pages import GZIP, HTML, VARIES, no_token_cookie, token_cookie, token_cookie_name
from survey.web.headers import common_headers, new_nonce
from survey.web.hosts import is_served
from survey.web.origin import is_foreign
from survey.web.services import Services
from survey.web.sighting import sighting_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LINK = "/t/"
RECEIPTS = "/receipt"
FORM_TYPE = "application/x-www-form-urlencoded"
LARGEST_BODY = 64 * 1024
MOST_FIELDS = 500
FOUND, SEE_OTHER = "200 OK", "303 SEE OTHER"
DEFECT = "hailong.lane_defect"  # in the WSGI environment: the lane failed where it should not, and the app was asked

logger = logging.getLogger(__name__)

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request says of its reader, where it says nothing unusual."""

    cookies: dict[str, str]
    accepted: str
    is_secure: bool
    takes_gzip: bool

    @property
    def language(self) -> str:
        chosen = self.cookies.get(language.COOKIE)
        return chosen if chosen in LANGUAGES else language.best_match(self.accepted)

    @property
    def khmer_font(self) -> bool:
        return self.cookies.get(language.FONT) == "1"


class Lane:
    """Stands before the app, for whose `services` it answers what it can."""

    def __init__(self, app: WSGIApplication, known: Services) -> None:
        self._app = app
        self._known = known

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except (answering.Refusal, DatabaseUnreachable):  # the app meets it again, and has a page for it
            answer = None
        except Exception as defect:  # the app may still answer; then only the log and the metrics tell
            logger.error("unhandled %s in the lane", type(defect).__name__, exc_info=defect)
            environ[DEFECT] = True
            answer = None
        if answer is None:
            return self._app(environ, start_response)
        status, headers, body = answer
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> Answer | None:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if environ.get("QUERY_STRING") or environ.get("SCRIPT_NAME"):
            return None
        if not (path == DEFAULT_ACTION or (path.startswith(LINK) and method == "GET")):
            return None
        if not is_served(self._known.settings, environ.get("HTTP_HOST", "")):
            return None
        visit = read_visit(environ)
        if visit is None:
            return None
        if method == "GET":
            return self._show_form(visit) if path == DEFAULT_ACTION else open_link(path[len(LINK) :], visit)
        return self._take_answer(environ, visit) if method == "POST" else None

    def _show_form(self, visit: Visit) -> Answer | None:
        known = self._known
        token = visit.cookies.get(token_cookie_name(is_secure=visit.is_secure), "")
        opened = answering.open_form(known.database, known.keys, token, known.today())
        known.arrivals.count_view(opened.wave_code, opened.stratum_code, known.today())
        spoken = opened.spoken(visit.language)
        page = form_page(
            opened.questionnaire,
            spoken,
            recordings=recording.addresses(known.settings.home, opened.questionnaire.key, spoken),
            khmer_font=visit.khmer_font,
            languages=opened.languages,
        )
        words = {"token": token, "key": new_form_key(known.keys.form, known.now()), "carried": ""}
        return as_answer(page, words, visit)

    def _take_answer(self, environ: WSGIEnvironment, visit: Visit) -> Answer | None:
        """Thanks, after the commit and not before; else nothing, and the app finds the same form to read."""
        here = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
        if is_foreign(environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN"), here):
            return None
        sent = read_form(environ)
        if sent is None or sent.turns:
            return None
        try:
            receipt = self._store(environ, visit, sent)
        except (WriterBusy, DatabaseUnreachable):
            environ[form.NOT_STORED] = True
            return None
        page, words = form.thanks(
            "" if sent.declined else receipt, RECEIPTS, visit.language, khmer_font=visit.khmer_font
        )
        return as_answer(page, words, visit, ("Set-Cookie", no_token_cookie(is_secure=visit.is_secure)))

    def _store(self, environ: WSGIEnvironment, visit: Visit, sent: form.Sent) -> str:
        known = self._known
        browser, address = environ.get("HTTP_USER_AGENT", ""), environ.get("REMOTE_ADDR", "")
        return answering.answer(
            known.database,
            known.writer,
            known.keys,
            token=sent.token,
            key=sent.key,
            language=sent.language,
            answers=sent.answers,
            today=known.today(),
            asked=sent.asked,
            sighting=sighting_of(known, sent.key, browser, visit.accepted, address),
        )


def open_link(typed: str, visit: Visit) -> Answer | None:
    """Move the token out of the address; nothing is looked up or recorded."""
    token = canonical_token(typed)
    if token is None or not typed.isascii():
        return None
    cookie = token_cookie(is_secure=visit.is_secure).format(token)
    own = [HTML, ("Location", DEFAULT_ACTION), ("Set-Cookie", cookie)]
    return SEE_OTHER, own + common_headers(None, is_secure=visit.is_secure), b""


def as_answer(page: SplicedPage, words: dict[str, str], visit: Visit, *more: tuple[str, str]) -> Answer:
    """A page that was rendered beforehand, with this visit's words."""
    nonce = new_nonce()
    words = words | {"nonce": nonce}
    body = page.splice_gzip(**words) if visit.takes_gzip else page.splice(**words)
    own = [HTML, VARIES, GZIP] if visit.takes_gzip else [HTML, VARIES]
    return FOUND, [*own, *more, *common_headers(nonce, is_secure=visit.is_secure)], body


def read_visit(environ: WSGIEnvironment) -> Visit | None:
    """The reader; None where the cookies are not plain `name=value` pairs of different names."""
    pairs = [pair.partition("=") for pair in environ.get("HTTP_COOKIE", "").split("; ") if pair]
    cookies = {name: value for name, _, value in pairs}
    if len(cookies) != len(pairs) or any('"' in value or not value.isascii() for value in cookies.values()):
        return None
    return Visit(
        cookies,
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        environ["wsgi.url_scheme"] == "https",
        "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""),
    )


def read_form(environ: WSGIEnvironment) -> form.Sent | None:
    """The form that was sent; None where it is none of ours. The body is put back for whoever reads it next."""
    length = environ.get("CONTENT_LENGTH", "")
    if environ.get("CONTENT_TYPE") != FORM_TYPE or not (length.isascii() and length.isdigit()):
        return None
    if int(length) > LARGEST_BODY:
        return None
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    try:
        lists = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        return form.read_sent(lists)
    except (ValueError, answering.UnknownItem):
        return None
